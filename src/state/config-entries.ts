// Configuration entries: stored as they come. What they may hold is decided before they are proposed.
import type { CommandResult, ConfigEntryCommand } from '../model/command.ts'
import type { ConfigEntry } from '../model/config-entry.ts'
import { foldedKey } from './keys.ts'
import { valuesUnder } from './ordered-map.ts'
import type { Change, Tables } from './tables.ts'
import { configTopic, tableTopic } from './topics.ts'

/** Carries out a change of the configuration entries. */
export function applyConfigEntry(tables: Tables, change: Change, command: ConfigEntryCommand): CommandResult {
  const { configKind, name, expectedIndex } = command
  const key = foldedKey(configKind, name)
  const known = tables.configEntries.get(key)
  const applied = expectedIndex === null || expectedIndex === (known?.modifyIndex ?? 0)
  const decided: CommandResult = { kind: 'decided', applied, fencingToken: 0 }
  if (!applied) return decided
  if (command.kind === 'configEntryDelete') {
    if (tables.configEntries.delete(key)) touch(tables, change, configKind, name)
    return decided
  }
  tables.configEntries.set(key, {
    kind: configKind,
    name,
    body: command.body,
    createIndex: known?.createIndex ?? change.index,
    modifyIndex: change.index,
  })
  touch(tables, change, configKind, name)
  return decided
}

/** The entries of a kind, or with '' all of them. */
export function configEntriesOf(tables: Tables, kind: string): readonly ConfigEntry[] {
  return valuesUnder(tables.configEntries, kind === '' ? '' : foldedKey(kind))
}

/** Puts an entry into the tables, as it is. */
export function insertConfigEntry(tables: Tables, entry: ConfigEntry): void {
  tables.configEntries.set(foldedKey(entry.kind, entry.name), entry)
}

function touch(tables: Tables, change: Change, kind: string, name: string): void {
  tables.marks.configEntries = change.index
  change.topics.add(tableTopic('config'))
  change.topics.add(configTopic(kind))
  change.topics.add(configTopic(kind, name))
}
