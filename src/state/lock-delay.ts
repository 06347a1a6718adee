// Lock delays: a key whose lock was lost with its session cannot be locked for a while, so that the former holder has
// time to notice. By the entries' times, so that it holds on every server and survives a change of leader.
import { numberOf, orderedNumber } from './keys.ts'
import type { Tables } from './tables.ts'

/** A lock delay is never longer, whatever the session says (the reference's limit). */
export const lockDelayMsMax = 60_000

/** Keeps a key from being locked before that time. */
export function delayLock(tables: Tables, key: string, untilWallMs: number): void {
  const known = tables.lockDelays.get(key)
  if (known !== undefined && known >= untilWallMs) return
  dropLockDelay(tables, key)
  tables.lockDelays.set(key, untilWallMs)
  tables.lockDelaysByEnd.set(orderedNumber(untilWallMs) + key, key)
}

/** Forgets the delay of a key. */
export function dropLockDelay(tables: Tables, key: string): void {
  const known = tables.lockDelays.get(key)
  if (known === undefined) return
  tables.lockDelays.delete(key)
  tables.lockDelaysByEnd.delete(orderedNumber(known) + key)
}

/** True if a key cannot be locked yet. */
export function isDelayed(tables: Tables, key: string, wallMs: number): boolean {
  return (tables.lockDelays.get(key) ?? 0) > wallMs
}

/** Forgets the delays that are over. */
export function dropLockDelays(tables: Tables, wallMs: number): void {
  while (tables.lockDelaysByEnd.size > 0) {
    const first = tables.lockDelaysByEnd.minKey() ?? ''
    if (numberOf(first) > wallMs) return
    tables.lockDelays.delete(tables.lockDelaysByEnd.get(first) ?? '')
    tables.lockDelaysByEnd.delete(first)
  }
}
