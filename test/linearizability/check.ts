// Checks a whole history, group by group, and shows the smallest failing part of it in a form that a person can read.
import type { Operation } from './history.ts'
import { findGoingBack } from './order.ts'
import { Contradiction, isPassive, kvModel } from './kv-model.ts'
import { describeInput, describeOutput, type KvInput, type KvOutput } from './kv-operations.ts'
import { search, usualLimits, type SearchLimits, type Verdict } from './search.ts'

/** An operation on keys. */
export type KvOperation = Operation<KvInput, KvOutput>

/** What a check found. */
export interface CheckResult {
  readonly groups: number
  readonly operations: number
  /** Operations whose outcome is not known. */
  readonly unknown: number
  /** Groups of keys that no order explains, with the part that shows it. */
  readonly violations: readonly string[]
  /** Groups for which the search was given up: neither good nor bad. */
  readonly undecided: readonly string[]
  /** Configurations that were looked at. */
  readonly visited: number
}

/** Checks that every group of keys is linearizable. `timesPerMs`: how many units of time a millisecond has. */
export function checkHistory(
  operations: readonly KvOperation[],
  {
    limits = usualLimits,
    timesPerMs = 1,
  }: { readonly limits?: SearchLimits; readonly timesPerMs?: number } = {},
): CheckResult {
  const groups = Map.groupBy(operations, (operation) => operation.input.group)
  const violations: string[] = []
  const undecided: string[] = []
  let visited = 0
  for (const [name, all] of groups) {
    const verdict = check(all, limits)
    visited += verdict.visited
    if (verdict.kind === 'gaveUp')
      undecided.push(`${name}: no more ${verdict.why} after ${verdict.visited} steps`)
    if (verdict.kind === 'violation') violations.push(explain(name, all, { verdict, limits, timesPerMs }))
  }
  const unknown = operations.filter((operation) => operation.output === null).length
  return { groups: groups.size, operations: operations.length, unknown, violations, undecided, visited }
}

type Failure = Extract<Verdict<unknown>, { readonly kind: 'violation' }> & {
  readonly why: string
  /** The operations that show it by themselves, if it was found without a search. */
  readonly witnesses: readonly KvOperation[] | null
}
type Checked = Failure | Exclude<Verdict<unknown>, { readonly kind: 'violation' }>

function check(operations: readonly KvOperation[], limits: SearchLimits): Checked {
  const reversed = operations.find(({ calledAt, returnedAt }) => returnedAt < calledAt)
  if (reversed !== undefined) {
    const why = `${describeInput(reversed.input)}: seen before it could come about`
    return failure(why, [reversed])
  }
  const pair = findGoingBack(operations)
  if (pair !== null) return failure('the second of these operations saw an older state than the first', pair)
  try {
    // What nobody is told has no effect.
    const relevant = operations.filter(({ input, output }) => output !== null || !isRead(input))
    const verdict = search(kvModel(relevant), relevant, limits)
    if (verdict.kind !== 'violation') return verdict
    return { ...verdict, why: 'no order of the operations explains their answers', witnesses: null }
  } catch (error) {
    if (!(error instanceof Contradiction)) throw error
    return failure(error.message, null)
  }
}

function failure(why: string, witnesses: readonly KvOperation[] | null): Failure {
  return { kind: 'violation', visited: 0, placed: 0, states: [], why, witnesses }
}

function isRead(input: KvInput): boolean {
  return input.kind === 'get' || input.kind === 'list'
}

/** Operations that change nothing and whose answers may be left out without making a good history bad. */
function isDroppable({ input, output }: KvOperation): boolean {
  return output === null ? isRead(input) : isPassive(input, output)
}

interface Explanation {
  readonly verdict: Failure
  readonly limits: SearchLimits
  readonly timesPerMs: number
}

/** Lines of a report. */
const linesMax = 40

function explain(
  name: string,
  all: readonly KvOperation[],
  { verdict, limits, timesPerMs }: Explanation,
): string {
  // Shrinking must not take longer than finding.
  const quick: SearchLimits = { timeMsMax: Math.min(2000, limits.timeMsMax), visitedMax: 200_000 }
  const small = verdict.witnesses ?? shrink(all, quick)
  const rows = small
    .toSorted((a, b) => a.calledAt - b.calledAt)
    .map((operation) => rowOf(operation, timesPerMs))
  const shown = rows.slice(-linesMax)
  const left = all.length - shown.length
  return [
    `${name}: ${verdict.why}${left > 0 ? ` (${left} other operations are left out)` : ''}`,
    ...table([['called ms', 'answered', 'client', 'operation', 'answer'], ...shown]),
  ].join('\n')
}

/**
 * A part of a bad history that is bad by itself: what came after the first answer that cannot be explained is left out,
 * and of the rest all that changed nothing and is not needed. Each step leaves out only what could not have made a good
 * history bad.
 */
export function shrink(all: readonly KvOperation[], limits: SearchLimits): readonly KvOperation[] {
  const isBad = (part: readonly KvOperation[]): boolean => check(part, limits).kind === 'violation'
  const returns = all.map((operation) => operation.returnedAt).filter((at) => at !== Infinity)
  returns.sort((a, b) => a - b)
  let [low, high] = [0, returns.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBad(until(all, returns[middle] ?? Infinity))) high = middle
    else low = middle + 1
  }
  let part = until(all, returns[low] ?? Infinity)
  if (!isBad(part)) return all
  const endMs = performance.now() + 2 * limits.timeMsMax
  for (let size = part.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < part.length && performance.now() < endMs;) {
      const without = part.filter((operation, i) => i < at || i >= at + size || !isDroppable(operation))
      if (without.length < part.length && isBad(without)) part = without
      else at += size
    }
  }
  return withoutUnseen(part, isBad)
}

/** Leaves out unknown writes that nobody who is left has read, if the rest is bad all the same. */
function withoutUnseen(
  part: readonly KvOperation[],
  isBad: (part: readonly KvOperation[]) => boolean,
): readonly KvOperation[] {
  const answers = new Set(part.flatMap(({ output }) => describeOutput(output).split(/[ ;]+/)))
  const kept = part.filter(
    ({ input, output }) => output !== null || !('value' in input) || answers.has(input.value),
  )
  return kept.length < part.length && isBad(kept) ? kept : part
}

/** The history as it was known at a time: what had not been answered by then is unknown. */
function until(all: readonly KvOperation[], at: number): readonly KvOperation[] {
  return all
    .filter((operation) => operation.calledAt <= at)
    .map((operation) =>
      operation.returnedAt <= at ? operation : { ...operation, output: null, returnedAt: Infinity },
    )
}

function rowOf(operation: KvOperation, timesPerMs: number): readonly string[] {
  const { client, input, output, calledAt, returnedAt } = operation
  const time = (at: number): string => (at === Infinity ? 'never' : (at / timesPerMs).toFixed(3))
  return [time(calledAt), time(returnedAt), client, describeInput(input), describeOutput(output)]
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd())
}
