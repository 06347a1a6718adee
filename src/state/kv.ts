// The KV store: sets, deletes, and compare-and-set, by the rules of the reference.
import type { KvEntry } from '../model/catalog.ts'
import type { CommandResult, KvCommand } from '../model/command.ts'
import { isSameValue } from './equal.ts'
import { entriesUnder } from './ordered-map.ts'
import type { Change, Tables } from './tables.ts'
import { buryKey, digUpKey } from './tombstones.ts'
import { keyTopic } from './topics.ts'

/** Carries out a change of the KV store. */
export function applyKv(tables: Tables, change: Change, command: KvCommand): CommandResult {
  switch (command.kind) {
    case 'kvSet':
      setKey(tables, change, command)
      return { kind: 'done' }
    case 'kvCas':
      return decided(isExpected(tables, command), () => setKey(tables, change, command))
    case 'kvDelete':
      deleteKey(tables, change, command.key)
      return { kind: 'done' }
    case 'kvDeleteCas':
      return decided(isDeletable(tables, command), () => deleteKey(tables, change, command.key))
    case 'kvDeleteTree':
      for (const key of keysUnder(tables, command.prefix)) deleteKey(tables, change, key)
      return { kind: 'done' }
    default:
      return { kind: 'refused', message: `${command.kind} is not there yet` }
  }
}

function decided(applied: boolean, act: () => void): CommandResult {
  if (applied) act()
  return { kind: 'decided', applied, fencingToken: 0 }
}

/** Index 0 means: only if the key is absent. */
function isExpected(
  tables: Tables,
  command: { readonly key: string; readonly expectedIndex: number },
): boolean {
  return (tables.kv.get(command.key)?.modifyIndex ?? 0) === command.expectedIndex
}

/** Deleting what is absent succeeds whatever was expected. */
function isDeletable(
  tables: Tables,
  command: { readonly key: string; readonly expectedIndex: number },
): boolean {
  return !tables.kv.has(command.key) || isExpected(tables, command)
}

/** A plain set keeps the session that holds the lock and resets the lock index (observed of the reference). */
function setKey(
  tables: Tables,
  change: Change,
  write: { readonly key: string; readonly value: Uint8Array; readonly flags: bigint },
): void {
  const known = tables.kv.get(write.key)
  const entry: KvEntry = {
    key: write.key,
    value: write.value,
    flags: write.flags,
    lockIndex: 0,
    session: known?.session ?? '',
    fencingToken: known?.fencingToken ?? 0,
    expiresAtWallMs: 0,
    createIndex: known?.createIndex ?? change.index,
    modifyIndex: known?.modifyIndex ?? change.index,
  }
  if (known !== undefined && isSameValue(known, entry)) return
  tables.kv.set(write.key, { ...entry, modifyIndex: change.index })
  digUpKey(tables, write.key)
  touch(tables, change, write.key)
}

function deleteKey(tables: Tables, change: Change, key: string): void {
  if (!tables.kv.delete(key)) return
  buryKey(tables, key, change.index)
  touch(tables, change, key)
}

function touch(tables: Tables, change: Change, key: string): void {
  tables.marks.kv = change.index
  change.topics.add(keyTopic(key))
}

function keysUnder(tables: Tables, prefix: string): readonly string[] {
  return Array.from(entriesUnder(tables.kv, prefix), ([key]) => key)
}
