// How well this member itself keeps up (Lifeguard: the local health multiplier). A bad score makes it patient.

/** The local health score: 0 is healthy. */
export interface LocalHealth {
  readonly score: number
  /** Adds `delta`, keeps to 0..max, and says whether the score has changed. */
  change(delta: number): boolean
  /** A duration stretched by the score: `baseMs × (score + 1)` (Lifeguard, LHA-Probe). */
  scale(baseMs: number): number
}

/** A healthy score that saturates at `max`. */
export function createLocalHealth(max: number): LocalHealth {
  return new Score(max)
}

class Score implements LocalHealth {
  readonly #max: number
  #score = 0

  constructor(max: number) {
    this.#max = max
  }

  get score(): number {
    return this.#score
  }

  change(delta: number): boolean {
    const before = this.#score
    this.#score = Math.min(this.#max, Math.max(0, before + delta))
    return this.#score !== before
  }

  scale(baseMs: number): number {
    return baseMs * (this.#score + 1)
  }
}
