// The health checks of this node at work: what the agent's local state asks of them, and what they tell it.
import type { CheckDefinition, CheckOutcome } from '../../model/definition.ts'

/** Runs the checks of this node. */
export interface CheckDuty {
  /**
   * Begins a check. A check of the same id is replaced: its status, counters and the time of its next run survive if
   * only its settings have changed. `known` is what was last known of it, from before a restart or a reload.
   */
  add(check: CheckDefinition, known: KnownCheck | null): void
  remove(checkId: string): void
  /** News of a TTL check from its owner. False if there is no TTL check of this id. */
  heard(checkId: string, outcome: CheckOutcome): boolean
  stop(): void
}

/** What was known of a check before. */
export interface KnownCheck extends CheckOutcome {
  /** Of a TTL check: wall time, ms, at which it expires; else 0. */
  readonly expiresAtWallMs: number
}

/** What the checks tell. Called in a turn of their own, never from within a call above. */
export interface CheckReports {
  /** The status that now holds, after the thresholds. Also called when only the output has changed. */
  onOutcome(checkId: string, outcome: CheckOutcome): void
  /** A TTL check was heard of: it expires at this wall time, ms, if nothing else is heard. */
  onHeard(checkId: string, outcome: CheckOutcome, expiresAtWallMs: number): void
  /** A service's check has been critical for longer than it may: it is to be deregistered. */
  onCriticalTooLong(serviceId: string, checkId: string): void
}
