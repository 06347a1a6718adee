// Runs steps one after the other and prints one line for each; of a failed step also its output.
import { runStep } from './run-step.ts'
import type { Step, StepResult, Tally } from './step.ts'
import { formatTally, sum } from './tally.ts'

const outputLinesMax = 300

/** The end of a long output, with a line that says how much is missing. */
function tail(output: string): string {
  const lines = output.trimEnd().split('\n')
  const missing = lines.length - outputLinesMax
  return (missing > 0 ? [`(${missing} lines before)`, ...lines.slice(missing)] : lines).join('\n')
}

/** One line: outcome, name, count, seconds. */
function line(result: StepResult): string {
  const outcome = result.tally.failed > 0 ? 'FAIL' : 'ok  '
  const seconds = `${(result.elapsedMs / 1000).toFixed(1)} s`
  const note = result.note === undefined ? '' : ` (${result.note})`
  return `${outcome} ${result.name.padEnd(28)} ${seconds.padStart(8)}  ${formatTally(result.tally)}${note}`
}

/** Runs the steps in order; every step runs even when one before it failed. */
export async function runSteps(steps: readonly Step[]): Promise<Tally> {
  const tallies: Tally[] = []
  for (const step of steps) {
    if (process.stdout.isTTY) process.stdout.write(`...  ${step.name}\r`)
    const result = await runStep(step)
    tallies.push(result.tally)
    process.stdout.write(`${line(result)}\n`)
    if (result.tally.failed > 0) process.stdout.write(`${tail(result.output)}\n\n`)
  }
  return sum(tallies)
}

/** Prints the sum as the last line and sets the exit status. */
export function finish(tally: Tally): void {
  process.stdout.write(`${formatTally(tally)}\n`)
  process.exitCode = tally.failed > 0 ? 1 : 0
}
