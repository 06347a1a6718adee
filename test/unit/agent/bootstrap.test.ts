// The promise protocol among servers that are only bootstraps: a network that can be cut, and what each has started.
import { describe, expect, it } from 'vitest'
import { createBootstrap, type Bootstrap } from '../../../src/agent/bootstrap.ts'
import { serverOf, type ServerInfo } from '../../../src/agent/servers.ts'
import type { RpcReply } from '../../../src/model/rpc.ts'
import { requestError } from '../../../src/model/errors.ts'
import { member, settled, silent, TestClock } from './samples.ts'

interface Node {
  readonly info: ServerInfo
  readonly bootstrap: Bootstrap
  /** Names that it sees in its pool. */
  readonly sees: Set<string>
  started: readonly string[] | null
}

/** Servers that expect each other. */
class Servers {
  readonly clock = new TestClock()
  readonly nodes = new Map<string, Node>()
  readonly cut = new Set<string>()
  /** Names of servers that start but do not hear that they may: their power fails in that moment. */
  readonly #expect: number

  constructor(expected: number) {
    this.#expect = expected
  }

  add(name: string): Node {
    const at = this.nodes.size + 1
    const tags = new Map([...member(name, { role: 'consul' }).tags, ['expect', `${this.#expect}`]])
    const info = serverOf(member(name, { tags, id: name, address: { ip: `10.0.0.${at}`, port: 8301 } }))
    if (info === null) throw new Error('a server was expected')
    const node: Node = { info, bootstrap: this.#bootstrap(name, info), sees: new Set(), started: null }
    this.nodes.set(name, node)
    return node
  }

  #bootstrap(name: string, info: ServerInfo): Bootstrap {
    return createBootstrap({
      clock: this.clock,
      self: () => info,
      expect: this.#expect,
      others: () => [...this.node(name).sees].map((other) => this.node(other).info),
      hasState: () => this.node(name).started !== null,
      ask: (server, request, timeoutMs) => this.#ask(name, server.id, request, timeoutMs),
      start: (configuration) => {
        this.node(name).started = configuration.servers.map((server) => server.id)
      },
      log: silent,
    })
  }

  async #ask(
    from: string,
    to: string,
    request: Parameters<Parameters<typeof createBootstrap>[0]['ask']>[1],
    timeoutMs: number,
  ): Promise<RpcReply> {
    if (this.cut.has(from) || this.cut.has(to)) {
      await new Promise<void>((resolve) => this.clock.wakeAt(this.clock.nowMs() + timeoutMs, resolve))
      return { kind: 'refused', error: requestError('timeout', 'cut') }
    }
    if (request.kind !== 'bootstrapState') throw new Error('unexpected')
    const reply = this.node(to).bootstrap.promise(request.servers)
    await Promise.resolve()
    return reply
  }

  node(name: string): Node {
    const node = this.nodes.get(name)
    if (node === undefined) throw new Error(`no ${name}`)
    return node
  }

  /** These know each other from now on. */
  meet(...names: readonly string[]): void {
    for (const name of names) for (const other of names) if (other !== name) this.node(name).sees.add(other)
    for (const name of names) this.node(name).bootstrap.consider()
  }

  /** The different sets that were started. */
  get started(): readonly string[] {
    const sets = [...this.nodes.values()].flatMap(({ started }) =>
      started === null ? [] : [started.join(' ')],
    )
    return [...new Set(sets)].sort((a, b) => (a < b ? -1 : 1))
  }
}

describe('bootstrap', () => {
  it('starts all servers of the expected number with the same set', async () => {
    const servers = new Servers(3)
    for (const name of ['a', 'b', 'c']) servers.add(name)
    servers.meet('a', 'b')
    await servers.clock.run(1000)
    expect(servers.started).toEqual([])
    servers.meet('a', 'b', 'c')
    await servers.clock.run(1000)
    expect([...servers.nodes.values()].map(({ started }) => started)).toEqual(Array(3).fill(['a', 'b', 'c']))
  })

  it('settles on one set when more than the expected number appear in different orders', async () => {
    const servers = new Servers(3)
    for (const name of ['a', 'b', 'c', 'd', 'e']) servers.add(name)
    servers.meet('b', 'd', 'e')
    servers.meet('a', 'c', 'd')
    await servers.clock.run(100)
    servers.meet('a', 'b', 'c', 'd', 'e')
    await servers.clock.run(60_000, 50)
    expect(servers.started).toHaveLength(1)
  })

  it('never starts a second set while a server of the first may have been started', async () => {
    const servers = new Servers(3)
    for (const name of ['b', 'c', 'd']) servers.add(name)
    // Only d goes on: it gets all promises, starts, and is cut off before anybody hears of it.
    const { started } = await startAloneAndVanish(servers, 'd', ['b', 'c'])
    expect(started).toEqual(['b', 'c', 'd'])
    servers.add('a')
    servers.meet('a', 'b', 'c')
    await servers.clock.run(120_000, 50)
    expect(servers.started).toEqual(['b c d'])
    // It comes back, and the others learn that there is a cluster.
    servers.cut.delete('d')
    await servers.clock.run(10_000, 50)
    expect(servers.started).toEqual(['b c d'])
  })

  it('starts another set once an operator has declared that the missing server has left', async () => {
    const servers = new Servers(3)
    for (const name of ['b', 'c', 'd']) servers.add(name)
    await startAloneAndVanish(servers, 'd', ['b', 'c'])
    servers.add('a')
    servers.meet('a', 'b', 'c')
    await servers.clock.run(20_000, 50)
    for (const name of ['b', 'c']) servers.node(name).sees.delete('d')
    await servers.clock.run(20_000, 50)
    expect(servers.node('a').started).toEqual(['a', 'b', 'c'])
  })

  it('asks nobody any more once it is stopped', async () => {
    const servers = new Servers(2)
    for (const name of ['a', 'b']) servers.add(name)
    servers.cut.add('b')
    servers.node('a').sees.add('b')
    servers.node('a').bootstrap.consider()
    await servers.clock.run(100)
    servers.node('a').bootstrap.stop()
    await servers.clock.run(10_000, 100)
    expect(servers.clock.armed).toBe(0)
  })
})

/** One server starts with two others that do not know of it yet, and is cut off in the same moment. */
async function startAloneAndVanish(servers: Servers, name: string, others: readonly string[]): Promise<Node> {
  const node = servers.node(name)
  for (const other of others) node.sees.add(other)
  node.bootstrap.consider()
  for (let turn = 0; turn < 50 && node.started === null; turn++) await Promise.resolve()
  servers.cut.add(name)
  for (const other of others) servers.node(other).sees.add(name)
  await settled()
  return node
}
