// `-autocomplete-install` and `-autocomplete-uninstall`: the lines that make shells ask the program for completions.
import type { Host } from '../runtime/host.ts'

/** Where a shell is told, and what. */
interface Shell {
  /** From the home directory. */
  readonly path: string
  /** Only where this exists already. */
  readonly ifExists: string
  /** A file of its own, or lines at the end of the user's. */
  readonly isOwnFile: boolean
  readonly text: (program: string) => string
}

const shells: readonly Shell[] = [
  {
    path: '.bashrc',
    ifExists: '.bashrc',
    isOwnFile: false,
    text: (program) => `complete -o default -C ${program} ${program}\n`,
  },
  {
    path: '.zshrc',
    ifExists: '.zshrc',
    isOwnFile: false,
    text: (program) =>
      `autoload -U +X bashcompinit && bashcompinit\ncomplete -o nospace -o default -C ${program} ${program}\n`,
  },
  {
    path: '.config/fish/completions/',
    ifExists: '.config/fish',
    isOwnFile: true,
    text: (program) => `function __complete_${program}
    set -lx COMP_LINE (commandline -cp)
    test -z (commandline -ct)
    and set COMP_LINE "$COMP_LINE "
    ${program}
end
complete -c ${program} -a "(__complete_${program})"
`,
  },
]

/** Installs completion into the configuration of every shell that has one, or takes it out. Resolves with the exit code. */
export async function installCompletion(host: Host, program: string, isWanted: boolean): Promise<number> {
  const home = host.system.env['HOME'] ?? ''
  if (home === '') return fail(host, 'Cannot find the home directory: HOME is not set')
  const done: string[] = []
  const refused: string[] = []
  for (const shell of shells) {
    if (!(await exists(host, `${home}/${shell.ifExists}`))) continue
    const path = `${home}/${shell.path}${shell.isOwnFile ? `${program}.fish` : ''}`
    const isThere = await isInstalled(host, path, shell, program)
    if (isThere === isWanted)
      refused.push(isWanted ? `already installed in ${path}` : `not installed in ${path}`)
    else {
      await change(host, path, { shell, program, isWanted })
      done.push(path)
    }
  }
  if (done.length > 0) {
    const state = isWanted ? 'installed in' : 'taken out of'
    host.console.out(`Completion is ${state} ${done.join(', ')}: begin a new shell\n`)
    return 0
  }
  return fail(
    host,
    refused.length > 0 ? refused.join('; ') : `Cannot find .bashrc, .zshrc or .config/fish in ${home}`,
  )
}

function fail(host: Host, message: string): number {
  host.console.err(`${message}\n`)
  return 1
}

async function exists(host: Host, path: string): Promise<boolean> {
  try {
    await host.files.stat(path)
    return true
  } catch {
    return false
  }
}

async function textAt(host: Host, path: string): Promise<string> {
  return (await exists(host, path)) ? new TextDecoder().decode(await host.files.read(path)) : ''
}

/** The lines must stand there as lines: a longer name may end like this one. */
async function isInstalled(host: Host, path: string, shell: Shell, program: string): Promise<boolean> {
  return `\n${await textAt(host, path)}`.includes(`\n${shell.text(program)}`)
}

async function change(
  host: Host,
  path: string,
  {
    shell,
    program,
    isWanted,
  }: { readonly shell: Shell; readonly program: string; readonly isWanted: boolean },
): Promise<void> {
  const lines = shell.text(program)
  if (shell.isOwnFile) {
    if (!isWanted) return host.files.remove(path)
    await host.files.mkdir(path.slice(0, path.lastIndexOf('/')))
    return host.files.write(path, new TextEncoder().encode(lines), 0o644)
  }
  const present = await textAt(host, path)
  if (isWanted) {
    const gap = present === '' || present.endsWith('\n') ? '' : '\n'
    const file = await host.files.openAppend(path)
    await file.append(new TextEncoder().encode(`${gap}${lines}`))
    return file.close()
  }
  const text = `\n${present}`.replace(`\n${lines}`, '\n').slice(1)
  const { mode } = await host.files.stat(path)
  await host.files.write(path, new TextEncoder().encode(text), mode & 0o777)
}
