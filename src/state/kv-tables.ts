// Storing and removing keys, with the tables, indexes and topics that each touches. What a command may do is decided
// in kv.ts, by transactions, and by the end of sessions.
import type { KvEntry } from '../model/catalog.ts'
import type { KvWrite } from '../model/command.ts'
import { isSameBytes } from '../lib/same-value.ts'
import { keepVersion } from './history.ts'
import { fold, keyPart, numberOf, orderedNumber } from './keys.ts'
import { deleteUnder, valuesUnder } from './ordered-map.ts'
import type { Change, Tables } from './tables.ts'
import { buryKey, digUpKey, raiseFloor } from './tombstones.ts'
import { keyTopic, tableTopic, treeTopic } from './topics.ts'

/** Who holds the lock after a write. */
export interface Lock {
  readonly lockIndex: number
  readonly session: string
  readonly fencingToken: number
}

/** A tree of more keys than this leaves no tombstones but a floor: they would only push out others' (DESIGN.md). */
const treeTombstonesMax = 1024

/** Stores a key. Writing what is there already changes nothing; returns what is stored. */
export function putKey(tables: Tables, change: Change, write: KvWrite, lock: Lock): KvEntry {
  const known = tables.kvByKey.get(write.key)
  const expiresAtWallMs = write.ttlMs === 0 ? 0 : change.wallMs + write.ttlMs
  if (known !== undefined && isSameEntry(known, write, lock, expiresAtWallMs)) return known
  const entry: KvEntry = {
    key: write.key,
    value: write.value,
    flags: write.flags,
    lockIndex: lock.lockIndex,
    session: lock.session,
    fencingToken: lock.fencingToken,
    expiresAtWallMs,
    createIndex: known === undefined ? change.index : known.createIndex,
    modifyIndex: change.index,
  }
  storeEntry(tables, change, known, entry)
  return entry
}

/** Takes the lock away from a key, whose value stays. */
export function unlockKey(tables: Tables, change: Change, entry: KvEntry): void {
  storeEntry(tables, change, entry, { ...entry, session: '', fencingToken: 0, modifyIndex: change.index })
}

/** Puts an entry into the tables, as it is. */
export function insertEntry(tables: Tables, known: KvEntry | undefined, entry: KvEntry): void {
  tables.kv.set(entry.key, entry)
  tables.kvByKey.set(entry.key, entry)
  if (known !== undefined) forgetEntry(tables, known, entry)
  if (entry.session !== '') tables.kvBySession.set(lockKey(entry), entry.key)
  if (entry.expiresAtWallMs !== 0) tables.kvByExpiry.set(expiryKey(entry), entry.key)
}

/** Removes a key; nothing happens if it is not there. */
export function removeKey(tables: Tables, change: Change, key: string): void {
  const known = tables.kvByKey.get(key)
  if (known === undefined) return
  forgetKey(tables, change, known)
  tables.kv.delete(key)
  buryKey(tables, key, change.index)
  touchKey(tables, change, key)
}

/** Removes all keys that begin with a prefix. */
export function removeTree(tables: Tables, change: Change, prefix: string): void {
  const entries = valuesUnder(tables.kv, prefix)
  if (entries.length > treeTombstonesMax) removeLargeTree(tables, change, prefix, entries)
  else for (const { key } of entries) removeKey(tables, change, key)
}

/** At once: no tombstones and one topic, so that a million keys do not stop the server. */
function removeLargeTree(tables: Tables, change: Change, prefix: string, entries: readonly KvEntry[]): void {
  for (const known of entries) forgetKey(tables, change, known)
  deleteUnder(tables.kv, prefix)
  raiseFloor(tables, change.index)
  tables.marks.kv = change.index
  change.topics.add(treeTopic(prefix))
}

/** Keys that a session has locked, as an array, so that they may be changed while they are visited. */
export function keysLockedBy(tables: Tables, session: string): readonly string[] {
  return valuesUnder(tables.kvBySession, keyPart(fold(session)))
}

/** A key whose time will be over. */
export interface Expiry {
  readonly key: string
  readonly modifyIndex: number
  readonly atWallMs: number
}

/** Keys that expire, the next one first. The state must not be changed while they are visited. */
export function* expiries(tables: Tables): Generator<Expiry> {
  for (const [at, key] of tables.kvByExpiry.entries()) {
    const entry = tables.kvByKey.get(key)
    if (entry !== undefined) yield { key, modifyIndex: entry.modifyIndex, atWallMs: numberOf(at) }
  }
}

function storeEntry(tables: Tables, change: Change, known: KvEntry | undefined, entry: KvEntry): void {
  if (keepsHistory(tables)) keepVersion(tables, change, { key: entry.key, known, entry })
  if ((known?.expiresAtWallMs ?? 0) !== entry.expiresAtWallMs) change.topics.add(tableTopic('expiry'))
  insertEntry(tables, known, entry)
  if (known === undefined) digUpKey(tables, entry.key)
  touchKey(tables, change, entry.key)
}

/** Removes all of a key but what stands in `kv`. */
function forgetKey(tables: Tables, change: Change, known: KvEntry): void {
  if (keepsHistory(tables)) keepVersion(tables, change, { key: known.key, known, entry: null })
  tables.kvByKey.delete(known.key)
  forgetEntry(tables, known, null)
  if (known.expiresAtWallMs !== 0) change.topics.add(tableTopic('expiry'))
}

/** Removes what pointed to an entry and does not point to the one in its place. */
function forgetEntry(tables: Tables, known: KvEntry, entry: KvEntry | null): void {
  if (known.session !== '' && known.session !== entry?.session) tables.kvBySession.delete(lockKey(known))
  if (known.expiresAtWallMs !== 0 && known.expiresAtWallMs !== entry?.expiresAtWallMs) {
    tables.kvByExpiry.delete(expiryKey(known))
  }
}

function keepsHistory(tables: Tables): boolean {
  return tables.marks.kvHistoryVersionsMax > 0
}

function touchKey(tables: Tables, change: Change, key: string): void {
  tables.marks.kv = change.index
  change.topics.add(keyTopic(key))
}

function lockKey(entry: KvEntry): string {
  return keyPart(fold(entry.session)) + entry.key
}

function expiryKey(entry: KvEntry): string {
  return orderedNumber(entry.expiresAtWallMs) + entry.key
}

function isSameEntry(known: KvEntry, write: KvWrite, lock: Lock, expiresAtWallMs: number): boolean {
  return (
    known.flags === write.flags &&
    known.lockIndex === lock.lockIndex &&
    known.session === lock.session &&
    known.fencingToken === lock.fencingToken &&
    known.expiresAtWallMs === expiresAtWallMs &&
    isSameBytes(known.value, write.value)
  )
}
