// Earlier versions of keys (`?history`): bounded by number for each key and by age, and off unless it is set. What was
// true at some time within the age can be told: a version goes when what took its place is older than that.
import type { KvEntry, KvVersion } from '../model/catalog.ts'
import { keyPart, numberOf, orderedNumber, partOf } from './keys.ts'
import { entriesUnder, orderedMap } from './ordered-map.ts'
import { replaceTables } from './tables.ts'
import type { Change, Tables } from './tables.ts'

/** Versions past their age that one write drops, beside its own key's; `pruneKvHistory` drops the many. */
const droppedPerWrite = 8
/** Versions that one `pruneKvHistory` drops at most: an entry must not take long to apply. */
const droppedPerPruning = 16_384

/** Bytes of the values in one answer: it must fit into a frame between agents. */
const answerBytesMax = 8 * 1024 * 1024

/** What took the place of what; null is the key's absence. */
export interface KeyChange {
  readonly key: string
  readonly known: KvEntry | undefined
  readonly entry: KvEntry | null
}

/** Notes a change of a key. */
export function keepVersion(tables: Tables, change: Change, { key, known, entry }: KeyChange): void {
  const max = tables.marks.kvHistoryVersionsMax
  const last = ofSameKey(key, tables.kvVersions.nextLowerPair(endOfVersions(key)))
  const replaces = last?.[1].index === change.index ? last : undefined
  if (known !== undefined && last === undefined) {
    // The key is older than the history, and nobody knows when it was written.
    insertVersion(tables, key, { entry: known, index: known.modifyIndex, atWallMs: 0 })
    endVersion(tables, versionKey(key, known.modifyIndex), change.wallMs)
  } else if (last !== undefined && last[1].entry !== null && replaces === undefined) {
    endVersion(tables, last[0], change.wallMs)
  }
  if (replaces !== undefined) removeVersion(tables, replaces[0], change.wallMs)
  insertVersion(tables, key, { entry, index: change.index, atWallMs: change.wallMs })
  if (entry === null) endVersion(tables, versionKey(key, change.index), change.wallMs)
  trim(tables, key, max)
  dropOld(tables, change.wallMs, droppedPerWrite)
}

/** What is known of a key, oldest first, as much of the newest as one answer may carry. */
export function versionsOf(tables: Tables, key: string): readonly KvVersion[] {
  const versions = Array.from(entriesUnder(tables.kvVersions, keyPart(key)), ([, version]) => version)
  let bytes = 0
  const tooMuch = versions.findLastIndex(({ entry }) => {
    bytes += entry?.value.length ?? 0
    return bytes > answerBytesMax
  })
  return versions.slice(tooMuch + 1)
}

/** Sets how much is kept; what is more goes as keys are written, all of it at once if nothing is to be kept. */
export function setHistory(tables: Tables, versionsMax: number, ageMs: number): void {
  tables.marks.kvHistoryVersionsMax = versionsMax
  tables.marks.kvHistoryAgeMs = ageMs
  if (versionsMax === 0) replaceTables(tables, { kvVersions: orderedMap(), kvVersionsByEnd: orderedMap() })
}

/** Drops versions that are past their age, many but not any number of them. */
export function pruneHistory(tables: Tables, wallMs: number): void {
  dropOld(tables, wallMs, droppedPerPruning)
}

/** When the oldest version is past its age; null if none ever will be. */
export function historyDueAt(tables: Tables): number | null {
  const oldest = tables.kvVersionsByEnd.minKey()
  return oldest === undefined ? null : numberOf(oldest) + tables.marks.kvHistoryAgeMs + 1
}

/** Puts back a version that a snapshot holds, wherever it stands among those that are there. */
export function restoreVersion(tables: Tables, key: string, version: KvVersion): void {
  const at = versionKey(key, version.index)
  const before = ofSameKey(key, tables.kvVersions.nextLowerPair(at))
  const after = ofSameKey(key, tables.kvVersions.nextHigherPair(at))
  insertVersion(tables, key, version)
  if (before !== undefined && before[1].entry !== null) {
    if (after !== undefined) tables.kvVersionsByEnd.delete(orderedNumber(after[1].atWallMs) + before[0])
    endVersion(tables, before[0], version.atWallMs)
  }
  if (version.entry === null) endVersion(tables, at, version.atWallMs)
  else if (after !== undefined) endVersion(tables, at, after[1].atWallMs)
}

function ofSameKey(
  key: string,
  pair: [string, KvVersion] | undefined,
): readonly [string, KvVersion] | undefined {
  return pair !== undefined && keyOfVersion(pair[0]) === key ? pair : undefined
}

/** The key that a version is of. */
export function keyOfVersion(at: string): string {
  return partOf(at)
}

function insertVersion(tables: Tables, key: string, version: KvVersion): void {
  tables.kvVersions.set(versionKey(key, version.index), version)
}

function endVersion(tables: Tables, at: string, wallMs: number): void {
  tables.kvVersionsByEnd.set(orderedNumber(wallMs) + at, at)
}

function removeVersion(tables: Tables, at: string, endWallMs: number): void {
  tables.kvVersions.delete(at)
  tables.kvVersionsByEnd.delete(orderedNumber(endWallMs) + at)
}

/** Drops the oldest versions of a key beyond what is kept of one, the present one not counted. */
function trim(tables: Tables, key: string, max: number): void {
  const { kvVersions } = tables
  // Without a visitor the library counts leaf by leaf.
  const count = kvVersions.forRange(keyPart(key), endOfVersions(key), false)
  for (let surplus = count - max - 1; surplus > 0; surplus--) {
    const oldest = kvVersions.nextHigherPair(keyPart(key))
    const next = kvVersions.nextHigherPair(oldest?.[0])
    if (oldest === undefined || next === undefined) return
    removeVersion(tables, oldest[0], oldest[1].entry === null ? oldest[1].atWallMs : next[1].atWallMs)
  }
}

/** Behind all versions of a key: their keys end in digits. */
function endOfVersions(key: string): string {
  return `${keyPart(key)}:`
}

function dropOld(tables: Tables, wallMs: number, max: number): void {
  for (let dropped = 0; dropped < max; dropped++) {
    const oldest = tables.kvVersionsByEnd.minKey()
    if (oldest === undefined || numberOf(oldest) + tables.marks.kvHistoryAgeMs >= wallMs) return
    tables.kvVersions.delete(tables.kvVersionsByEnd.get(oldest) ?? '')
    tables.kvVersionsByEnd.delete(oldest)
  }
}

function versionKey(key: string, index: number): string {
  return keyPart(key) + orderedNumber(index)
}
