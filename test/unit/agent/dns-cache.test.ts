// What DNS asks for on a client with `use_cache`: watched, answered from memory, and let go of.
import { describe, expect, it } from 'vitest'
import { DnsCache } from '../../../src/agent/dns-cache.ts'
import type { Requests } from '../../../src/agent/requests.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { err, ok } from '../../../src/lib/result.ts'
import { requestError } from '../../../src/model/errors.ts'
import { normalise } from '../../parity/dns/normalise.ts'
import { World } from '../../sim/world.ts'
import { questionPacket } from '../dns/catalog-view.ts'
import { FakeNet } from '../rpc/fake-net.ts'
import { machineIn, startAgent } from './agents.ts'

const query = { kind: 'node', node: 'foo' } as const
const first = { node: { name: 'foo' } }

/** A server in memory: answers a watch when it is told to. */
class Server {
  readonly net = new FakeNet()
  readonly asked: number[] = []
  readonly waits: number[] = []
  #answer: ((answer: { readonly value: unknown; readonly index: number } | null) => void) | undefined

  readonly cache: DnsCache

  constructor(maxStaleMs: number | null = null) {
    this.cache = new DnsCache({
      requests: {
        read: (_query, { minIndex, waitMs }, signal) => {
          this.asked.push(minIndex)
          this.waits.push(waitMs)
          return new Promise((resolve) => {
            const end = (): void => resolve(err(requestError('cancelled', 'over')) as never)
            signal.addEventListener('abort', end)
            this.#answer = (answer) =>
              resolve((answer === null ? err(requestError('timeout', 'no server')) : ok(answer)) as never)
          })
        },
      } as Pick<Requests, 'read'>,
      clock: this.net.clock,
      random: seededRandom(3),
      read: { datacenter: '', consistency: 'stale', maxStaleMs, minIndex: 0, waitMs: 0 },
      ageMsMax: 60_000,
    })
  }

  async answer(
    answer: { readonly value: unknown; readonly index: number; readonly epoch?: string } | null,
  ): Promise<void> {
    this.#answer?.(answer)
    await this.net.run(2000)
  }
}

describe('a watched answer', () => {
  it('is told at once', () => {
    const { cache, asked } = new Server()
    expect(cache.find(query)).toBeNull()
    cache.watch(query, first, 7)
    expect([cache.find(query)?.value, asked]).toEqual([first, [7]])
    cache.stop()
  })

  it('is another version when it has changed', async () => {
    const server = new Server()
    const { cache } = server
    cache.watch(query, first, 7)
    const before = cache.version
    await server.answer({ value: { node: { name: 'foo', address: 'new' } }, index: 9 })
    expect(cache.version).not.toBe(before)
    expect(cache.find(query)?.value).toMatchObject({ node: { address: 'new' } })
    expect(server.asked).toEqual([7, 9])
    cache.stop()
  })

  it('is another one in another history, though its index be the same', async () => {
    const server = new Server()
    server.cache.watch(query, first, 7, 'a-0')
    const other = { node: { name: 'foo', address: 'new' } }
    await server.answer({ value: other, index: 7, epoch: 'b-0' })
    expect(server.cache.find(query)?.value).toBe(other)
    server.cache.stop()
  })

  it('is the same version when only its time was over', async () => {
    const server = new Server()
    server.cache.watch(query, first, 7)
    const before = server.cache.version
    await server.net.run(300_000)
    await server.answer({ value: { node: { name: 'foo' } }, index: 7 })
    expect(server.cache.version).toBe(before)
    expect(server.cache.find(query)?.value).toBe(first)
    server.cache.stop()
  })

  it('may be told for a while after its watch broke, without a version, and then no more', async () => {
    const server = new Server()
    const { cache } = server
    cache.watch(query, first, 7)
    await server.answer(null)
    expect([cache.version, cache.find(query)?.value]).toEqual([null, first])
    await server.net.run(50_000)
    expect(cache.find(query)?.value).toBe(first)
    await server.net.run(20_000)
    expect(cache.find(query)).toBeNull()
    await server.answer({ value: first, index: 7 })
    expect([cache.version === null, cache.find(query)?.value]).toEqual([false, first])
    // Nothing is known of what came to pass meanwhile: it does not wait for more than it has.
    expect(server.asked.slice(0, 3)).toEqual([7, 0, 7])
    cache.stop()
  })

  it('tells its age: none while the watch stands, else the time since it broke', async () => {
    const server = new Server()
    server.cache.watch(query, first, 7, 'cluster-0')
    await server.net.run(5000)
    const whole = { value: first, index: 7, epoch: 'cluster-0' }
    expect(server.cache.reply(query, 0)).toEqual({ ...whole, lastContactMs: 0, knownLeader: true })
    await server.answer(null)
    await server.net.run(8000)
    expect(server.cache.reply(query, 9000)).toBeNull()
    expect(server.cache.reply(query, null)).toEqual({ ...whole, lastContactMs: 10_000, knownLeader: false })
    server.cache.stop()
  })

  it('is asked for anew within max_stale, and not more than once a second', () => {
    for (const [maxStaleMs, waitMs] of [
      [null, 300_000],
      [5000, 5000],
      [1, 1000],
    ] as const) {
      const server = new Server(maxStaleMs)
      server.cache.watch(query, first, 7)
      expect(server.waits).toEqual([waitMs])
      server.cache.stop()
    }
  })

  it('is let go of when nobody asks any more', async () => {
    const server = new Server()
    server.cache.watch(query, first, 7)
    await server.net.run(400_000)
    await server.answer({ value: first, index: 8 })
    expect(server.cache.size).toBe(1)
    await server.net.run(300_000)
    await server.answer({ value: first, index: 9 })
    expect(server.cache.size).toBe(0)
    expect(server.cache.find(query)).toBeNull()
  })
})

describe('what is not watched', () => {
  it('is what does not exist, and what is one too many', () => {
    const { cache } = new Server()
    cache.watch(query, null, 1)
    cache.watch({ kind: 'nodesByAddress', ip: '10.0.0.1' }, [], 1)
    expect(cache.size).toBe(0)
    for (let i = 0; i < 1100; i++) cache.watch({ kind: 'node', node: `n${i}` }, first, 1)
    expect(cache.size).toBe(1024)
    cache.stop()
    expect(cache.size).toBe(0)
  })
})

it('does not ask on and on when nobody lets it wait', async () => {
  const server = new Server()
  server.cache.watch(query, first, 7)
  for (let i = 0; i < 5; i++) await server.answer({ value: first, index: 7 })
  expect(server.asked.length).toBe(6)
  server.cache.stop()
})

it('a client agent answers from memory, follows changes, and goes on without a server', async () => {
  const world = new World({ seed: 970 })
  const [serverMachine, clientMachine, asker] = ['s', 'c', 'asker'].map((name) => machineIn(world, name))
  if (!serverMachine || !clientMachine || !asker) throw new Error('three machines')
  const started = startAgent(world, serverMachine, ['-server', '-bootstrap'])
  const server = await world.wait(started.agent, 20_000)
  const flags = ['-retry-join', serverMachine.ip, '-hcl', 'dns_config { use_cache = true }']
  await world.wait(startAgent(world, clientMachine, flags).agent, 20_000)
  await world.run(10_000)
  const { host } = world.boot(asker)
  const ask = async (): Promise<readonly string[]> => {
    const reply = new Promise<Uint8Array>((resolve) => {
      void host.udp
        .bind({ ip: asker.ip, port: 0 }, (bytes) => resolve(bytes.slice()))
        .then((socket) =>
          socket.send(questionPacket('n1.node.consul', 'A'), { ip: clientMachine.ip, port: 8600 }),
        )
    })
    return normalise(await world.wait(reply, 10_000)).answers
  }
  const register = async (address: string): Promise<void> => {
    const body = JSON.stringify({ Node: 'n1', Address: address })
    const request = new Request('http://agent/v1/catalog/register', { method: 'PUT', body })
    await world.wait(Promise.resolve(server.app(request, { ip: '10.0.0.99', port: 1 })), 10_000)
    await world.run(1000)
  }
  await register('10.9.0.1')
  for (let i = 0; i < 3; i++) expect(await ask()).toEqual(['n1.node.consul 0 A 10.9.0.1'])
  await register('10.9.0.2')
  for (let i = 0; i < 3; i++) expect(await ask()).toEqual(['n1.node.consul 0 A 10.9.0.2'])
  started.process.end('kill')
  await world.run(60_000)
  expect(await ask()).toEqual(['n1.node.consul 0 A 10.9.0.2'])
})
