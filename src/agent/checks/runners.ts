// Which runner runs which type of check.
import type { CheckOutcome } from '../../model/definition.ts'
import { runHttp } from './http.ts'
import type { RunParts, TimedRun } from './runner.ts'
import { runScript } from './script.ts'
import { runTcp } from './tcp.ts'

/** Runs a check once, by its type. */
export function runTimed(run: TimedRun, parts: RunParts): Promise<CheckOutcome> {
  switch (run.type) {
    case 'script':
      return runScript(run, parts)
    case 'http':
      return runHttp(run, parts)
    case 'tcp':
      return runTcp(run, parts)
    default:
      return Promise.resolve({ status: 'critical', output: `No runner for ${run.type}` })
  }
}
