// The settings of all sources merged into one value each, with the place that each came from.
// Order (later wins; lists grow): defaults, -dev, list flags, files in order, other flags.
import type { FileDefinition } from '../definition/file.ts'
import { parseDurationMs } from '../lib/durations.ts'
import type { JsonValue } from './json.ts'
import { settings, type KeysOf, type SettingKey } from './settings.ts'

/** Something wrong with the configuration: where it stands and a sentence. */
export interface ConfigProblem {
  /** `flag -http-port`, `/etc/x/agent.json:3: ports.http`; empty when no one source is to blame. */
  readonly source: string
  readonly message: string
}

/** A value of one source, already of its setting's type (durations are milliseconds). */
export interface SourcedValue {
  readonly key: SettingKey
  readonly value: JsonValue
  readonly source: string
}

/** Services or checks of one source, as they were given. */
export interface SourcedDefinition extends FileDefinition {
  /** File and line of a key in it. */
  readonly place: (path: string) => string
}

/** The merged settings. Absent ones read as their default, or as '', 0, false or nothing. */
export class Values {
  readonly #values = new Map<string, { value: JsonValue; source: string }>()
  readonly #problems: ConfigProblem[] = []
  readonly #warnings: string[] = []
  readonly #definitions: SourcedDefinition[] = []
  /** True under `-dev`. */
  readonly dev: boolean

  constructor(dev: boolean) {
    this.dev = dev
  }

  /** Puts a value on top of those before it. */
  add({ key, value, source }: SourcedValue): void {
    const known = this.#values.get(key)
    this.#values.set(key, { value: known === undefined ? value : merge(known.value, value), source })
  }

  /** Puts services or checks behind those before them. */
  define(definition: SourcedDefinition): void {
    this.#definitions.push(definition)
  }

  /** All services and checks, in order of the sources. */
  get definitions(): readonly SourcedDefinition[] {
    return this.#definitions
  }

  /** True if a source other than the defaults gave it. */
  isSet(key: SettingKey): boolean {
    return this.#values.has(key)
  }

  /** Where the value came from, or ''. */
  source(key: SettingKey): string {
    return this.#values.get(key)?.source ?? ''
  }

  /** A text; '' when absent. */
  string(key: KeysOf<'string'>): string {
    return textOf(this.#read(key))
  }

  /** A number, of milliseconds for durations; 0 when absent. */
  number(key: KeysOf<'int' | 'port' | 'float' | 'duration'>): number {
    const value = this.#read(key)
    if (typeof value === 'string') return parseDurationMs(value) ?? 0
    return Number(value ?? 0)
  }

  /** A switch; false when absent. */
  bool(key: KeysOf<'bool'>): boolean {
    return this.#read(key) === true
  }

  /** A list, in order of the sources. */
  list(key: KeysOf<'list'>): readonly string[] {
    const value = this.#read(key)
    return Array.isArray(value) ? value.map(textOf) : []
  }

  /** Pairs, in order of the sources. */
  map(key: KeysOf<'map'>): Readonly<Record<string, string>> {
    return Object.fromEntries(pairsOf(this.#read(key)).map(([name, value]) => [name, textOf(value)]))
  }

  /** Pairs of a name and milliseconds. */
  durations(key: KeysOf<'durations'>): Readonly<Record<string, number>> {
    return Object.fromEntries(pairsOf(this.#read(key)).map(([name, value]) => [name, Number(value)]))
  }

  /** The value as it was given, or null. */
  raw(key: SettingKey): JsonValue {
    return this.#values.get(key)?.value ?? null
  }

  /** Notes that a setting's value cannot be used. The sentence goes on after the setting's place. */
  refuse(key: SettingKey, message: string): void {
    this.#problems.push({ source: this.source(key), message })
  }

  /** Notes a problem that no single source made. */
  problem(problem: ConfigProblem): void {
    this.#problems.push(problem)
  }

  /** Notes a sentence for the log at start. */
  warn(message: string): void {
    this.#warnings.push(message)
  }

  /** All problems so far. */
  get problems(): readonly ConfigProblem[] {
    return this.#problems
  }

  /** All warnings so far. */
  get warnings(): readonly string[] {
    return this.#warnings
  }

  #read(key: SettingKey): JsonValue {
    const given = this.#values.get(key)
    if (given !== undefined) return given.value
    const setting = settings.get(key)
    return (this.dev ? setting?.dev : undefined) ?? setting?.default ?? null
  }
}

function merge(known: JsonValue, value: JsonValue): JsonValue {
  if (Array.isArray(known) && Array.isArray(value)) return [...known, ...value]
  if (isObject(known) && isObject(value)) return { ...known, ...value }
  return value
}

/** True for a JSON object. */
export function isObject(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : ''
}

function pairsOf(value: JsonValue): readonly (readonly [string, JsonValue])[] {
  return isObject(value) ? Object.entries(value) : []
}
