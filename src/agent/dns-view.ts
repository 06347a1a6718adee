// The catalog as DNS sees it: reads through the router, stale within `dns_config.max_stale`.
import type { AgentConfig } from '../config/agent-config.ts'
import type { DnsView } from '../dns/view.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { RequestError } from '../model/errors.ts'
import type { Query, QueryValue } from '../model/query.ts'
import type { Host } from '../runtime/host.ts'
import { recurse } from './recurse.ts'
import { never, type Requests } from './requests.ts'

/** What DNS reads from. `datacenters` are those this agent knows by itself. */
export function createDnsView(
  host: Host,
  config: AgentConfig,
  requests: Requests,
  datacenters: () => readonly string[] | null,
): DnsView {
  const read = async <Q extends Query>(
    query: Q,
    datacenter: string,
  ): Promise<Result<QueryValue<Q['kind']>, RequestError>> => {
    const consistency = config.dns.allowStale ? ('stale' as const) : ('default' as const)
    const options = { datacenter, consistency, maxStaleMs: config.dns.maxStaleMs, minIndex: 0, waitMs: 0 }
    const answer = await requests.read(query, options, never)
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
