// One configuration file, JSON or HCL, turned into values of settings, with the line of each.
import { parseDurationMs } from '../lib/durations.ts'
import { parseHcl } from './hcl/hcl.ts'
import { parseJson, type JsonValue } from './json.ts'
import { isSettingKey, settings, type SettingKey } from './settings.ts'
import type { SettingType } from './setting.ts'
import { isObject, type ConfigProblem, type SourcedDefinition, type SourcedValue } from './values.ts'

/** What a file says, and all that is wrong with it. */
export interface FileValues {
  readonly values: readonly SourcedValue[]
  readonly definitions: readonly SourcedDefinition[]
  readonly problems: readonly ConfigProblem[]
}

/** The languages of configuration files. */
export type ConfigFormat = 'json' | 'hcl'

/** Reads the text of a configuration file. `path` is only named in sources and problems. */
export function readConfigText(path: string, text: string, format: ConfigFormat): FileValues {
  const parsed = format === 'hcl' ? parseHcl(text) : parseJson(text)
  if (!parsed.ok) {
    const { line, column, message } = parsed.error
    return {
      values: [],
      definitions: [],
      problems: [
        { source: `${path}:${line}:${column}`, message: `This is not ${format.toUpperCase()}: ${message}` },
      ],
    }
  }
  const { value, lineByPath } = parsed.value
  if (!isObject(value)) {
    return {
      values: [],
      definitions: [],
      problems: [{ source: path, message: 'The file must hold one JSON object, in { and }' }],
    }
  }
  const reader = new Reader(path, lineByPath)
  reader.object('', '', value)
  return reader
}

/** Words for messages. */
const typeWords: Readonly<Record<SettingType, string>> = {
  string: 'a text in quotes',
  bool: 'true or false',
  int: 'a whole number',
  port: 'a port number',
  float: 'a number',
  duration: 'a duration in quotes, such as "10s"',
  list: 'a list of texts, in [ and ]',
  map: 'an object of texts, in { and }',
  durations: 'an object of durations, such as {"web": "10s"}',
  any: 'any value',
}

class Reader implements FileValues {
  readonly values: SourcedValue[] = []
  readonly definitions: SourcedDefinition[] = []
  readonly problems: ConfigProblem[] = []
  readonly #path: string
  readonly #lineByPath: ReadonlyMap<string, number>

  constructor(path: string, lineByPath: ReadonlyMap<string, number>) {
    this.#path = path
    this.#lineByPath = lineByPath
  }

  /** Takes in an object whose keys are settings or groups of settings. `written` is the path as the file spells it. */
  object(prefix: string, written: string, object: { readonly [key: string]: JsonValue }): void {
    for (const [name, value] of Object.entries(object)) {
      const at = written === '' ? name : `${written}.${name}`
      this.#entry(`${prefix}${name.toLowerCase()}`, at, value)
    }
  }

  #entry(key: string, written: string, value: JsonValue): void {
    if (isSettingKey(key)) {
      this.#setting(key, written, value)
      return
    }
    const group = single(value)
    if (!groups.has(key)) {
      this.#problem(written, `invalid config key ${written}`)
    } else if (isObject(group)) {
      this.object(`${key}.`, group === value ? written : `${written}[0]`, group)
    } else if (group !== null) {
      this.#problem(written, groupFault(written, group))
    }
  }

  #setting(key: SettingKey, written: string, value: JsonValue): void {
    if (value === null) return
    const kind = definitionKinds[key]
    if (kind !== undefined) {
      this.definitions.push({ kind, value, path: written, place: (path) => this.#place(path) })
      return
    }
    const type = settings.get(key)?.type ?? 'any'
    const converted = convert[type](type === 'list' || type === 'any' ? value : single(value))
    if (converted === undefined) {
      this.#problem(written, `${written} must be ${typeWords[type]}, not ${foundWords(value)}`)
    } else {
      this.values.push({ key, value: converted, source: this.#source(written) })
    }
  }

  #problem(written: string, message: string): void {
    this.problems.push({ source: this.#place(written), message })
  }

  /** The line of a key, or of the nearest one around it that has a line. */
  #place(written: string): string {
    for (let path = written; path !== ''; path = path.replace(/(?:\.|^)[^.]*$/, '')) {
      // Items of a list have lines of their own in HCL alone.
      const line = this.#lineByPath.get(path) ?? this.#lineByPath.get(path.replace(/\[\d+\]$/, ''))
      if (line !== undefined) return `${this.#path}:${line}`
    }
    return this.#path
  }

  #source(written: string): string {
    return `${this.#place(written)}: ${written}`
  }
}

/** Keys under which services, checks and watches are defined. */
const definitionKinds: Readonly<Partial<Record<SettingKey, SourcedDefinition['kind']>>> = {
  service: 'service',
  services: 'service',
  check: 'check',
  checks: 'check',
  watches: 'watch',
}

/** The prefixes of dotted keys: `ports`, `dns_config`, `dns_config.soa`. */
const groups: ReadonlySet<string> = new Set(
  [...settings.keys()].flatMap((key) => {
    const parts = key.split('.')
    return parts.slice(0, -1).map((_, i) => parts.slice(0, i + 1).join('.'))
  }),
)

/** What a list of one holds: the reference takes such a list for anything but a list. Else the value itself. */
function single(value: JsonValue): JsonValue {
  return Array.isArray(value) && value.length === 1 ? (value[0] as JsonValue) : value
}

/** Why a value is no group of settings. */
function groupFault(written: string, value: JsonValue): string {
  if (Array.isArray(value) && value.length > 1 && value.every(isObject)) {
    return `${written} is given ${value.length} times; put its keys into one`
  }
  return `${written} must be an object, in { and }, not ${foundWords(value)}`
}

function foundWords(value: JsonValue): string {
  if (Array.isArray(value)) return 'a list'
  if (isObject(value)) return 'an object'
  return JSON.stringify(value)
}

/** The value in the setting's type, or undefined when it is of another. */
const convert: Readonly<Record<SettingType, (value: JsonValue) => JsonValue | undefined>> = {
  string: (value) => (typeof value === 'string' ? value : undefined),
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  int: (value) => (Number.isSafeInteger(value) ? value : undefined),
  port: (value) => (Number.isSafeInteger(value) ? value : undefined),
  float: (value) => (typeof value === 'number' ? value : undefined),
  duration: (value) => (typeof value === 'string' ? parseDurationMs(value) : undefined),
  list: (value) =>
    Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined,
  map: (value) => convertMap(value, (item) => convert.string(item)),
  durations: (value) => convertMap(value, (item) => convert.duration(item)),
  any: (value) => value,
}

function convertMap(
  value: JsonValue,
  item: (value: JsonValue) => JsonValue | undefined,
): JsonValue | undefined {
  if (!isObject(value)) return undefined
  const out: [string, JsonValue][] = []
  for (const [key, entry] of Object.entries(value)) {
    const converted = item(single(entry))
    if (converted === undefined) return undefined
    out.push([key, converted])
  }
  return Object.fromEntries(out)
}
