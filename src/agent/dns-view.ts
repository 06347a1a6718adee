// The catalog as DNS sees it: reads through the router, stale within `dns_config.max_stale`.
import type { AgentConfig } from '../config/agent-config.ts'
import type { DnsView } from '../dns/view.ts'
import type { Random } from '../lib/random.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Consistency, Query, QueryValue, ReadReply } from '../model/query.ts'
import type { Host } from '../runtime/host.ts'
import { DnsCache } from './dns-cache.ts'
import { queryKey } from './query-key.ts'
import { recurse, RecursorNames } from './recurse.ts'
import { never, type Requests } from './requests.ts'

/**
 * Questions about other datacenters that may be under way at once; past it they are refused. A datacenter that is silent
 * keeps each for seconds, and must not take all the places that DNS has.
 */
const elsewhereMax = 512

/** What DNS reads from. */
export interface DnsSources {
  readonly host: Host
  readonly requests: Pick<Requests, 'read' | 'readNow'>
  readonly random: Random
  /** Those that this agent knows by itself; null when it cannot know (clients). */
  readonly datacenters: () => readonly string[] | null
  /** As `LocalServer.versionNow`; always null on clients. */
  readonly versionNow: (consistency: Consistency, staleMsMax: number) => number | null
  readonly runPrepared: DnsView['runPrepared']
  /** An answer of the catalog is older than the reference calls good (`dns.stale_queries`). */
  readonly onStale: () => void
}

/** Answers that are older are counted. */
const staleMs = 5000

/** The catalog for one set of settings. */
export interface AgentDnsView extends DnsView {
  /** Nothing is watched any longer. */
  stop(): void
}

/** Makes the catalog as DNS sees it. */
export function createDnsView(sources: DnsSources, config: AgentConfig): AgentDnsView {
  const { host, requests, random, datacenters, versionNow, runPrepared, onStale } = sources
  const consistency = config.dns.allowStale ? ('stale' as const) : ('default' as const)
  const { maxStaleMs } = config.dns
  const own = { datacenter: '', consistency, maxStaleMs, minIndex: 0, waitMs: 0 }
  const recursors = new RecursorNames(host)
  const { clock } = host
  const ageMsMax = config.dns.cacheMaxAgeMs > 0 ? config.dns.cacheMaxAgeMs : maxStaleMs
  const cache = isCaching(config) ? new DnsCache({ requests, clock, random, read: own, ageMsMax }) : null
  const shared = new SharedReads((query) => requests.read(query, own, never), config.dns.allowStale)
  let elsewhere = 0
  type Read<Q extends Query> = Promise<Result<QueryValue<Q['kind']>, RequestError>>
  const readHere = async <Q extends Query>(query: Q): Read<Q> => {
    const known = cache?.find(query)
    if (known) return ok(known.value)
    const answer = await shared.read(query)
    if (!answer.ok) return err(answer.error)
    const { value, index, epoch, lastContactMs } = answer.value
    if (lastContactMs > staleMs) onStale()
    cache?.watch(query, value, index, epoch)
    return ok(value)
  }
  const readElsewhere = async <Q extends Query>(query: Q, datacenter: string): Read<Q> => {
    if (elsewhere >= elsewhereMax) {
      return err(requestError('overloaded', 'Too many questions about other datacenters are under way'))
    }
    elsewhere++
    const answer = await requests.read(query, { ...own, datacenter }, never)
    elsewhere--
    return answer.ok ? ok(answer.value.value) : err(answer.error)
  }
  return {
    datacenter: config.datacenter,
    read: (query, datacenter) =>
      datacenter === '' || datacenter === config.datacenter
        ? readHere(query)
        : readElsewhere(query, datacenter),
    readNow(query) {
      if (cache !== null) return cache.find(query)
      const reply = requests.readNow(query, own)
      if (reply !== null && reply.lastContactMs > staleMs) onStale()
      return reply
    },
    version: () => (cache === null ? versionNow(consistency, maxStaleMs) : cache.version),
    stop: () => cache?.stop(),
    runPrepared,
    // A client does not know the datacenters: it lets the server decide, which refuses those it does not know.
    isDatacenter: (name) => name === config.datacenter || (datacenters()?.includes(name) ?? true),
    recurse: async (packet, upstream, transport) => {
      const address = await recursors.addressOf(upstream)
      const timeoutMs = config.dns.recursorTimeoutMs
      return address && recurse(host, packet, { address, transport, timeoutMs })
    },
    nowSeconds: () => Math.floor(host.clock.wallMs() / 1000),
  }
}

/** Reads that go on at one time share one request where an answer may be a little old anyway. */
class SharedReads {
  readonly #read: <Q extends Query>(query: Q) => ReturnType<DnsSources['requests']['read']>
  readonly #isShared: boolean
  readonly #underWay = new Map<string, Promise<unknown>>()

  constructor(read: (query: Query) => ReturnType<DnsSources['requests']['read']>, isShared: boolean) {
    this.#read = read
    this.#isShared = isShared
  }

  read<Q extends Query>(query: Q): Promise<Result<ReadReply<QueryValue<Q['kind']>>, RequestError>> {
    type Outcome = Promise<Result<ReadReply<QueryValue<Q['kind']>>, RequestError>>
    const key = this.#isShared ? queryKey(query) : null
    if (key === null) return this.#read(query) as Outcome
    const known = this.#underWay.get(key)
    if (known !== undefined) return known as Outcome
    const reading = this.#read(query).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, reading)
    return reading as Outcome
  }
}

/** A server has all there is to know. */
function isCaching(config: AgentConfig): boolean {
  return config.dns.useCache && !config.server
}
