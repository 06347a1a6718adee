// Reads JSON into typed values the way the reference does: field names without regard to case, unknown fields
// refused, the reference's (Go's) sentences for what does not fit.
import type { Json, JsonObject, TextMap } from '../model/catalog.ts'
import { Refusal } from './errors.ts'
import { parseJson } from './json-parse.ts'

/** Where a value stands: Go names the innermost struct and the path of fields to it. */
export interface Place {
  /** Go's name of the struct that has the field; '' at the top. */
  readonly struct: string
  readonly path: string
}

/** Reads one value; null stands for the type's zero value. */
export type Reader<T> = (value: Json, at: Place) => T

/** Parses a body and reads it. Throws Refusal (400) with the reference's text. */
export function decodeBody<T>(body: string, reader: Reader<T>): T {
  return reader(parseJson(body), { struct: '', path: '' })
}

/** The refusal of a body. */
export function decodeFailure(reason: string): Refusal {
  return new Refusal(400, `Request decode failed: ${reason}`)
}

/** Text; '' for null. `goType` is what a mismatch is called. */
export function text(goType: string = 'string'): Reader<string> {
  return (value, at) => {
    if (value === null) return ''
    if (typeof value !== 'string') throw mismatch(value, at, goType)
    return value
  }
}

/** A whole number; 0 for null. */
export function integer(goType: string = 'int'): Reader<number> {
  return (value, at) => {
    if (value === null) return 0
    if (typeof value !== 'number') throw mismatch(value, at, goType)
    if (!Number.isSafeInteger(value)) throw mismatch(value, at, goType, String(value))
    return value
  }
}

/** True or false; false for null. */
export const bool: Reader<boolean> = (value, at) => {
  if (value === null) return false
  if (typeof value !== 'boolean') throw mismatch(value, at, 'bool')
  return value
}

/** A list; empty for null. */
export function list<T>(reader: Reader<T>, goType: string): Reader<readonly T[]> {
  return (value, at) => {
    if (value === null) return []
    if (!isList(value)) throw mismatch(value, at, goType)
    return value.map((item) => reader(item, at))
  }
}

/** A map, sorted by key; empty for null. Its keys are the client's own. */
export function map<T>(reader: Reader<T>, goType: string): Reader<Readonly<Record<string, T>>> {
  return (value, at) => {
    const result: Record<string, T> = {}
    if (value === null) return result
    if (!isObject(value)) throw mismatch(value, at, goType)
    for (const key of Object.keys(value).sort()) {
      refusePrototype(key)
      result[key] = reader(value[key] ?? null, at)
    }
    return result
  }
}

/** A map of text by text. */
export const textMapReader: Reader<TextMap> = map(text(), 'map[string]string')

/** A list of text. */
export const textListReader: Reader<readonly string[]> = list(text(), '[]string')

/** Anything, with the keys of its objects sorted, as Go prints them; numbers past all range are refused, as there. */
export const anything: Reader<Json> = (value, at) => {
  if (isList(value)) return value.map((item) => anything(item, at))
  if (typeof value === 'number' && !Number.isFinite(value)) throw mismatch(value, at, 'float64')
  return isObject(value) ? map(anything, '')(value, at) : value
}

/** Readers of a struct's fields by name. */
export type Fields<T> = { readonly [K in keyof T]-?: Reader<T[K]> }

/** How a struct is read. */
export interface StructOptions {
  /** Go's type, as a mismatch of the whole calls it: `structs.NodeService`. */
  readonly goType: string
  /** Its name in front of its fields, where that is not the end of its type. */
  readonly goName?: string
  /** Fields that may be there and do not matter. */
  readonly ignored?: readonly string[]
  /** True if unknown fields are skipped and not refused. */
  readonly isOpen?: boolean
}

/** A struct: fields that are absent get what their reader makes of null. Null itself gives null. */
export function struct<T>(fields: Fields<T>, options: StructOptions): Reader<T | null> {
  const names = Object.keys(fields) as (keyof T & string)[]
  const nameByLower = new Map(names.map((name) => [name.toLowerCase(), name]))
  const ignored = new Set((options.ignored ?? []).map((name) => name.toLowerCase()))
  const goName = options.goName ?? options.goType.replace(/^.*\./, '')
  return (value, at) => {
    if (value === null) return null
    if (!isObject(value)) throw mismatch(value, at, options.goType)
    const result: Partial<T> = {}
    const inside = (name: string): Place => ({
      struct: goName,
      path: at.path === '' ? name : `${at.path}.${name}`,
    })
    for (const [key, inner] of Object.entries(value)) {
      const name = nameByLower.get(key.toLowerCase())
      if (name !== undefined) result[name] = fields[name](inner, inside(name))
      else if (options.isOpen !== true && !ignored.has(key.toLowerCase())) throw unknownField(key)
    }
    for (const name of names) {
      if (!Object.hasOwn(result, name)) result[name] = fields[name](null, inside(name))
    }
    return result as T
  }
}

/** A struct that may not be null: null reads as one without fields. */
export function required<T>(reader: Reader<T | null>): Reader<T> {
  return (value, at) => reader(value ?? {}, at) as T
}

/** True for a JSON object. */
export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value)
}

/** A plain assignment to this name would set the prototype. */
function refusePrototype(key: string): void {
  if (key === '__proto__') throw decodeFailure('the key "__proto__" cannot be used')
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

/** The refusal of a field that does not exist. */
export function unknownField(name: string): Refusal {
  const reason = `json: unknown field ${JSON.stringify(name)}`
  return decodeFailure(
    name === 'Namespace' ? `${reason} - Namespaces are a Consul Enterprise feature` : reason,
  )
}

/** The refusal of a value of the wrong type. */
export function mismatch(value: Json, at: Place, goType: string, shown: string = ''): Refusal {
  const what = `${kindOf(value)}${shown === '' ? '' : ` ${shown}`}`
  const where = at.path === '' ? 'Go value' : `Go struct field ${at.struct}.${at.path}`
  return decodeFailure(`json: cannot unmarshal ${what} into ${where} of type ${goType}`)
}

function kindOf(value: Json): string {
  if (value === null) return 'null'
  if (isList(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
