// Bytes put together and taken apart: the base of the layouts that need no CBOR (Raft's messages and log).
// The reader never throws: it remembers that something was wrong and answers with zeros from then on.

const utf8 = new TextEncoder()
/** A mark at the beginning is part of the text, as in every key. */
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Texts up to this length are read and written here if they are ASCII: a call of the platform costs more. */
const shortTextMax = 64
const codes: number[] = []

/** A growing buffer. */
export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  /** A writer with room for `sizeHint` bytes before it grows. */
  constructor(sizeHint = 64) {
    this.#bytes = new Uint8Array(Math.max(16, sizeHint))
  }

  get length(): number {
    return this.#length
  }

  /** One byte, 0..255. */
  byte(value: number): void {
    const at = this.#take(1)
    this.#bytes[at] = value
  }

  /** A natural number up to 2^53 - 1, seven bits per byte, lowest first (LEB128). */
  natural(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.byte(rest)
  }

  /** Room that the caller fills in later; zeros until then. */
  skip(count: number): void {
    this.#take(count)
  }

  /** An unsigned number of 64 bits, highest byte first. */
  uint64(value: bigint): void {
    const at = this.#take(8)
    if (value === 0n) return
    for (let i = 0; i < 8; i++) this.#bytes[at + i] = Number((value >> BigInt(56 - 8 * i)) & 0xffn)
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    const at = this.#take(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** Bytes behind their length. */
  bytes(bytes: Uint8Array): void {
    this.natural(bytes.length)
    this.raw(bytes)
  }

  /** A string as UTF-8 behind its length in bytes. */
  string(text: string): void {
    if (text.length > shortTextMax || !this.#ascii(text)) this.bytes(utf8.encode(text))
  }

  /** Writes a short text of ASCII; false if it is none, and nothing is written. */
  #ascii(text: string): boolean {
    const start = this.#length
    this.byte(text.length)
    const at = this.#take(text.length)
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) {
        this.#bytes.fill(0, start, this.#length)
        this.#length = start
        return false
      }
      this.#bytes[at + i] = code
    }
    return true
  }

  /** Begins anew in the same buffer, over what was written before. */
  reset(): void {
    this.#bytes.fill(0, 0, this.#length)
    this.#length = 0
  }

  /** What was written; the writer must not be used any more, but for `reset`. */
  finish(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length)
  }

  #take(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
    }
    return at
  }
}

/** Reads what a ByteWriter wrote. Check `isDone` (or `isFaulty`) before the values are used. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0
  #fault: 'truncated' | 'malformed' | undefined

  /** Reads from `start` on. */
  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes
    this.#at = Math.min(start, bytes.length)
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** What was wrong first, if anything was. */
  get fault(): 'truncated' | 'malformed' | undefined {
    return this.#fault
  }

  /** True if all was read and nothing was wrong. */
  get isDone(): boolean {
    return this.#fault === undefined && this.left === 0
  }

  byte(): number {
    if (this.left < 1) return this.#fail('truncated')
    const value = this.#bytes[this.#at] ?? 0
    this.#at += 1
    return value
  }

  /** A natural number; only its shortest form, up to 2^53 - 1. */
  natural(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 8; count++) {
      const byte = this.byte()
      if (this.#fault !== undefined) return 0
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        const isShortest = byte > 0 || count === 0
        return isShortest && value <= Number.MAX_SAFE_INTEGER ? value : this.#fail('malformed')
      }
      scale *= 0x80
    }
    return this.#fail('malformed')
  }

  /** Only 0 or 1. */
  flag(): boolean {
    const value = this.byte()
    if (value > 1) this.#fail('malformed')
    return value === 1
  }

  /** The next `count` bytes: a view, not a copy. */
  raw(count: number): Uint8Array {
    if (count > this.left) {
      this.#fail('truncated')
      return new Uint8Array(0)
    }
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  /** Bytes behind their length: a view, not a copy. */
  bytes(): Uint8Array {
    return this.raw(this.natural())
  }

  /** An unsigned number of 64 bits, highest byte first. */
  uint64(): bigint {
    if (this.left < 8) {
      this.#fail('truncated')
      return 0n
    }
    let high = 0
    let low = 0
    for (let i = 0; i < 4; i++) {
      high = high * 0x100 + (this.#bytes[this.#at + i] ?? 0)
      low = low * 0x100 + (this.#bytes[this.#at + 4 + i] ?? 0)
    }
    this.#at += 8
    if (high === 0 && low === 0) return 0n
    return (BigInt(high) << 32n) | BigInt(low)
  }

  /** All that is left: a copy. */
  rest(): Uint8Array {
    const bytes = this.#bytes.slice(this.#at)
    this.#at = this.#bytes.length
    return bytes
  }

  /** A string of at most `bytesMax` bytes. */
  string(bytesMax: number): string {
    const short = this.#ascii(bytesMax)
    if (short !== undefined) return short
    const bytes = this.bytes()
    if (bytes.length > bytesMax) {
      this.#fail('malformed')
      return ''
    }
    try {
      return strictUtf8.decode(bytes)
    } catch {
      this.#fail('malformed')
      return ''
    }
  }

  /** A short text of ASCII, or undefined and nothing is read. */
  #ascii(bytesMax: number): string | undefined {
    const length = this.#bytes[this.#at] ?? 0xff
    if (length > shortTextMax || length > bytesMax || length >= this.left) return undefined
    codes.length = length
    for (let i = 0; i < length; i++) {
      const code = this.#bytes[this.#at + 1 + i] ?? 0
      if (code > 0x7f) return undefined
      codes[i] = code
    }
    this.#at += 1 + length
    return String.fromCharCode.apply(null, codes)
  }

  /** Records that the content makes no sense. */
  fail(): void {
    this.#fail('malformed')
  }

  #fail(fault: 'truncated' | 'malformed'): 0 {
    this.#fault ??= fault
    this.#at = this.#bytes.length
    return 0
  }
}
