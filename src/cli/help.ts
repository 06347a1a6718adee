// Help texts and usage, all made from the command table. Layout as the reference's: usage line, paragraphs,
// examples, flags by group.
import type { FlagSpec } from '../config/flags.ts'
import type { CommandSpec, GroupSpec } from './command.ts'
import { agentHttpFlags, queryHttpFlags } from './http-flags.ts'
import { wrap } from './output.ts'

const width = 80

/** The flags that a command takes for HTTP, sorted by name. */
export function httpFlagsOf(command: CommandSpec): readonly FlagSpec[] {
  if (command.http === 'none') return []
  return command.http === 'agent' ? agentHttpFlags : sorted([...agentHttpFlags, ...queryHttpFlags])
}

/** All flags of a command, sorted by name. */
export function flagsOf(command: CommandSpec): readonly FlagSpec[] {
  return sorted([...httpFlagsOf(command), ...command.flags])
}

function sorted(flags: readonly FlagSpec[]): readonly FlagSpec[] {
  return flags.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

type Table = readonly (CommandSpec | GroupSpec)[]

/** What stands directly below a group, `kv `, or below the program, ''. */
export function childrenOf(prefix: string, table: Table): Table {
  return table.filter(({ name }) => name.startsWith(prefix) && !name.slice(prefix.length).includes(' '))
}

/** The program's own help: every top-level command with its summary. */
export function rootHelp(program: string, table: Table): string {
  const top = childrenOf('', table)
  return [
    `Usage: ${program} [--version] [--help] <command> [<args>]`,
    '',
    'Available commands are:',
    summaries(top, (name) => name),
  ].join('\n')
}

/** Help of a group: its subcommands with their summaries. */
export function groupHelp(program: string, group: GroupSpec, table: Table): string {
  const children = childrenOf(`${group.name} `, table)
  return [
    `Usage: ${program} ${group.name} <subcommand> [options] [args]`,
    ...paragraphs(program, group),
    '',
    'Subcommands:',
    summaries(children, (name) => name.slice(group.name.length + 1)),
  ].join('\n')
}

/** Help of a command. */
export function commandHelp(program: string, command: CommandSpec): string {
  const groups: readonly (readonly [string, readonly FlagSpec[]])[] = [
    ['HTTP API Options', httpFlagsOf(command)],
    ['Command Options', sorted(command.flags)],
  ]
  const sections = groups
    .filter(([, flags]) => flags.length > 0)
    .flatMap(([title, flags]) => ['', title, ...flags.flatMap((flag) => ['', flagHelp(flag)])])
  return [
    `Usage: ${program} ${command.name} ${command.usage}`.trimEnd(),
    ...paragraphs(program, command),
    ...(command.json === undefined ? [] : ['', wrap(`With -format=json: ${command.json}`, width, '  ')]),
    ...sections,
  ].join('\n')
}

function paragraphs(program: string, spec: CommandSpec | GroupSpec): readonly string[] {
  const about = spec.about.flatMap((text) => ['', wrap(text.replaceAll('%p', program), width, '  ')])
  const examples = (spec.examples ?? []).flatMap(({ what, line }) => [
    '',
    wrap(what, width, '  '),
    '',
    `      $ ${line.replaceAll('%p', program)}`,
  ])
  return [...about, ...examples]
}

function flagHelp(flag: FlagSpec): string {
  const value = flag.kind === 'bool' ? '' : `=<${flag.placeholder ?? 'value'}>`
  return `  -${flag.name}${value}\n${wrap(flag.doc, 72, '     ')}`
}

function summaries(rows: Table, label: (name: string) => string): string {
  const names = rows.map(({ name }) => label(name))
  const longest = Math.max(...names.map((name) => name.length))
  return rows.map(({ summary }, i) => `    ${(names[i] ?? '').padEnd(longest)}    ${summary}`).join('\n')
}
