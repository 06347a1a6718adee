// The time that a leader writes into the entries of the log: close to the wall clock, but steady. What waits for a time
// of the state (expiring keys, lock-delays) must neither be cut short nor held up by a step of the wall clock.
import type { Clock } from '../runtime/host.ts'

/** A steady wall clock. */
export interface EntryClock {
  /** Milliseconds since 1970; never less than before, nor than what the state holds. */
  nowMs(): number
}

/** A step of the wall clock is made up for by one part in so many of the time that passes. */
const slewParts = 10

/** Makes a clock that goes on from `stateMs`, the time of the newest entry. */
export function createEntryClock(clock: Clock, stateMs: () => number): EntryClock {
  let readAtMs = clock.nowMs()
  let timeMs = clock.wallMs()
  /** Time that has passed and was not used for a correction yet. */
  let unusedMs = 0
  return {
    nowMs() {
      const elapsedMs = clock.nowMs() - readAtMs
      readAtMs += elapsedMs
      unusedMs += elapsedMs
      const slewMs = Math.floor(unusedMs / slewParts)
      unusedMs -= slewMs * slewParts
      const aheadMs = clock.wallMs() - (timeMs + elapsedMs)
      const correctionMs = Math.max(-slewMs, Math.min(slewMs, aheadMs))
      timeMs = Math.max(timeMs + elapsedMs + correctionMs, stateMs())
      return timeMs
    },
  }
}
