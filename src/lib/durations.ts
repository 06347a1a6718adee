// Durations as Go writes them (`1h30m`, `1.5s`, `10ns`), to and from integer nanoseconds.

const nanosByUnit: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

/** Beyond this (292 years) a Go duration overflows. */
const nanosMax = 2 ** 63

/**
 * Reads a Go duration: an optional sign, then numbers with units, or `0`.
 *
 * @returns integer nanoseconds (exact below 2^53, some 104 days), or undefined when the text is no duration
 */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1
  const rest = /^[+-]/.test(text) ? text.slice(1) : text
  if (rest === '0') return 0
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined
  let total = 0
  for (const [, amount = '', unit = ''] of rest.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    total += Number(amount) * (nanosByUnit[unit] ?? 0)
  }
  if (total >= nanosMax) return undefined
  return sign * Math.floor(total + 1e-6)
}

/** Writes nanoseconds the way Go prints a duration: `72h0m0s`, `1m30s`, `1.5s`, `500ms`, `1µs`, `0s`. */
export function formatDuration(nanos: number): string {
  if (nanos < 0) return `-${formatDuration(-nanos)}`
  if (nanos === 0) return '0s'
  if (nanos < 1e3) return `${nanos}ns`
  if (nanos < 1e6) return `${decimal(nanos, 1e3)}µs`
  if (nanos < 1e9) return `${decimal(nanos, 1e6)}ms`
  const minutes = Math.floor(nanos / 60e9)
  const seconds = `${decimal(nanos - minutes * 60e9, 1e9)}s`
  if (minutes === 0) return seconds
  const hours = Math.floor(minutes / 60)
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes - hours * 60}m${seconds}`
}

/** Reads a Go duration as milliseconds, rounded to an integer; undefined when the text is no duration. */
export function parseDurationMs(text: string): number | undefined {
  const nanos = parseDuration(text)
  return nanos === undefined ? undefined : Math.round(nanos / 1e6)
}

/** Writes milliseconds the way Go prints a duration. */
export function formatDurationMs(ms: number): string {
  return formatDuration(ms * 1e6)
}

/** `nanos / unit` with all its digits and no trailing zeros. */
function decimal(nanos: number, unit: number): string {
  const whole = Math.floor(nanos / unit)
  const rest = nanos - whole * unit
  if (rest === 0) return String(whole)
  const digits = String(rest).padStart(String(unit).length - 1, '0')
  return `${whole}.${digits.replace(/0+$/, '')}`
}
