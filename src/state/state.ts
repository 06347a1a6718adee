// The replicated state: commands in, in the order of the log; questions answered; copies for snapshots.
// Pure and deterministic: equal commands at equal indexes give equal states on every server.
import { assert } from '../lib/assert.ts'
import type { Command, CommandResult, EntryTime, KvCommand } from '../model/command.ts'
import type { Query, QueryValue } from '../model/query.ts'
import { applyKv } from './kv.ts'
import { answerQuery } from './query.ts'
import type { Answer } from './query.ts'
import { recordsOf, tablesOf } from './records.ts'
import type { StateRecord } from '../model/state-record.ts'
import { applyDeregister, applyRegister } from './register.ts'
import { copyTables, emptyTables } from './tables.ts'
import type { Change, Tables } from './tables.ts'
import { topicsOf } from './topics.ts'

/** The state store. */
export interface State {
  /** Index of the last command applied; 0 before the first. */
  readonly lastIndex: number
  /** Applies the command of the log entry at `index`, which must be greater than that of the last one. Never fails. */
  apply(index: number, command: Command, time: EntryTime): Applied
  /** Answers a question. What is returned is shared with the state and must not be changed. */
  query<Q extends Query>(query: Q): Answer<QueryValue<Q['kind']>>
  /** The topics of which one must change before the answer to the question can. */
  topicsOf(query: Query): readonly string[]
  /** The state as it is now, unaffected by later commands. O(1). */
  snapshot(): StateSnapshot
}

/** What applying a command did. */
export interface Applied {
  readonly result: CommandResult
  /** Topics that have changed, each once; empty when nothing did. */
  readonly changed: readonly string[]
  /** Sessions that were created or have ended: what the leader's timers follow. */
  readonly sessions: readonly SessionChange[]
}

/** A session that came or went. `ttlMs` 0: it has no timer; null: it has ended. */
export interface SessionChange {
  readonly id: string
  readonly ttlMs: number | null
}

/** A state that does not change any more. */
export interface StateSnapshot {
  readonly lastIndex: number
  /** Everything it holds, one record at a time. */
  records(): Iterable<StateRecord>
}

/** An empty state. */
export function createState(): State {
  return new TableState(emptyTables())
}

/** The state that a snapshot's records describe. */
export function restoreState(records: Iterable<StateRecord>): State {
  return new TableState(tablesOf(records))
}

class TableState implements State {
  readonly #tables: Tables

  constructor(tables: Tables) {
    this.#tables = tables
  }

  get lastIndex(): number {
    return this.#tables.marks.lastIndex
  }

  apply(index: number, command: Command, _time: EntryTime): Applied {
    const { marks } = this.#tables
    assert(index > marks.lastIndex, () => `apply goes forward: ${index} after ${marks.lastIndex}`)
    marks.lastIndex = index
    const change: Change = { index, topics: new Set() }
    const result = applyCommand(this.#tables, change, command)
    return { result, changed: [...change.topics], sessions: [] }
  }

  query<Q extends Query>(query: Q): Answer<QueryValue<Q['kind']>> {
    return answerQuery(this.#tables, query)
  }

  topicsOf(query: Query): readonly string[] {
    return topicsOf(query)
  }

  snapshot(): StateSnapshot {
    const copy = copyTables(this.#tables)
    return { lastIndex: copy.marks.lastIndex, records: () => recordsOf(copy) }
  }
}

function applyCommand(tables: Tables, change: Change, command: Command): CommandResult {
  switch (command.kind) {
    case 'register':
      return applyRegister(tables, change, command)
    case 'deregister':
      return applyDeregister(tables, change, command)
    case 'batch':
      return { kind: 'batch', results: command.commands.map((each) => applyCommand(tables, change, each)) }
    default:
      return applyKv(tables, change, command as KvCommand)
  }
}
