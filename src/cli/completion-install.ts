// `-autocomplete-install` and `-autocomplete-uninstall`: the line in a shell's configuration that loads completion. A line of
// ours ends in a mark; nothing else in a file is changed.
import type { Host } from '../runtime/host.ts'
import { whyOf } from './data-argument.ts'
import type { Shell } from './completion-line.ts'

/** Where a shell is told. */
interface Place {
  readonly shell: Shell
  readonly path: string
  /** Exists where the shell is used. */
  readonly sign: string
  /** The file is ours as a whole. */
  readonly isOwnFile: boolean
}

/** What became of a file: a sentence, and whether it is as it was asked for. */
interface Outcome {
  readonly isGood: boolean
  readonly text: string
}

/** Installs completion for every shell of the user, or takes it out. Resolves with the exit code. */
export async function installCompletion(host: Host, program: string, isWanted: boolean): Promise<number> {
  const home = host.system.env['HOME'] ?? ''
  if (home === '') return fail(host, 'Cannot find the home directory: HOME is not set')
  const outcomes: Outcome[] = []
  for (const place of placesIn(host, home, program)) {
    if (!(await isUsed(host, place))) continue
    outcomes.push(await settle(host, place, { program, isWanted }))
  }
  if (outcomes.length === 0) {
    return fail(host, `Cannot find .bashrc, .zshrc or .config/fish in ${home}, nor a shell of them in SHELL`)
  }
  for (const { isGood, text } of outcomes) {
    if (isGood) host.console.out(`${text}\n`)
    else host.console.err(`${text}\n`)
  }
  return outcomes.every(({ isGood }) => isGood) ? 0 : 1
}

function fail(host: Host, message: string): number {
  host.console.err(`${message}\n`)
  return 1
}

function placesIn({ system }: Host, home: string, program: string): readonly Place[] {
  // Terminals on macOS start login shells, and those read no .bashrc.
  const bash = `${home}/${system.os === 'darwin' ? '.bash_profile' : '.bashrc'}`
  const zsh = `${system.env['ZDOTDIR'] || home}/.zshrc`
  const fish = `${system.env['XDG_CONFIG_HOME'] || `${home}/.config`}/fish`
  return [
    { shell: 'bash', path: bash, sign: bash, isOwnFile: false },
    { shell: 'zsh', path: zsh, sign: zsh, isOwnFile: false },
    { shell: 'fish', path: `${fish}/completions/${program}.fish`, sign: fish, isOwnFile: true },
  ]
}

/** A shell is used if it has a configuration, or is the user's own. */
async function isUsed(host: Host, { shell, sign }: Place): Promise<boolean> {
  if (host.system.env['SHELL']?.split('/').at(-1) === shell) return true
  return host.files.stat(sign).then(
    () => true,
    () => false,
  )
}

interface Task {
  readonly program: string
  readonly isWanted: boolean
}

async function settle(host: Host, place: Place, task: Task): Promise<Outcome> {
  const { path } = place
  try {
    const present = await textAt(host, path)
    const lines = (present ?? '').split('\n')
    const foreign = lines.findIndex((line) => isForeign(line, place, task.program))
    if (foreign >= 0 && (task.isWanted || place.isOwnFile)) {
      const what = `line ${foreign + 1} of ${path} is not ours and already completes ${task.program}`
      return { isGood: false, text: `Nothing was changed: ${what}: ${lines[foreign] ?? ''}` }
    }
    return await (task.isWanted ? put : takeOut)(host, place, { ...task, present })
  } catch (error) {
    return { isGood: false, text: `Cannot change ${path}: ${whyOf(error)}` }
  }
}

/** The file as characters of a byte each, so that what is no UTF-8 stays what it is. Undefined if it is not there. */
async function textAt(host: Host, path: string): Promise<string | undefined> {
  try {
    const { kind } = await host.files.stat(path)
    if (kind !== 'file') throw Object.assign(new Error('no file'), { code: 'it is not a regular file' })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const bytes = await host.files.read(path)
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}

function isOurs(line: string, program: string): boolean {
  return line.endsWith(markOf(program))
}

function markOf(program: string): string {
  return `# ${program} -autocomplete-install`
}

/** A line that completes the program and is not of ours, such as the reference's; in a file of our own any other line. */
function isForeign(line: string, { isOwnFile }: Place, program: string): boolean {
  if (isOurs(line, program)) return false
  if (isOwnFile) return line.trim() !== ''
  return /^\s*(complete|compdef)\s/.test(line) && line.trimEnd().endsWith(` ${program}`)
}

/** The line for a shell. It loads the script with the first completion. */
export function completionLine(shell: Shell, program: string): string {
  return `${loaders[shell].replaceAll('%p', program)} ${markOf(program)}`
}

const loaders: Readonly<Record<Shell, string>> = {
  bash: '_%p() { eval "$(%p completion bash)" && _%p "$@"; }; complete -o default -F _%p %p',
  zsh: '_%p() { eval "$(%p completion zsh)" && _%p "$@" }; (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }; compdef _%p %p',
  fish: '%p completion fish | source',
}

type Change = Task & { readonly present: string | undefined }

async function put(host: Host, { shell, path }: Place, { program, present = '' }: Change): Promise<Outcome> {
  const line = completionLine(shell, program)
  const lines = present.split('\n')
  if (lines.includes(line)) return { isGood: true, text: `Completion is already installed in ${path}` }
  const at = lines.findIndex((each) => isOurs(each, program))
  if (at >= 0) {
    await rewrite(host, path, lines.with(at, line))
    return { isGood: true, text: `Completion is renewed in ${path}: begin a new shell` }
  }
  await host.files.mkdir(path.slice(0, path.lastIndexOf('/')))
  const file = await host.files.openAppend(path, 0o644)
  await file.append(bytesOf(`${present === '' || present.endsWith('\n') ? '' : '\n'}${line}\n`))
  await file.close()
  return { isGood: true, text: `Completion is installed in ${path}: begin a new shell` }
}

async function takeOut(
  host: Host,
  { path, isOwnFile }: Place,
  { program, present = '' }: Change,
): Promise<Outcome> {
  const lines = present.split('\n')
  const left = lines.filter((line) => !isOurs(line, program))
  if (left.length === lines.length) return { isGood: true, text: `Completion is not installed in ${path}` }
  if (isOwnFile) await host.files.remove(path)
  else await rewrite(host, path, left)
  return { isGood: true, text: `Completion is taken out of ${path}` }
}

async function rewrite(host: Host, path: string, lines: readonly string[]): Promise<void> {
  const { mode } = await host.files.stat(path)
  await host.files.write(path, bytesOf(lines.join('\n')), mode & 0o777)
}
