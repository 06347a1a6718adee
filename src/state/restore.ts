// Replacing the whole state by an archive's: records are gathered in tables of their own, and take the place of the
// present ones in one entry.
import type { CommandResult, RestoreCommand } from '../model/command.ts'
import type { Marks } from '../model/state-record.ts'
import { setHistory } from './history.ts'
import { delayLock, dropLockDelay, lockDelayMsMax } from './lock-delay.ts'
import { stageRecord } from './records.ts'
import { emptyTables, replaceTables } from './tables.ts'
import type { Change, Staging, Tables } from './tables.ts'

/** Half of the numbers that can be told apart: no cluster comes near it, and damaged archives do. */
const indexMax = 2 ** 52

/** Carries out a step of a restore. */
export function applyRestore(tables: Tables, change: Change, command: RestoreCommand): CommandResult {
  if (command.kind === 'restoreBegin') {
    stage(tables, { id: command.id, records: 0, highestIndex: 0, tables: emptyTables() })
    return { kind: 'done' }
  }
  const { staging } = tables.single
  if (staging === null || staging.id !== command.id) {
    return { kind: 'refused', message: 'The restore is void: another one has begun, or it is over' }
  }
  if (command.kind === 'restoreRecords') {
    for (const record of command.records) stageRecord(tables, record)
    staging.records += command.records.length
    return { kind: 'done' }
  }
  stage(tables, null)
  if (staging.records !== command.records) {
    const message = `The restore has ${staging.records} records where ${command.records} are expected`
    return { kind: 'refused', message }
  }
  if (staging.highestIndex > indexMax) {
    return {
      kind: 'refused',
      message: `The archive holds the index ${staging.highestIndex}: none could follow it`,
    }
  }
  swapIn(tables, change, staging)
  return { kind: 'done' }
}

function stage(tables: Tables, staging: Staging | null): void {
  replaceTables(tables, { single: { ...tables.single, staging } })
}

/**
 * Indexes go on above all that either state has seen, and what belongs to the cluster stays: its name, its rules, its
 * time, what it keeps of the history of keys.
 */
function swapIn(tables: Tables, change: Change, { tables: staged, highestIndex }: Staging): void {
  const present = tables.marks
  const ended = Array.from(tables.sessions.values(), ({ id }) => ({ id, ttlMs: null }))
  const logIndex = present.lastIndex - present.indexOffset
  const index = Math.max(present.lastIndex, highestIndex + 1)
  const marks: Marks = {
    ...staged.marks,
    lastIndex: index,
    indexOffset: index - logIndex,
    restoredIndex: index,
    wallMs: change.wallMs,
    behaviour: present.behaviour,
    clusterId: present.clusterId === '' ? staged.marks.clusterId : present.clusterId,
  }
  replaceTables(tables, { ...staged, marks, single: { ...staged.single, staging: null } })
  tables.recent.forget(index)
  setHistory(tables, present.kvHistoryVersionsMax, present.kvHistoryAgeMs)
  shortenDelays(tables, change.wallMs)
  for (const each of ended) change.sessions.push(each)
  for (const { id, ttlMs } of tables.sessions.values()) change.sessions.push({ id, ttlMs })
}

/** The archive may come from a machine whose clock was ahead. */
function shortenDelays(tables: Tables, wallMs: number): void {
  const far = Array.from(tables.lockDelays.entries()).filter(([, until]) => until > wallMs + lockDelayMsMax)
  for (const [key] of far) {
    dropLockDelay(tables, key)
    delayLock(tables, key, wallMs + lockDelayMsMax)
  }
}
