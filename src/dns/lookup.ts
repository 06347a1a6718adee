// What every lookup works with, and the replies that all of them give.
import type { Random } from '../lib/random.ts'
import type { RequestError } from '../model/errors.ts'
import { type Answer, rcode, type Reply, type Rr, rrType } from './types.ts'
import type { DnsConfig } from '../model/dns-config.ts'
import type { Trace } from './trace.ts'
import type { DnsView } from './view.ts'

/** What answers are made from. */
export interface DnsContext {
  readonly view: DnsView
  readonly config: DnsConfig
  readonly random: Random
}

/** A zone of ours: its name without the final dot, and the parts of it. */
export interface Zone {
  readonly zone: string
  readonly labels: readonly string[]
}

/** One question as the lookups see it. */
export interface Lookup extends DnsContext {
  /** Longest first. */
  readonly zones: readonly Zone[]
  /** Answers a question in a zone of ours, for names that lead to others; undefined for a name outside of them. */
  readonly lookUp: (lookup: Lookup) => Promise<Reply> | Reply | undefined
  /** Owner of the answers: the name as it was asked. */
  readonly name: string
  /** The name's labels in lower case. */
  readonly labels: readonly string[]
  readonly type: number
  /** The zone of ours that the name lies in, without the final dot; records that we name lie there too. */
  readonly zone: string
  readonly transport: 'udp' | 'tcp'
  /** What the reply is made from; a reply that depends on more than the catalog here says so. */
  readonly trace: Trace
  /** The client's address: that of its subnet option, else of the packet; '' if unknown. */
  readonly sourceIp: string
  /** Names of ours that led here, each the target of the one before. */
  readonly hops: number
}

/** Answers in our zone. Without any it says so with the SOA, so that resolvers may remember it (RFC 2308 2.2). */
export function answered(lookup: Lookup, answers: readonly Answer[]): Reply {
  const authorities = answers.length === 0 ? [soaRecord(lookup)] : []
  return { rcode: rcode.noError, isOurs: true, answers, authorities }
}

/** The name does not exist. */
export function nameError(lookup: Lookup): Reply {
  return { rcode: rcode.nxDomain, isOurs: true, answers: [], authorities: [soaRecord(lookup)] }
}

/** The catalog could not be read: a datacenter that does not exist is a name that does not. */
export function readError(lookup: Lookup, error: RequestError): Reply {
  if (error.code === 'noPathToDatacenter' || error.code === 'notFound') return nameError(lookup)
  return { rcode: rcode.servFail, isOurs: true, answers: [], authorities: [] }
}

/** The zone's SOA. */
export function soaRecord(lookup: Lookup): Rr {
  const { zone, config, view } = lookup
  const { refresh, retry, expire, minTtl } = config.soa
  const serial = view.nowSeconds() >>> 0
  const soa = { primary: `ns.${zone}`, mailbox: `hostmaster.${zone}`, serial, refresh, retry, expire, minTtl }
  return { type: rrType.SOA, name: zone, ttl: minTtl, soa }
}

/** The datacenter to read from: '' for our own, undefined when it is not known. */
export function readFrom(lookup: Lookup, datacenter: string): string | undefined {
  if (datacenter === '' || datacenter === lookup.view.datacenter) return ''
  return lookup.view.isDatacenter(datacenter) ? datacenter : undefined
}

/** Whether a text can stand in a packet as a name: labels of 1 to 63 bytes, 253 in all. */
export function isName(text: string): boolean {
  let labelBytes = 0
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 46) {
      if (labelBytes === 0) return false
      labelBytes = 0
      bytes++
    } else {
      // An upper bound of the bytes in UTF-8.
      const size = code < 0x80 ? 1 : 3
      labelBytes += size
      bytes += size
      if (labelBytes > 63) return false
    }
  }
  return labelBytes > 0 && bytes <= 253
}
