// Reads the body of a configuration entry by its table of fields, as leniently as the reference does: names in either
// spelling, numbers and texts in place of each other, one item in place of a list. What is wrong is gathered, not thrown.
import { formatDuration, parseDuration } from '../lib/durations.ts'
import type { Json, JsonObject } from '../model/catalog.ts'
import { isObject } from './decode.ts'
import { durationFault } from './duration.ts'
import type { EntryField, EntryFields, EntryPresence, EntryScalar } from './entry-fields.ts'

/** What is wrong with a body, in the reference's words: values that cannot be read, and keys that are not known. */
export interface EntryFaults {
  readonly values: string[]
  readonly keys: string[]
}

/** Reads an object by its fields; `path` is '' at the top. */
export function readFields(
  source: JsonObject,
  fields: EntryFields,
  path: string,
  faults: EntryFaults,
): JsonObject {
  const taken = new Set<string>()
  const read: Record<string, Json> = {}
  for (const [name, field] of Object.entries(fields)) {
    const key = keyFor(source, name)
    if (key !== undefined) taken.add(key)
    const given = key === undefined ? null : (source[key] ?? null)
    const value = readField(given, field, path === '' ? name : `${path}.${name}`, faults)
    if (value !== undefined) read[name] = value
  }
  for (const key of Object.keys(source)) {
    if (!taken.has(key)) faults.keys.push(path === '' ? key : `${path}.${key}`)
  }
  return read
}

/** The name of a field as configuration files spell it. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
}

/** The key that means a field: its own name before other spellings. */
function keyFor(source: JsonObject, name: string): string | undefined {
  if (Object.hasOwn(source, name)) return name
  const [lower, snake] = [name.toLowerCase(), snakeCase(name)]
  return Object.keys(source).find((key) => key.toLowerCase() === lower || key.toLowerCase() === snake)
}

/** The value as stored; undefined if the field is to be left out. */
function readField(value: Json, field: EntryField, path: string, faults: EntryFaults): Json | undefined {
  switch (field.type) {
    case 'object':
      if (value === null && field.presence !== 'always') return undefined
      return readObject(value ?? {}, field.fields, path, faults)
    case 'list': {
      const read = readItems(value, path, (item, at) => readObject(item, field.fields, at, faults))
      return read ?? absent(field.presence)
    }
    case 'map': {
      const read = readMap(value, path, faults, (item, at) => readObject(item, field.fields, at, faults))
      return Object.keys(read).length > 0 ? read : absent(field.presence)
    }
    default: {
      const read = readScalar(value, field.type, path, faults)
      return field.presence === 'filled' && isEmpty(read) ? undefined : read
    }
  }
}

function absent(presence: EntryPresence): null | undefined {
  return presence === 'always' ? null : undefined
}

function isEmpty(value: Json): boolean {
  return value === null || value === '' || value === 0 || value === false
}

function readObject(value: Json, fields: EntryFields, path: string, faults: EntryFaults): JsonObject {
  // Blocks of HCL come as lists of one.
  const source = Array.isArray(value) && value.length === 1 ? (value[0] as Json) : value
  if (isObject(source)) return readFields(source, fields, path, faults)
  faults.values.push(`'${path}' expected a map, got '${kindOf(source)}'`)
  return {}
}

function readMap(
  value: Json,
  path: string,
  faults: EntryFaults,
  readItem: (item: Json, path: string) => Json,
): JsonObject {
  const source = Array.isArray(value) && value.length === 1 ? (value[0] as Json) : value
  const read: Record<string, Json> = {}
  if (source === null) return read
  if (!isObject(source)) {
    faults.values.push(`'${path}' expected a map, got '${kindOf(source)}'`)
    return read
  }
  for (const key of Object.keys(source).sort()) {
    if (key === '__proto__') faults.keys.push(`${path}.${key}`)
    else read[key] = readItem(source[key] ?? null, `${path}[${key}]`)
  }
  return read
}

/** Readers give null where there is nothing, or where what is there cannot be read. */
const scalars: Readonly<Record<EntryScalar, (value: Json, path: string, faults: EntryFaults) => Json>> = {
  text: readText,
  flag: readFlag,
  integer: readInteger,
  number: (value, path, faults) => (typeof value === 'number' ? value : readInteger(value, path, faults)),
  duration: readDuration,
  texts: (value, path, faults) => readItems(value, path, (item, at) => readText(item, at, faults)),
  integers: (value, path, faults) => readItems(value, path, (item, at) => readInteger(item, at, faults)),
  textMap(value, path, faults) {
    const read = readMap(value, path, faults, (item, at) => readText(item, at, faults))
    return Object.keys(read).length > 0 ? read : null
  },
  json(value, path, faults) {
    const read = readMap(value, path, faults, (item) => plain(item))
    return Object.keys(read).length > 0 ? read : null
  },
}

function readScalar(value: Json, type: EntryScalar, path: string, faults: EntryFaults): Json {
  return scalars[type](value, path, faults)
}

function readItems(value: Json, path: string, readItem: (item: Json, path: string) => Json): Json {
  if (value === null) return null
  const items: readonly Json[] = Array.isArray(value) ? value : [value as Json]
  return items.length === 0 ? null : items.map((item, i) => readItem(item, `${path}[${i}]`))
}

/** Names that a record of ours could not hold are left out, at any depth. */
function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => plain(item))
  if (!isObject(value)) return value
  const read: Record<string, Json> = {}
  for (const key of Object.keys(value).sort()) if (key !== '__proto__') read[key] = plain(value[key] ?? null)
  return read
}

function readText(value: Json, path: string, faults: EntryFaults): Json {
  if (value === null) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'number') return String(value)
  faults.values.push(`'${path}' expected type 'string', got unconvertible type '${goTypeOf(value)}'`)
  return ''
}

const trueTexts = ['1', 't', 'T', 'true', 'TRUE', 'True']
const falseTexts = ['', '0', 'f', 'F', 'false', 'FALSE', 'False']

function readFlag(value: Json, path: string, faults: EntryFaults): Json {
  if (value === null) return false
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return value !== 0
  if (typeof value !== 'string') {
    faults.values.push(`'${path}' expected type 'bool', got unconvertible type '${goTypeOf(value)}'`)
    return false
  }
  if (trueTexts.includes(value)) return true
  if (!falseTexts.includes(value)) {
    const why = `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`
    faults.values.push(`cannot parse '${path}' as bool: ${why}`)
  }
  return false
}

function readInteger(value: Json, path: string, faults: EntryFaults): Json {
  if (value === null || value === '') return 0
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number' || typeof value === 'string') return readNumber(value, path, faults)
  faults.values.push(`'${path}' expected type 'int', got unconvertible type '${goTypeOf(value)}'`)
  return 0
}

function readNumber(value: number | string, path: string, faults: EntryFaults): number {
  const isNumber = typeof value === 'number' || /^[+-]?\d+$/.test(value)
  const number = isNumber ? Math.trunc(Number(value)) : Number.NaN
  if (Number.isSafeInteger(number)) return number
  const why = Number.isNaN(number) ? 'invalid syntax' : 'value out of range'
  const given = JSON.stringify(String(value))
  faults.values.push(`cannot parse '${path}' as int: strconv.ParseInt: parsing ${given}: ${why}`)
  return 0
}

/** A duration as text; a number counts nanoseconds. '' for none, and for nothing. */
function readDuration(value: Json, path: string, faults: EntryFaults): Json {
  if (value === null || value === '') return ''
  if (typeof value === 'string') {
    const nanos = parseDuration(value)
    if (nanos !== undefined) return nanos === 0 ? '' : formatDuration(nanos)
    faults.values.push(`error decoding '${path}': ${durationFault(value)}`)
    return ''
  }
  const nanos = readInteger(value, path, faults)
  return typeof nanos === 'number' && nanos !== 0 ? formatDuration(nanos) : ''
}

/** The kind of a value, in the reference's words. */
export function kindOf(value: Json): string {
  if (Array.isArray(value)) return 'slice'
  if (typeof value === 'number') return 'float64'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : 'map'
}

function goTypeOf(value: Json): string {
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}'
}
