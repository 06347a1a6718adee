// What has changed in the KV store since an index: entries that were written, keys that were deleted.
import type { KvEntry } from '../model/catalog.ts'
import type { KvChanges } from '../model/query.ts'
import { compareText, valuesUnder, visitUnder } from './ordered-map.ts'
import type { Tables } from './tables.ts'

/** Which keys, and from which index on (exclusive). */
export interface ChangesSelector {
  readonly key: string
  /** All keys that begin with `key`, not that one alone. */
  readonly isPrefix: boolean
  readonly since: number
}

type Deleted = KvChanges['deleted'][number]

/** The changes. Of several changes of one key the last one counts; deletions that were forgotten make it incomplete. */
export function kvChanges(tables: Tables, select: ChangesSelector): KvChanges {
  const isComplete = select.since >= tables.marks.tombstoneFloor
  if (!select.isPrefix) return { ...changesOf(tables, [select.key], select.since), isComplete }
  const recent = tables.recent.since(select.since)
  if (recent === undefined) return { ...walk(tables, select), isComplete }
  const keys = [...recent].filter((key) => key.startsWith(select.key)).sort(compareText)
  return { ...changesOf(tables, keys, select.since), isComplete }
}

/** The newest change that is told; else that up to which it was asked, so that who waits for more sleeps on. */
export function changesIndex(tables: Tables, select: ChangesSelector, changes: KvChanges): number {
  const { marks } = tables
  if (!select.isPrefix) {
    return tables.kvByKey.get(select.key)?.modifyIndex ?? tables.tombstones.get(select.key) ?? marks.kv
  }
  let newest = changes.isComplete ? 0 : marks.tombstoneFloor
  for (const { modifyIndex } of changes.entries) newest = Math.max(newest, modifyIndex)
  for (const { index } of changes.deleted) newest = Math.max(newest, index)
  if (newest > 0) return newest
  return select.since === 0 ? marks.kv : Math.min(select.since, marks.lastIndex)
}

function changesOf(
  tables: Tables,
  keys: readonly string[],
  since: number,
): Pick<KvChanges, 'entries' | 'deleted'> {
  const entries: KvEntry[] = []
  const deleted: Deleted[] = []
  for (const key of keys) {
    const entry = tables.kvByKey.get(key)
    const index = entry === undefined ? tables.tombstones.get(key) : undefined
    if (entry !== undefined && entry.modifyIndex > since) entries.push(entry)
    if (index !== undefined && index > since) deleted.push({ key, index })
  }
  return { entries, deleted }
}

function walk(
  tables: Tables,
  { key: prefix, since }: ChangesSelector,
): Pick<KvChanges, 'entries' | 'deleted'> {
  const deleted: Deleted[] = []
  visitUnder(tables.tombstones, prefix, (key, index) => {
    if (index > since) deleted.push({ key, index })
  })
  return { entries: valuesUnder(tables.kv, prefix).filter((entry) => entry.modifyIndex > since), deleted }
}
