// Completion of command lines: the shell calls the program with the line so far in COMP_LINE, and is told what could stand
// next. Made from the command table, so that it is never out of date.
import type { FlagSpec } from '../config/flags.ts'
import type { CommandSpec, GroupSpec } from './command.ts'
import { flagsOf } from './help.ts'

/** Flags of the program itself. */
const ownFlags: readonly string[] = ['-autocomplete-install', '-autocomplete-uninstall', '-help', '-version']

/** What could stand where the line ends; nothing where that is a value or a file. */
export function completionsOf(line: string, table: readonly (CommandSpec | GroupSpec)[]): readonly string[] {
  const words = line.split(/\s+/)
  const partial = words.at(-1) ?? ''
  const before = words.slice(1, -1)
  const command = commandIn(before, table)
  if (command === undefined) {
    const candidates = partial.startsWith('-') && before.length === 0 ? ownFlags : nextWords(before, table)
    return candidates.filter((word) => word.startsWith(partial))
  }
  const flags = flagsOf(command)
  const last = flagNamed(flags, before.at(-1) ?? '')
  if (last !== undefined && last.kind !== 'bool') return valuesOf(last, partial)
  if (!partial.startsWith('-')) return []
  const written = partial.startsWith('--') ? '--' : '-'
  return [...flags.map(({ name }) => name), 'help']
    .toSorted()
    .map((name) => `${written}${name}`)
    .filter((word) => word.startsWith(partial))
}

/** The command that the words begin with. */
function commandIn(
  words: readonly string[],
  table: readonly (CommandSpec | GroupSpec)[],
): CommandSpec | undefined {
  for (let length = words.length; length > 0; length--) {
    const name = words.slice(0, length).join(' ')
    const found = table.find((spec) => spec.name === name)
    if (found?.kind === 'command') return found
  }
  return undefined
}

/** Words that commands and groups go on with after these. */
function nextWords(words: readonly string[], table: readonly (CommandSpec | GroupSpec)[]): readonly string[] {
  const next = table.flatMap(({ name }) => {
    const parts = name.split(' ')
    const word = parts[words.length]
    return word !== undefined && words.every((each, i) => parts[i] === each) ? [word] : []
  })
  return [...new Set(next)].toSorted()
}

/** The flag that a word is, if its value is still to come. */
function flagNamed(flags: readonly FlagSpec[], word: string): FlagSpec | undefined {
  const name = /^--?([^-=][^=]*)$/.exec(word)?.[1]
  return flags.find((flag) => flag.name === name)
}

/** The words of a flag that takes one of a few: its placeholder names them. */
function valuesOf({ placeholder }: FlagSpec, partial: string): readonly string[] {
  if (placeholder === undefined || !/^[\w-]+(?:\|[\w-]+)+$/.test(placeholder)) return []
  return placeholder.split('|').filter((word) => word.startsWith(partial))
}
