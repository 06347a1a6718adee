// Objects that are kept as JSON: known fields only, in the reference's printing order, empty ones left out.
import type { Json, JsonObject } from '../model/catalog.ts'
import { type Reader, type StructOptions, isEmpty, isObject, single } from './decode.ts'
import { type Place, mismatch, unknownField } from './misfit.ts'

/** One field. */
export interface OrderedField {
  readonly name: string
  readonly reader: Reader<Json>
  /** Other names it is accepted under; its own wins. */
  readonly aliases?: readonly string[]
  /** True if the reference prints it even when it is empty. */
  readonly isKept?: boolean
}

/** Reads an object into its printed form; null for null. */
export function ordered(fields: readonly OrderedField[], options: StructOptions): Reader<JsonObject | null> {
  const known = new Map<string, OrderedField>()
  for (const field of fields) {
    for (const name of [field.name, ...(field.aliases ?? [])]) known.set(name.toLowerCase(), field)
  }
  return (given, outside) => {
    const { value, at } = single(given, outside)
    if (value === null) return null
    if (!isObject(value)) throw mismatch(value, at, options.goType)
    const isOpen = options.isOpen === true && at.spelling !== 'config'
    const found = new Map<OrderedField, Json>()
    for (const [key, inner] of Object.entries(value)) {
      const field = known.get(key.toLowerCase())
      if (field !== undefined) take(found, field, { key, inner })
      else if (!isOpen) throw unknownField(key, at)
    }
    return printed(fields, found, at)
  }
}

function take(
  given: Map<OrderedField, Json>,
  field: OrderedField,
  { key, inner }: { readonly key: string; readonly inner: Json },
): void {
  const isAlias = key.toLowerCase() !== field.name.toLowerCase()
  if (!isAlias || !given.has(field)) given.set(field, inner)
}

/** The API's errors name the object as a whole: the reference decodes these by themselves. */
function printed(
  fields: readonly OrderedField[],
  given: ReadonlyMap<OrderedField, Json>,
  at: Place,
): JsonObject {
  const result: Record<string, Json> = {}
  for (const field of fields) {
    const value = field.reader(given.get(field) ?? null, placeOf(field, at))
    if (field.isKept === true || !isEmpty(value)) result[field.name] = value
  }
  return result
}

function placeOf({ name, aliases }: OrderedField, at: Place): Place {
  if (at.spelling !== 'config') return at
  return { ...at, path: `${at.path}.${aliases?.[0] ?? name.toLowerCase()}` }
}
