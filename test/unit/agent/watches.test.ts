import { describe, expect, it } from 'vitest'
import { createLog } from '../../../src/agent/log.ts'
import { createWatchDuty, type WatchDuty } from '../../../src/agent/watches.ts'
import { createApp } from '../../../src/http/app.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { WatchDefinition, WatchHandler, WatchSubject } from '../../../src/model/watch.ts'
import type { Host, ProcessOptions, ProcessResult } from '../../../src/runtime/host.ts'
import { nodeHost } from '../../../src/runtime/node.ts'
import { createStateBackend, type StateBackend } from '../http/state-backend.ts'
import { silent, TestClock } from './samples.ts'

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

/** Watches of an agent that has no leader until the test says so, in a time that the test lets pass. */
class Outage {
  readonly backend = createStateBackend()
  readonly clock = new TestClock()
  readonly told: string[] = []
  readonly lines: string[] = []
  readonly duty: WatchDuty
  isDown = true

  constructor() {
    const real = nodeHost()
    const run = (_: readonly string[], { stdin }: ProcessOptions): Promise<ProcessResult> => {
      this.told.push(new TextDecoder().decode(stdin as Uint8Array).trim())
      const output = new Uint8Array()
      return Promise.resolve({ code: 0, signal: null, output, outputBytes: 0, timedOut: false })
    }
    const host: Host = { ...real, clock: this.clock, processes: { ...real.processes, run } }
    const app = createApp(this.backend)
    const log = createLog(this.clock)
    log.attach({ level: 'info', write: ({ level, message }) => this.lines.push(`${level}: ${message}`) })
    this.duty = createWatchDuty({
      host,
      app: async (request, from) =>
        this.isDown ? new Response('No cluster leader', { status: 500 }) : await app(request, from),
      random: seededRandom(1),
      log: log.root,
    })
    this.duty.set([watchOf(program), watchOf(program, { key: 'b' })])
  }

  async run(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed++) {
      this.clock.pass(1000)
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** What is waited for comes too late: the watches have to ask anew. */
  async fail(): Promise<void> {
    this.isDown = true
    this.backend.apply({ kind: 'kvSet', key: 'a', value: new Uint8Array([1]), flags: 0n, ttlMs: 0 })
    this.backend.apply({ kind: 'kvSet', key: 'b', value: new Uint8Array([1]), flags: 0n, ttlMs: 0 })
    await this.run(1)
  }
}

describe('watches without a leader', () => {
  it('keep quiet while the agent has not had an answer for half a minute', async () => {
    const outage = new Outage()
    await outage.run(25)
    outage.isDown = false
    await outage.run(30)
    expect(outage.lines).toEqual([])
    expect(outage.told).toEqual(['null', 'null'])
    outage.duty.stop()
  })

  it('tell of an outage once, all together, and when it is over', async () => {
    const outage = new Outage()
    await outage.run(300)
    expect(outage.lines).toEqual(['error: Cannot watch; trying again'])
    outage.isDown = false
    await outage.run(60)
    expect(outage.lines).toEqual(['error: Cannot watch; trying again', 'info: Watching again'])
    expect(outage.told).toEqual(['null', 'null'])
    outage.duty.stop()
  })

  it('tell at once of the next outage, and lose no change of its time', async () => {
    const outage = new Outage()
    outage.isDown = false
    await outage.run(120)
    expect(outage.lines).toEqual([])
    await outage.fail()
    await outage.run(10)
    expect(outage.lines).toEqual(['error: Cannot watch; trying again'])
    outage.backend.apply({ kind: 'kvSet', key: 'a', value: new Uint8Array([2]), flags: 0n, ttlMs: 0 })
    outage.isDown = false
    await outage.run(60)
    expect(outage.told.some((text) => text.includes('"Value":"Ag=="'))).toBe(true)
    outage.duty.stop()
  })
})
