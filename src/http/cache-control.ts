// `?cached`, and what a client says in `Cache-Control` of how old an answer from here may be.
import { Refusal } from './errors.ts'
import type { Call } from './route.ts'

/** How old an answer may be. */
export interface CacheControl {
  /** Oldest answer that is taken without asking, ms; null for any age. */
  readonly maxAgeMs: number | null
  /** Nothing is taken without asking. */
  readonly mustRevalidate: boolean
  /** Oldest answer that is taken where asking failed, ms; 0 for none. */
  readonly staleIfErrorMs: number
}

/** What the call says of it; null if it does not ask for `cached`. Throws Refusal. */
export function cacheControlOf({ query, request }: Call): CacheControl | null {
  if (query.isEmpty || !query.has('cached')) return null
  let control: CacheControl = { maxAgeMs: null, mustRevalidate: false, staleIfErrorMs: 0 }
  for (const part of (request.headers.get('cache-control') ?? '').toLowerCase().split(',')) {
    const [name = '', value] = part.trim().split('=')
    if (name === 'must-revalidate') control = { ...control, mustRevalidate: true }
    if (value === undefined) continue
    if (name === 'max-age') control = { ...control, maxAgeMs: millisecondsOf(value) || null }
    if (name === 'stale-if-error') control = { ...control, staleIfErrorMs: millisecondsOf(value) }
  }
  return control
}

/** 0 for what is not above 0. */
function millisecondsOf(seconds: string): number {
  if (!/^-?\d{1,10}$/.test(seconds)) throw new Refusal(400, 'Invalid Cache-Control header.')
  return Math.max(0, Number(seconds) * 1000)
}
