// What has changed in the KV store since an index: entries that were written, keys that were deleted.
import type { KvChanges } from '../model/query.ts'
import { entriesUnder } from './ordered-map.ts'
import type { Tables } from './tables.ts'

/** Which keys, and from which index on (exclusive). */
export interface ChangesSelector {
  readonly key: string
  /** All keys that begin with `key`, not that one alone. */
  readonly isPrefix: boolean
  readonly since: number
}

/** The changes. Of several changes of one key the last one counts; deletions that were forgotten make it incomplete. */
export function kvChanges(tables: Tables, { key, isPrefix, since }: ChangesSelector): KvChanges {
  const isComplete = since >= tables.marks.tombstoneFloor
  if (isPrefix) {
    return {
      entries: [...entriesUnder(tables.kv, key)].map(([, e]) => e).filter((e) => e.modifyIndex > since),
      deleted: [...entriesUnder(tables.tombstones, key)]
        .filter(([, index]) => index > since)
        .map(([name, index]) => ({ key: name, index })),
      isComplete,
    }
  }
  const entry = tables.kvByKey.get(key)
  const index = tables.tombstones.get(key)
  return {
    entries: entry !== undefined && entry.modifyIndex > since ? [entry] : [],
    deleted: index !== undefined && index > since ? [{ key, index }] : [],
    isComplete,
  }
}
