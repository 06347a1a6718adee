import { describe, expect, it } from 'vitest'
import { createWatchDuty, type WatchDuty } from '../../../src/agent/watches.ts'
import { createApp } from '../../../src/http/app.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { WatchDefinition, WatchHandler, WatchSubject } from '../../../src/model/watch.ts'
import type { Host, ProcessOptions, ProcessResult } from '../../../src/runtime/host.ts'
import { nodeHost } from '../../../src/runtime/node.ts'
import { createStateBackend, type StateBackend } from '../http/state-backend.ts'
import { silent } from './samples.ts'

const key: WatchSubject = {
  type: 'key',
  key: 'a',
  prefix: '',
  service: '',
  tags: [],
  passingOnly: false,
  state: '',
  name: '',
  serviceId: '',
  filter: '',
}

function watchOf(handler: WatchHandler, subject: Partial<WatchSubject> = {}): WatchDefinition {
  return { subject: { ...key, ...subject }, datacenter: '', token: '', stale: false, handler }
}

const program: WatchHandler = { kind: 'program', args: ['handler'] }

/** Watches on a real state, with what their programs were told. */
class Bench {
  readonly backend: StateBackend = createStateBackend()
  readonly told: string[] = []
  code = 0
  #waiting: (() => void)[] = []
  readonly duty: WatchDuty
  readonly app: ReturnType<typeof createApp>

  constructor() {
    const real = nodeHost()
    const run = (command: readonly string[], options: ProcessOptions): Promise<ProcessResult> => {
      const text = new TextDecoder().decode(options.stdin as Uint8Array).trim()
      this.told.push(`${command.join(' ')} ${options.env?.['CONSUL_INDEX']} ${text}`)
      for (const resolve of this.#waiting.splice(0)) resolve()
      const output = new Uint8Array()
      return Promise.resolve({ code: this.code, signal: null, output, outputBytes: 0, timedOut: false })
    }
    const host: Host = { ...real, processes: { ...real.processes, run } }
    this.app = createApp(this.backend)
    this.duty = createWatchDuty({ host, app: this.app, random: seededRandom(1), log: silent })
    // The index of the first write is the one that answers have before it.
    this.put('other', '')
  }

  put(name: string, value: string): void {
    const write = { key: name, value: new TextEncoder().encode(value), flags: 0n, ttlMs: 0 }
    this.backend.apply({ kind: 'kvSet', ...write })
  }

  async ask(call: string, body: string): Promise<void> {
    const [method = '', path = ''] = call.split(' ')
    await this.app(new Request(`http://x${path}`, { method, body }), { ip: '127.0.0.1', port: 1 })
  }

  async news(count: number): Promise<readonly string[]> {
    while (this.told.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.told
  }
}

describe('watches of an agent', () => {
  it('tell of what is there, and of each change', async () => {
    const bench = new Bench()
    bench.duty.set([watchOf(program)])
    expect(await bench.news(1)).toEqual(['handler 1 null'])
    bench.put('a', 'x')
    expect((await bench.news(2))[1]).toMatch(/^handler \d+ \{"Key":"a",.*"Value":"eA=="/)
    bench.duty.stop()
  })

  it('go on undisturbed when they are set again, and those that are new begin', async () => {
    const bench = new Bench()
    bench.duty.set([watchOf(program)])
    await bench.news(1)
    bench.duty.set([watchOf(program), watchOf(program, { key: 'b' })])
    await bench.news(2)
    bench.put('a', 'x')
    expect(await bench.news(3)).toHaveLength(3)
    bench.duty.stop()
  })

  it('tell of the next change although a handler has failed', async () => {
    const bench = new Bench()
    bench.code = 1
    bench.duty.set([watchOf(program)])
    await bench.news(1)
    bench.put('a', 'x')
    expect(await bench.news(2)).toHaveLength(2)
    bench.duty.stop()
  })

  it('follow a service of the agent itself by its content', async () => {
    const bench = new Bench()
    bench.duty.set([watchOf(program, { type: 'agent_service', key: '', serviceId: 'web' })])
    expect(await bench.news(1)).toEqual(['handler 0 null'])
    await bench.ask('PUT /v1/agent/service/register', '{"Name": "web", "Port": 80}')
    expect((await bench.news(2))[1]).toMatch(/^handler 0 \{.*"Port":80/)
    bench.duty.stop()
  })

  it('post to a URL, with the index and headers of their own', async () => {
    const bench = new Bench()
    const { promise, resolve } = Promise.withResolvers<readonly (string | null)[]>()
    const server = await nodeHost().http.serve({ ip: '127.0.0.1', port: 0 }, async (request) => {
      resolve([
        request.method,
        request.headers.get('x-consul-index'),
        request.headers.get('x-own'),
        await request.text(),
      ])
      return new Response('')
    })
    const { local } = server
    const url = `http://127.0.0.1:${'port' in local ? local.port : 0}/hook`
    const headers = { 'x-own': ['1', '2'] }
    bench.duty.set([
      watchOf({ kind: 'http', url, method: 'PUT', timeoutMs: 5000, headers, skipVerify: false }),
    ])
    expect(await promise).toEqual(['PUT', '1', '1, 2', 'null'])
    bench.duty.stop()
    await server.close(0)
  })
})
