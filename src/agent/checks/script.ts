// Checks that run a program: its exit status is what it found.
import type { CheckStatus } from '../../model/catalog.ts'
import type { CheckOutcome } from '../../model/definition.ts'
import { HostError } from '../../runtime/host.ts'
import type { Runner } from './runner.ts'
import { capturedText, critical, timedOutText } from './texts.ts'

/** Runs a program in a process group of its own, all of which is killed when its time is over. */
export const runScript: Runner<'script'> = async (run, { host, check, signal }) => {
  try {
    const result = await host.processes.run(run.args, {
      timeoutMs: run.timeoutMs,
      outputBytesMax: check.outputBytesMax,
      outputKept: 'last',
      endsGroup: true,
      signal,
    })
    const output = capturedText(result.output, result.outputBytes)
    if (result.timedOut) return critical(`${timedOutText(run.timeoutMs)}\n\n${output}`)
    return { status: exitStatus(result.code), output }
  } catch (error) {
    return notStarted(run.args[0] ?? '', error)
  }
}

/** What an exit status says; a program that was killed by a signal has none. */
export function exitStatus(code: number | null): CheckStatus {
  return code === 0 ? 'passing' : code === 1 ? 'warning' : 'critical'
}

function notStarted(program: string, error: unknown): CheckOutcome {
  if (!(error instanceof HostError)) return critical(timedOutText(0))
  const isPath = program.includes('/')
  if (error.code === 'ENOENT') {
    return critical(
      isPath
        ? `fork/exec ${program}: no such file or directory`
        : `exec: ${JSON.stringify(program)}: executable file not found in $PATH`,
    )
  }
  if (error.code === 'EACCES') return critical(`fork/exec ${program}: permission denied`)
  return critical(error.message)
}
