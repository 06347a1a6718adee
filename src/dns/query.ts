// Reads a question. Total over all bytes: what cannot be answered is dropped or named as an error.
import { bytesToIp } from './ip.ts'
import { rcode, rrType } from './types.ts'

/** A question that can be answered. */
export interface DnsQuery {
  readonly id: number
  /** Recursion desired and checking disabled, as they stood in the flags. */
  readonly flags: number
  /** As it was asked, case and all, without the final dot. */
  readonly name: string
  /** In lower case, from left to right. */
  readonly labels: readonly string[]
  readonly type: number
  readonly class: number
  /** Where the question section ends in the packet; it begins at 12. */
  readonly questionEnd: number
  readonly edns: Edns | null
}

/** The client's OPT record (RFC 6891). */
export interface Edns {
  /** Largest reply over UDP, at least 512. */
  readonly bytesMax: number
  readonly version: number
  /** Its client subnet option with header (RFC 7871), to be echoed; empty for none. */
  readonly subnet: Uint8Array
}

/** The address that a client subnet option gives, or '' if there is none that can be used. */
export function subnetIp({ subnet }: Edns): string {
  const family = uint16(subnet, 4)
  const size = family === 1 ? 4 : family === 2 ? 16 : 0
  const given = subnet.subarray(8)
  // A prefix of 0 bits says that the client does not want to tell.
  if (size === 0 || given.length > size || subnet[6] === 0) return ''
  return bytesToIp(Array.from({ length: size }, (_, i) => given[i] ?? 0))
}

/** What a packet is. `error` is answered with the code and, where there is one, the question. */
export type DecodedQuery =
  | { readonly kind: 'query'; readonly query: DnsQuery }
  | { readonly kind: 'error'; readonly rcode: number; readonly questionEnd: number }
  /** No question of anybody: not even an error is sent. */
  | { readonly kind: 'drop' }

/** Bytes of the header. */
export const headerBytes = 12

const flagQr = 0x8000
/** Recursion desired, checking disabled: copied into the reply. */
const flagsKept = 0x0110
const optionSubnet = 8

/** Reads a packet from a client. */
export function decodeQuery(packet: Uint8Array): DecodedQuery {
  if (packet.length < headerBytes) return { kind: 'drop' }
  const flags = uint16(packet, 2)
  if ((flags & flagQr) !== 0) return { kind: 'drop' }
  if ((flags & 0x7800) !== 0) return { kind: 'error', rcode: rcode.notImp, questionEnd: headerBytes }
  const malformed = { kind: 'error', rcode: rcode.formErr, questionEnd: headerBytes } as const
  // RFC 9619: one question is all there can be.
  if (uint16(packet, 4) !== 1) return malformed
  const labels = readLabels(packet, headerBytes)
  if (!labels || labels.end + 4 > packet.length) return malformed
  const questionEnd = labels.end + 4
  const edns = readEdns(packet, questionEnd)
  if (edns === undefined) return { ...malformed, questionEnd }
  const query = {
    id: uint16(packet, 0),
    flags: flags & flagsKept,
    name: labels.labels.join('.'),
    labels: labels.labels.map((label) => label.toLowerCase()),
    type: uint16(packet, labels.end),
    class: uint16(packet, labels.end + 2),
    questionEnd,
    edns,
  }
  return { kind: 'query', query }
}

/** Big-endian u16; 0 beyond the end. */
export function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

/** An uncompressed name: nothing stands before a question that it could point to. */
function readLabels(
  packet: Uint8Array,
  start: number,
): { readonly labels: readonly string[]; readonly end: number } | undefined {
  const labels: string[] = []
  let at = start
  for (;;) {
    const length = packet[at]
    if (length === undefined || length > 63) return undefined
    at++
    if (length === 0) return { labels, end: at }
    if (at + length > packet.length || at + length - start > 254) return undefined
    labels.push(readText(packet, at, at + length))
    at += length
  }
}

function readText(packet: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let i = from; i < to; i++) {
    const byte = packet[i] ?? 0
    if (byte >= 0x80) return new TextDecoder().decode(packet.subarray(from, to))
    text += String.fromCharCode(byte)
  }
  return text
}

/** The OPT record among what follows the question; null without one, undefined when that is malformed. */
function readEdns(packet: Uint8Array, start: number): Edns | null | undefined {
  const records = uint16(packet, 6) + uint16(packet, 8) + uint16(packet, 10)
  let at = start
  let edns: Edns | null = null
  for (let i = 0; i < records; i++) {
    const fixed = skipName(packet, at)
    if (fixed < 0 || fixed + 10 > packet.length) return undefined
    const end = fixed + 10 + uint16(packet, fixed + 8)
    if (end > packet.length) return undefined
    if (uint16(packet, fixed) === rrType.OPT) {
      // RFC 6891 6.1.1: at most one OPT, at the root.
      if (edns !== null || fixed !== at + 1) return undefined
      const subnet = readSubnet(packet, fixed + 10, end)
      if (subnet === undefined) return undefined
      edns = { bytesMax: Math.max(512, uint16(packet, fixed + 2)), version: packet[fixed + 5] ?? 0, subnet }
    }
    at = end
  }
  return edns
}

function readSubnet(packet: Uint8Array, from: number, to: number): Uint8Array | undefined {
  for (let at = from; at < to;) {
    if (at + 4 > to) return undefined
    const end = at + 4 + uint16(packet, at + 2)
    if (end > to) return undefined
    if (uint16(packet, at) === optionSubnet && end - at >= 8) return packet.slice(at, end)
    at = end
  }
  return new Uint8Array(0)
}

/** The offset behind a name, or -1. */
function skipName(packet: Uint8Array, start: number): number {
  for (let at = start; at < packet.length;) {
    const length = packet[at] ?? 0
    if (length === 0) return at + 1
    if (length >= 0xc0) return at + 2
    if (length > 63) return -1
    at += 1 + length
  }
  return -1
}
