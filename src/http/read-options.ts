// The parameters that all reads share: datacenter, consistency, blocking.
import { parseDuration } from '../lib/durations.ts'
import type { Consistency, ReadOptions } from '../model/query.ts'
import { Refusal } from './errors.ts'
import type { QueryString } from './query-string.ts'
import type { Call } from './route.ts'

/** Options of the read that a call asks for. Throws Refusal. */
export function readOptions(call: Call): ReadOptions {
  const { query, backend } = call
  if (query.isEmpty) {
    return {
      datacenter: '',
      consistency: 'default',
      maxStaleMs: null,
      minIndex: 0,
      waitMs: backend.defaultQueryTimeMs,
    }
  }
  return {
    ...waitOptions(call),
    datacenter: datacenterOf(call),
    ...parseConsistency(query),
  }
}

/** How long a call is willing to wait, and for what. Throws Refusal. */
export function waitOptions({ query, backend }: Call): Pick<ReadOptions, 'minIndex' | 'waitMs'> {
  const waitMs = parseWait(query, backend.defaultQueryTimeMs)
  return { minIndex: parseIndex(query), waitMs: Math.min(waitMs, backend.maxQueryTimeMs) }
}

/** Options of a read of catalog or health: stale within `discovery_max_stale` unless the call says what it wants. */
export function discoveryOptions(call: Call): ReadOptions {
  const options = readOptions(call)
  const { discoveryMaxStaleMs } = call.backend
  const isFree = options.consistency === 'default' && !call.query.has('leader')
  if (!isFree || discoveryMaxStaleMs <= 0) return options
  return { ...options, consistency: 'stale', maxStaleMs: discoveryMaxStaleMs }
}

/** The datacenter that a call names; '' is the agent's own. */
export function datacenterOf({ query, backend }: Call): string {
  const name = query.get('dc') || query.get('datacenter')
  return name === backend.datacenter ? '' : name
}

/** How fresh the answer must be. Throws Refusal when parameters contradict each other. */
export function parseConsistency(query: QueryString): Pick<ReadOptions, 'consistency' | 'maxStaleMs'> {
  const maxStaleMs = parseMaxStale(query)
  const isStale = query.has('stale') || query.get('max_stale') !== ''
  if (query.has('consistent')) {
    if (isStale) throw new Refusal(400, 'Cannot specify ?stale with ?consistent, conflicting semantics.')
    if (query.has('cached')) {
      throw new Refusal(400, 'Cannot specify ?cached with ?consistent, conflicting semantics.')
    }
    return { consistency: 'consistent', maxStaleMs: null }
  }
  return { consistency: isStale ? 'stale' : 'default', maxStaleMs }
}

/** The word for a mode in `X-Consul-Effective-Consistency`. */
export const effectiveConsistency: Readonly<Record<Consistency, string>> = {
  default: 'leader',
  consistent: 'consistent',
  stale: 'stale',
}

function parseIndex(query: QueryString): number {
  const text = query.get('index')
  if (text === '') return 0
  if (!/^\d{1,20}$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn)
    throw new Refusal(400, 'Invalid index')
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER)
}

function parseWait(query: QueryString, defaultMs: number): number {
  const text = query.get('wait')
  if (text === '') return defaultMs
  const nanos = parseDuration(text)
  if (nanos === undefined) throw new Refusal(400, 'Invalid wait time')
  return nanos <= 0 ? defaultMs : Math.ceil(nanos / 1e6)
}

function parseMaxStale(query: QueryString): number | null {
  const text = query.get('max_stale')
  if (text === '') return null
  const nanos = parseDuration(text)
  if (nanos === undefined) throw new Refusal(400, `Invalid max_stale value ${JSON.stringify(text)}`)
  return nanos <= 0 ? null : Math.ceil(nanos / 1e6)
}
