// Finds the command of a command line. Words are normalised here (nested commands, single dashes); cac holds the
// table of what they lead to. Flags never reach cac: it knows neither Go's flags nor text that looks like a number.
import { cac } from 'cac'
import type { CommandSpec, GroupSpec } from './command.ts'

/** What a command line asks for. `unknown` is the word that should have been a command; '' if there is none. */
export type Request =
  | { readonly kind: 'root'; readonly isHelp: boolean; readonly unknown: string }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'group'
      readonly group: GroupSpec
      readonly isHelp: boolean
      readonly unknown: string
    }
  | {
      readonly kind: 'command'
      readonly command: CommandSpec
      readonly isHelp: boolean
      readonly args: readonly string[]
    }

const helpFlags: ReadonlySet<string> = new Set(['-h', '-help', '--help'])
const versionFlags: ReadonlySet<string> = new Set(['-v', '-version', '--version'])

/** Splits a command line into the longest known command and the rest. */
export function findRequest(args: readonly string[], table: readonly (CommandSpec | GroupSpec)[]): Request {
  const end = args.indexOf('--')
  const isHelp = args.slice(0, end < 0 ? args.length : end).some((arg) => helpFlags.has(arg))
  const first = args.findIndex((arg) => !arg.startsWith('-'))
  if (args.slice(0, first < 0 ? args.length : first).some((arg) => versionFlags.has(arg)))
    return { kind: 'version' }
  if (first < 0) return { kind: 'root', isHelp, unknown: '' }
  const words = args.slice(first)
  const registry = registryOf(table)
  for (let length = Math.min(3, words.length); length > 0; length--) {
    const spec = registry(words.slice(0, length).join(' '))
    if (spec === undefined) continue
    return spec.kind === 'group'
      ? { kind: 'group', group: spec, isHelp, unknown: wordOf(words[length]) }
      : { kind: 'command', command: spec, isHelp, args: words.slice(length) }
  }
  return { kind: 'root', isHelp, unknown: wordOf(words[0]) }
}

function wordOf(arg = ''): string {
  return arg.startsWith('-') ? '' : arg
}

type Lookup = (name: string) => CommandSpec | GroupSpec | undefined

function registryOf(table: readonly (CommandSpec | GroupSpec)[]): Lookup {
  const registry = cac('proconsul')
  let found: CommandSpec | GroupSpec | undefined
  for (const spec of table) {
    registry.command(spec.name, spec.summary).action(() => {
      found = spec
    })
  }
  return (name) => {
    registry.parse(['', '', name])
    return found
  }
}
