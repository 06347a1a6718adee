// Transactions: operations in order, each seeing what those before it did, all of them or none.
// Sentences are the reference's.
import { unreachable } from '../lib/assert.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { KvEntry } from '../model/catalog.ts'
import type { CommandResult } from '../model/command.ts'
import {
  isRead,
  isReadOnly,
  type TxnError,
  type TxnOperation,
  type TxnOutcome,
  type TxnResult,
} from '../model/transaction.ts'
import { applyCatalogOperation } from './catalog-operations.ts'
import { fold } from './keys.ts'
import { acquireKey, isDeletable, isExpected, releaseKey, setKey, type LockAttempt } from './kv.ts'
import { removeKey, removeTree } from './kv-tables.ts'
import { isDelayed } from './lock-delay.ts'
import { applySession } from './sessions.ts'
import { valuesUnder, visitUnder } from './ordered-map.ts'
import { copyTables, replaceTables } from './tables.ts'
import type { Change, Tables } from './tables.ts'
import { createTopics, keyOfTopic, treeOfTopic } from './topics.ts'

/** Results of one operation, or why it could not be carried out. */
type Outcome = Result<readonly TxnResult[], string>

type KvOperation = TxnOperation & { readonly kind: 'kv' }

const nothing: Outcome = ok([])
const noBytes = new Uint8Array()

/** Carries out a transaction; with errors nothing is changed. */
export function applyTransaction(
  tables: Tables,
  change: Change,
  operations: readonly TxnOperation[],
): CommandResult {
  const refused = check(tables, change, operations)
  if (refused.length > 0) return { kind: 'txn', outcome: { results: [], errors: refused } }
  // What either of them remembers of the last service is not so any more for the other.
  change.touchedService = ''
  change.storedService = null
  const attempt: Change = { ...change, topics: createTopics(), sessions: [] }
  // Copied before anything is written only if something behind it may fail, else at the first error: what follows
  // one is still tried, for its own errors (DESIGN.md decision 8).
  let before = canFailHalfWay(operations) ? copyTables(tables) : null
  const outcome = runAll(tables, attempt, operations, () => {
    before ??= copyTables(tables)
  })
  if (outcome.errors.length > 0) {
    if (before !== null) rollBack(tables, before, attempt)
    return { kind: 'txn', outcome }
  }
  for (const topic of attempt.topics.list()) change.topics.add(topic)
  // One by one: a call takes no more than some 100,000 arguments, and how many depends on the engine.
  for (const each of attempt.sessions) change.sessions.push(each)
  return { kind: 'txn', outcome }
}

/** Answers a transaction that only reads. */
export function readTransaction(tables: Tables, operations: readonly TxnOperation[]): TxnOutcome {
  if (!isReadOnly(operations)) {
    return { results: [], errors: [{ operation: 0, message: 'This transaction does not only read' }] }
  }
  const { lastIndex: index, wallMs } = tables.marks
  const change: Change = {
    index,
    wallMs,
    topics: createTopics(),
    sessions: [],
    touchedService: '',
    storedService: null,
  }
  const errors = check(tables, change, operations)
  return errors.length > 0 ? { results: [], errors } : runAll(tables, change, operations, () => undefined)
}

/** Puts the copy back. What finds keys at once is no part of it, and is mended key by key. */
function rollBack(tables: Tables, before: Tables, attempt: Change): void {
  replaceTables(tables, before)
  for (const topic of attempt.topics.list()) {
    const tree = treeOfTopic(topic)
    if (tree !== undefined) visitUnder(tables.kv, tree, (key, entry) => tables.kvByKey.set(key, entry))
    const key = keyOfTopic(topic)
    if (key === undefined) continue
    const entry = tables.kv.get(key)
    if (entry === undefined) tables.kvByKey.delete(key)
    else tables.kvByKey.set(key, entry)
  }
}

function runAll(
  tables: Tables,
  change: Change,
  operations: readonly TxnOperation[],
  onFirstError: () => void,
): TxnOutcome {
  const results: TxnResult[] = []
  const errors: TxnError[] = []
  for (const [i, operation] of operations.entries()) {
    const outcome = runOne(tables, change, operation)
    if (!outcome.ok && errors.length === 0) onFirstError()
    if (!outcome.ok) errors.push({ operation: i, message: outcome.error })
    else if (errors.length === 0) for (const result of outcome.value) results.push(result)
  }
  return { results: errors.length === 0 ? results : [], errors }
}

/** What is wrong before anything is tried; the reference then says nothing of the rest. */
function check(tables: Tables, change: Change, operations: readonly TxnOperation[]): readonly TxnError[] {
  const errors: TxnError[] = []
  for (const [i, operation] of operations.entries()) {
    if (operation.kind !== 'kv') continue
    const { verb, key } = operation
    if (key === '' && verb !== 'delete-tree') errors.push({ operation: i, message: 'Must provide key' })
    else if (verb === 'lock' && isDelayed(tables, key, change.wallMs)) {
      errors.push({ operation: i, message: `failed to lock key ${quote(key)} due to lock delay` })
    }
  }
  return errors
}

const infallibleVerbs: ReadonlySet<string> = new Set([
  'set',
  'delete',
  'delete-tree',
  'get-or-empty',
  'get-tree',
])

/** True if an operation behind the first write may fail. */
function canFailHalfWay(operations: readonly TxnOperation[]): boolean {
  const firstWrite = operations.findIndex((operation) => !isRead(operation))
  const lastFallible = operations.findLastIndex(
    ({ kind, verb }) => kind !== 'kv' || !infallibleVerbs.has(verb),
  )
  return firstWrite !== -1 && lastFallible > firstWrite
}

function runOne(tables: Tables, change: Change, operation: TxnOperation): Outcome {
  switch (operation.kind) {
    case 'kv':
      return runKv(tables, change, operation)
    case 'session': {
      const result = applySession(tables, change, { kind: 'sessionDestroy', id: operation.session })
      return result.kind === 'refused' ? err(result.message) : nothing
    }
    default:
      return applyCatalogOperation(tables, change, operation)
  }
}

function runKv(tables: Tables, change: Change, operation: KvOperation): Outcome {
  switch (operation.verb) {
    case 'get':
    case 'get-or-empty':
    case 'get-tree':
    case 'check-index':
    case 'check-session':
    case 'check-not-exists':
      return readKv(tables, operation)
    case 'delete':
    case 'delete-tree':
    case 'delete-cas':
      return deleteKv(tables, change, operation)
    default:
      return writeKv(tables, change, operation)
  }
}

function readKv(tables: Tables, operation: KvOperation): Outcome {
  const { key, verb } = operation
  const known = tables.kvByKey.get(key)
  switch (verb) {
    case 'get':
      return known === undefined ? err(`key ${quote(key)} doesn't exist`) : read(known)
    case 'get-or-empty':
      return known === undefined ? written(emptyEntry(key)) : read(known)
    case 'get-tree':
      return ok(valuesUnder(tables.kv, key).map((entry) => ({ kind: 'kv', entry, hasValue: true })))
    case 'check-not-exists':
      return known === undefined ? nothing : err(`key ${quote(key)} exists`)
    case 'check-index':
      return checkIndex(operation, known)
    default:
      return checkSession(operation, known)
  }
}

function checkIndex({ key, index }: KvOperation, known: KvEntry | undefined): Outcome {
  if (known === undefined) return err(`failed to check index, key ${quote(key)} doesn't exist`)
  if (known.modifyIndex === index) return written(known)
  return err(
    `failed index check for key ${quote(key)}, current modify index ${known.modifyIndex} != ${index}`,
  )
}

function checkSession({ key, session }: KvOperation, known: KvEntry | undefined): Outcome {
  if (known === undefined) return err(`failed to check session, key ${quote(key)} doesn't exist`)
  if (fold(known.session) === fold(session)) return written(known)
  const [present, wanted] = [quote(known.session), quote(session)]
  return err(`failed session check for key ${quote(key)}, current session ${present} != ${wanted}`)
}

function deleteKv(tables: Tables, change: Change, operation: KvOperation): Outcome {
  const { key, verb, index } = operation
  if (verb === 'delete-tree') removeTree(tables, change, key)
  else if (verb === 'delete') removeKey(tables, change, key)
  else if (isDeletable(tables, { key, expectedIndex: index })) removeKey(tables, change, key)
  else return err(`failed to delete key ${quote(key)}, index is stale`)
  return nothing
}

function writeKv(tables: Tables, change: Change, operation: KvOperation): Outcome {
  const { key, value, flags, verb, index, session } = operation
  const write = { key, value, flags, session, ttlMs: 0 }
  switch (verb) {
    case 'set':
      return written(setKey(tables, change, write))
    case 'cas':
      return isExpected(tables, { key, expectedIndex: index })
        ? written(setKey(tables, change, write))
        : err(`failed to set key ${quote(key)}, index is stale`)
    case 'lock':
      return lockOutcome(acquireKey(tables, change, write), key, 'lock is already held')
    case 'unlock': {
      const held = "lock isn't held, or is held by another session"
      return lockOutcome(releaseKey(tables, change, write), key, held)
    }
    default:
      return unreachable(verb as never)
  }
}

function lockOutcome(attempt: LockAttempt, key: string, held: string): Outcome {
  switch (attempt.kind) {
    case 'done':
      return written(attempt.entry)
    case 'held':
      return err(`failed to ${held.startsWith('lock is ') ? 'lock' : 'unlock'} key ${quote(key)}, ${held}`)
    case 'delayed':
      return err(`failed to lock key ${quote(key)} due to lock delay`)
    case 'noSession':
      return err(attempt.message)
    default:
      return unreachable(attempt)
  }
}

function read(entry: KvEntry): Outcome {
  return ok([{ kind: 'kv', entry, hasValue: true }])
}

/** Writes and checks do not repeat the value. */
function written(entry: KvEntry): Outcome {
  return ok([{ kind: 'kv', entry: { ...entry, value: noBytes }, hasValue: false }])
}

function emptyEntry(key: string): KvEntry {
  return {
    key,
    value: noBytes,
    flags: 0n,
    lockIndex: 0,
    session: '',
    fencingToken: 0,
    expiresAtWallMs: 0,
    createIndex: 0,
    modifyIndex: 0,
  }
}

function quote(text: string): string {
  return JSON.stringify(text)
}
