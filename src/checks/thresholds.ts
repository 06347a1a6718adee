// When the status of a check follows what its runs find.
import type { CheckDefinition, CheckOutcome } from '../model/definition.ts'

/** Results in a row, of which one is 0. */
export interface Counters {
  readonly successes: number
  readonly failures: number
}

/** How often a check must succeed or fail in a row. */
export type Thresholds = Pick<
  CheckDefinition,
  'successBeforePassing' | 'failuresBeforeWarning' | 'failuresBeforeCritical'
>

/** Nothing was found yet. */
export const noResults: Counters = { successes: 0, failures: 0 }

/** The counters with one more result. A warning counts as a success, as in the reference. */
export function counted(counters: Counters, { status }: CheckOutcome): Counters {
  return status === 'critical'
    ? { successes: 0, failures: counters.failures + 1 }
    : { successes: counters.successes + 1, failures: 0 }
}

/**
 * What holds after a result, or null if what held before does.
 *
 * @param counters with that result
 */
export function settled(
  counters: Counters,
  outcome: CheckOutcome,
  thresholds: Thresholds,
): CheckOutcome | null {
  if (outcome.status !== 'critical')
    return counters.successes >= thresholds.successBeforePassing ? outcome : null
  if (counters.failures >= thresholds.failuresBeforeCritical) return outcome
  if (counters.failures < thresholds.failuresBeforeWarning) return null
  return { status: 'warning', output: outcome.output }
}
