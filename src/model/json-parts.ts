// Parts of JSON that may be of another form than is looked for: what does not fit counts as absent.
import type { Json, JsonObject } from './catalog.ts'

/** The object; an empty one for anything else. */
export function objectIn(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}

/** The items of a list as objects; none for anything else. */
export function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).map(objectIn) : []
}

/** The text; '' for anything else. */
export function textIn(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
