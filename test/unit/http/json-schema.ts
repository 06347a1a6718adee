// As much of JSON Schema as the OpenAPI document uses. What a schema says that is not known here is a mistake of the
// test, not a pass.
import type { Json, JsonObject } from '../../../src/model/catalog.ts'

/** Where and how a value departs from its schema; empty if it does not. */
export function violations(
  schema: JsonObject,
  value: Json,
  options: { readonly named: Readonly<Record<string, JsonObject>>; readonly at?: string },
): readonly string[] {
  const { named, at = '$' } = options
  for (const keyword of Object.keys(schema)) {
    if (!known.has(keyword)) throw new Error(`The test does not know the keyword ${keyword} at ${at}`)
  }
  const reference = schema['$ref']
  if (typeof reference === 'string') {
    const target = named[reference.replace('#/components/schemas/', '')]
    return target === undefined ? [`${at}: ${reference} is not there`] : violations(target, value, options)
  }
  const alternatives = schema['anyOf'] as readonly JsonObject[] | undefined
  if (alternatives !== undefined) {
    const fits = alternatives.some((each) => violations(each, value, options).length === 0)
    return fits ? [] : [`${at}: fits none of the alternatives`]
  }
  return [...ofType(schema, value, at), ...inside(schema, value, { named, at })]
}

const known = new Set([
  '$ref',
  'additionalProperties',
  'anyOf',
  'contentEncoding',
  'description',
  'enum',
  'format',
  'items',
  'minimum',
  'properties',
  'required',
  'type',
])

function ofType(schema: JsonObject, value: Json, at: string): readonly string[] {
  const { type } = schema
  const types = (typeof type === 'string' ? [type] : (type ?? [])) as readonly string[]
  const problems: string[] = []
  const actual = typeOf(value)
  const fits =
    types.length === 0 || types.includes(actual) || (actual === 'integer' && types.includes('number'))
  if (!fits) problems.push(`${at}: ${actual} is not ${types.join(' or ')}`)
  const values = schema['enum'] as readonly Json[] | undefined
  if (values !== undefined && !values.includes(value))
    problems.push(`${at}: not one of ${JSON.stringify(values)}`)
  const minimum = schema['minimum']
  if (typeof minimum === 'number' && typeof value === 'number' && value < minimum) {
    problems.push(`${at}: ${value} is below ${minimum}`)
  }
  return problems
}

function inside(
  schema: JsonObject,
  value: Json,
  { named, at }: { readonly named: Readonly<Record<string, JsonObject>>; readonly at: string },
): readonly string[] {
  if (Array.isArray(value)) {
    const items = schema['items'] as JsonObject | undefined
    const list = value as readonly Json[]
    return items === undefined
      ? []
      : list.flatMap((item, i) => violations(items, item, { named, at: `${at}[${i}]` }))
  }
  if (typeof value !== 'object' || value === null) return []
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonObject>>
  const required = (schema['required'] ?? []) as readonly string[]
  const missing = required.filter((name) => !Object.hasOwn(value, name))
  const fields = Object.entries(value).flatMap(([name, inner]) => {
    const own = Object.hasOwn(properties, name) ? properties[name] : schema['additionalProperties']
    if (own === false) return [`${at}.${name}: is not in the schema`]
    return typeof own === 'object' && own !== null
      ? violations(own as JsonObject, inner, { named, at: `${at}.${name}` })
      : []
  })
  return [...missing.map((name) => `${at}.${name}: is missing`), ...fields]
}

function typeOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}
