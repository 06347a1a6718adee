// The command line: finds the command, parses its flags, runs it, and turns failures into a sentence and an exit code.
import { flagMap, FlagValues, parseFlags, type ParsedFlags } from '../config/flags.ts'
import type { Host } from '../runtime/host.ts'
import type { CommandSpec, Context } from './command.ts'
import { commands } from './commands.ts'
import { findRequest, type Request } from './dispatch.ts'
import { describeFailure } from './failure.ts'
import { wantsJson } from './format.ts'
import { childrenOf, commandHelp, flagsOf, groupHelp, rootHelp } from './help.ts'
import { closest } from './suggest.ts'

/** Exit code when there is no such command. */
const unknownCommand = 127

/** Runs the program; resolves with the exit code. */
export async function main(host: Host): Promise<number> {
  const program = host.system.programName === 'consul' ? 'consul' : 'proconsul'
  const aside = completion(host, program)
  if (aside !== null) return aside
  const request = findRequest(host.system.args, commands)
  switch (request.kind) {
    case 'version':
      return runCommand(commandNamed('version'), [], { host, program })
    case 'root':
      return showHelp(
        host,
        rootHelp(program, commands) + guess(request, program),
        request.isHelp ? 0 : unknownCommand,
      )
    case 'group':
      return showHelp(
        host,
        groupHelp(program, request.group, commands) + guess(request, program),
        request.isHelp ? 0 : 1,
      )
    case 'command':
      if (request.isHelp) return showHelp(host, commandHelp(program, request.command), 0)
      return runCommand(request.command, request.args, { host, program })
  }
}

/** Answers a shell that asks what could stand where the cursor is, or tells shells to ask; null for anything else. */
function completion(host: Host, program: string): Promise<number> | null {
  const line = host.system.env['COMP_LINE'] ?? ''
  if (line !== '') return complete(host, line)
  const verb = /^--?autocomplete-(install|uninstall)$/.exec(host.system.args[0] ?? '')?.[1]
  return verb === undefined ? null : install(host, program, verb === 'install')
}

async function complete(host: Host, line: string): Promise<number> {
  const [{ completionOf }, { plainLines, wordsOfLine }] = await Promise.all([
    import('./completion.ts'),
    import('./completion-line.ts'),
  ])
  const point = Number(host.system.env['COMP_POINT'] ?? line.length)
  const words = wordsOfLine(line.slice(0, Number.isSafeInteger(point) ? point : line.length))
  for (const each of plainLines(completionOf(words.slice(1), commands))) host.console.out(`${each}\n`)
  return 0
}

async function install(host: Host, program: string, isWanted: boolean): Promise<number> {
  const { installCompletion } = await import('./completion-install.ts')
  return installCompletion(host, program, isWanted)
}

/** Which command was meant, as the last line below the help; '' if nobody can tell. */
function guess(request: Extract<Request, { readonly unknown: string }>, program: string): string {
  const prefix = request.kind === 'group' ? `${request.group.name} ` : ''
  const names = childrenOf(prefix, commands).map(({ name }) => name.slice(prefix.length))
  const { isHelp, unknown } = request
  const meant = isHelp || unknown === '' ? null : closest(unknown, names)
  return meant === null
    ? ''
    : `\n\nUnknown command "${unknown}"; did you mean "${program} ${prefix}${meant}"?`
}

/** Help that was asked for goes to standard output, help that answers a mistake to standard error. */
function showHelp(host: Host, text: string, code: number): number {
  if (code === 0) host.console.out(`${text}\n`)
  else host.console.err(`${text}\n`)
  return code
}

function commandNamed(name: string): CommandSpec {
  const found = commands.find((command) => command.name === name)
  if (found?.kind !== 'command') throw new Error(`Cannot find the command ${name} in the table`)
  return found
}

interface Caller {
  readonly host: Host
  readonly program: string
}

async function runCommand(command: CommandSpec, args: readonly string[], caller: Caller): Promise<number> {
  const { host, program } = caller
  const flags = flagsOf(command)
  const parsed = parseFlags(flagMap(flags), args)
  if (!parsed.ok) {
    if (parsed.error.kind === 'help') return showHelp(host, commandHelp(program, command), 0)
    // The reference adds all flags, which pushes the sentence off the screen.
    const { message, unknown = '' } = parsed.error
    const meant = unknown === '' ? null : closest(unknown, [...flags.map(({ name }) => name), 'help'])
    const hint = meant === null ? '' : ` (did you mean -${meant}?)`
    host.console.err(`${message}${hint}; all flags: ${program} ${command.name} -help\n`)
    return 1
  }
  const fault = positionalFault(command, parsed.value)
  if (fault !== undefined) {
    const help = command.positional?.showsHelp === true ? `\n${commandHelp(program, command)}\n` : ''
    host.console.err(`${fault}\n${help}`)
    return 1
  }
  const context = makeContext(parsed.value, args, caller)
  try {
    // A format that does not exist is told before anything is done. The agent has no such flag.
    wantsJson(context.flags)
    const run = await command.load()
    return await run(context)
  } catch (error) {
    host.console.err(`${describeFailure(error)}\n`)
    return 1
  }
}

function positionalFault({ positional }: CommandSpec, parsed: ParsedFlags): string | undefined {
  const { min, max, missing, many } = positional ?? { min: 0, max: 0 }
  const count = parsed.positional.length
  const isRange = min !== max && max !== Infinity && min > 0
  const expected = isRange ? `${min} or ${max}` : String(max === Infinity ? min : max)
  if (count < min) return missing ?? `Not enough arguments (expected ${expected}, got ${count})`
  if (count > max)
    return many?.replace('%d', String(count)) ?? `Too many arguments (expected ${expected}, got ${count})`
  return undefined
}

function makeContext(parsed: ParsedFlags, rawArgs: readonly string[], { host, program }: Caller): Context {
  const flags = new FlagValues(parsed.uses)
  return {
    host,
    program,
    flags,
    uses: parsed.uses,
    args: parsed.positional,
    rawArgs,
    async client() {
      // Commands that ask no agent start without the client's code.
      const { clientFor } = await import('./http-client.ts')
      return clientFor(flags, host)
    },
    print: (text) => host.console.out(`${text}\n`),
    complain: (text) => host.console.err(`${text}\n`),
  }
}
