// From a reply to a packet: how many records go in, what is left out first, and when the client is told.
import { type DnsQuery, type Edns, headerBytes } from './query.ts'
import type { Random } from '../lib/random.ts'
import { type Answer, rcode, type Reply, type Rr, rrType } from './types.ts'
import type { DnsConfig } from '../model/dns-config.ts'
import { PacketWriter } from './writer.ts'

/** A UDP reply to a client without EDNS. */
const plainBytesMax = 512
/** Largest payload of a UDP datagram over IPv4. */
const datagramBytesMax = 65_507
/** Largest message over TCP. */
const streamBytesMax = 65_535
/** Answers to a client without EDNS, whatever is configured. */
const plainAnswersMax = 8

const flagQr = 0x8000
const flagAa = 0x0400
const flagTc = 0x0200
const flagRa = 0x0080

/** What the packet is made for. */
export interface Shape {
  readonly packet: Uint8Array
  readonly query: DnsQuery
  readonly transport: 'udp' | 'tcp'
  readonly config: DnsConfig
}

/**
 * Encodes a reply within the limits of the client and the configuration.
 *
 * Answers go first, whole; authorities and what goes along with the answers follow as far as there is room, text
 * records last. Only missing answers make a reply truncated (RFC 2181 9). Which of like answers go first is drawn by lot.
 */
export function encodeReply(reply: Reply, shape: Shape, random: Random): Uint8Array {
  const { packet, query, config } = shape
  const { edns } = query
  const bytesMax = payloadMax(shape)
  const meant = Math.min(reply.answers.length, reply.answersMax ?? Infinity)
  const isFew = reply.isSampled === true && shape.transport === 'udp' && bytesMax <= plainBytesMax
  const wanted = drawn(reply, isFew ? Math.min(meant, plainLimit(config)) : meant, random)
  const opt = edns ? encodeOpt(edns, reply) : nothing

  const writer = new PacketWriter(bytesMax, !config.disableCompression)
  writer.question(packet.subarray(headerBytes, query.questionEnd), query.name)
  const answers = fill(writer, wanted.map(recordOf), opt.length)
  const authorities = fill(writer, reply.authorities, opt.length)
  const additionals = fillExtra(writer, reply, wanted.slice(0, answers), opt.length)
  writer.raw(opt)

  // Over TCP there is no other way to learn of the rest: silence is not to be had there.
  const isTruncated = answers < meant && (config.enableTruncate || shape.transport === 'tcp')
  const flags = flagsOf(reply, config) | query.flags | (isTruncated ? flagTc : 0)
  return writer.finish([query.id, flags, 1, answers, authorities, additionals + (edns ? 1 : 0)])
}

const nothing = new Uint8Array(0)

/** So many of the answers: of those that are alike any, in any order. */
function drawn(reply: Reply, count: number, random: Random): readonly Answer[] {
  if (reply.isSampled !== true || reply.answers.length < 2) return reply.answers
  if (reply.isOrdered === true) return reply.answers.slice(0, count)
  const lots = [...reply.answers]
  for (let i = 0; i < count; i++) {
    const other = i + random.below(lots.length - i)
    const [a, b] = [lots[i], lots[other]]
    if (a !== undefined && b !== undefined) [lots[i], lots[other]] = [b, a]
  }
  lots.length = count
  return lots
}

/** Bytes that the client takes. */
function payloadMax(shape: Shape): number {
  if (shape.transport === 'tcp') return streamBytesMax
  return Math.min(shape.query.edns?.bytesMax ?? plainBytesMax, datagramBytesMax)
}

function flagsOf(reply: Reply, config: DnsConfig): number {
  const isRecursive = reply.isRecursive ?? config.recursors.length > 0
  return flagQr | (reply.isOurs ? flagAa : 0) | (isRecursive ? flagRa : 0) | (reply.rcode & 0xf)
}

/** A header with an error, and the question if it could be read. */
export function encodeError(packet: Uint8Array, code: number, questionEnd: number): Uint8Array {
  const bytes = packet.slice(0, questionEnd)
  const flags = flagQr | (((packet[2] ?? 0) & 0x79) << 8) | code
  bytes[2] = flags >> 8
  bytes[3] = flags & 0xff
  bytes.fill(0, 4, headerBytes)
  if (questionEnd > headerBytes) bytes[5] = 1
  return bytes
}

function recordOf(answer: Answer): Rr {
  return answer.record
}

/** `udp_answer_limit`; 0 leaves the protocol's own. */
function plainLimit(config: DnsConfig): number {
  return config.udpAnswerLimit > 0 ? Math.min(config.udpAnswerLimit, plainAnswersMax) : plainAnswersMax
}

/** Writes records up to the first that does not fit; returns how many were written. */
function fill(writer: PacketWriter, records: readonly Rr[], reserved: number): number {
  for (const [i, record] of records.entries()) if (!writer.record(record, reserved)) return i
  return records.length
}

/** What goes along with the answers that were written, each record once, texts last. */
function fillExtra(writer: PacketWriter, reply: Reply, answers: readonly Answer[], reserved: number): number {
  const seen = new Set<string>()
  const extra: Rr[] = []
  for (const answer of answers) {
    for (const record of answer.extra) {
      const key = keyOf(record)
      if (!seen.has(key)) extra.push(record)
      seen.add(key)
    }
  }
  // Glue of the authority section goes with the question for it, see zone.ts: it hangs on the first answer.
  const isText = (record: Rr): boolean => record.type === rrType.TXT
  const ordered = [...extra.filter((record) => !isText(record)), ...extra.filter(isText)]
  return reply.rcode === rcode.noError ? fill(writer, ordered, reserved) : 0
}

function keyOf(record: Rr): string {
  const data =
    'ip' in record ? record.ip : 'text' in record ? record.text : 'target' in record ? record.target : ''
  return `${record.type} ${record.name} ${data}`
}

/** RFC 6891 6.1.2: root, OPT, payload size, upper bits of the code, version 0, no flags, options. */
function encodeOpt({ bytesMax, subnet }: Edns, { rcode: code, isForClient }: Reply): Uint8Array {
  const bytes = new Uint8Array(11 + subnet.length)
  const size = [bytesMax >> 8, bytesMax & 0xff]
  bytes.set([0, 0, rrType.OPT, ...size, code >> 4, 0, 0, 0, subnet.length >> 8, subnet.length & 0xff])
  bytes.set(subnet, 11)
  // RFC 7871 7.2.1: how much of the subnet the answer depends on; a scope of 0 holds for every client.
  if (subnet.length >= 8) bytes[11 + 7] = isForClient === true ? (subnet[6] ?? 0) : 0
  return bytes
}
