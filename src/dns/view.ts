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

/** DNS settings (`dns_config`). */
export interface DnsConfig {
  /** Primary zone, lower case with the final dot: `consul.`. */
  readonly domain: string
  /** Second zone or ''. */
  readonly altDomain: string
  readonly nodeName: string
  readonly allowStale: boolean
  readonly nodeTtlSeconds: number
  /** Exact names and `prefix*` patterns to seconds. */
  readonly serviceTtlSeconds: Readonly<Record<string, number>>
  readonly enableTruncate: boolean
  readonly onlyPassing: boolean
  readonly disableCompression: boolean
  readonly udpAnswerLimit: number
  readonly aRecordLimit: number
  readonly nodeMetaTxt: boolean
  readonly soa: {
    readonly refresh: number
    readonly retry: number
    readonly expire: number
    readonly minTtl: number
  }
  readonly recursors: readonly string[]
  readonly recursorTimeoutMs: number
  readonly recursorStrategy: 'sequential' | 'random'
  readonly translateWanAddrs: boolean
}
