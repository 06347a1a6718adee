// Settings that the engine reads from the environment before the program's first line: who wants them begins anew.
import { writeFileSync } from 'node:fs'

/**
 * How often code runs before the third compiler takes it on: six times as often as the engine would have it. What it
 * takes on costs a second of processor time, and most loads are over before that is earned.
 */
const setting = 'BUN_JSC_thresholdForFTLOptimizeAfterWarmUp'
const value = '400000'

/**
 * Puts the executable in its own place, with the settings, when it was called for the given command; process ID, name,
 * arguments and open files stay. Returns in the new process, or in the old one where the system refuses or the user
 * has a setting of his own. Before it nothing should have been started or opened.
 */
export function beginAnew(command: string): void {
  const { argv, argv0, env } = process
  if (env[setting] === value) return arrive()
  if (argv[2] !== command || env[setting] !== undefined) return
  try {
    // Through this name it is the same file also when an upgrade has put another one in its place.
    process.execve?.('/proc/self/exe', [argv0, ...argv.slice(2)], { ...env, [setting]: value })
  } catch {
    // Only the settings are missing.
  }
}

/** What the new process has of it beside the settings is taken back. */
function arrive(): void {
  // Checks, watches and other children may be programs of the same runtime.
  delete process.env[setting]
  try {
    writeFileSync('/proc/self/comm', process.argv0.slice(process.argv0.lastIndexOf('/') + 1))
  } catch {
    // Lists of processes show "exe" then.
  }
}
