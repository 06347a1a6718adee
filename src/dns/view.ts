// What DNS needs of the agent behind it. The agent implements this; dns never sees the agent itself.
import type { Result } from '../lib/result.ts'
import type { RequestError } from '../model/errors.ts'
import type { PreparedAnswer, PreparedRun } from '../model/prepared-query.ts'
import type { Query, QueryValue } from '../model/query.ts'

/** Now or later. */
export type MaybePromise<T> = T | Promise<T>

/** The catalog as DNS reads it: stale reads with `dns_config.max_stale`, in any datacenter. */
export interface DnsView {
  readonly datacenter: string
  /** Answers a question in a datacenter ('' is our own). */
  read<Q extends Query>(
    query: Q,
    datacenter: string,
  ): MaybePromise<Result<QueryValue<Q['kind']>, RequestError>>
  /**
   * Answers from what this agent has itself, if that is as fresh as configured; else null. The same value is given
   * as long as the answer is the same.
   */
  readNow<Q extends Query>(query: Q): { readonly value: QueryValue<Q['kind']> } | null
  /** Another number whenever an answer of `readNow` may have become another one; null while it gives none. */
  version(): number | null
  /** Carries out a prepared query; null if there is none of this name. */
  runPrepared(run: PreparedRun): Promise<Result<PreparedAnswer | null, RequestError>>
  /** True if this datacenter is known (else NXDOMAIN). */
  isDatacenter(name: string): boolean
  /** Asks an upstream resolver: the raw question, over the client's transport. Undefined when it does not answer. */
  recurse(packet: Uint8Array, upstream: string, transport: 'udp' | 'tcp'): Promise<Uint8Array | undefined>
  /** Seconds since 1970, for the SOA serial. */
  nowSeconds(): number
}
