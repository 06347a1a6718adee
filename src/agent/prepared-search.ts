// Carries out prepared queries on a server: what answers to the name, who is healthy, in which order, and where else to
// look. Everything about the query itself is in query/.
import type { Random } from '../lib/random.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { ServiceHealth } from '../model/catalog.ts'
import type { Coordinate } from '../model/coordinate.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import { limits } from '../model/limits.ts'
import type { PreparedAnswer, PreparedSearch, QueryService } from '../model/prepared-query.ts'
import type { Query, QueryValue, ReadOptions, ReadReply } from '../model/query.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import { selectInstances, sortNear } from '../query/select.ts'
import { Distances } from './distances.ts'
import type { Metrics } from './metrics.ts'
import { Failover, type FailoverPorts, type OpenSearch, type Wanted } from './prepared-failover.ts'
import { FilledQueries, templateByIdProblem } from './prepared-queries.ts'

/** A request to search. */
export type SearchRequest = Extract<RpcRequest, { readonly kind: 'search' }>

/** What searches need of the server. */
export interface SearchPorts extends FailoverPorts {
  /** Answers at once from what is here, if that is fresh enough. */
  readonly readNow: <Q extends Query>(
    query: Q,
    options: ReadOptions,
  ) => ReadReply<QueryValue<Q['kind']>> | null
  readonly random: Random
  readonly metrics: Pick<Metrics, 'sampler'>
}

/** Carries out searches. */
export type Searches = (request: SearchRequest, signal: AbortSignal) => Promise<RpcReply>

/** Makes the searches of one server. */
export function createSearches(ports: SearchPorts): Searches {
  const searcher = new Searcher(ports)
  const { clock, metrics } = ports
  const took = {
    named: metrics.sampler('prepared-query.execute'),
    filled: metrics.sampler('prepared-query.execute_remote'),
  }
  return async (request, signal) => {
    const startMicros = clock.nowMicros()
    const found = await searcher.search(request, signal)
    took[request.search.kind]((clock.nowMicros() - startMicros) / 1000)
    if (!found.ok) return { kind: 'refused', error: found.error }
    const { value, ...meta } = found.value
    return { kind: 'read', meta, value }
  }
}

type Found<T> = Result<ReadReply<T>, RequestError>

/** What is searched for, once the name and the template are out of the way. */
interface WantedHere extends Wanted {
  /** Whose neighbours come first; null: in any order. */
  readonly source: string | null
}

class Searcher {
  readonly #ports: SearchPorts
  readonly #queries = new FilledQueries()
  readonly #distances: Distances
  readonly #failover: Failover
  /** Instances that a query means, for as long as the list of all of them is the same. */
  readonly #selected = new WeakMap<
    readonly ServiceHealth[],
    WeakMap<QueryService, readonly ServiceHealth[]>
  >()

  constructor(ports: SearchPorts) {
    this.#ports = ports
    this.#failover = new Failover(ports)
    this.#distances = new Distances({ clock: ports.clock, placeOf: (node) => this.#placeOf(node) })
  }

  search(request: SearchRequest, signal: AbortSignal): Promise<Found<PreparedAnswer | null>> {
    const search = { request, signal, endAtMs: this.#ports.clock.nowMs() + request.holdMs }
    const { search: asked } = request
    if (asked.kind === 'named') return this.#named(search, asked)
    const { service, dnsTtl, limit } = asked
    return this.#here(search, { service, dnsTtl, limit, source: null })
  }

  async #named(
    search: OpenSearch,
    asked: Extract<PreparedSearch, { readonly kind: 'named' }>,
  ): Promise<Found<PreparedAnswer | null>> {
    const { nameOrId, limit } = asked
    // A name that is too long is no name: as many templates are tried as it has characters.
    const isLong = nameOrId.length > limits.queryNameCharactersMax
    const resolved = await this.#read(search, {
      kind: 'preparedQueryResolve',
      nameOrId: isLong ? '' : nameOrId,
    })
    if (!resolved.ok) return resolved
    const query = isLong ? null : resolved.value.value
    if (query === null) return ok({ ...resolved.value, value: null })
    const problem = templateByIdProblem(query, nameOrId)
    if (problem !== null) return err(requestError('internal', problem))
    const filled = this.#queries.fill(query, nameOrId)
    if (!filled.ok) return err(requestError('internal', filled.error))
    const service = asked.connect ? this.#queries.withConnect(filled.value) : filled.value
    const source = this.#source(asked, service)
    const wanted = { service, dnsTtl: query.dnsTtl, limit, source }
    const answer = await this.#here(search, wanted)
    if (!answer.ok || answer.value.value.nodes.length > 0) return answer
    return ok({ ...answer.value, value: await this.#failover.ask(search, wanted, answer.value.value) })
  }

  async #here(search: OpenSearch, wanted: WantedHere): Promise<Found<PreparedAnswer>> {
    const { service, dnsTtl } = wanted
    const reply = await this.#read(search, {
      kind: 'healthService',
      service: service.service,
      tags: [],
      nodeMeta: {},
      connect: service.connect,
      near: '',
      passing: false,
    })
    if (!reply.ok) return reply
    const nodes = this.#arrange(this.#select(reply.value.value, service), wanted)
    const { datacenter } = this.#ports
    return ok({
      ...reply.value,
      value: { service: service.service, nodes, dnsTtl, datacenter, failovers: 0 },
    })
  }

  #select(instances: readonly ServiceHealth[], service: QueryService): readonly ServiceHealth[] {
    const byService = this.#selected.get(instances) ?? new WeakMap<QueryService, readonly ServiceHealth[]>()
    this.#selected.set(instances, byService)
    const known = byService.get(service)
    if (known !== undefined) return known
    const selected = selectInstances(instances, service)
    byService.set(service, selected)
    return selected
  }

  #arrange(instances: readonly ServiceHealth[], { limit, source }: WantedHere): readonly ServiceHealth[] {
    const count = limit > 0 ? Math.min(limit, instances.length) : instances.length
    if (source === null) return this.#drawn(instances, count)
    const sorted = this.#drawn(instances, instances.length)
    sortNear(sorted, source, this.#distances.from(source))
    return count < sorted.length ? sorted.slice(0, count) : sorted
  }

  /** So many of the items, in an order by chance: the beginning of a shuffle. */
  #drawn<T>(items: readonly T[], count: number): T[] {
    const { random } = this.#ports
    const drawn = [...items]
    for (let i = 0; i < count && i < drawn.length - 1; i++) {
      const j = i + random.below(drawn.length - i)
      const held = drawn[i] as T
      drawn[i] = drawn[j] as T
      drawn[j] = held
    }
    drawn.length = count
    return drawn
  }

  #placeOf(node: string): Coordinate | null {
    return this.#peek({ kind: 'coordinatesOfNode', node })?.[0]?.coordinate ?? null
  }

  /** The node whose neighbours come first. */
  #source(
    {
      near: asked,
      sourceIp,
      agentNode,
      agentDatacenter,
    }: Extract<PreparedSearch, { readonly kind: 'named' }>,
    service: QueryService,
  ): string | null {
    const near = asked === '' ? service.near : asked
    if (near === '_agent') return agentDatacenter === this.#ports.datacenter ? agentNode : null
    if (near !== '_ip') return near === '' ? null : near
    const ip = sourceIp.replace(/^::ffff:(?=[\d.]+$)/i, '')
    return ip === '' ? null : (this.#peek({ kind: 'nodesByAddress', ip })?.[0]?.name ?? null)
  }

  async #read<Q extends Query>(search: OpenSearch, query: Q): Promise<Found<QueryValue<Q['kind']>>> {
    const { consistency, maxStaleMs } = search.request
    const options = { datacenter: '', consistency, maxStaleMs, minIndex: 0, waitMs: 0 }
    const isFresh = (lastContactMs: number): boolean => maxStaleMs === null || lastContactMs <= maxStaleMs
    const now = this.#ports.readNow(query, options)
    if (now !== null && isFresh(now.lastContactMs)) return ok(now)
    const reply = await this.#ask(search, query, options)
    if (reply.kind === 'read' && consistency === 'stale' && !isFresh(reply.meta.lastContactMs)) {
      return resultOf(await this.#ask(search, query, { ...options, consistency: 'default' }))
    }
    return resultOf(reply)
  }

  async #ask(search: OpenSearch, query: Query, options: ReadOptions): Promise<RpcReply> {
    const { clock, router } = this.#ports
    const holdMs = Math.max(0, search.endAtMs - clock.nowMs())
    const { hops } = search.request
    const asked = router()?.request(
      { kind: 'read', datacenter: '', hops, holdMs, query, options },
      search.signal,
    )
    return (await asked) ?? { kind: 'refused', error: requestError('noLeader', 'No cluster leader') }
  }

  /** What this server knows without asking anybody; null if it may not say. */
  #peek<Q extends Query>(query: Q): QueryValue<Q['kind']> | null {
    const options = {
      datacenter: '',
      consistency: 'stale',
      maxStaleMs: null,
      minIndex: 0,
      waitMs: 0,
    } as const
    return this.#ports.readNow(query, options)?.value ?? null
  }
}

function resultOf<T>(reply: RpcReply): Found<T> {
  if (reply.kind === 'read') return ok({ ...reply.meta, value: reply.value as T })
  const unexpected = requestError('internal', `Unexpected reply of kind ${reply.kind}`)
  return err(reply.kind === 'refused' ? reply.error : unexpected)
}
