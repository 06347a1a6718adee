// How long a suspicion lasts: long while only one member holds it, shorter with each that confirms it
// (SWIM 4.2; Lifeguard, LHA-Suspicion). A value; who is suspected is the caller's business.
import { log10PerMille } from '../lib/integers.ts'
import type { GossipTiming } from './config.ts'

/** A running suspicion. */
export interface Suspicion {
  readonly startedMs: number
  /** Confirmations that shorten it all the way. */
  readonly confirmationsMax: number
  readonly timeoutMsMin: number
  readonly timeoutMsMax: number
  /** Who suspects, the first one included; at most `confirmationsMax + 1` names. */
  readonly suspectedBy: ReadonlySet<string>
  /** True if we ourselves saw the member's host refuse a stream: nothing listens there. */
  readonly isRefused: boolean
  /** Time it was postponed by, because this process itself stood still. */
  readonly postponedMs: number
}

/** The shortest suspicion among `members` members: `mult × max(1, log10 n) × probeInterval`. */
export function suspicionMsMin(timing: GossipTiming, members: number): number {
  const scale = Math.max(1000, log10PerMille(members))
  return Math.floor((timing.suspicionMult * scale * timing.probeIntervalMs) / 1000)
}

/**
 * Starts a suspicion raised by `from`.
 *
 * Confirmations are awaited only if enough other members exist to give them.
 *
 * @param members members that are alive or suspect, this one and the suspect included
 */
export function startSuspicion(
  timing: GossipTiming,
  members: number,
  from: string,
  nowMs: number,
): Suspicion {
  const wanted = Math.max(0, timing.suspicionMult - 2)
  const confirmationsMax = members - 2 < wanted ? 0 : wanted
  const timeoutMsMin = suspicionMsMin(timing, members)
  return {
    startedMs: nowMs,
    confirmationsMax,
    timeoutMsMin,
    timeoutMsMax: confirmationsMax === 0 ? timeoutMsMin : timeoutMsMin * timing.suspicionMaxMult,
    suspectedBy: new Set([from]),
    isRefused: false,
    postponedMs: 0,
  }
}

/** The suspicion with one more confirmation, or null when `from` adds nothing to it. */
export function confirmSuspicion(suspicion: Suspicion, from: string): Suspicion | null {
  const { suspectedBy, confirmationsMax } = suspicion
  if (suspectedBy.size > confirmationsMax || suspectedBy.has(from)) return null
  return { ...suspicion, suspectedBy: new Set([...suspectedBy, from]) }
}

/** The suspicion, known to be of a process that is gone. */
export function refuseSuspicion(suspicion: Suspicion): Suspicion {
  return { ...suspicion, isRefused: true }
}

/** The suspicion with its end moved on by `byMs`. */
export function postponeSuspicion(suspicion: Suspicion, byMs: number): Suspicion {
  return { ...suspicion, postponedMs: suspicion.postponedMs + byMs }
}

/** What is left of the shortest suspicion when a process is known to be gone: time for a restart, in quarters. */
const refusedQuarters = 3

/**
 * When the suspicion turns into death (Lifeguard, LHA-Suspicion):
 * max − (max − min) × log(c + 1) / log(k + 1) after its start, c confirmations of k. Departure: a process that is
 * gone cannot be merely slow, so for it the shortest wait is cut by a quarter (DESIGN.md decision 5).
 */
export function suspicionEndsAtMs(suspicion: Suspicion): number {
  const { startedMs, timeoutMsMin, timeoutMsMax, confirmationsMax, suspectedBy, postponedMs } = suspicion
  const start = startedMs + postponedMs
  const confirmations = suspectedBy.size - 1
  if (confirmations >= confirmationsMax) {
    return start + (suspicion.isRefused ? Math.floor((timeoutMsMin * refusedQuarters) / 4) : timeoutMsMin)
  }
  const range = timeoutMsMax - timeoutMsMin
  const shrink = Math.floor((range * log10PerMille(confirmations + 1)) / log10PerMille(confirmationsMax + 1))
  return start + Math.max(timeoutMsMin, timeoutMsMax - shrink)
}
