// What is worth a line in the log only now and then, because others decide how often it happens.
import type { Clock } from '../runtime/host.ts'

/** Remembers what was told lately. */
export interface Complaints {
  /** True if this was not told within the last minute; it counts as told then. */
  mayTell(about: string): boolean
}

const pauseMs = 60_000
/** Past it nothing new is told until the minute of the oldest is over. */
const rememberedMax = 256

/** Nothing was told yet. */
export function createComplaints(clock: Clock): Complaints {
  /** In order of telling. */
  const toldAtMs = new Map<string, number>()
  return {
    mayTell(about) {
      const nowMs = clock.nowMs()
      for (const [known, atMs] of toldAtMs) {
        if (nowMs - atMs < pauseMs) break
        toldAtMs.delete(known)
      }
      if (toldAtMs.has(about) || toldAtMs.size >= rememberedMax) return false
      toldAtMs.set(about, nowMs)
      return true
    },
  }
}
