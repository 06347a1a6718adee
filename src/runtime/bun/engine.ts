// Settings that the engine reads from the environment before the program's first line: who wants them begins anew.
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { type Native, systemLibrary } from './system-library.ts'

/**
 * How often code runs before the third compiler takes it on: six times as often as the engine would have it. What it
 * takes on costs a second of processor time, and most loads are over before that is earned.
 */
const setting = 'BUN_JSC_thresholdForFTLOptimizeAfterWarmUp'
const value = '400000'
/** Tells the new process that it is one, and the name by which lists of processes showed the old one. */
const nameVariable = 'PROCONSUL_PROCESS_NAME'

const nameFile = '/proc/self/comm'

/**
 * Puts the executable in its own place, with the settings, when it was called for the given command; process ID, name,
 * arguments and inherited files stay. Resolves in the new process, or in the old one where the system refuses or the
 * user has a setting of his own. Before it nothing should have been started or opened.
 */
export async function beginAnew(command: string): Promise<void> {
  const { argv, env } = process
  const name = env[nameVariable]
  if (name !== undefined) return arrive(name)
  if (argv[2] !== command || env[setting] !== undefined) return
  const system = await systemLibrary({
    fcntl: { args: ['int', 'int', 'int'], returns: 'int' },
    setenv: { args: ['ptr', 'ptr', 'int'], returns: 'int' },
    execv: { args: ['ptr', 'ptr'], returns: 'int' },
  })
  if (system === undefined) return
  const { fcntl, setenv, execv } = system
  const files = inheritedFiles()
  for (const file of files) closeOnExec(fcntl, file, false)
  setenv(cString(nameVariable), cString(readFileSync(nameFile, 'utf8').trim()), 1)
  setenv(cString(setting), cString(value), 1)
  // Through this name it is the same file also when an upgrade has put another one in its place.
  execv(cString('/proc/self/exe'), await ownArguments())
  // It was refused: only the settings are missing.
  for (const file of files) closeOnExec(fcntl, file, true)
}

/** What is the new process's own is not for its children, which may be programs of the same runtime. */
function arrive(name: string): void {
  delete process.env[setting]
  delete process.env[nameVariable]
  try {
    writeFileSync(nameFile, name)
  } catch {
    // Lists of processes show "exe" then.
  }
}

/** What was opened by whoever called us: locks, pipes of a shell. The runtime's own are no files. */
function inheritedFiles(): readonly number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((file) => file > 2 && isFile(file))
}

function isFile(file: number): boolean {
  try {
    return !readlinkSync(`/proc/self/fd/${file}`).startsWith('anon_inode:')
  } catch {
    // The directory that was listed.
    return false
  }
}

/** The runtime sets this for all that it finds open at its start. */
function closeOnExec(fcntl: Native, file: number, isSet: boolean): void {
  const setFlags = 2
  fcntl(file, setFlags, isSet ? 1 : 0)
}

/** The arguments as they were given, byte by byte, as C has them: addresses of texts, then a zero. */
async function ownArguments(): Promise<Uint8Array> {
  const { ptr } = await import('bun:ffi')
  texts = readFileSync('/proc/self/cmdline')
  const addresses: bigint[] = []
  for (let at = 0; at < texts.length; at = texts.indexOf(0, at) + 1) addresses.push(BigInt(ptr(texts) + at))
  return new Uint8Array(BigUint64Array.of(...addresses, 0n).buffer)
}

/** Held while its addresses are in use. */
let texts: Uint8Array

function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`)
}
