// Writes a reply with compressed names (RFC 1035 4.1.4), never longer than a limit.
// Our own because dns-packet writes names in full: a third fewer records would fit into a datagram.
import { ipv4Number, ipv6Bytes } from './ip.ts'
import { headerBytes } from './query.ts'
import { type Rr, rrType, type Soa } from './types.ts'

/** Pointers have 14 bits. */
const pointerMax = 0x3fff

/** A packet in the making. */
export class PacketWriter {
  readonly #bytesMax: number
  readonly #isCompressing: boolean
  #bytes: Uint8Array
  #at = headerBytes
  /** Names and their tails that stand in the packet, to their offsets. */
  readonly #offsetByName = new Map<string, number>()
  /** Keys of that map in the order they were added, so that a record can be taken back. */
  readonly #names: string[] = []

  constructor(bytesMax: number, isCompressing: boolean) {
    this.#bytesMax = bytesMax
    this.#isCompressing = isCompressing
    this.#bytes = new Uint8Array(Math.min(bytesMax, 1024))
  }

  /** Copies the question as it was asked. `name` is its name as text. */
  question(raw: Uint8Array, name: string): void {
    this.#ensure(raw.length)
    this.#bytes.set(raw, this.#at)
    this.#remember(name, this.#at)
    this.#at += raw.length
  }

  /** Writes a record, or nothing and false when it does not fit. */
  record(rr: Rr, reservedBytes: number): boolean {
    const start = this.#at
    const names = this.#names.length
    this.#name(rr.name, true)
    this.#uint16(rr.type)
    this.#uint16(1)
    this.#uint32(rr.ttl)
    const lengthAt = this.#at
    this.#uint16(0)
    this.#data(rr)
    if (this.#at + reservedBytes > this.#bytesMax) {
      for (const name of this.#names.splice(names)) this.#offsetByName.delete(name)
      this.#at = start
      return false
    }
    this.#put16(lengthAt, this.#at - lengthAt - 2)
    return true
  }

  /** Raw bytes, for OPT. */
  raw(bytes: Uint8Array): void {
    this.#ensure(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** The packet with its header: id, flags and the four counts. */
  finish(header: readonly number[]): Uint8Array {
    for (const [i, value] of header.entries()) this.#put16(i * 2, value)
    return this.#bytes.subarray(0, this.#at)
  }

  #data(rr: Rr): void {
    switch (rr.type) {
      case rrType.A:
        this.#uint32(ipv4Number(rr.ip))
        return
      case rrType.AAAA:
        for (const byte of ipv6Bytes(rr.ip)) this.#uint8(byte)
        return
      case rrType.SRV:
        this.#uint16(1)
        this.#uint16(rr.weight)
        this.#uint16(rr.port)
        // RFC 2782: the target is not compressed, but later names may point to it.
        this.#name(rr.target, false)
        return
      case rrType.TXT:
        this.#text(rr.text)
        return
      case rrType.SOA:
        this.#soa(rr.soa)
        return
      default:
        this.#name(rr.target, true)
    }
  }

  #soa(soa: Soa): void {
    this.#name(soa.primary, true)
    this.#name(soa.mailbox, true)
    for (const value of [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minTtl]) this.#uint32(value)
  }

  /** Character strings of at most 255 bytes. */
  #text(text: string): void {
    const bytes = new TextEncoder().encode(text)
    let from = 0
    do {
      const part = bytes.subarray(from, from + 255)
      this.#uint8(part.length)
      this.raw(part)
      from += 255
    } while (from < bytes.length)
  }

  #name(name: string, mayPoint: boolean): void {
    let from = 0
    while (from < name.length) {
      const rest = from === 0 ? name : name.slice(from)
      const known = mayPoint && this.#isCompressing ? this.#offsetByName.get(rest) : undefined
      if (known !== undefined) {
        this.#uint16(0xc000 | known)
        return
      }
      this.#add(rest, this.#at)
      const dot = name.indexOf('.', from)
      const to = dot < 0 ? name.length : dot
      this.#label(name.slice(from, to))
      from = to + 1
    }
    this.#uint8(0)
  }

  #label(label: string): void {
    this.#ensure(label.length + 1)
    const lengthAt = this.#at++
    for (let i = 0; i < label.length; i++) {
      const code = label.charCodeAt(i)
      if (code >= 0x80) {
        this.#at = lengthAt + 1
        this.raw(new TextEncoder().encode(label))
        break
      }
      this.#bytes[this.#at++] = code
    }
    this.#bytes[lengthAt] = this.#at - lengthAt - 1
  }

  #remember(name: string, start: number): void {
    let at = start
    for (let from = 0; from < name.length;) {
      this.#add(from === 0 ? name : name.slice(from), at)
      const length = this.#bytes[at] ?? 0
      at += length + 1
      const dot = name.indexOf('.', from)
      // A label with a dot or with other than ASCII characters has another length as text: only what stands before counts.
      if (dot < 0 || dot - from !== length) return
      from = dot + 1
    }
  }

  #add(name: string, at: number): void {
    if (at > pointerMax || this.#offsetByName.has(name)) return
    this.#offsetByName.set(name, at)
    this.#names.push(name)
  }

  #uint8(value: number): void {
    this.#ensure(1)
    this.#bytes[this.#at++] = value
  }

  #uint16(value: number): void {
    this.#ensure(2)
    this.#put16(this.#at, value)
    this.#at += 2
  }

  #uint32(value: number): void {
    this.#ensure(4)
    this.#put16(this.#at, (value >>> 16) & 0xffff)
    this.#put16(this.#at + 2, value & 0xffff)
    this.#at += 4
  }

  #put16(at: number, value: number): void {
    this.#bytes[at] = value >> 8
    this.#bytes[at + 1] = value & 0xff
  }

  /** Room for so many more bytes, also beyond the limit: what does not fit is taken back afterwards. */
  #ensure(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + bytes))
    grown.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = grown
  }
}
