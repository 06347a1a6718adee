// Runs one step: a child process, its time, and the count of its tests. Printing is in report.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Ended, Step, StepResult } from './step.ts'
import { count } from './tally.ts'

const timeoutDefaultMs = 5 * 60_000

/** Runs a command in a process group of its own and collects its output; the group is killed at the timeout. */
async function runCommand(step: Step): Promise<Ended> {
  const [program = '', ...rest] = step.command
  const env = { ...process.env, ...step.env }
  const child = spawn(program, rest, { detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  let timedOut = false
  const killGroup = (): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // The group has ended already.
    }
  }
  const timer = setTimeout(() => {
    timedOut = true
    killGroup()
  }, step.timeoutMs ?? timeoutDefaultMs)
  const onInterrupt = (): never => {
    killGroup()
    process.exit(130)
  }
  process.once('SIGINT', onInterrupt)
  process.once('SIGTERM', onInterrupt)
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, timedOut, output: Buffer.concat(chunks).toString('utf8') }
  } catch (error) {
    return { code: null, timedOut, output: `Cannot start "${program}": ${String(error)}` }
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', onInterrupt)
    process.off('SIGTERM', onInterrupt)
    killGroup()
  }
}

/**
 * Runs one step to its end.
 *
 * Errors: none; a step that cannot start, crashes or runs too long counts as one failure with a note.
 */
export async function runStep(step: Step): Promise<StepResult> {
  const startedAt = performance.now()
  const ended = await runCommand(step)
  const elapsedMs = Math.round(performance.now() - startedAt)
  return { name: step.name, elapsedMs, output: ended.output, ...count(step, ended) }
}
