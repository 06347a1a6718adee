// Durations in definitions: text as Go writes them; in the API also a number of nanoseconds.
import { parseDuration } from '../lib/durations.ts'
import type { Reader } from './decode.ts'
import { fault, mismatch } from './misfit.ts'

/**
 * A duration in integer nanoseconds; 0 for null.
 *
 * In the API numbers are nanoseconds and anything else counts as not given, as with the reference.
 */
export const duration: Reader<number> = (value, at) => {
  const isConfig = at.spelling === 'config'
  if (value === null || (value === '' && isConfig)) return 0
  if (typeof value === 'number' && !isConfig) return Math.trunc(value)
  if (typeof value !== 'string') {
    if (isConfig) throw mismatch(value, at, 'duration')
    return 0
  }
  const parsed = parseDuration(value)
  if (parsed === undefined) throw fault(at, durationFault(value))
  return parsed
}

const units: ReadonlySet<string> = new Set(['ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h'])

/** Why a text is no duration, in Go's words. */
export function durationFault(text: string): string {
  const quoted = JSON.stringify(text)
  const parts = /^[+-]?((?:(?:\d+\.?\d*|\.\d+)[^\d.]*)+)$/.exec(text)?.[1] ?? ''
  for (const [, unit = ''] of parts.matchAll(/(?:\d+\.?\d*|\.\d+)([^\d.]*)/g)) {
    if (unit === '') return `time: missing unit in duration ${quoted}`
    if (!units.has(unit)) return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`
  }
  return `time: invalid duration ${quoted}`
}
