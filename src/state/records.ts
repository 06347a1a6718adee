// The state as a stream of records, for snapshots, and back. Bytes are codec's business.
import type { CatalogNode } from '../model/catalog.ts'
import type { Marks, StateRecord } from '../model/state-record.ts'
import { fold, foldedKey } from './keys.ts'
import { emptyTables } from './tables.ts'
import type { Tables } from './tables.ts'
import { buryKey } from './tombstones.ts'

/** All records of the tables, one at a time: what is walked must not change meanwhile (use a copy). */
export function* recordsOf(tables: Tables): Generator<StateRecord> {
  yield { kind: 'marks', marks: { ...tables.marks } }
  for (const node of tables.nodes.values()) yield { kind: 'node', node }
  for (const service of tables.services.values()) yield { kind: 'service', service }
  for (const check of tables.checks.values()) yield { kind: 'check', check }
  yield* serviceIndexesOf(tables)
  for (const entry of tables.kv.values()) yield { kind: 'kv', entry }
  for (const [key, index] of tables.tombstones.entries()) yield { kind: 'tombstone', key, index }
}

/** Tables that hold what the records say. */
export function tablesOf(records: Iterable<StateRecord>): Tables {
  const tables = emptyTables()
  let marks: Readonly<Marks> | undefined
  for (const record of records) {
    if (record.kind === 'marks') marks = record.marks
    else putRecord(tables, record)
  }
  if (marks !== undefined) Object.assign(tables.marks, marks)
  return tables
}

function putRecord(tables: Tables, record: Exclude<StateRecord, { readonly kind: 'marks' }>): void {
  switch (record.kind) {
    case 'node':
      putNodeRecord(tables, record.node)
      return
    case 'service': {
      const { service } = record
      tables.services.set(foldedKey(service.node, service.id), service)
      tables.servicesByName.set(foldedKey(service.service, service.node, service.id), service)
      return
    }
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
      tables.kv.set(record.entry.key, record.entry)
      return
    case 'tombstone':
      buryKey(tables, record.key, record.index)
      return
    default:
      return
  }
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
