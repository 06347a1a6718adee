// Small readers that turn what CBOR holds into fresh values of our own types, or refuse it.
// They throw inside and are only run by `readShape`, which turns the refusal into a value.
import { err, ok, type Result } from '../lib/result.ts'
import type { CodecError } from './cbor.ts'

/** Reads one value of type T; throws `Misfit` when it is something else. */
export type Shape<T> = (value: unknown) => T

/** What does not fit; never leaves this folder. */
class Misfit extends Error {
  override readonly name = 'Misfit'
}

/** Runs a shape over a decoded value. Errors: `invalid`, with what was expected. */
export function readShape<T>(shape: Shape<T>, value: unknown): Result<T, CodecError> {
  try {
    return ok(shape(value))
  } catch (error) {
    if (!(error instanceof Misfit)) throw error
    return err({ code: 'invalid', detail: error.message })
  }
}

/** Refuses. */
export function misfit(expected: string): never {
  throw new Misfit(`Expected ${expected}`)
}

/** Text. */
export const text: Shape<string> = (value) => (typeof value === 'string' ? value : misfit('text'))

/** True or false. */
export const flag: Shape<boolean> = (value) => (typeof value === 'boolean' ? value : misfit('a boolean'))

/** An integer 0 ≤ n < 2^53. */
export const count: Shape<number> = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : misfit('a whole number')

/** Any finite number. */
export const finite: Shape<number> = (value) =>
  Number.isFinite(value) ? (value as number) : misfit('a number')

/** Bytes, copied: what is decoded from a large buffer must not keep it alive. */
export const bytes: Shape<Uint8Array> = (value) =>
  value instanceof Uint8Array ? new Uint8Array(value) : misfit('bytes')

/** An unsigned integer of 64 bits: a number while it is safe, else decimal text (see `packUint64`). */
export const uint64: Shape<bigint> = (value) => {
  if (typeof value === 'number') return BigInt(count(value))
  if (typeof value !== 'string' || !/^[1-9][0-9]{15,19}$/.test(value)) return misfit('an integer of 64 bits')
  const number = BigInt(value)
  return number < 2n ** 64n ? number : misfit('an integer of 64 bits')
}

/** The form of a 64-bit integer that CBOR carries here. */
export function packUint64(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString()
}

/** One of these texts. */
export function oneOf<const T extends string>(...allowed: readonly T[]): Shape<T> {
  const set: ReadonlySet<unknown> = new Set(allowed)
  return (value) => (set.has(value) ? (value as T) : misfit(`one of ${allowed.join(', ')}`))
}

/** Null, or a value of a shape. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value) => (value === null ? null : shape(value))
}

/** An array of one shape. */
export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value) => (Array.isArray(value) ? value.map((item) => shape(item)) : misfit('a list'))
}

/** Text to values of one shape. */
export function map<T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value) => {
    const read: Record<string, T> = {}
    for (const [key, item] of Object.entries(object(value))) read[key] = shape(item)
    return read
  }
}

/** A record with exactly these fields. */
export function record<T extends object>(fields: { readonly [K in keyof T]-?: Shape<T[K]> }): Shape<T> {
  const names = Object.keys(fields) as (keyof T & string)[]
  return (value) => {
    const source = object(value)
    if (Object.keys(source).length !== names.length) misfit(`the fields ${names.join(', ')}`)
    const read: Partial<T> = {}
    for (const name of names) read[name] = field(source, name, fields[name])
    return read as T
  }
}

/** An array with exactly these positions. */
export function tuple<T extends readonly unknown[]>(
  ...shapes: { readonly [K in keyof T]: Shape<T[K]> }
): Shape<T> {
  return (value) => {
    if (!Array.isArray(value) || value.length !== shapes.length) misfit(`${shapes.length} positions`)
    return shapes.map((shape, i) => shape((value as readonly unknown[])[i])) as unknown as T
  }
}

/** A record whose `kind` chooses among these shapes. */
export function union<T extends { readonly kind: string }>(shapes: {
  readonly [K in T['kind']]: Shape<Extract<T, { readonly kind: K }>>
}): Shape<T> {
  return (value) => {
    const kind = object(value)['kind']
    if (typeof kind !== 'string' || !Object.hasOwn(shapes, kind)) misfit('a known kind')
    return (shapes[kind as T['kind']] as unknown as Shape<T>)(value)
  }
}

/** A fixed text, such as a record's own kind. */
export function literal<const T extends string>(wanted: T): Shape<T> {
  return (value) => (value === wanted ? wanted : misfit(wanted))
}

/** A list's first position, by which its kind is told, and the rest. */
export function kindAndBody(value: unknown): readonly [unknown, readonly unknown[]] {
  if (!Array.isArray(value)) return misfit('a list')
  const values = value as readonly unknown[]
  return [values[0], values.slice(1)]
}

/** A record of these fields of a value and no others, in this order. */
export function pick<T extends object>(fields: { readonly [K in keyof T]: unknown }, value: T): object {
  const picked: Partial<T> = {}
  for (const name of Object.keys(fields) as (keyof T)[]) picked[name] = value[name]
  return picked
}

/** A record with a field put in where an older one lacks it. */
export function optional(value: unknown, name: string, absent: unknown): unknown {
  const source = object(value)
  return Object.hasOwn(source, name) ? source : { ...source, [name]: absent }
}

/** Any plain value as it was decoded. */
export const anything: Shape<unknown> = (value) => value

function object(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    return misfit('a record')
  }
  return value as Readonly<Record<string, unknown>>
}

function field<T>(source: Readonly<Record<string, unknown>>, name: string, shape: Shape<T>): T {
  if (!Object.hasOwn(source, name)) misfit(`the field ${name}`)
  return shape(source[name])
}
