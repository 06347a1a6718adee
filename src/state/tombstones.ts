// What is kept of deleted keys, so that the index of a list never goes back when its newest entry disappears.
import { orderedNumber } from './keys.ts'
import { visitUnder } from './ordered-map.ts'
import type { Tables } from './tables.ts'

/**
 * Tombstones kept at most; past it the oldest goes and the floor rises to its index. Part of the replicated
 * behaviour: every server must drop the same ones, so this is a constant and not a setting.
 */
export const tombstonesMax = 16_384

/** Remembers that a key was deleted at `index`. */
export function buryKey(tables: Tables, key: string, index: number): void {
  tables.tombstones.set(key, index)
  tables.tombstonesByAge.set(ageKey(index, key), key)
  while (tables.tombstonesByAge.size > tombstonesMax) dropOldest(tables)
}

/** Forgets the tombstone of a key that exists again; the entry's own index is higher. */
export function digUpKey(tables: Tables, key: string): void {
  if (tables.tombstones.size === 0) return
  const index = tables.tombstones.get(key)
  if (index === undefined) return
  tables.tombstones.delete(key)
  tables.tombstonesByAge.delete(ageKey(index, key))
}

/** Notes that deletions up to `index` may have left no tombstone. */
export function raiseFloor(tables: Tables, index: number): void {
  tables.marks.tombstoneFloor = Math.max(tables.marks.tombstoneFloor, index)
}

/** Index of the newest deletion under a prefix, or 0 if none is remembered. */
export function newestTombstoneUnder(tables: Tables, prefix: string): number {
  let newest = 0
  visitUnder(tables.tombstones, prefix, (_, index) => {
    if (index > newest) newest = index
  })
  return newest
}

function dropOldest(tables: Tables): void {
  const oldest = tables.tombstonesByAge.minKey()
  if (oldest === undefined) return
  const key = tables.tombstonesByAge.get(oldest) ?? ''
  raiseFloor(tables, tables.tombstones.get(key) ?? 0)
  tables.tombstonesByAge.delete(oldest)
  tables.tombstones.delete(key)
}

function ageKey(index: number, key: string): string {
  return orderedNumber(index) + key
}
