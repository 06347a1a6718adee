// How old the applied state is at most: since when it is known to hold everything that was acknowledged until then.
// That a leader was heard says little: its word may have been under way for long, and tell of entries that are not
// applied here yet. So followers mark their replies, and a leader echoes the last mark that it has (DESIGN.md decision 11).
import type { Random } from '../lib/random.ts'

interface Promised {
  readonly atMs: number
  readonly commitIndex: number
}

/** Promises that wait for entries to be applied; past it the newest takes the place of the one before. */
const promisesMax = 64
/** A mark holds the milliseconds since its beginning in its low bits; when they are used up, it begins anew. */
const markRange = 2 ** 32

/** What one server knows of the age of its state. */
export class Freshness {
  readonly #random: Random
  #startMs: number
  #epoch: number
  #freshMs: number | null = null
  #promises: Promised[] = []

  constructor(random: Random, nowMs: number) {
    this.#random = random
    this.#startMs = nowMs
    this.#epoch = this.#drawEpoch()
  }

  /** The state holds everything that was acknowledged before this time; null if nothing is known. */
  get freshMs(): number | null {
    return this.#freshMs
  }

  /** The present as a number that only this run of this server can read; never 0. */
  mark(nowMs: number): number {
    if (nowMs - this.#startMs >= markRange) {
      this.#startMs = nowMs
      this.#epoch = this.#drawEpoch()
    }
    return this.#epoch * markRange + (nowMs - this.#startMs)
  }

  /**
   * A leader's word: when it was sent, that leader had the mark `echo` of this server, and nobody else could have
   * committed more than `commitIndex`. Echo 0, and marks of an earlier run, tell nothing.
   */
  onWord(word: { readonly echo: number; readonly commitIndex: number }, appliedIndex: number): void {
    if (Math.floor(word.echo / markRange) !== this.#epoch) return
    const promised = { atMs: this.#startMs + (word.echo % markRange), commitIndex: word.commitIndex }
    if (promised.commitIndex <= appliedIndex) return this.hold(promised.atMs)
    const last = this.#promises.at(-1)
    const isReplaced = last?.commitIndex === promised.commitIndex || this.#promises.length >= promisesMax
    if (isReplaced) this.#promises.pop()
    this.#promises.push(promised)
  }

  /** Everything up to `appliedIndex` is in the state. */
  onApplied(appliedIndex: number): void {
    let kept = 0
    for (const promised of this.#promises) {
      if (promised.commitIndex <= appliedIndex) this.hold(promised.atMs)
      else this.#promises[kept++] = promised
    }
    this.#promises.length = kept
  }

  /** The state holds everything that was acknowledged before `atMs`. */
  hold(atMs: number): void {
    this.#freshMs = Math.max(this.#freshMs ?? atMs, atMs)
  }

  /** At least 1: no mark is 0. */
  #drawEpoch(): number {
    return this.#random.between(1, 2 ** 20)
  }
}
