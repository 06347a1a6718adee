// The state as a stream of records, for snapshots and archives, and back. Bytes are codec's business.
import { unreachable } from '../lib/assert.ts'
import type { CatalogNode, Indexes } from '../model/catalog.ts'
import type { Marks, StateRecord } from '../model/state-record.ts'
import { insertService } from './catalog.ts'
import { insertConfigEntry } from './config-entries.ts'
import { keyOfVersion, restoreVersion } from './history.ts'
import { fold, foldedKey } from './keys.ts'
import { insertEntry } from './kv-tables.ts'
import { delayLock } from './lock-delay.ts'
import { insertQuery } from './prepared-queries.ts'
import { insertSession } from './sessions.ts'
import { emptyTables, replaceTables } from './tables.ts'
import type { Tables } from './tables.ts'
import { buryKey, digUpKey, raiseFloor } from './tombstones.ts'

/** All records of the tables, one at a time: what is walked must not change meanwhile (use a copy). */
export function* recordsOf(tables: Tables): Generator<StateRecord> {
  yield* archiveOf(tables)
  const { staging } = tables.single
  if (staging === null) return
  yield { kind: 'restore', id: staging.id, records: staging.records }
  for (const record of archiveOf(staging.tables)) yield { kind: 'restoring', record }
}

/** The same without a restore that is under way. */
export function* archiveOf(tables: Tables): Generator<StateRecord> {
  yield { kind: 'marks', marks: { ...tables.marks } }
  for (const node of tables.nodes.values()) yield { kind: 'node', node }
  for (const service of tables.services.values()) yield { kind: 'service', service }
  for (const check of tables.checks.values()) yield { kind: 'check', check }
  yield* serviceIndexesOf(tables)
  for (const entry of tables.kv.values()) yield { kind: 'kv', entry }
  for (const [key, index] of tables.tombstones.entries()) yield { kind: 'tombstone', key, index }
  for (const session of tables.sessions.values()) yield { kind: 'session', session }
  for (const [key, untilWallMs] of tables.lockDelays.entries()) yield { kind: 'lockDelay', key, untilWallMs }
  for (const [at, version] of tables.kvVersions.entries()) {
    yield { kind: 'kvVersion', key: keyOfVersion(at), version }
  }
  yield* laterOf(tables)
}

/** What came after sessions and keys. */
function* laterOf(tables: Tables): Generator<StateRecord> {
  const { autopilot } = tables.single
  if (autopilot !== null) yield { kind: 'autopilot', config: autopilot }
  for (const query of tables.preparedQueries.values()) yield { kind: 'preparedQuery', query }
  for (const coordinate of tables.coordinates.values()) yield { kind: 'coordinate', coordinate }
  for (const entry of tables.configEntries.values()) yield { kind: 'configEntry', entry }
}

/** Tables that hold what the records say. */
export function tablesOf(records: Iterable<StateRecord>): Tables {
  const tables = emptyTables()
  for (const record of records) putRecord(tables, record)
  return tables
}

/** Puts one record into tables that are being filled. */
export function putRecord(tables: Tables, record: StateRecord): void {
  switch (record.kind) {
    case 'marks': {
      const floor = tables.marks.tombstoneFloor
      Object.assign(tables.marks, record.marks)
      raiseFloor(tables, floor)
      return
    }
    case 'node':
      putNodeRecord(tables, record.node)
      return
    case 'service':
      insertService(tables, record.service)
      return
    case 'check': {
      const { check } = record
      tables.checks.set(foldedKey(check.node, check.checkId), check)
      tables.checksByService.set(foldedKey(check.node, check.serviceId, check.checkId), check)
      return
    }
    case 'serviceIndex':
      tables.serviceIndexes.set(foldedKey(record.service), record.index)
      return
    case 'kv':
      insertEntry(tables, tables.kvByKey.get(record.entry.key), record.entry)
      return
    default:
      putLaterRecord(tables, record)
  }
}

type Later = Exclude<
  StateRecord,
  { readonly kind: 'marks' | 'node' | 'service' | 'check' | 'serviceIndex' | 'kv' }
>

function putLaterRecord(tables: Tables, record: Later): void {
  switch (record.kind) {
    case 'tombstone':
      digUpKey(tables, record.key)
      buryKey(tables, record.key, record.index)
      return
    case 'session':
      insertSession(tables, record.session)
      return
    case 'lockDelay':
      delayLock(tables, record.key, record.untilWallMs)
      return
    case 'kvVersion':
      restoreVersion(tables, record.key, record.version)
      return
    case 'autopilot':
      replaceTables(tables, { single: { ...tables.single, autopilot: record.config } })
      return
    case 'preparedQuery':
      insertQuery(tables, record.query)
      return
    case 'coordinate':
      tables.coordinates.set(foldedKey(record.coordinate.node), record.coordinate)
      return
    case 'configEntry':
      insertConfigEntry(tables, record.entry)
      return
    case 'restore': {
      const { id, records } = record
      const staging = { id, records, highestIndex: 0, tables: emptyTables() }
      replaceTables(tables, { single: { ...tables.single, staging } })
      return
    }
    case 'restoring':
      stageRecord(tables, record.record)
      return
    default:
      unreachable(record)
  }
}

/** Puts one record into the tables of the restore that is under way, if one is. */
export function stageRecord(tables: Tables, record: StateRecord): void {
  const { staging } = tables.single
  if (staging === null || record.kind === 'restore' || record.kind === 'restoring') return
  staging.highestIndex = Math.max(staging.highestIndex, highestIndexOf(record))
  putRecord(staging.tables, record)
}

function highestIndexOf(record: StateRecord): number {
  switch (record.kind) {
    case 'marks':
      return highestMark(record.marks)
    case 'kvVersion':
      return record.version.index
    case 'serviceIndex':
    case 'tombstone':
      return record.index
    default:
      return objectOf(record)?.modifyIndex ?? 0
  }
}

/** The stored object that a record holds. */
function objectOf(record: StateRecord): Indexes | null {
  switch (record.kind) {
    case 'node':
      return record.node
    case 'service':
      return record.service
    case 'check':
      return record.check
    case 'kv':
    case 'configEntry':
      return record.entry
    case 'session':
      return record.session
    case 'autopilot':
      return record.config
    case 'preparedQuery':
      return record.query
    default:
      return null
  }
}

function highestMark(marks: Readonly<Marks>): number {
  const { nodes, services, checks, kv, sessions, preparedQueries, coordinates, configEntries } = marks
  const tables = [nodes, services, checks, kv, sessions, preparedQueries, coordinates, configEntries]
  return Math.max(
    marks.lastIndex,
    ...tables,
    marks.serviceExtinction,
    marks.tombstoneFloor,
    marks.restoredIndex,
  )
}

function putNodeRecord(tables: Tables, node: CatalogNode): void {
  tables.nodes.set(foldedKey(node.name), node)
  if (node.id !== '') tables.nodeKeyById.set(fold(node.id), foldedKey(node.name))
}

/** Service indexes under the names that the instances carry: keys are not meant to be taken apart. */
function* serviceIndexesOf(tables: Tables): Generator<StateRecord> {
  let last: string | undefined
  for (const { service } of tables.servicesByName.values()) {
    const key = foldedKey(service)
    if (key === last) continue
    last = key
    yield { kind: 'serviceIndex', service, index: tables.serviceIndexes.get(key) ?? 0 }
  }
}
