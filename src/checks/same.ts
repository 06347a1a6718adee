// Whether two definitions ask for the same run.
import type { CheckRun } from '../model/definition.ts'

/** True if both say the same. */
export function isSameRun(a: CheckRun, b: CheckRun): boolean {
  return isSame(a, b)
}

/** Plain data, compared by value. Depth is that of a definition. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length || Array.isArray(a) !== Array.isArray(b)) return false
  return keys.every((key) => key in b && isSame((a as Fields)[key], (b as Fields)[key]))
}

type Fields = Readonly<Record<string, unknown>>
