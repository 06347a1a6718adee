// The KV store: sets, deletes, compare-and-set and locks, by the rules of the reference.
import type { KvEntry } from '../model/catalog.ts'
import type { CommandResult, KvCommand, KvWrite } from '../model/command.ts'
import { sessionIdProblem } from '../model/session.ts'
import { fold } from './keys.ts'
import { putKey, removeKey, removeTree } from './kv-tables.ts'
import { isDelayed } from './lock-delay.ts'
import type { Change, Tables } from './tables.ts'

/** Carries out a change of the KV store. */
export function applyKv(tables: Tables, change: Change, command: KvCommand): CommandResult {
  switch (command.kind) {
    case 'kvSet':
      setKey(tables, change, command)
      return { kind: 'done' }
    case 'kvCas':
      return decided(isExpected(tables, command), () => setKey(tables, change, command))
    case 'kvAcquire':
      return applyAcquire(tables, change, command)
    case 'kvRelease':
      return applyRelease(tables, change, command)
    case 'kvDelete':
      removeKey(tables, change, command.key)
      return { kind: 'done' }
    case 'kvDeleteCas':
      return decided(isDeletable(tables, command), () => removeKey(tables, change, command.key))
    case 'kvDeleteTree':
      removeTree(tables, change, command.prefix)
      return { kind: 'done' }
    default:
      return decided(isOver(tables, change, command), () => removeKey(tables, change, command.key))
  }
}

/** What a conditional write refers to. */
interface Expectation {
  readonly key: string
  readonly expectedIndex: number
}

/** Index 0 means: only if the key is absent. */
export function isExpected(tables: Tables, command: Expectation): boolean {
  return (tables.kvByKey.get(command.key)?.modifyIndex ?? 0) === command.expectedIndex
}

/** Deleting what is absent succeeds whatever was expected. */
export function isDeletable(tables: Tables, command: Expectation): boolean {
  return !tables.kvByKey.has(command.key) || isExpected(tables, command)
}

/** A plain set keeps the session that holds the lock and resets the lock index (observed of the reference). */
export function setKey(tables: Tables, change: Change, write: KvWrite): KvEntry {
  const known = tables.kvByKey.get(write.key)
  const session = known === undefined ? '' : known.session
  const fencingToken = known === undefined ? 0 : known.fencingToken
  return putKey(tables, change, write, { lockIndex: 0, session, fencingToken })
}

/** How an attempt to lock or unlock a key ended. */
export type LockAttempt =
  | { readonly kind: 'done'; readonly entry: KvEntry }
  /** The lock is somebody else's, or nobody's when it was to be given up. */
  | { readonly kind: 'held' }
  | { readonly kind: 'delayed' }
  /** There is no such session; a sentence of the reference. */
  | { readonly kind: 'noSession'; readonly message: string }

/**
 * Locks a key. A fresh acquisition counts in the lock index and carries its own index as fencing token; who holds the
 * lock already keeps both.
 */
export function acquireKey(
  tables: Tables,
  change: Change,
  write: KvWrite & { readonly session: string },
): LockAttempt {
  if (write.session === '') return { kind: 'noSession', message: 'missing session' }
  if (isDelayed(tables, write.key, change.wallMs)) return { kind: 'delayed' }
  const session = tables.sessions.get(fold(write.session))
  if (session === undefined) return { kind: 'noSession', message: unknownSession(write.session) }
  const known = tables.kvByKey.get(write.key)
  if (known === undefined || known.session === '') {
    const lockIndex = (known === undefined ? 0 : known.lockIndex) + 1
    const lock = { lockIndex, session: session.id, fencingToken: change.index }
    return { kind: 'done', entry: putKey(tables, change, write, lock) }
  }
  return known.session === session.id
    ? { kind: 'done', entry: putKey(tables, change, write, known) }
    : { kind: 'held' }
}

/** Gives up the lock on a key, which must be this session's. */
export function releaseKey(
  tables: Tables,
  change: Change,
  write: KvWrite & { readonly session: string },
): LockAttempt {
  if (write.session === '') return { kind: 'noSession', message: 'missing session' }
  const known = tables.kvByKey.get(write.key)
  if (known === undefined || fold(known.session) !== fold(write.session)) return { kind: 'held' }
  const lock = { lockIndex: known.lockIndex, session: '', fencingToken: 0 }
  return { kind: 'done', entry: putKey(tables, change, write, lock) }
}

function applyAcquire(
  tables: Tables,
  change: Change,
  command: KvCommand & { readonly kind: 'kvAcquire' },
): CommandResult {
  const attempt = acquireKey(tables, change, command)
  if (attempt.kind === 'noSession') return { kind: 'refused', message: attempt.message }
  if (attempt.kind !== 'done') return { kind: 'decided', applied: false, fencingToken: 0 }
  return { kind: 'decided', applied: true, fencingToken: attempt.entry.fencingToken }
}

function applyRelease(
  tables: Tables,
  change: Change,
  command: KvCommand & { readonly kind: 'kvRelease' },
): CommandResult {
  const attempt = releaseKey(tables, change, command)
  if (attempt.kind === 'noSession') return { kind: 'refused', message: attempt.message }
  return { kind: 'decided', applied: attempt.kind === 'done', fencingToken: 0 }
}

function unknownSession(id: string): string {
  return sessionIdProblem(id) ?? `invalid session ${JSON.stringify(id)}`
}

/** The leader may have meant an older version, and only the entries' time counts. */
function isOver(tables: Tables, change: Change, command: KvCommand & { readonly kind: 'kvExpire' }): boolean {
  const known = tables.kvByKey.get(command.key)
  if (known === undefined || known.modifyIndex !== command.modifyIndex) return false
  return known.expiresAtWallMs !== 0 && known.expiresAtWallMs <= change.wallMs
}

function decided(applied: boolean, act: () => void): CommandResult {
  if (applied) act()
  return { kind: 'decided', applied, fencingToken: 0 }
}
