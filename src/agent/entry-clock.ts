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
    if (this.#hasFollowed) return this.#approach(wallMs)
    this.#hasFollowed = true
    this.#timeMs = Math.max(wallMs, this.#stateMs())
  }

  onLeading(): void {
    this.#goOn()
    // What could have been corrected before is not made up for at once.
    this.#unusedMs = 0
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
