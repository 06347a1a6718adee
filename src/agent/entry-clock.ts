// The time that a leader writes into the entries of the log: close to the wall clock, but steady. What waits for a time
// of the state (expiring keys, lock-delays) must neither be cut short nor held up by a step of the wall clock, nor by a
// change of leader: followers keep the leader's time, and go on with it.
import type { Clock } from '../runtime/host.ts'

/** A steady wall clock. */
export interface EntryClock {
  /** Milliseconds since 1970, for a new entry; never less than before, nor than what the state holds. */
  nowMs(): number
  /** An entry of another server has just been applied, and it is not one that comes late. */
  onEntry(wallMs: number): void
  /** From now on this server leads: it goes on with the time that it has kept. */
  onLeading(): void
}

/** A difference is made up for by one part in so many of the time that passes. */
const slewParts = 10

/** Entries come some time after they were written. Of those that come within so long the quickest tells the time. */
const windowMs = 10_000

/** An entry may come so late and still tell of the present; alone it says nothing against our own clock then. */
export const lateMsMax = 1000

/** Makes a clock; `stateMs` is the time of the newest entry. */
export function createEntryClock(clock: Clock, stateMs: () => number): EntryClock {
  return new SteadyClock(clock, stateMs)
}

class SteadyClock implements EntryClock {
  readonly #clock: Clock
  readonly #stateMs: () => number
  #readAtMs: number
  #timeMs: number
  /** Time that has passed and was not used for a correction yet. */
  #unusedMs = 0
  /** It has followed a leader: its own wall clock at the start counts no more. */
  #hasFollowed = false
  /** How far the entries of this window were behind our time, at least; null after one that was not. */
  #behind: { readonly endsAtMs: number; leastMs: number } | null = null

  constructor(clock: Clock, stateMs: () => number) {
    this.#clock = clock
    this.#stateMs = stateMs
    this.#readAtMs = clock.nowMs()
    this.#timeMs = clock.wallMs()
  }

  nowMs(): number {
    this.#goOn()
    this.#approach(this.#clock.wallMs())
    return this.#timeMs
  }

  onEntry(wallMs: number): void {
    this.#goOn()
    const behindMs = this.#timeMs - wallMs
    if (!this.#hasFollowed && (behindMs < 0 || behindMs > lateMsMax)) {
      this.#timeMs = Math.max(wallMs, this.#stateMs())
    } else if (behindMs <= 0) {
      this.#behind = null
      this.#approach(wallMs)
    } else {
      this.#noteBehind(behindMs)
    }
    this.#hasFollowed = true
  }

  /**
   * Whether we are ahead of the leader or the entry has come late cannot be told from one of them. Were lateness taken for
   * the leader's time, we would be behind when we lead, and lock-delays be cut short while we made up for it.
   */
  #noteBehind(behindMs: number): void {
    this.#behind ??= { endsAtMs: this.#readAtMs + windowMs, leastMs: behindMs }
    this.#behind.leastMs = Math.min(this.#behind.leastMs, behindMs)
    if (this.#readAtMs < this.#behind.endsAtMs) return
    this.#approach(this.#timeMs - this.#behind.leastMs)
    this.#behind = null
  }

  onLeading(): void {
    this.#goOn()
    // What could have been corrected before is not made up for at once.
    this.#unusedMs = 0
    this.#behind = null
  }

  #goOn(): void {
    const elapsedMs = this.#clock.nowMs() - this.#readAtMs
    this.#readAtMs += elapsedMs
    this.#timeMs += elapsedMs
    this.#unusedMs += elapsedMs
  }

  #approach(targetMs: number): void {
    const slewMs = Math.floor(this.#unusedMs / slewParts)
    this.#unusedMs -= slewMs * slewParts
    const correctionMs = Math.max(-slewMs, Math.min(slewMs, targetMs - this.#timeMs))
    this.#timeMs = Math.max(this.#timeMs + correctionMs, this.#stateMs())
  }
}
