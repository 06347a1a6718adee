// What DNS needs of the agent behind it. The agent implements this; dns never sees the agent itself.
import type { Result } from '../lib/result.ts'
import type { RequestError } from '../model/errors.ts'
import type { Query, QueryValue } from '../model/query.ts'

/** The catalog as DNS reads it: stale reads with `dns_config.max_stale`, in any datacenter. */
export interface DnsView {
  readonly datacenter: string
  /** Answers a question in a datacenter ('' is our own). */
  read<Q extends Query>(query: Q, datacenter: string): Promise<Result<QueryValue<Q['kind']>, RequestError>>
  /** True if this datacenter is known (else NXDOMAIN). */
  isDatacenter(name: string): boolean
  /** Asks an upstream resolver: the raw question, over the client's transport. Undefined when it does not answer. */
  recurse(packet: Uint8Array, upstream: string, transport: 'udp' | 'tcp'): Promise<Uint8Array | undefined>
  /** Seconds since 1970, for the SOA serial. */
  nowSeconds(): number
}
