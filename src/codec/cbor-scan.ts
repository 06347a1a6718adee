// Walks over CBOR without decoding it: finds out whether a buffer holds only the plain forms that our encoder writes.
// Allocates next to nothing, because every message of the program passes here first.

/** Why a buffer may not be decoded. */
export type ScanProblem = 'truncated' | 'unsupported' | 'tooLarge'

/** How much a buffer may hold. */
export interface ScanLimits {
  /** Values, nested ones included. */
  readonly itemsMax: number
  /** Arrays and maps within each other. */
  readonly depthMax: number
}

/** A first byte that begins no form of ours: tags, indefinite lengths, short floats, unassigned simple values. */
const refused = 255

/** By the first byte of a value: how many bytes of argument follow it. */
const argumentBytes: Uint8Array = buildArgumentBytes()

function buildArgumentBytes(): Uint8Array {
  const table = new Uint8Array(256).fill(refused)
  for (let first = 0; first < 256; first++) {
    const major = first >> 5
    const info = first & 0x1f
    if (major < 6 && info < 24) table[first] = 0
    if (major < 6 && info >= 24 && info <= 27) table[first] = 1 << (info - 24)
    if (major === 7 && info >= 20 && info <= 23) table[first] = 0
    if (major === 7 && info === 27) table[first] = 8
  }
  return table
}

/** Null when all of `bytes` is a sequence of values that may be decoded. */
export function scanCbor(bytes: Uint8Array, limits: ScanLimits): ScanProblem | null {
  return new Scanner(bytes, limits).run()
}

class Scanner {
  readonly #bytes: Uint8Array
  readonly #limits: ScanLimits
  /** What the arrays and maps around the present one still lack; negative for maps. */
  readonly #around: number[] = []
  #position = 0
  /** Values that the present array or map still lacks; the sequence itself never lacks any. */
  #left = Infinity
  #isMap = false

  constructor(bytes: Uint8Array, limits: ScanLimits) {
    this.#bytes = bytes
    this.#limits = limits
  }

  run(): ScanProblem | null {
    const { length } = this.#bytes
    let items = 0
    while (this.#position < length) {
      if (++items > this.#limits.itemsMax) return 'tooLarge'
      const problem = this.#value()
      if (problem !== null) return problem
    }
    return this.#around.length === 0 ? null : 'truncated'
  }

  #value(): ScanProblem | null {
    const first = this.#bytes[this.#position] as number
    const size = argumentBytes[first] as number
    const major = first >> 5
    const isKey = this.#isMap && this.#left % 2 === 0
    if (size === refused || (isKey && major !== 3)) return 'unsupported'
    this.#position += 1 + size
    const room = this.#bytes.length - this.#position
    if (room < 0) return 'truncated'
    this.#left--
    if (major < 2 || major === 7) return this.#number(major, size)
    const argument = size === 0 ? first & 0x1f : this.#argument(size)
    if (argument > room) return 'truncated'
    if (major < 4) this.#position += argument
    else if (argument > 0) return this.#open(argument, major === 5)
    return this.#close()
  }

  /** Integers go up to 2^53; the rest of major type 7 needs no look. */
  #number(major: number, size: number): ScanProblem | null {
    if (major < 2 && size === 8 && this.#argument(8) > Number.MAX_SAFE_INTEGER) return 'unsupported'
    return this.#close()
  }

  /** The big-endian number that ends at the present position. */
  #argument(size: number): number {
    let value = 0
    for (let i = this.#position - size; i < this.#position; i++) value = value * 256 + (this.#bytes[i] ?? 0)
    return value
  }

  #open(count: number, isMap: boolean): ScanProblem | null {
    if (this.#around.length >= this.#limits.depthMax) return 'unsupported'
    this.#around.push(this.#isMap ? -this.#left - 1 : this.#left)
    this.#isMap = isMap
    this.#left = isMap ? 2 * count : count
    return null
  }

  /** Ends all arrays and maps that are complete. */
  #close(): null {
    while (this.#left === 0 && this.#around.length > 0) {
      const outer = this.#around.pop() ?? 0
      this.#isMap = outer < 0
      this.#left = outer < 0 ? -outer - 1 : outer
    }
    return null
  }
}
