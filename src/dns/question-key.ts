// What of a packet decides its answer, read without making anything: the beginning of the hot path (held.ts).
import { headerBytes, uint16 } from './query.ts'
import { rrType } from './types.ts'

/** The longest name, with type and class. */
const questionBytesMax = 255 + 4
const optBytes = 11
const optionSubnet = 8
/** Marks a question over TCP; EDNS sizes are below it. */
const overTcp = 0x1_0000

/** A question to be compared with others, whatever the case of its letters. One object serves all packets. */
export class QuestionKey {
  /** The name in lower case, type and class; `length` bytes of it count. */
  readonly bytes: Uint8Array = new Uint8Array(questionBytesMax)
  length = 0
  /** Transport and EDNS size, as one number. */
  shape = 0
  hash = 0
  readonly #seed: number

  /** @param seed drawn by lot, so that nobody knows which questions take each other's places */
  constructor(seed: number) {
    this.#seed = seed
  }

  /**
   * Reads a packet. False if it is none of the plain sort: one question, and at most EDNS version 0 without a client
   * subnet. Nothing is said of packets that are not read: answer.ts decides about them.
   */
  read(packet: Uint8Array, transport: 'udp' | 'tcp'): boolean {
    if (!hasPlainHeader(packet)) return false
    const end = this.#readQuestion(packet)
    if (end < 0) return false
    const edns = end < packet.length ? readSize(packet, end) : 0
    if (edns > 0 !== (packet[11] === 1)) return false
    if (edns < 0) return false
    this.length = end - headerBytes
    this.shape = transport === 'tcp' ? overTcp | edns : edns
    this.hash = mixed(this.hash ^ Math.imul(this.shape, 0x9e37_79b1))
    return true
  }

  /** Returns where the question ends, or -1. */
  #readQuestion(packet: Uint8Array): number {
    const nameEnd = endOfName(packet)
    if (nameEnd < 0 || nameEnd + 4 > packet.length) return -1
    const { bytes } = this
    let hash = this.#seed
    for (let at = headerBytes; at < nameEnd + 4; at++) {
      const byte = packet[at] ?? 0
      // Lengths of labels are below all letters; type and class are numbers.
      const lower = byte >= 65 && byte <= 90 && at < nameEnd ? byte + 32 : byte
      bytes[at - headerBytes] = lower
      hash = Math.imul(hash ^ lower, 0x0100_0193)
    }
    this.hash = hash
    return nameEnd + 4
  }
}

/** A query, no reply, with one question and at most one record besides; the rest of the flags changes no answer. */
function hasPlainHeader(packet: Uint8Array): boolean {
  const isQuery = packet.length > headerBytes && ((packet[2] ?? 0) & 0xf8) === 0
  const isOne = uint16(packet, 4) === 1 && uint16(packet, 6) === 0 && uint16(packet, 8) === 0
  return isQuery && isOne && uint16(packet, 10) <= 1
}

/** Where the name of the question ends, or -1. */
function endOfName(packet: Uint8Array): number {
  let at = headerBytes
  for (;;) {
    const length = packet[at] ?? 64
    if (length > 63) return -1
    at += 1 + length
    if (at - headerBytes > 255) return -1
    if (length === 0) return at
  }
}

function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 15), 0x735a_2d97)
  return half ^ (half >>> 15)
}

/** The size that a client takes by the OPT record that ends the packet, or -1 if it says more than that. */
function readSize(packet: Uint8Array, at: number): number {
  const end = at + optBytes + uint16(packet, at + 9)
  const isPlain = packet[at] === 0 && uint16(packet, at + 1) === rrType.OPT && packet[at + 6] === 0
  if (!isPlain || at + optBytes > packet.length || end !== packet.length) return -1
  for (let option = at + optBytes; option < end;) {
    if (option + 4 > end || uint16(packet, option) === optionSubnet) return -1
    option += 4 + uint16(packet, option + 2)
    if (option > end) return -1
  }
  return Math.max(512, uint16(packet, at + 3))
}
