// Command-line flags with the rules of Go's flag package: `-f v`, `-f=v`, `--f`, flags before positional arguments.
// Knows no command: commands and the agent's settings hand in what they accept.
import { err, ok, type Result } from '../lib/result.ts'
import { parseDurationMs } from '../lib/durations.ts'

/** What a flag's value is. `list` may be repeated; `pairs` is a repeated `key<separator>value`. */
export type FlagKind = 'bool' | 'string' | 'int' | 'uint' | 'duration' | 'list' | 'pairs'

/** One flag that is accepted. */
export interface FlagSpec {
  /** Without dashes. */
  readonly name: string
  readonly kind: FlagKind
  /** The placeholder in help texts; by default `value`. */
  readonly placeholder?: string
  /** The words that completion offers as the value, where the placeholder does not name them all. */
  readonly values?: readonly string[]
  /** A sentence for help texts. */
  readonly doc: string
  /** Between key and value of `pairs`; by default `=`. */
  readonly separator?: string
}

/** One flag as it was given; a bool carries `true` or `false`. */
export interface FlagUse {
  readonly spec: FlagSpec
  readonly value: string
}

/** The command line in two halves. */
export interface ParsedFlags {
  /** In the order given. */
  readonly uses: readonly FlagUse[]
  readonly positional: readonly string[]
}

/** `help` was asked for, or the line is wrong: `message` in the words of Go's flag package. */
export type FlagProblem =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'wrong'
      readonly message: string
      /** The flag's name, where there is no such flag. */
      readonly unknown?: string
    }

const trueWords: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const falseWords: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

/**
 * Splits a command line into flags and positional arguments.
 *
 * Parsing ends at the first argument that is not a flag, or after `--`.
 *
 * Errors: help, or the first thing that is wrong.
 */
export function parseFlags(
  specs: ReadonlyMap<string, FlagSpec>,
  args: readonly string[],
): Result<ParsedFlags, FlagProblem> {
  const uses: FlagUse[] = []
  let at = 0
  while (at < args.length) {
    const arg = args[at] ?? ''
    if (arg.length < 2 || !arg.startsWith('-')) break
    at++
    if (arg === '--') break
    const taken = takeFlag(specs, arg, args[at])
    if (!taken.ok) return taken
    uses.push(taken.value.use)
    if (taken.value.usedNext) at++
  }
  return ok({ uses, positional: args.slice(at) })
}

/** Indexes flags by name. */
export function flagMap(specs: readonly FlagSpec[]): ReadonlyMap<string, FlagSpec> {
  return new Map(specs.map((spec) => [spec.name, spec]))
}

function wrong(message: string): Result<never, FlagProblem> {
  return err({ kind: 'wrong', message })
}

type Taken = { readonly use: FlagUse; readonly usedNext: boolean }

function takeFlag(
  specs: ReadonlyMap<string, FlagSpec>,
  arg: string,
  next: string | undefined,
): Result<Taken, FlagProblem> {
  const match = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(arg)
  if (match === null) return wrong(`bad flag syntax: ${arg}`)
  const [, name = '', attached] = match
  const spec = specs.get(name)
  if (spec === undefined) {
    if (name === 'help' || name === 'h') return err({ kind: 'help' })
    return err({ kind: 'wrong', message: `flag provided but not defined: -${name}`, unknown: name })
  }
  return spec.kind === 'bool' ? takeBool(spec, attached) : takeValue(spec, attached, next)
}

function takeValue(
  spec: FlagSpec,
  attached: string | undefined,
  next: string | undefined,
): Result<Taken, FlagProblem> {
  const value = attached ?? next
  if (value === undefined) return wrong(`flag needs an argument: -${spec.name}`)
  const fault = valueFault(spec, value)
  if (fault !== undefined)
    return wrong(`invalid value ${JSON.stringify(value)} for flag -${spec.name}: ${fault}`)
  return ok({ use: { spec, value }, usedNext: attached === undefined })
}

function takeBool(spec: FlagSpec, attached: string | undefined): Result<Taken, FlagProblem> {
  if (attached === undefined || trueWords.has(attached)) {
    return ok({ use: { spec, value: 'true' }, usedNext: false })
  }
  if (falseWords.has(attached)) return ok({ use: { spec, value: 'false' }, usedNext: false })
  return wrong(`invalid boolean value ${JSON.stringify(attached)} for -${spec.name}: parse error`)
}

/** Why a value does not fit its flag, or undefined. */
function valueFault(spec: FlagSpec, value: string): string | undefined {
  switch (spec.kind) {
    case 'int':
      return /^[+-]?(\d{1,15}|0[xX][\da-fA-F]{1,13})$/.test(value) ? undefined : 'it must be a whole number'
    case 'uint':
      return /^\d{1,20}$/.test(value) ? undefined : 'it must be a whole number that is not negative'
    case 'duration':
      return parseDurationMs(value) === undefined
        ? 'it must be a duration with a unit, such as "10s" or "1h30m"'
        : undefined
    case 'pairs': {
      const separator = spec.separator ?? '='
      return value.includes(separator) ? undefined : `Missing "${separator}" value in argument: ${value}`
    }
    default:
      return undefined
  }
}

/** The flags of a command by name, after parsing: the last use of a flag counts, lists keep all. */
export class FlagValues {
  readonly #uses: readonly FlagUse[]

  constructor(uses: readonly FlagUse[]) {
    this.#uses = uses
  }

  /** True if the flag was given. */
  has(name: string): boolean {
    return this.#uses.some((use) => use.spec.name === name)
  }

  /** The last value given, or undefined. */
  string(name: string): string | undefined {
    return this.#uses.findLast((use) => use.spec.name === name)?.value
  }

  /** A switch; false when it was not given. */
  bool(name: string): boolean {
    return this.string(name) === 'true'
  }

  /** All values in order. */
  list(name: string): readonly string[] {
    return this.#uses.filter((use) => use.spec.name === name).map((use) => use.value)
  }
}
