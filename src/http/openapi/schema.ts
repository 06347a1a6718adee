// Short ways to write JSON Schemas (draft 2020-12, as OpenAPI 3.1 uses them).
import type { Json, JsonObject } from '../../model/catalog.ts'

/** A schema, as JSON. */
export type Schema = JsonObject

/** Text. */
export function text(description?: string): Schema {
  return described({ type: 'string' }, description)
}

/** One of some texts. */
export function oneOf(...values: readonly string[]): Schema {
  return { type: 'string', enum: values }
}

/** A whole number. */
export function integer(description?: string): Schema {
  return described({ type: 'integer' }, description)
}

/** An unsigned 64-bit number, which may exceed 2^53. */
export function uint64(description?: string): Schema {
  return described({ type: 'integer', minimum: 0, format: 'uint64' }, description)
}

/** True or false. */
export function bool(description?: string): Schema {
  return described({ type: 'boolean' }, description)
}

/** A time in RFC 3339. */
export function time(description?: string): Schema {
  return described({ type: 'string', format: 'date-time' }, description)
}

/** Base64. */
export function base64(description?: string): Schema {
  return described({ type: 'string', contentEncoding: 'base64' }, description)
}

/** A list. */
export function list(items: Schema): Schema {
  return { type: 'array', items }
}

/** A map with keys of the client's own. */
export function map(values: Schema): Schema {
  return { type: 'object', additionalProperties: values }
}

/** Text by text; `null` when it is empty. */
export const textMap: Schema = { type: ['object', 'null'], additionalProperties: { type: 'string' } }

/** An object of any form. */
export const anyObject: Schema = { type: 'object', additionalProperties: true }

/** Another schema, or null. */
export function nullable(schema: Schema): Schema {
  const { type } = schema
  if (typeof type !== 'string') return { anyOf: [schema, { type: 'null' }] }
  const values = schema['enum']
  return { ...schema, type: [type, 'null'], ...(Array.isArray(values) && { enum: [...values, null] }) }
}

/** A schema of the document, by its name. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

/** An object. Fields are there always, but for those whose names end in `?`. */
export function object(fields: Readonly<Record<string, Schema>>, description?: string): Schema {
  const properties: Record<string, Json> = {}
  const required: string[] = []
  for (const [name, schema] of Object.entries(fields)) {
    const isOptional = name.endsWith('?')
    properties[isOptional ? name.slice(0, -1) : name] = schema
    if (!isOptional) required.push(name)
  }
  return described(
    { type: 'object', properties, ...(required.length > 0 && { required }), additionalProperties: false },
    description,
  )
}

/** The same object with nothing required and, where the reader says so, other fields let through. */
export function request(
  fields: Readonly<Record<string, Schema>>,
  options: { readonly isOpen?: boolean; readonly description?: string } = {},
): Schema {
  const optional = Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [`${name}?`, schema] as const),
  )
  const { additionalProperties: _closed, ...schema } = object(optional, options.description)
  return { ...schema, additionalProperties: options.isOpen === true }
}

function described(schema: Schema, description: string | undefined): Schema {
  return description === undefined ? schema : { ...schema, description }
}
