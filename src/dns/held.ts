// The hot path: packets that were sent before, and still hold. No lookup, no promise, nothing made but the reply.
import type { Random } from '../lib/random.ts'
import { encodeReply, type Shape } from './limits.ts'
import type { DnsContext } from './lookup.ts'
import { headerBytes } from './query.ts'
import { QuestionKey } from './question-key.ts'
import type { Trace } from './trace.ts'
import { type Reply, rrType } from './types.ts'
import type { DnsView } from './view.ts'

/** Sets of two places: questions that fall into one set push each other out. A power of two. */
const setsMax = 4096
/** Bytes of all that is held, roughly; past it all is forgotten, and found again as it is asked for. */
const heldBytesMax = 16 * 1024 * 1024
/** What a record takes while it is not in a packet. */
const recordBytes = 300
/** Orders in which drawn answers are ready at one time, and how often each is used before it is drawn anew. */
const drawsMax = 8
const drawUsesMax = 8

/** An answer that holds as long as the catalog says the same. */
interface Held {
  readonly hash: number
  readonly shape: number
  /** As in QuestionKey. */
  readonly question: Uint8Array
  readonly trace: Trace
  version: number
  readonly reply: Reply
  readonly how: Shape
  /** Which answers are told, and in which order, is drawn by lot. */
  readonly isDrawn: boolean
  readonly hasSoa: boolean
  /** The second that the packets are of; those with an SOA name it in there. */
  second: number
  readonly packets: Uint8Array[]
  uses: number
  /** What it counts for in all that is held. */
  bytes: number
}

/** Packets by question. Bounded; what falls out is looked up again. */
export class HeldAnswers {
  readonly #view: DnsView
  readonly #random: Random
  readonly #key: QuestionKey
  readonly #isOff: boolean
  #places: (Held | undefined)[] = []
  #bytes = 0

  constructor({ view, random, config }: DnsContext) {
    this.#view = view
    this.#random = random
    this.#key = new QuestionKey(random.uint32())
    // The owner's name stands in the records then, in the case that it was first asked in.
    this.#isOff = config.disableCompression
  }

  /** What it takes, roughly. */
  get bytes(): number {
    return this.#bytes
  }

  /** The reply to a packet, or null if there is none that is known to hold. */
  find(packet: Uint8Array, transport: 'udp' | 'tcp'): Uint8Array | null {
    const key = this.#key
    if (this.#bytes === 0 || !key.read(packet, transport)) return null
    const held = this.#look(key)
    if (held === undefined || !this.#holds(held)) return null
    return addressed(this.#packetOf(held).slice(), packet, key.length)
  }

  /** Keeps a reply that was made while `trace` followed. */
  put(trace: Trace, reply: Reply, how: Shape): void {
    const { version } = trace
    const key = this.#key
    if (version === null || this.#isOff || !key.read(how.packet, how.transport)) return
    // In lower case, in which names of ours share most with it: whoever asks gets his own spelling back.
    const lower = how.query.name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    const held: Held = {
      hash: key.hash,
      shape: key.shape,
      question: key.bytes.slice(0, key.length),
      trace,
      version,
      reply: respelled(reply, how.query.name, lower),
      how: { ...how, packet: spelled(how.packet, key), query: { ...how.query, name: lower } },
      isDrawn: reply.isSampled === true && reply.answers.length > 1,
      hasSoa: [...reply.authorities, ...reply.answers.map((answer) => answer.record)].some(
        (record) => record.type === rrType.SOA,
      ),
      second: this.#view.nowSeconds(),
      packets: [],
      uses: 0,
      bytes: reply.answers.reduce((sum, { extra }) => sum + recordBytes * (1 + extra.length), 1000),
    }
    this.#place(held)
  }

  #look(key: QuestionKey): Held | undefined {
    const first = (key.hash & (setsMax - 1)) * 2
    const held = this.#places[first]
    if (held !== undefined && isSame(held, key)) return held
    const other = this.#places[first + 1]
    if (other === undefined || !isSame(other, key)) return undefined
    this.#places[first] = other
    this.#places[first + 1] = held
    return other
  }

  /** The newest stands first in its set, what stood there goes behind, what stood behind goes. */
  #place(held: Held): void {
    this.#bytes += held.bytes
    if (this.#bytes > heldBytesMax || this.#places.length === 0) {
      this.#places = Array.from({ length: setsMax * 2 }, () => undefined)
      this.#bytes = held.bytes
    }
    const first = (held.hash & (setsMax - 1)) * 2
    const before = this.#places[first]
    const isAgain = before?.hash === held.hash && before.shape === held.shape
    const gone = isAgain ? before : this.#places[first + 1]
    if (gone !== undefined) this.#bytes -= gone.bytes
    if (!isAgain) this.#places[first + 1] = before
    this.#places[first] = held
  }

  #holds(held: Held): boolean {
    const version = this.#view.version()
    if (version === null) return false
    if (held.version !== version) {
      if (!held.trace.holds(this.#view)) return false
      held.version = version
    }
    if (!held.hasSoa && !held.isDrawn) return true
    const second = this.#view.nowSeconds()
    if (held.second === second) return true
    held.second = second
    this.#drawAnew(held)
    // The serial of an SOA is the time.
    return !held.hasSoa
  }

  /** The packet whose turn it is. */
  #packetOf(held: Held): Uint8Array {
    if (held.isDrawn && held.uses === drawsMax * drawUsesMax) this.#drawAnew(held)
    const turn = held.isDrawn ? held.uses++ % drawsMax : 0
    return held.packets[turn] ?? this.#newPacket(held)
  }

  #newPacket(held: Held): Uint8Array {
    const packet = encodeReply(held.reply, held.how, this.#random)
    held.packets.push(packet)
    held.bytes += packet.length
    this.#bytes += packet.length
    if (this.#bytes > heldBytesMax) {
      this.#places = []
      this.#bytes = 0
    }
    return packet
  }

  #drawAnew(held: Held): void {
    const bytes = held.packets.reduce((sum, packet) => sum + packet.length, 0)
    held.bytes -= bytes
    this.#bytes -= bytes
    held.packets.length = 0
    held.uses = 0
  }
}

function isSame(held: Held, key: QuestionKey): boolean {
  if (held.hash !== key.hash || held.shape !== key.shape || held.question.length !== key.length) return false
  for (let i = 0; i < key.length; i++) if (held.question[i] !== key.bytes[i]) return false
  return true
}

/** The packet of the question in lower case. */
function spelled(packet: Uint8Array, key: QuestionKey): Uint8Array {
  const copy = packet.slice()
  copy.set(key.bytes.subarray(0, key.length), headerBytes)
  return copy
}

/** The reply with another spelling of the name that was asked for. */
function respelled(reply: Reply, from: string, to: string): Reply {
  if (from === to) return reply
  const answers = reply.answers.map(({ record, extra }) => ({
    record: record.name === from ? { ...record, name: to } : record,
    extra: extra.map((each) => (each.name === from ? { ...each, name: to } : each)),
  }))
  return { ...reply, answers }
}

/** Makes a reply one to this packet: its id, its flags, and its question in the case it was asked in. */
function addressed(reply: Uint8Array, packet: Uint8Array, questionBytes: number): Uint8Array {
  reply[0] = packet[0] ?? 0
  reply[1] = packet[1] ?? 0
  reply[2] = ((reply[2] ?? 0) & 0xfe) | ((packet[2] ?? 0) & 0x01)
  reply[3] = ((reply[3] ?? 0) & 0xef) | ((packet[3] ?? 0) & 0x10)
  const end = headerBytes + questionBytes
  for (let i = headerBytes; i < end; i++) reply[i] = packet[i] ?? 0
  return reply
}
