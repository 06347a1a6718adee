// The replicated state: commands in, in the order of the log; questions answered; copies for snapshots.
// Pure and deterministic: equal commands at equal indexes give equal states on every server.
import { assert } from '../lib/assert.ts'
import type {
  Command,
  CommandResult,
  ConfigEntryCommand,
  CoordinatesCommand,
  EntryTime,
  KvCommand,
  OperatorCommand,
  QueryCommand,
  RestoreCommand,
} from '../model/command.ts'
import type { Query, QueryValue } from '../model/query.ts'
import { assertKnown } from './behaviour.ts'
import { applyConfigEntry } from './config-entries.ts'
import { applyCoordinates } from './coordinates.ts'
import { historyDueAt } from './history.ts'
import { applyKv } from './kv.ts'
import { expiries, type Expiry } from './kv-tables.ts'
import { dropLockDelays } from './lock-delay.ts'
import { applyOperator } from './operator.ts'
import { applyQuery } from './prepared-queries.ts'
import { answerQuery } from './query.ts'
import type { Answer } from './query.ts'
import { archiveOf, putRecord, recordsOf, tablesOf } from './records.ts'
import type { Marks, StateRecord } from '../model/state-record.ts'
import { applyDeregister, applyRegister } from './register.ts'
import { applyRestore } from './restore.ts'
import { applySession } from './sessions.ts'
import { copyTables, emptyTables } from './tables.ts'
import type { Change, Tables } from './tables.ts'
import { createTopics, keyOfTopic, topicsOf, treeOfTopic } from './topics.ts'
import { applyTransaction } from './transaction.ts'

/** The state store. */
export interface State {
  /** Index of the last command applied; 0 before the first. What answers and objects carry are such indexes. */
  readonly lastIndex: number
  /** Its place in the log. After a restore indexes run ahead of the log (`marks.indexOffset`). */
  readonly lastLogIndex: number
  /** Indexes of tables, and what else there is one of. */
  readonly marks: Readonly<Marks>
  /**
   * Applies the command of the log entry at `logIndex`, which must be greater than that of the last one. Never fails,
   * except when the cluster follows rules that this version does not know.
   */
  apply(logIndex: number, command: Command, time: EntryTime): Applied
  /** Answers a question. What is returned is shared with the state and must not be changed. */
  query<Q extends Query>(query: Q): Answer<QueryValue<Q['kind']>>
  /** The topics of which one must change before the answer to the question can. */
  topicsOf(query: Query): readonly string[]
  /** The key that expires next (`t:expiry` is the topic of a change of it). */
  nextExpiry(): Expiry | null
  /** Keys whose time is over at `wallMs`, at most `max` of them. */
  dueExpiries(wallMs: number, max: number): readonly Expiry[]
  /** From when on `pruneKvHistory` has something to drop, ms of the cluster's time; null for never. */
  historyDueAtWallMs(): number | null
  /** The restore that is under way, or was given up; null for none. */
  readonly stagedRestore: string | null
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
  /** The same without a restore that is under way: what belongs into an archive. */
  archive(): Iterable<StateRecord>
}

/** An empty state. */
export function createState(): State {
  return new TableState(emptyTables())
}

/** The state that a snapshot's records describe. */
export function restoreState(records: Iterable<StateRecord>): State {
  const tables = tablesOf(records)
  assertKnown(tables.marks.behaviour)
  return new TableState(tables)
}

/** A snapshot's records on their way into a state of their own. */
export interface StateBuilder {
  put(records: readonly StateRecord[]): void
  /** All are there; called once. */
  finish(): State
}

/** Makes a state of records that come bit by bit: as `restoreState`, but no step takes long. */
export function buildState(): StateBuilder {
  const tables = emptyTables()
  return {
    put(records) {
      for (const record of records) putRecord(tables, record)
    },
    finish() {
      assertKnown(tables.marks.behaviour)
      return new TableState(tables)
    },
  }
}

class TableState implements State {
  readonly #tables: Tables

  constructor(tables: Tables) {
    this.#tables = tables
    tables.recent.forget(tables.marks.lastIndex)
  }

  get lastIndex(): number {
    return this.#tables.marks.lastIndex
  }

  get lastLogIndex(): number {
    const { lastIndex, indexOffset } = this.#tables.marks
    return lastIndex - indexOffset
  }

  get marks(): Readonly<Marks> {
    return this.#tables.marks
  }

  apply(logIndex: number, command: Command, time: EntryTime): Applied {
    const { marks } = this.#tables
    const index = logIndex + marks.indexOffset
    assert(index > marks.lastIndex, () => `apply goes forward: ${index} after ${marks.lastIndex}`)
    marks.lastIndex = index
    marks.wallMs = Math.max(marks.wallMs, time.wallMs)
    dropLockDelays(this.#tables, marks.wallMs)
    const change: Change = {
      index,
      wallMs: marks.wallMs,
      topics: createTopics(),
      sessions: [],
      touchedService: '',
      storedService: null,
    }
    const result = applyCommand(this.#tables, change, command)
    const changed = change.topics.list()
    for (const topic of changed) this.#note(index, topic)
    return { result, changed, sessions: change.sessions }
  }

  #note(index: number, topic: string): void {
    const key = keyOfTopic(topic)
    if (key !== undefined) this.#tables.recent.note(index, key)
    else if (treeOfTopic(topic) !== undefined) this.#tables.recent.forget(index)
  }

  query<Q extends Query>(query: Q): Answer<QueryValue<Q['kind']>> {
    return answerQuery(this.#tables, query)
  }

  topicsOf(query: Query): readonly string[] {
    return topicsOf(query)
  }

  nextExpiry(): Expiry | null {
    for (const expiry of expiries(this.#tables)) return expiry
    return null
  }

  dueExpiries(wallMs: number, max: number): readonly Expiry[] {
    const due: Expiry[] = []
    for (const expiry of expiries(this.#tables)) {
      if (due.length >= max || expiry.atWallMs > wallMs) break
      due.push(expiry)
    }
    return due
  }

  historyDueAtWallMs(): number | null {
    return historyDueAt(this.#tables)
  }

  get stagedRestore(): string | null {
    return this.#tables.single.staging?.id ?? null
  }

  snapshot(): StateSnapshot {
    const copy = copyTables(this.#tables)
    return {
      lastIndex: copy.marks.lastIndex,
      records: () => recordsOf(copy),
      archive: () => archiveOf(copy),
    }
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
    case 'txn':
      return applyTransaction(tables, change, command.operations)
    case 'sessionCreate':
    case 'sessionDestroy':
      return applySession(tables, change, command)
    default:
      return applyRare(tables, change, command)
  }
}

function applyRare(
  tables: Tables,
  change: Change,
  command:
    | KvCommand
    | OperatorCommand
    | RestoreCommand
    | QueryCommand
    | ConfigEntryCommand
    | CoordinatesCommand,
): CommandResult {
  switch (command.kind) {
    case 'autopilotSet':
    case 'setBehaviour':
    case 'setClusterId':
    case 'setKvHistory':
    case 'pruneKvHistory':
    case 'raiseIndexes':
      return applyOperator(tables, change, command)
    case 'restoreBegin':
    case 'restoreRecords':
    case 'restoreEnd':
      return applyRestore(tables, change, command)
    default:
      return applyLater(tables, change, command)
  }
}

function applyLater(
  tables: Tables,
  change: Change,
  command: KvCommand | QueryCommand | ConfigEntryCommand | CoordinatesCommand,
): CommandResult {
  switch (command.kind) {
    case 'preparedQuerySet':
    case 'preparedQueryDelete':
      return applyQuery(tables, change, command)
    case 'configEntrySet':
    case 'configEntryDelete':
      return applyConfigEntry(tables, change, command)
    case 'coordinates':
      return applyCoordinates(tables, change, command)
    default:
      return applyKv(tables, change, command)
  }
}
