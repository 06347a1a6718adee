// A seeded source of integers: the only randomness that protocol code may use (house rule: same seed, same run).

/** A deterministic stream of integers; fork it so that one consumer's draws do not shift another's. */
export interface Random {
  /** An integer 0 ≤ n < 2^32. */
  uint32(): number
  /** An integer 0 ≤ n < `bound`; `bound` is 1..2^32. */
  below(bound: number): number
  /** An integer in `min..max`, both included. */
  between(min: number, max: number): number
  /** True with a probability of `perMille` in a thousand. */
  chance(perMille: number): boolean
  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<T>(items: T[]): T[]
  /** One element, or undefined of an empty array. */
  pick<T>(items: readonly T[]): T | undefined
  /** An independent stream that depends on this stream's seed and the label only, not on how much was drawn. */
  fork(label: string): Random
}

/** Mixes a string into a 32-bit seed (FNV-1a). */
function hash(text: string, seed: number): number {
  let h = (0x811c9dc5 ^ seed) >>> 0
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i)
    h = Math.imul(h, 0x01000193) >>> 0
  }
  return h
}

/** One step of splitmix32, used to spread a seed over the generator's state. */
function splitmix(state: number): number {
  let z = (state + 0x9e3779b9) >>> 0
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}

class Xoshiro128 implements Random {
  readonly #seed: number
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: number) {
    this.#seed = seed >>> 0
    this.#a = splitmix(this.#seed)
    this.#b = splitmix(this.#a)
    this.#c = splitmix(this.#b)
    this.#d = splitmix(this.#c) | 1
  }

  uint32(): number {
    // xoshiro128** (Blackman, Vigna 2018).
    const x = Math.imul(this.#b, 5)
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0
    const t = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= t
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  below(bound: number): number {
    return Math.floor((this.uint32() / 0x1_0000_0000) * bound)
  }

  between(min: number, max: number): number {
    return min + this.below(max - min + 1)
  }

  chance(perMille: number): boolean {
    return this.below(1000) < perMille
  }

  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const held = items[i] as T
      items[i] = items[j] as T
      items[j] = held
    }
    return items
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : items[this.below(items.length)]
  }

  fork(label: string): Random {
    return new Xoshiro128(hash(label, this.#seed))
  }
}

/** A stream from a 32-bit seed. Equal seeds give equal streams on every runtime. */
export function seededRandom(seed: number): Random {
  return new Xoshiro128(seed)
}
