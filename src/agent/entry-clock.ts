// The time that a leader writes into the entries of the log: close to the wall clock, but steady. What waits for a time
// of the state (expiring keys, lock-delays) must neither be cut short nor held up by a step of the wall clock, nor by a
// change of leader: followers keep the leader's time, and go on with it.
import type { Clock } from '../runtime/host.ts'

/** A steady wall clock. */
export interface EntryClock {
  /** Milliseconds since 1970, for a new entry; never less than before, nor than what the state holds. */
  nowMs(): number
  /** An entry of the leader of this term has just been applied, and it is not one that comes late. */
  onEntry(wallMs: number, term: number): void
  /** From now on this server leads: it goes on with the time that it has kept. */
  onLeading(): void
}

/**
 * A difference is made up for by one part in so many of the time that passes: so much may what waits for a time be off.
 * An NTP daemon slews an eighth of that.
 */
const slewParts = 250

/** An entry that comes later says nothing of the present. */
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
  /** The term whose leader is followed; null for one that has followed nobody, or leads. */
  #term: number | null = null

  constructor(clock: Clock, stateMs: () => number) {
    this.#clock = clock
    this.#stateMs = stateMs
    this.#readAtMs = clock.nowMs()
    this.#timeMs = clock.wallMs()
  }

  nowMs(): number {
    this.#goOn()
    return this.#timeMs
  }

  /**
   * The leader's time is what an entry says, or more: it may have come late. So a follower is never ahead of its leader,
   * nor when it leads itself of what was waited for under the one before: that would cut lock-delays short.
   */
  onEntry(wallMs: number, term: number): void {
    this.#goOn()
    // A new leader may be behind the one before.
    const keptMs = term === this.#term ? this.#timeMs : 0
    this.#term = term
    this.#timeMs = Math.max(keptMs, wallMs, this.#stateMs())
  }

  onLeading(): void {
    this.#goOn()
    this.#unusedMs = 0
    this.#term = null
  }

  #goOn(): void {
    const elapsedMs = this.#clock.nowMs() - this.#readAtMs
    this.#readAtMs += elapsedMs
    this.#unusedMs += elapsedMs
    const slewMs = Math.floor(this.#unusedMs / slewParts)
    this.#unusedMs -= slewMs * slewParts
    this.#timeMs += elapsedMs
    this.#timeMs = Math.max(this.#timeMs + this.#correctionMs(slewMs), this.#stateMs())
  }

  /** Towards the wall clock; a follower goes at the least rate that its leader may have. */
  #correctionMs(slewMs: number): number {
    if (this.#term !== null) return -slewMs
    return Math.max(-slewMs, Math.min(slewMs, this.#clock.wallMs() - this.#timeMs))
  }
}
