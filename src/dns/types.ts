// Numbers of the protocol (RFC 1035, 2782, 3596, 6891), and records as this folder handles them.

/** Record and question types. */
export const rrType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const

/** Response codes. */
export const rcode = {
  noError: 0,
  formErr: 1,
  servFail: 2,
  nxDomain: 3,
  notImp: 4,
  refused: 5,
  /** Extended (RFC 6891): the upper bits go into OPT. */
  badVers: 16,
} as const

/** A record. Names are without the final dot; '' is the root. */
export type Rr = {
  readonly name: string
  readonly ttl: number
} & RrData

type RrData =
  /** `ip` is a literal of the family. */
  | { readonly type: typeof rrType.A | typeof rrType.AAAA; readonly ip: string }
  | { readonly type: typeof rrType.NS | typeof rrType.CNAME | typeof rrType.PTR; readonly target: string }
  | { readonly type: typeof rrType.TXT; readonly text: string }
  | {
      readonly type: typeof rrType.SRV
      readonly weight: number
      readonly port: number
      readonly target: string
    }
  | { readonly type: typeof rrType.SOA; readonly soa: Soa }

/** Data of an SOA record. */
export interface Soa {
  readonly primary: string
  readonly mailbox: string
  readonly serial: number
  readonly refresh: number
  readonly retry: number
  readonly expire: number
  readonly minTtl: number
}

/** An answer with what goes along with it into the additional section. */
export interface Answer {
  readonly record: Rr
  readonly extra: readonly Rr[]
}

/** What is replied, before it is cut to size. */
export interface Reply {
  readonly rcode: number
  /** Authoritative: the name is in a zone of ours. */
  readonly isOurs: boolean
  readonly answers: readonly Answer[]
  readonly authorities: readonly Rr[]
  /** The answers are alike: any order is right, and to a client without EDNS a few of them do (`udp_answer_limit`). */
  readonly isSampled?: boolean
  /** Though alike, the first is the best one: they stay in this order. */
  readonly isOrdered?: boolean
  /** Made for this client: another one may be told something else. */
  readonly isForClient?: boolean
  /** At most so many of them are meant to be told (`a_record_limit`). */
  readonly answersMax?: number
  /** Upstream resolution was tried or is offered. */
  readonly isRecursive?: boolean
}
