// Searches of one server over a real state, with other datacenters that are made up.
import { describe, expect, it } from 'vitest'
import { FilledQueries } from '../../../src/agent/prepared-queries.ts'
import { createSearches, type SearchPorts, type SearchRequest } from '../../../src/agent/prepared-search.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { CheckStatus } from '../../../src/model/catalog.ts'
import type { Command } from '../../../src/model/command.ts'
import { requestError } from '../../../src/model/errors.ts'
import type { PreparedAnswer, PreparedQueryInfo, QueryService } from '../../../src/model/prepared-query.ts'
import type { Query, QueryValue, ReadOptions, ReadReply } from '../../../src/model/query.ts'
import type { RpcReply, RpcRequest } from '../../../src/model/rpc.ts'
import { createState, type State } from '../../../src/state/state.ts'
import { queryOf, templateOf } from '../query/samples.ts'
import { check, service } from '../state/fixtures.ts'
import { TestClock } from './samples.ts'

type Named = Extract<SearchRequest['search'], { readonly kind: 'named' }>

/** What a datacenter answers when it is asked: its instances, nothing at all, or nonsense. */
type Elsewhere = Readonly<Record<string, readonly string[] | 'silent' | 'odd'>>

class Bench {
  readonly state: State = createState()
  readonly clock: TestClock = new TestClock()
  /** Requests that went to a router. */
  readonly sent: RpcRequest[] = []
  /** Names of what was measured. */
  readonly measured: string[] = []
  /** What reads of this server answer at once; null: it has to be asked for. */
  isFresh = true
  lastContactMs = 0
  readonly #elsewhere: Elsewhere
  readonly #search: ReturnType<typeof createSearches>

  constructor(elsewhere: Elsewhere = {}) {
    this.#elsewhere = elsewhere
    const ports: SearchPorts = {
      datacenter: 'dc1',
      readNow: (query, options) =>
        this.isFresh || options.consistency === 'stale' ? this.#answer(query) : null,
      router: () => ({ request: (request) => this.#route(request) }),
      datacenters: () => ['dc1', ...Object.keys(elsewhere)],
      clock: this.clock,
      random: seededRandom(7),
      metrics: { sampler: (name) => () => void this.measured.push(name) },
    }
    this.#search = createSearches(ports)
  }

  apply(command: Command): void {
    const { result } = this.state.apply(this.state.lastIndex + 1, command, { wallMs: 1 })
    expect(result).toMatchObject({ kind: 'done' })
  }

  /** An instance of `web` on a node of its own. */
  instance(node: string, status: CheckStatus = 'passing', at?: number): void {
    const { service, checks } = parts(node, status)
    const address = `10.0.0.${node.slice(1)}`
    this.apply({
      kind: 'register',
      node: { id: '', name: node, address, datacenter: 'dc1', taggedAddresses: {}, meta: {} },
      service,
      checks,
      skipNodeUpdate: false,
    })
    if (at === undefined) return
    const vec = [at, 0, 0, 0, 0, 0, 0, 0]
    this.apply({
      kind: 'coordinates',
      updates: [{ node, coordinate: { vec, error: 0.1, adjustment: 0, height: 0 } }],
    })
  }

  query(fields: Partial<Omit<PreparedQueryInfo, 'service'>>, service: Partial<QueryService> = {}): void {
    this.apply({ kind: 'preparedQuerySet', query: queryOf(fields, service) })
  }

  async ask(asked: Partial<Named> = {}, request: Partial<SearchRequest> = {}): Promise<RpcReply> {
    const search: Named = {
      kind: 'named',
      nameOrId: 'q',
      limit: 0,
      sourceIp: '',
      near: '',
      connect: false,
      agentNode: 'n3',
      agentDatacenter: 'dc1',
      ...asked,
    }
    return this.#search(
      {
        kind: 'search',
        datacenter: '',
        hops: 0,
        holdMs: 6000,
        search,
        consistency: 'default',
        maxStaleMs: null,
        ...request,
      },
      new AbortController().signal,
    )
  }

  /** The nodes that were found, in their order. */
  async nodes(asked: Partial<Named> = {}): Promise<readonly string[]> {
    return answerOf(await this.ask(asked)).nodes.map(({ node }) => node.name)
  }

  #answer<Q extends Query>(query: Q): ReadReply<QueryValue<Q['kind']>> {
    const { index, value } = this.state.query(query)
    return { index, knownLeader: true, lastContactMs: this.lastContactMs, epoch: '', value }
  }

  async #route(request: RpcRequest): Promise<RpcReply> {
    this.sent.push(request)
    await Promise.resolve()
    if (request.kind === 'read') {
      const { value, ...meta } = this.#answer(request.query)
      return { kind: 'read', meta: { ...meta, lastContactMs: 0 }, value }
    }
    if (request.kind !== 'search') throw new Error(`a request of another kind: ${request.kind}`)
    const found = this.#elsewhere[request.datacenter] ?? 'silent'
    if (found === 'silent') {
      this.clock.pass(request.holdMs)
      return { kind: 'refused', error: requestError('timeout', 'No answer') }
    }
    const meta = { index: 1, knownLeader: true, lastContactMs: 0, epoch: '' }
    if (found === 'odd') return { kind: 'read', meta, value: null }
    const nodes = found.map((node) => ({ node: { name: node } }))
    const value = { service: 'web', nodes, dnsTtl: '', datacenter: request.datacenter, failovers: 0 }
    return { kind: 'read', meta, value }
  }
}

function parts(
  node: string,
  status: CheckStatus,
): Pick<Extract<Command, { kind: 'register' }>, 'service' | 'checks'> {
  const of = { node, serviceId: 'web' }
  return { service: service('web'), checks: [check('c', status, of)] }
}

function answerOf(reply: RpcReply): PreparedAnswer {
  if (reply.kind !== 'read' || reply.value === null)
    throw new Error(`nothing was found: ${JSON.stringify(reply)}`)
  return reply.value as PreparedAnswer
}

/** A bench with instances on n1 to n4, of which n4 is critical. */
function filled(elsewhere: Elsewhere = {}): Bench {
  const bench = new Bench(elsewhere)
  for (const node of ['n1', 'n2', 'n3']) bench.instance(node)
  bench.instance('n4', 'critical')
  return bench
}

describe('a search by name', () => {
  it('finds the healthy instances, each at each place about equally often', async () => {
    const bench = filled()
    bench.query({})
    const first = new Map<string, number>()
    for (let i = 0; i < 3000; i++) {
      const nodes = await bench.nodes()
      expect(nodes.toSorted()).toEqual(['n1', 'n2', 'n3'])
      const [node = ''] = nodes
      first.set(node, (first.get(node) ?? 0) + 1)
    }
    for (const count of first.values()) expect(count).toBeGreaterThan(900)
  })

  it('gives so many by chance as were asked for', async () => {
    const bench = filled()
    bench.query({})
    const seen = new Set<string>()
    for (let i = 0; i < 200; i++) {
      const nodes = await bench.nodes({ limit: 2 })
      expect(nodes).toHaveLength(2)
      for (const node of nodes) seen.add(node)
    }
    expect(seen.size).toBe(3)
    expect(await bench.nodes({ limit: 9 })).toHaveLength(3)
  })

  it('is null for a name that nothing answers to, or that is too long', async () => {
    const bench = filled()
    bench.query({ name: '', template: templateOf() }, { service: '${name.full}' })
    expect(await bench.nodes({ nameOrId: 'web' })).toHaveLength(3)
    expect(await bench.nodes({ nameOrId: 'x'.repeat(1024) })).toEqual([])
    expect(await bench.ask({ nameOrId: 'x'.repeat(1025) })).toMatchObject({ kind: 'read', value: null })
  })

  it('refuses a template by its ID', async () => {
    const bench = filled()
    const { id } = queryOf()
    bench.query({ id, name: 'q', template: templateOf() })
    expect(await bench.ask({ nameOrId: id.toUpperCase() })).toMatchObject({
      kind: 'refused',
      error: { message: 'prepared query templates can only be resolved up by name, not by ID' },
    })
  })

  it('says what a stored template cannot be filled in with', async () => {
    const bench = filled()
    bench.query({ template: templateOf() }, { service: '${nope}' })
    expect(await bench.ask()).toMatchObject({ kind: 'refused', error: { code: 'internal' } })
  })

  it('follows changes of the query and of the instances', async () => {
    const bench = filled()
    bench.query({})
    expect(await bench.nodes()).toHaveLength(3)
    bench.instance('n2', 'warning')
    bench.query({}, { onlyPassing: true })
    expect((await bench.nodes()).toSorted()).toEqual(['n1', 'n3'])
  })
})

describe('a search near a node', () => {
  /** n1 is far, n3 is where the agent is. */
  function placed(): Bench {
    const bench = new Bench()
    bench.instance('n1', 'passing', 0.9)
    bench.instance('n2', 'passing', 0.2)
    bench.instance('n3', 'passing', 0.1)
    bench.instance('n4', 'passing')
    return bench
  }

  it.each([
    ['the query’s own', '_agent', {}, ['n3', 'n2', 'n1', 'n4']],
    ['what was asked for instead', '_agent', { near: 'n1' }, ['n1', 'n2', 'n3', 'n4']],
    ['the node of an address', '_ip', { sourceIp: '10.0.0.2' }, ['n2', 'n3', 'n1', 'n4']],
    ['the same in IPv6', '_ip', { sourceIp: '::ffff:10.0.0.2' }, ['n2', 'n3', 'n1', 'n4']],
  ])('%s', async (_, near, asked, nodes) => {
    const bench = placed()
    bench.query({}, { near })
    for (let i = 0; i < 5; i++) expect(await bench.nodes(asked)).toEqual(nodes)
  })

  it('limits after sorting', async () => {
    const bench = placed()
    bench.query({}, { near: 'n2' })
    expect(await bench.nodes({ limit: 2 })).toEqual(['n2', 'n3'])
  })

  it.each([
    ['an agent of another datacenter', '_agent', { agentDatacenter: 'dc2' }],
    ['an address of no node', '_ip', { sourceIp: '10.9.9.9' }],
    ['no address', '_ip', {}],
    ['a node that nobody knows', 'n9', {}],
  ])('is in any order for %s', async (_, near, asked) => {
    const bench = placed()
    bench.query({}, { near })
    const firsts = new Set<string>()
    for (let i = 0; i < 100; i++) firsts.add((await bench.nodes(asked))[0] ?? '')
    expect(firsts.size).toBe(4)
  })

  it('follows nodes that move, within seconds', async () => {
    const bench = placed()
    bench.query({}, { near: 'n3' })
    expect(await bench.nodes()).toEqual(['n3', 'n2', 'n1', 'n4'])
    bench.instance('n1', 'passing', 0.15)
    bench.clock.pass(4999)
    expect(await bench.nodes()).toEqual(['n3', 'n2', 'n1', 'n4'])
    bench.clock.pass(1)
    expect(await bench.nodes()).toEqual(['n3', 'n1', 'n2', 'n4'])
  })

  it('brings a source without a place to the front', async () => {
    const bench = placed()
    bench.query({}, { near: 'n4' })
    for (let i = 0; i < 20; i++) expect((await bench.nodes())[0]).toBe('n4')
  })
})

describe('a search that finds nothing here', () => {
  it.each([
    ['the nearest', { nearestN: 1, datacenters: [] }, { dc3: ['x'], dc2: ['y'] }, 'dc3', 1],
    [
      'the nearest, then those named',
      { nearestN: 1, datacenters: ['dc2'] },
      { dc3: [], dc2: ['y'] },
      'dc2',
      2,
    ],
    ['past those that are silent', { nearestN: 2, datacenters: [] }, { dc3: 'silent', dc2: ['y'] }, 'dc2', 2],
    ['nobody who is not known', { nearestN: 0, datacenters: ['dc9', 'dc1'] }, { dc2: ['y'] }, 'dc1', 0],
    ['all of them in vain', { nearestN: 9, datacenters: [] }, { dc3: [], dc2: [] }, 'dc2', 2],
    ['none that answers', { nearestN: 9, datacenters: [] }, { dc3: 'silent', dc2: 'silent' }, 'dc1', 2],
  ] as const)('asks %s', async (_, failover, elsewhere, ...[datacenter, failovers]) => {
    const bench = new Bench(elsewhere)
    bench.query({}, { failover })
    expect(answerOf(await bench.ask())).toMatchObject({ datacenter, failovers, service: 'web' })
  })

  it('asks nobody else when there is something here', async () => {
    const bench = filled({ dc2: ['y'] })
    bench.query({}, { failover: { nearestN: 1, datacenters: ['dc2'] } })
    expect(answerOf(await bench.ask()).datacenter).toBe('dc1')
    expect(bench.sent).toEqual([])
  })

  it('hands over what the query became, with the limit and the freshness', async () => {
    const bench = new Bench({ dc2: ['y'] })
    const failover = { nearestN: 1, datacenters: [] }
    bench.query({ name: 'q-', template: templateOf(), dnsTtl: '9s' }, { service: '${name.suffix}', failover })
    await bench.ask(
      { nameOrId: 'q-web', limit: 4, connect: true },
      { consistency: 'consistent', maxStaleMs: 5 },
    )
    expect(bench.sent).toMatchObject([
      {
        kind: 'search',
        datacenter: 'dc2',
        consistency: 'consistent',
        maxStaleMs: 5,
        search: { kind: 'filled', limit: 4, dnsTtl: '9s', service: { service: 'web', connect: true } },
      },
    ])
  })

  it('asks those last for a while that have not answered', async () => {
    const bench = new Bench({ dc3: 'silent', dc2: ['y'] })
    bench.query({}, { failover: { nearestN: 2, datacenters: [] } })
    const asked = async (): Promise<readonly string[]> => {
      bench.sent.length = 0
      expect(answerOf(await bench.ask()).datacenter).toBe('dc2')
      return bench.sent.map((request) => ('datacenter' in request ? request.datacenter : ''))
    }
    expect(await asked()).toEqual(['dc3', 'dc2'])
    expect(await asked()).toEqual(['dc2'])
    bench.clock.pass(9999)
    expect(await asked()).toEqual(['dc2'])
    bench.clock.pass(1)
    expect(await asked()).toEqual(['dc3', 'dc2'])
  })

  it('takes no answer that is none', async () => {
    const bench = new Bench({ dc3: 'odd', dc2: ['y'] })
    bench.query({}, { failover: { nearestN: 2, datacenters: [] } })
    expect(answerOf(await bench.ask())).toMatchObject({ datacenter: 'dc2', failovers: 2 })
  })

  it('shares the time among those that are left', async () => {
    const bench = new Bench({ dc4: 'silent', dc3: 'silent', dc2: 'silent' })
    bench.query({}, { failover: { nearestN: 3, datacenters: [] } })
    const startMs = bench.clock.nowMs()
    await bench.ask()
    expect(bench.sent.map((request) => ('holdMs' in request ? request.holdMs : 0))).toEqual([
      2000, 2000, 2000,
    ])
    expect(bench.clock.nowMs() - startMs).toBe(6000)
  })
})

describe('a search that was filled in elsewhere', () => {
  it('looks here alone, in any order', async () => {
    const bench = filled({ dc2: ['y'] })
    const service = queryOf({}, { near: 'n1', failover: { nearestN: 1, datacenters: [] } }).service
    const search = { kind: 'filled', service, dnsTtl: '9s', limit: 0 } as const
    const firsts = new Set<string>()
    for (let i = 0; i < 50; i++) {
      const { nodes, datacenter, dnsTtl } = answerOf(await bench.ask({}, { search }))
      expect([nodes.length, datacenter, dnsTtl]).toEqual([3, 'dc1', '9s'])
      firsts.add(nodes[0]?.node.name ?? '')
    }
    expect(firsts.size).toBe(3)
    const nothing = { ...search, service: { ...service, service: 'nothing' } }
    expect(answerOf(await bench.ask({}, { search: nothing })).nodes).toEqual([])
    expect(bench.sent).toEqual([])
    expect(new Set(bench.measured)).toEqual(new Set(['prepared-query.execute_remote']))
  })
})

describe('the freshness of a search', () => {
  it('is asked for when this server cannot say it by itself', async () => {
    const bench = filled()
    bench.query({})
    bench.isFresh = false
    expect(await bench.nodes()).toHaveLength(3)
    expect(bench.sent).toMatchObject([
      { kind: 'read', query: { kind: 'preparedQueryResolve' }, options: optionsOf('default') },
      { kind: 'read', query: { kind: 'healthService' }, options: optionsOf('default') },
    ])
  })

  it('is that of the leader when what is here is too old', async () => {
    const bench = filled()
    bench.query({})
    bench.lastContactMs = 100
    const stale = { consistency: 'stale', maxStaleMs: 100 } as const
    expect(answerOf(await bench.ask({}, stale)).nodes).toHaveLength(3)
    expect(bench.sent).toEqual([])
    bench.lastContactMs = 101
    expect(await bench.ask({}, stale)).toMatchObject({ kind: 'read', meta: { lastContactMs: 0 } })
    expect(bench.sent.length).toBeGreaterThan(0)
  })
})

describe('queries that are filled in', () => {
  it('are the same object for the same name, and forgotten when there are too many', () => {
    const queries = new FilledQueries()
    const query = {
      ...queryOf({ template: templateOf() }, { service: '${name.full}' }),
      createIndex: 1,
      modifyIndex: 1,
    }
    const first = queries.fill(query, 'a')
    expect(first).toMatchObject({ ok: true, value: { service: 'a' } })
    expect(queries.fill(query, 'a')).toBe(first)
    for (let i = 0; i < 256; i++) queries.fill(query, `b${i}`)
    expect(queries.fill(query, 'a')).not.toBe(first)
    expect(queries.fill(query, 'a')).toEqual(first)
  })
})

function optionsOf(consistency: ReadOptions['consistency']): ReadOptions {
  return { datacenter: '', consistency, maxStaleMs: null, minIndex: 0, waitMs: 0 }
}
