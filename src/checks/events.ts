// What the machine of the checks is told, and what it asks for. All times are monotonic, in integer milliseconds.
import type { CheckDefinition, CheckOutcome } from '../model/definition.ts'

/** What happens. */
export type ChecksInput =
  /** A check begins, or the one of this id gets other settings; `known` counts only for a new one. */
  | { readonly kind: 'add'; readonly check: CheckDefinition; readonly known: CheckOutcome | null }
  | { readonly kind: 'remove'; readonly checkId: string }
  /** News of a TTL check from its owner. Of no effect on others. */
  | { readonly kind: 'heard'; readonly checkId: string; readonly outcome: CheckOutcome }
  /** What a run has found. It ends the run, but for that of an alias, which goes on. */
  | { readonly kind: 'found'; readonly run: number; readonly outcome: CheckOutcome }
  | { readonly kind: 'wake' }

/** What the driver must do. */
export type ChecksEffect =
  /** Begin a run, and tell by `found` what it finds. One of an alias tells each time that something changes. */
  | { readonly kind: 'run'; readonly run: number; readonly check: CheckDefinition }
  /** Give a run up; what it still finds is ignored. */
  | { readonly kind: 'cancel'; readonly run: number }
  /** The outcome that holds has changed. */
  | { readonly kind: 'report'; readonly checkId: string; readonly outcome: CheckOutcome }
  /** A TTL check was heard of, and expires at this time. */
  | {
      readonly kind: 'heard'
      readonly checkId: string
      readonly outcome: CheckOutcome
      readonly expiresAtMs: number
    }
  /** A service's check has been critical for as long as it may. Repeated until the check is removed. */
  | { readonly kind: 'criticalTooLong'; readonly serviceId: string; readonly checkId: string }
