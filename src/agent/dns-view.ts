// The catalog as DNS sees it: reads through the router, stale within `dns_config.max_stale`.
import type { AgentConfig } from '../config/agent-config.ts'
import type { DnsView } from '../dns/view.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Consistency, Query, QueryValue } from '../model/query.ts'
import type { Host } from '../runtime/host.ts'
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
  /** Those that this agent knows by itself; null when it cannot know (clients). */
  readonly datacenters: () => readonly string[] | null
  /** As `LocalServer.versionNow`; always null on clients. */
  readonly versionNow: (consistency: Consistency, staleMsMax: number) => number | null
  readonly runPrepared: DnsView['runPrepared']
}

/** Makes the catalog as DNS sees it. */
export function createDnsView(sources: DnsSources, config: AgentConfig): DnsView {
  const { host, requests, datacenters, versionNow, runPrepared } = sources
  const consistency = config.dns.allowStale ? ('stale' as const) : ('default' as const)
  const { maxStaleMs } = config.dns
  const own = { datacenter: '', consistency, maxStaleMs, minIndex: 0, waitMs: 0 }
  const recursors = new RecursorNames(host)
  let elsewhere = 0
  const read = async <Q extends Query>(
    query: Q,
    datacenter: string,
  ): Promise<Result<QueryValue<Q['kind']>, RequestError>> => {
    const isElsewhere = datacenter !== '' && datacenter !== config.datacenter
    if (isElsewhere && elsewhere >= elsewhereMax) {
      return err(requestError('overloaded', 'Too many questions about other datacenters are under way'))
    }
    if (isElsewhere) elsewhere++
    const answer = await requests.read(query, { ...own, datacenter }, never)
    if (isElsewhere) elsewhere--
    return answer.ok ? ok(answer.value.value) : err(answer.error)
  }
  return {
    datacenter: config.datacenter,
    read,
    readNow: (query) => requests.readNow(query, own),
    version: () => versionNow(consistency, maxStaleMs),
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
