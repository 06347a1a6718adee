// Reads how many tests passed out of what a step left behind: an exit status, a last line, or a vitest report.
import { readFileSync } from 'node:fs'
import type { Ended, Step, Tally } from './step.ts'

/** A tally, and the reason when a step failed without saying so itself. */
interface Counted {
  readonly tally: Tally
  readonly note?: string
}

const none: Tally = { passed: 0, failed: 0, skipped: 0 }
const oneFailed: Tally = { passed: 0, failed: 1, skipped: 0 }

/** The sum of tallies. */
export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }),
    none,
  )
}

/** `N passed, N failed`, with `, N skipped` when there are any. */
export function formatTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** Reads the last line that is not blank, in the form that `formatTally` writes; undefined for any other. */
export function parseTally(output: string): Tally | undefined {
  const last = output.trimEnd().split('\n').at(-1) ?? ''
  const match = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(last.trim())
  if (match === null) return undefined
  return { passed: Number(match[1]), failed: Number(match[2]), skipped: Number(match[3] ?? 0) }
}

/** The part of a vitest JSON report that is read here. */
interface VitestReport {
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

/** Counts the tests of a vitest report; a file that failed without a failed test (it did not load) counts as one. */
export function parseVitest(report: VitestReport): Tally {
  return sum(
    report.testResults.map((file) => {
      const of = (status: string): number =>
        file.assertionResults.filter((result) => result.status === status).length
      const failed = of('failed')
      const notLoaded = file.status === 'failed' && failed === 0 ? 1 : 0
      const skipped = file.assertionResults.length - of('passed') - failed
      return { passed: of('passed'), failed: failed + notLoaded, skipped }
    }),
  )
}

/** Reads a step's tally from where its kind leaves it; undefined when it is not there. */
function read(step: Step, ended: Ended): Tally | undefined {
  if (step.counting === 'gate') return ended.code === 0 ? { ...none, passed: 1 } : oneFailed
  if (step.counting === 'lines') return parseTally(ended.output)
  try {
    return parseVitest(JSON.parse(readFileSync(step.reportPath ?? '', 'utf8')) as VitestReport)
  } catch {
    return undefined
  }
}

/**
 * Counts what a finished step has passed and failed.
 *
 * A step that ran too long, left no count, or ended with an error although no test failed has one failure more.
 */
export function count(step: Step, ended: Ended): Counted {
  const tally = read(step, ended)
  if (ended.timedOut) {
    return {
      tally: { ...(tally ?? none), failed: (tally?.failed ?? 0) + 1 },
      note: 'ran too long and was stopped',
    }
  }
  if (tally === undefined) return { tally: oneFailed, note: `left no count of its tests (${exit(ended)})` }
  if (ended.code !== 0 && tally.failed === 0) {
    return { tally: { ...tally, failed: 1 }, note: `failed as a whole (${exit(ended)})` }
  }
  return { tally }
}

/** How a process ended, in words. */
function exit(ended: Ended): string {
  return ended.code === null ? 'ended by a signal' : `exit status ${ended.code}`
}
