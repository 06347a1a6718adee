// The DNS settings that configuration makes and dns/ answers by. One declaration for both.

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
