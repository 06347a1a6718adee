// The catalog as DNS sees it: reads through the router, stale within `dns_config.max_stale`.
import type { AgentConfig } from '../config/agent-config.ts'
import type { DnsView } from '../dns/view.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Query, QueryValue } from '../model/query.ts'
import type { Host } from '../runtime/host.ts'
import { recurse } from './recurse.ts'
import { never, type Requests } from './requests.ts'

/**
 * Questions about other datacenters that may be under way at once; past it they are refused. A datacenter that is silent
 * keeps each for seconds, and must not take all the places that DNS has.
 */
const elsewhereMax = 512

/** What DNS reads from. `datacenters` are those this agent knows by itself. */
export function createDnsView(
  host: Host,
  config: AgentConfig,
  requests: Requests,
  datacenters: () => readonly string[] | null,
): DnsView {
  let elsewhere = 0
  const read = async <Q extends Query>(
    query: Q,
    datacenter: string,
  ): Promise<Result<QueryValue<Q['kind']>, RequestError>> => {
    const consistency = config.dns.allowStale ? ('stale' as const) : ('default' as const)
    const options = { datacenter, consistency, maxStaleMs: config.dns.maxStaleMs, minIndex: 0, waitMs: 0 }
    const isElsewhere = datacenter !== '' && datacenter !== config.datacenter
    if (isElsewhere && elsewhere >= elsewhereMax) {
      return err(requestError('overloaded', 'Too many questions about other datacenters are under way'))
    }
    if (isElsewhere) elsewhere++
    const answer = await requests.read(query, options, never)
    if (isElsewhere) elsewhere--
    return answer.ok ? ok(answer.value.value) : err(answer.error)
  }
  return {
    datacenter: config.datacenter,
    read,
    // A client does not know the datacenters: it lets the server decide, which refuses those it does not know.
    isDatacenter: (name) => name === config.datacenter || (datacenters()?.includes(name) ?? true),
    recurse: (packet, address, transport) =>
      recurse(host, packet, { address, transport, timeoutMs: config.dns.recursorTimeoutMs }),
    nowSeconds: () => Math.floor(host.clock.wallMs() / 1000),
  }
}
