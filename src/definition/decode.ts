// Reads JSON into typed values the way the reference does: field names without regard to case, unknown fields
// refused. One set of readers for the API and for configuration files; `Place.spelling` tells them apart.
import type { Json, JsonObject, TextMap } from '../model/catalog.ts'
import { Misfit, type Place, type Spelling, apiRoot, fault, mismatch, unknownField } from './misfit.ts'

/** Reads one value; null stands for the type's zero value. Throws Misfit. */
export type Reader<T> = (value: Json, at: Place) => T

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

/** A list; empty for null. In a file an object stands for a list of it: HCL's blocks come so. */
export function list<T>(reader: Reader<T>, goType: string): Reader<readonly T[]> {
  return (value, at) => {
    if (value === null) return []
    if (isList(value)) return value.map((item, i) => reader(item, itemPlace(at, i)))
    if (at.spelling === 'config' && isObject(value)) return [reader(value, at)]
    throw mismatch(value, at, goType)
  }
}

/** Go's path does not say which one of a list it is. */
function itemPlace(at: Place, index: number): Place {
  return at.spelling === 'config' ? { ...at, path: `${at.path}[${index}]` } : at
}

/** A map, sorted by key; empty for null. Its keys are the client's own. */
export function map<T>(reader: Reader<T>, goType: string): Reader<Readonly<Record<string, T>>> {
  return (given, outside) => {
    const { value, at } = single(given, outside)
    const result: Record<string, T> = {}
    if (value === null) return result
    if (!isObject(value)) throw mismatch(value, at, goType)
    for (const key of Object.keys(value).sort()) {
      // A plain assignment to this name would set the prototype.
      if (key === '__proto__') throw fault(at, 'the key "__proto__" cannot be used')
      result[key] = reader(value[key] ?? null, at.spelling === 'config' ? keyPlace(at, key) : at)
    }
    return result
  }
}

function keyPlace(at: Place, key: string): Place {
  return { ...at, path: at.path === '' ? key : `${at.path}.${key}` }
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

/** A field that has other names than its own in lower case. */
export interface Row<T> {
  readonly reader: Reader<T>
  /** Other names in the API; its own wins. */
  readonly api?: readonly string[]
  /** Names in files, in place of its own. */
  readonly config?: readonly string[]
}

/** Readers of a struct's fields by name. */
export type Fields<T> = { readonly [K in keyof T]-?: Reader<T[K]> | Row<T[K]> }

/** How a struct is read. */
export interface StructOptions {
  /** Go's type, as a mismatch of the whole calls it: `structs.NodeService`. */
  readonly goType: string
  /** Its name in front of its fields, where that is not the end of its type. */
  readonly goName?: string
  /** Fields that may be there and do not matter. */
  readonly ignored?: readonly string[]
  /** Keys that may be in files, in lower case: they have no meaning here, and a warning says so. */
  readonly ineffective?: readonly string[]
  /** True if unknown fields are skipped and not refused; never in files. */
  readonly isOpen?: boolean
  /** True if the API's faults name the struct as a whole: Go decodes such by itself. */
  readonly isOpaque?: boolean
}

/** A struct: fields that are absent get what their reader makes of null. Null itself gives null. */
export function struct<T>(fields: Fields<T>, options: StructOptions): Reader<T | null> {
  const names = Object.keys(fields) as (keyof T & string)[]
  // What absent fields are; made with the first value, since readers may name each other.
  let zeros: Partial<T> | null = null
  const known = { api: namesOf(fields, 'api'), config: namesOf(fields, 'config') }
  const form = formOf(options)
  const places = new Places(form)
  return (given, outside) => {
    const { value, at } = single(given, outside)
    if (value === null) return null
    if (!isObject(value)) throw mismatch(value, at, options.goType)
    const byKey = known[at.spelling ?? 'api']
    zeros ??= zerosOf(names, fields)
    const result: { [K in keyof T]?: T[keyof T] | undefined } = { ...zeros }
    const owned = new Owned(byKey.hasOthers)
    for (const key of Object.keys(value)) {
      const field = byKey.names.get(key) ?? byKey.names.get(key.toLowerCase())
      if (field === undefined) unknown(form, at, key)
      else if (owned.takes(field)) {
        result[field.name] = read(field.reader, value[key] ?? null, places.inside(at, field.name, key))
      }
    }
    return result as T
  }
}

/** Values are never changed, so that all may share them. */
function zerosOf<T>(names: readonly (keyof T & string)[], fields: Fields<T>): Partial<T> {
  const zeros: Partial<T> = {}
  for (const name of names) zeros[name] = readerOf(fields[name])(null, apiRoot)
  return zeros
}

/** The options of a struct, ready for use. */
interface Form {
  readonly goName: string
  readonly isOpaque: boolean
  readonly isOpen: boolean
  readonly ignored: ReadonlySet<string>
  readonly ineffective: ReadonlySet<string>
}

function formOf({ goType, goName, ignored, ineffective, isOpen, isOpaque }: StructOptions): Form {
  return {
    goName: goName ?? goType.replace(/^.*\./, ''),
    isOpaque: isOpaque === true,
    isOpen: isOpen === true,
    ignored: new Set(ignored?.map((name) => name.toLowerCase())),
    ineffective: new Set(ineffective),
  }
}

function insideOf(
  form: Form,
  at: Place,
  { name, key }: { readonly name: string; readonly key: string },
): Place {
  if (at.spelling === 'config') return keyPlace(at, key)
  return form.isOpaque ? at : { ...keyPlace(at, name), struct: form.goName }
}

/** A field's own name wins over its other ones, wherever it stands. */
class Owned {
  readonly #names: Set<string> | null

  constructor(hasOthers: boolean) {
    this.#names = hasOthers ? new Set() : null
  }

  takes({ name, isOwn }: { readonly name: string; readonly isOwn: boolean }): boolean {
    if (this.#names === null) return true
    if (isOwn) this.#names.add(name)
    return isOwn || !this.#names.has(name)
  }
}

/** The places of a struct's fields, made once for as long as the struct stands at the same place. */
class Places {
  readonly #form: Form
  readonly #byName = new Map<string, Place>()
  #at: Place | null = null

  constructor(form: Form) {
    this.#form = form
  }

  inside(at: Place, name: string, key: string): Place {
    // What gathers faults belongs to one body alone.
    if (at.spelling !== undefined || at.faults !== undefined) return insideOf(this.#form, at, { name, key })
    if (at !== this.#at) {
      this.#at = at
      this.#byName.clear()
    }
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const made = insideOf(this.#form, at, { name, key })
    this.#byName.set(name, made)
    return made
  }
}

/** A key that is no field's. */
function unknown(form: Form, at: Place, key: string): void {
  const lower = key.toLowerCase()
  const isConfig = at.spelling === 'config'
  if (isConfig && form.ineffective.has(lower)) {
    const { path } = keyPlace(at, key)
    at.warnings?.push(new Misfit(path, `${path} has no effect`))
  } else if ((isConfig || !form.isOpen) && !form.ignored.has(lower)) collect(at, unknownField(key, at))
}

/** The value; with a list for faults, the zero value in place of one that does not fit. */
function read<T>(reader: Reader<T>, value: Json, at: Place): T {
  if (at.faults === undefined) return reader(value, at)
  try {
    return reader(value, at)
  } catch (error) {
    if (!(error instanceof Misfit)) throw error
    at.faults.push(error)
    return reader(null, at)
  }
}

function collect(at: Place, misfit: Misfit): void {
  if (at.faults === undefined) throw misfit
  at.faults.push(misfit)
}

function readerOf<T>(field: Reader<T> | Row<T>): Reader<T> {
  return typeof field === 'function' ? field : field.reader
}

interface Named<T> {
  readonly name: keyof T & string
  readonly reader: Reader<T[keyof T]>
  /** False for one of its other names. */
  readonly isOwn: boolean
}

/** Fields by their keys, as they are written and in lower case. */
interface Names<T> {
  readonly names: ReadonlyMap<string, Named<T>>
  /** Some have several keys. */
  readonly hasOthers: boolean
}

function namesOf<T>(fields: Fields<T>, spelling: Spelling): Names<T> {
  const names = new Map<string, Named<T>>()
  let hasOthers = false
  for (const name of Object.keys(fields) as (keyof T & string)[]) {
    const field = fields[name]
    const row: Partial<Row<unknown>> = typeof field === 'function' ? {} : field
    const reader = readerOf<T[keyof T]>(field)
    const own = spelling === 'api' ? [name] : (row.config ?? [name])
    const all = [...own, ...(spelling === 'api' ? (row.api ?? []) : [])]
    for (const [i, each] of all.entries()) {
      const named = { name, reader, isOwn: i === 0 }
      names.set(each, named)
      names.set(each.toLowerCase(), named)
    }
    hasOthers ||= all.length > 1
  }
  return { names, hasOthers }
}

/** A struct that may not be null: null reads as one without fields. */
export function required<T>(reader: Reader<T | null>): Reader<T> {
  return (value, at) => reader(value ?? {}, at) as T
}

/** In a file, what a list of one holds: HCL's blocks come so. Else the value itself. */
export function single(value: Json, at: Place): { readonly value: Json; readonly at: Place } {
  if (at.spelling !== 'config' || !isList(value) || value.length !== 1) return { value, at }
  return { value: value[0] ?? null, at: itemPlace(at, 0) }
}

/** True for a JSON object. */
export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value)
}

/** True for what says nothing. */
export function isEmpty(value: Json): boolean {
  if (value === null || value === '' || value === 0 || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
