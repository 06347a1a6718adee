// Completion of command lines: what could stand where the cursor is. Made from the command table, so that it is never out of
// date.
import type { FlagSpec } from '../config/flags.ts'
import type { CommandSpec, GroupSpec } from './command.ts'
import { flagsOf } from './help.ts'

/** What could stand in place of the last word. Files and directories the shell knows better. */
export type Completion =
  | { readonly kind: 'words'; readonly words: readonly Candidate[] }
  | { readonly kind: 'files' | 'directories' | 'nothing' }

/** A word that could stand there, and what it is about; empty where there is nothing to say. */
export interface Candidate {
  readonly word: string
  readonly about: string
}

type Table = readonly (CommandSpec | GroupSpec)[]

const help: Candidate = { word: '-help', about: 'Shows the help' }

/** Flags of the program itself. */
const ownFlags: readonly Candidate[] = [
  { word: '-autocomplete-install', about: 'Tells your shells of completion' },
  { word: '-autocomplete-uninstall', about: 'Takes completion out of your shells' },
  help,
  { word: '-version', about: 'Shows the version' },
]

/** Completes a line; `words` stand behind the program's name, and the last one is to be completed. */
export function completionOf(words: readonly string[], table: Table): Completion {
  const partial = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const first = before.findIndex((word) => !word.startsWith('-'))
  const path = first < 0 ? [] : before.slice(first)
  const command = commandIn(path, table)
  if (command !== undefined) {
    return argumentOf(command, path.slice(command.name.split(' ').length), partial)
  }
  if (!partial.startsWith('-')) return beginning(partial, nextWords(path, table))
  return beginning(partial, path.length === 0 ? ownFlags : [help])
}

/** Those of the words that begin like what is there. Dashes come in ones and twos. */
function beginning(partial: string, candidates: readonly Candidate[]): Completion {
  const dash = partial.startsWith('--') ? '-' : ''
  const words = candidates
    .map(({ word, about }) => ({ word: dash + word, about }))
    .filter(({ word }) => word.startsWith(partial))
  return { kind: 'words', words }
}

/** The command that the words begin with. */
function commandIn(words: readonly string[], table: Table): CommandSpec | undefined {
  for (let length = words.length; length > 0; length--) {
    const name = words.slice(0, length).join(' ')
    const found = table.find((spec) => spec.name === name)
    if (found?.kind === 'command') return found
  }
  return undefined
}

/** Words that commands and groups go on with after these. */
function nextWords(path: readonly string[], table: Table): readonly Candidate[] {
  const start = path.map((word) => `${word} `).join('')
  return table.flatMap(({ name, summary }) => {
    const word = name.slice(start.length)
    return name.startsWith(start) && word !== '' && !word.includes(' ') ? [{ word, about: summary }] : []
  })
}

/** Completes a flag of a command, the value of one, or an argument. */
function argumentOf(command: CommandSpec, before: readonly string[], partial: string): Completion {
  const flags = flagsOf(command)
  const { waiting, given } = read(before, flags)
  if (waiting !== undefined) return valueOf(waiting, partial)
  if (given > 0 || !partial.startsWith('-') || before.includes('--')) {
    return positional(command, given, partial)
  }
  const equals = partial.indexOf('=')
  if (equals < 0) {
    const candidates = flags.map(({ name, doc }) => ({ word: `-${name}`, about: firstSentence(doc) }))
    const sorted = [...candidates, help].toSorted((a, b) => (a.word < b.word ? -1 : 1))
    return beginning(partial, sorted)
  }
  const flag = flagNamed(flags, partial.slice(0, equals))
  if (flag === undefined) return { kind: 'nothing' }
  const found = valueOf(flag, partial.slice(equals + 1))
  if (found.kind !== 'words') return found
  const start = partial.slice(0, equals + 1)
  return { kind: 'words', words: found.words.map(({ word, about }) => ({ word: start + word, about })) }
}

interface Read {
  /** The flag whose value comes next. */
  readonly waiting: FlagSpec | undefined
  /** Positional arguments so far: no flag stands behind them. */
  readonly given: number
}

function read(words: readonly string[], flags: readonly FlagSpec[]): Read {
  let at = 0
  while (at < words.length) {
    const word = words[at] ?? ''
    if (word === '--') return { waiting: undefined, given: words.length - at - 1 }
    if (word.length < 2 || !word.startsWith('-')) return { waiting: undefined, given: words.length - at }
    at++
    const flag = flagNamed(flags, word)
    if (flag === undefined || flag.kind === 'bool') continue
    if (at === words.length) return { waiting: flag, given: 0 }
    at++
  }
  return { waiting: undefined, given: 0 }
}

/** The flag that a word is; none if its value is in the word. */
function flagNamed(flags: readonly FlagSpec[], word: string): FlagSpec | undefined {
  const name = word.replace(/^--?/, '')
  return flags.find((flag) => flag.name === name)
}

const yesOrNo: readonly string[] = ['true', 'false']

function valueOf(flag: FlagSpec, partial: string): Completion {
  const words = flag.kind === 'bool' ? yesOrNo : (flag.values ?? wordsOf(flag.placeholder ?? ''))
  if (words.length > 0) {
    return beginningWith(partial, words)
  }
  if (['int', 'uint', 'duration'].includes(flag.kind)) return { kind: 'nothing' }
  const isDirectory = flag.placeholder === 'directory' || /(^|-)(dir|path)$/.test(flag.name)
  return { kind: isDirectory ? 'directories' : 'files' }
}

function beginningWith(partial: string, words: readonly string[]): Completion {
  const found = words.filter((word) => word.startsWith(partial))
  return { kind: 'words', words: found.map((word) => ({ word, about: '' })) }
}

/** A placeholder may name all the words there are. */
function wordsOf(placeholder: string): readonly string[] {
  return /^[\w-]+(?:\|[\w-]+)+$/.test(placeholder) ? placeholder.split('|') : []
}

function positional({ positional: rule }: CommandSpec, given: number, partial: string): Completion {
  if (given >= (rule?.max ?? 0)) return { kind: 'nothing' }
  return rule?.values === undefined ? { kind: 'files' } : beginningWith(partial, rule.values)
}

function firstSentence(text: string): string {
  return text.replace(/\.( .*)?$/s, '')
}
