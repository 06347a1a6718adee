// Configuration entries: stored as they come, if they go together with the others. What an entry may hold by itself is
// decided before it is proposed.
import type { CommandResult, ConfigEntryCommand } from '../model/command.ts'
import type { ConfigEntry } from '../model/config-entry.ts'
import { proposalProblem } from './chains.ts'
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
  const isDeletion = command.kind === 'configEntryDelete'
  if (!applied || (isDeletion && known === undefined)) return decided
  const problem = proposalProblem(tables, {
    kind: configKind,
    name,
    body: isDeletion ? null : command.body,
  })
  if (problem !== null) return { kind: 'refused', message: problem }
  touch(tables, change, configKind, name)
  if (isDeletion) {
    tables.configEntries.delete(key)
    return decided
  }
  tables.configEntries.set(key, {
    kind: configKind,
    name,
    body: command.body,
    createIndex: known?.createIndex ?? change.index,
    modifyIndex: change.index,
  })
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
