// A map of texts in parts. A large hash table that grows moves all it holds at once, and everybody waits: 60 ms for a
// million keys. Of 64 parts one grows at a time.

/** A power of two, so that the rest of a division is a mask. */
const partCount = 64
/** A longer key's place is found by so many of its characters, from all over it. */
const sampleCount = 64

/** Texts to values, found by hash. Not ordered. */
export class SpreadMap<V> {
  readonly #parts: readonly Map<string, V>[] = Array.from({ length: partCount }, () => new Map<string, V>())

  get(key: string): V | undefined {
    return this.#part(key).get(key)
  }

  has(key: string): boolean {
    return this.#part(key).has(key)
  }

  set(key: string, value: V): void {
    this.#part(key).set(key, value)
  }

  /** True if it was there. */
  delete(key: string): boolean {
    return this.#part(key).delete(key)
  }

  #part(key: string): Map<string, V> {
    return this.#parts[partOf(key)] as Map<string, V>
  }
}

/** Which part a key belongs to: 0 to 63, the same wherever it runs. */
export function partOf(key: string): number {
  const { length } = key
  const stride = Math.ceil(length / sampleCount)
  let sum = length
  for (let at = length - 1; at >= 0; at -= stride) sum = (Math.imul(sum, 31) + key.charCodeAt(at)) | 0
  return (sum ^ (sum >>> 6) ^ (sum >>> 12)) & (partCount - 1)
}
