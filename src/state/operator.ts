// What operators and the leader decide for the whole cluster.
import { unreachable } from '../lib/assert.ts'
import type { CommandResult, OperatorCommand } from '../model/command.ts'
import { assertKnown } from './behaviour.ts'
import { pruneHistory, setHistory } from './history.ts'
import { replaceTables } from './tables.ts'
import type { Change, Tables } from './tables.ts'
import { tableTopic } from './topics.ts'

/** Carries out a decision for the whole cluster. */
export function applyOperator(tables: Tables, change: Change, command: OperatorCommand): CommandResult {
  const { marks } = tables
  switch (command.kind) {
    case 'autopilotSet':
      return setAutopilot(tables, change, command)
    case 'setBehaviour':
      assertKnown(command.behaviour)
      marks.behaviour = Math.max(marks.behaviour, command.behaviour)
      return { kind: 'done' }
    case 'setClusterId':
      if (marks.clusterId === '') marks.clusterId = command.id
      return { kind: 'done' }
    case 'setKvHistory':
      setHistory(tables, command.versionsMax, command.ageMs)
      return { kind: 'done' }
    case 'pruneKvHistory':
      pruneHistory(tables, change.wallMs)
      return { kind: 'done' }
    case 'raiseIndexes':
      raiseIndexes(tables, command.by)
      return { kind: 'done' }
    default:
      return unreachable(command)
  }
}

/** Leaves out some indexes: whoever holds one of those that were lost sees a greater one next. */
function raiseIndexes(tables: Tables, by: number): void {
  const { marks } = tables
  marks.lastIndex += by
  marks.indexOffset += by
  marks.restoredIndex = marks.lastIndex
  tables.recent.forget(marks.lastIndex)
}

function setAutopilot(
  tables: Tables,
  change: Change,
  command: OperatorCommand & { readonly kind: 'autopilotSet' },
): CommandResult {
  const known = tables.single.autopilot
  const { config, expectedIndex } = command
  const applied = expectedIndex === null || expectedIndex === (known?.modifyIndex ?? 0)
  if (applied) {
    const createIndex = known?.createIndex ?? change.index
    // As in the reference, settings that are the same as before are a change too.
    const autopilot = { ...config, createIndex, modifyIndex: change.index }
    replaceTables(tables, { single: { ...tables.single, autopilot } })
    change.topics.add(tableTopic('autopilot'))
  }
  return expectedIndex === null ? { kind: 'done' } : { kind: 'decided', applied, fencingToken: 0 }
}
