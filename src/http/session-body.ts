// The body of `/v1/session/create` as a session.
import { formatDuration, parseDuration } from '../lib/durations.ts'
import type { Json } from '../model/catalog.ts'
import type { SessionBehavior, SessionInfo, SessionServiceCheck } from '../model/session.ts'
import { type Reader, isObject, list, struct, text } from '../definition/decode.ts'
import { decodeBody, decodeFailure } from './decode.ts'
import { Refusal } from './errors.ts'

/** What a session gets that its body does not say. */
export interface SessionDefaults {
  readonly id: string
  readonly node: string
  readonly ttlMinMs: number
}

/** Reads a session. Throws Refusal: 400 for a body of the wrong form, 500 for settings that cannot be. */
export function decodeSession(body: string, defaults: SessionDefaults): SessionInfo {
  const given = (body === '' ? null : decodeBody(body, session)) ?? nothing
  return {
    id: defaults.id,
    name: given.Name ?? '',
    node: given.Node === undefined || given.Node === '' ? defaults.node : given.Node,
    lockDelayNanos: given.LockDelay ?? defaultLockDelayNanos,
    behavior: behaviorOf(given.Behavior ?? ''),
    ttl: given.TTL ?? '',
    ttlMs: ttlMsOf(given.TTL ?? '', defaults.ttlMinMs),
    nodeChecks: nodeChecksOf(given),
    serviceChecks: given.ServiceChecks ?? [],
  }
}

interface GivenSession {
  readonly LockDelay: number | undefined
  readonly Node: string | undefined
  readonly Name: string | undefined
  readonly Checks: readonly string[] | undefined
  readonly NodeChecks: readonly string[] | undefined
  readonly ServiceChecks: readonly SessionServiceCheck[] | undefined
  readonly Behavior: string | undefined
  readonly TTL: string | undefined
}

const defaultLockDelayNanos = 15e9
const defaultNodeChecks: readonly string[] = ['serfHealth']

const ttlMaxMs = 24 * 3_600_000

/** Numbers below this are seconds, all others nanoseconds; the reference treats what a text spells alike. */
const secondsBelow = 1000

/** A delay; undefined for none given. What is neither text nor number counts as none at all, there as here. */
const lockDelay: Reader<number | undefined> = (value) => {
  if (value === null) return undefined
  if (typeof value === 'number') return scaled(Math.trunc(value))
  if (typeof value !== 'string') return 0
  const nanos = parseDuration(value)
  if (nanos === undefined) throw decodeFailure(durationProblem(value))
  return scaled(nanos)
}

/** A negative delay delays nothing, and so does a number past all time; 60 s and 100 days are the same delay. */
function scaled(amount: number): number {
  if (amount <= 0 || amount >= 2 ** 63) return 0
  const nanos = amount < secondsBelow ? amount * 1e9 : amount
  return Math.min(nanos, Number.MAX_SAFE_INTEGER)
}

/** Why a text is no duration, in Go's words. */
export function durationProblem(given: string): string {
  const why = /^[+-]?\d+\.?\d*$/.test(given) ? 'missing unit in' : 'invalid'
  return `time: ${why} duration ${JSON.stringify(given)}`
}

const serviceCheck: Reader<SessionServiceCheck> = (value, at) => {
  const given = struct<{ ID: string; Namespace: string }>(
    { ID: text(), Namespace: text() },
    { goType: 'structs.ServiceCheck', isOpen: true },
  )(value, at)
  return { id: given?.ID ?? '', namespace: given?.Namespace ?? '' }
}

/** Fields that are not there are undefined; null is no value of any of them. */
function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value, at) => (value === null ? undefined : reader(value, at))
}

/** `Checks` has a type of its own in the reference, which its errors name. */
const oldNames = list(text('types.CheckID'), '[]types.CheckID')
const names = list(text(), '[]string')

const fields = struct<GivenSession>(
  {
    LockDelay: lockDelay,
    Node: optional(text()),
    Name: optional(text()),
    Checks: optional(oldNames),
    NodeChecks: optional(names),
    ServiceChecks: optional(list(serviceCheck, '[]structs.ServiceCheck')),
    Behavior: optional(text('structs.SessionBehavior')),
    TTL: optional(text()),
  },
  { goType: 'struct { LockDelay interface {}; *structs.Alias }', goName: '', isOpen: true },
)

/** A struct without a name: no field of it is called by one. An empty body is an empty session. */
const session: Reader<GivenSession | null> = (value, at) => {
  const given = fields(value, at)
  if (given === null || !isObject(value)) return given
  return { ...given, ...explicitNulls(value) }
}

/** `null` for a list of checks means none, other than leaving it out. */
function explicitNulls(value: Readonly<Record<string, Json>>): Partial<GivenSession> {
  const isNull = (name: string): boolean =>
    Object.entries(value).some(([key, inner]) => inner === null && key.toLowerCase() === name)
  return {
    ...(isNull('checks') && { Checks: [] }),
    ...(isNull('nodechecks') && { NodeChecks: [] }),
  }
}

const nothing: Partial<GivenSession> = {}

/** `Checks` is the older name; an empty list of either switches the default off. */
function nodeChecksOf({ Checks, NodeChecks }: Partial<GivenSession>): readonly string[] {
  if (Checks === undefined) return NodeChecks ?? defaultNodeChecks
  if (Checks.length === 0) return NodeChecks ?? []
  const checks = NodeChecks ?? defaultNodeChecks
  return [...checks, ...Checks.filter((id) => !checks.includes(id))]
}

function behaviorOf(given: string): SessionBehavior {
  if (given === '' || given === 'release') return 'release'
  if (given === 'delete') return 'delete'
  throw new Refusal(500, `Invalid Behavior setting '${given}'`)
}

function ttlMsOf(given: string, ttlMinMs: number): number {
  if (given === '') return 0
  const nanos = parseDuration(given)
  if (nanos === undefined) throw new Refusal(500, `Session TTL '${given}' invalid: ${durationProblem(given)}`)
  const ms = Math.floor(nanos / 1e6)
  if (nanos === 0) return 0
  if (nanos < ttlMinMs * 1e6 || ms > ttlMaxMs) {
    const bounds = `[${formatDuration(ttlMinMs * 1e6)}=24h0m0s]`
    throw new Refusal(500, `Invalid Session TTL '${nanos}', must be between ${bounds}`)
  }
  return ms
}
