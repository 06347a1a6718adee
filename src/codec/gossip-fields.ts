// Reads the fields of a decoded array one after the other and checks type and range of each. A wrong field makes
// the whole array invalid; readers ask once, at the end.
import type { Tags } from '../gossip/message.ts'
import type { Coordinate } from '../model/coordinate.ts'
import { readCoordinate, unknownCoordinate } from './coordinate-bytes.ts'

/** Longest name, id and address on the wire, in UTF-16 units; the machine's own limits may be lower. */
const textLengthMax = 255
const tagLengthMax = 1024
const tagsMax = 128
/** Lamport times are kept below this; see gossip/core.ts. */
const timeMax = 0xffff_ffff_ffff

/** Characters of IP literals; whether it is one, the socket decides. */
const ipLiteral = /^[0-9a-fA-F.:]{2,45}$/

/** Narrows a decoded value to an array. */
export function isFields(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

/** A reader that never throws: it gives harmless values for wrong fields and remembers that it did. */
export class Fields {
  readonly #values: readonly unknown[]
  #next = 0
  #isValid = true

  constructor(values: readonly unknown[]) {
    this.#values = values
  }

  /** True if all fields so far were right and none is left. */
  get isComplete(): boolean {
    return this.#isValid && this.#next === this.#values.length
  }

  /** True if fields are left. */
  get hasMore(): boolean {
    return this.#next < this.#values.length
  }

  #take(): unknown {
    return this.#values[this.#next++]
  }

  #wrong<T>(harmless: T): T {
    this.#isValid = false
    return harmless
  }

  /** An integer 0..max. */
  uint(max: number): number {
    const value = this.#take()
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max)
      return this.#wrong(0)
    return value
  }

  /** A Lamport time. */
  time(): number {
    return this.uint(timeMax)
  }

  flag(): boolean {
    const value = this.#take()
    return typeof value === 'boolean' ? value : this.#wrong(false)
  }

  /** A text of 1 to 255 units. */
  name(): string {
    const value = this.#take()
    if (typeof value !== 'string' || value.length === 0 || value.length > textLengthMax)
      return this.#wrong('')
    return value
  }

  /** A text of up to so many units. */
  text(lengthMax: number): string {
    const value = this.#take()
    return typeof value === 'string' && value.length <= lengthMax ? value : this.#wrong('')
  }

  /** A byte string of up to so many bytes, copied. */
  bytes(lengthMax: number): Uint8Array {
    const value = this.#take()
    if (!(value instanceof Uint8Array) || value.length > lengthMax) return this.#wrong(new Uint8Array(0))
    return Uint8Array.from(value)
  }

  /** A place in the network. */
  coordinate(): Coordinate {
    const value = this.#take()
    const coordinate = value instanceof Uint8Array ? readCoordinate(value) : null
    return coordinate ?? this.#wrong(unknownCoordinate)
  }

  /** An IP literal. */
  ip(): string {
    const value = this.#take()
    return typeof value === 'string' && ipLiteral.test(value) ? value : this.#wrong('')
  }

  /** Keys and values in turn, keys in ascending order without repeats. */
  tags(): Tags {
    const value = this.#take()
    const tags = new Map<string, string>()
    if (!Array.isArray(value) || value.length % 2 !== 0 || value.length > 2 * tagsMax)
      return this.#wrong(tags)
    let previous: string | null = null
    for (let i = 0; i < value.length; i += 2) {
      const key: unknown = value[i]
      const content: unknown = value[i + 1]
      if (!isTagText(key) || !isTagText(content)) return this.#wrong(tags)
      if (previous !== null && key <= previous) return this.#wrong(tags)
      previous = key
      tags.set(key, content)
    }
    return tags
  }
}

function isTagText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= tagLengthMax
}
