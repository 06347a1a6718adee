// Records of state snapshots to CBOR and back. They are data at rest, and commands that restore an archive hold them:
// kinds are numbers that are never given a second meaning, and unknown kinds and fields are refused.
import { unreachable } from '../lib/assert.ts'
import { ok, type Result } from '../lib/result.ts'
import type { KvVersion } from '../model/catalog.ts'
import type { StateRecord } from '../model/state-record.ts'
import {
  catalogCheck,
  catalogNode,
  catalogService,
  kvEntry,
  packKvEntry,
  packStoredCheck,
  packStoredNode,
  packStoredService,
} from './catalog-shapes.ts'
import { configEntry, nodeCoordinate, packConfigEntry, packCoordinate } from './later-shapes.ts'
import { packStoredQuery, storedQuery } from './later-shapes.ts'
import { decodeCbor, encodeCbor, type CodecError } from './cbor.ts'
import { decodeKvRecord, encodeKvRecord, kvRecordFormat } from './set-codec.ts'
import { packStoredAutopilot, packStoredSession, storedAutopilot, storedSession } from './session-shapes.ts'
import {
  count,
  kindAndBody,
  misfit,
  nullable,
  pick,
  readShape,
  record,
  text,
  tuple,
  type Shape,
} from './shapes.ts'

const kinds = {
  marks: 1,
  node: 2,
  service: 3,
  check: 4,
  serviceIndex: 5,
  kv: 6,
  tombstone: 7,
  session: 8,
  lockDelay: 9,
  kvVersion: 10,
  autopilot: 11,
  restore: 12,
  restoring: 13,
  preparedQuery: 14,
  coordinate: 15,
  configEntry: 16,
} as const

type Marks = Extract<StateRecord, { readonly kind: 'marks' }>['marks']

/**
 * Encodes a record of a snapshot. Equal states give equal bytes on every server, so that a transfer can go on from
 * another leader's snapshot of the same index. The bytes are a view that the next encoding may share a buffer with.
 */
export function encodeStateRecord(record: StateRecord): Uint8Array {
  return record.kind === 'kv' ? encodeKvRecord(record.entry) : encodeCbor(packRecord(record))
}

/** Decodes a record of a snapshot. Errors: a CodecError; never throws. */
export function decodeStateRecord(data: Uint8Array): Result<StateRecord, CodecError> {
  if (data[0] === kvRecordFormat) {
    const entry = decodeKvRecord(data)
    return entry.ok ? ok({ kind: 'kv', entry: entry.value }) : entry
  }
  const decoded = decodeCbor(data)
  return decoded.ok ? readShape(stateRecord, decoded.value) : decoded
}

/** The form of a record that CBOR carries. */
export function packRecord(record: StateRecord): readonly unknown[] {
  const kind = kinds[record.kind]
  switch (record.kind) {
    case 'marks':
      return [kind, packMarks(record.marks)]
    case 'node':
      return [kind, packStoredNode(record.node)]
    case 'service':
      return [kind, packStoredService(record.service)]
    case 'check':
      return [kind, packStoredCheck(record.check)]
    case 'serviceIndex':
      return [kind, record.service, record.index]
    case 'kv':
      return [kind, packKvEntry(record.entry)]
    case 'tombstone':
      return [kind, record.key, record.index]
    case 'preparedQuery':
      return [kind, packStoredQuery(record.query)]
    case 'coordinate':
      return [kind, packCoordinate(record.coordinate)]
    case 'configEntry':
      return [kind, packConfigEntry(record.entry)]
    default:
      return packLater(record)
  }
}

type Later = Extract<
  StateRecord,
  { readonly kind: 'session' | 'lockDelay' | 'kvVersion' | 'autopilot' | 'restore' | 'restoring' }
>

/** The records that came with sessions and restores. */
function packLater(record: Later): readonly unknown[] {
  const kind = kinds[record.kind]
  switch (record.kind) {
    case 'session':
      return [kind, packStoredSession(record.session)]
    case 'lockDelay':
      return [kind, record.key, record.untilWallMs]
    case 'kvVersion':
      return [kind, record.key, packKvVersion(record.version)]
    case 'autopilot':
      return [kind, packStoredAutopilot(record.config)]
    case 'restore':
      return [kind, record.id, record.records]
    case 'restoring':
      return [kind, packRecord(record.record)]
    default:
      return unreachable(record)
  }
}

/** Servers of an older release can read the marks as long as nothing was done that they do not know. */
function packMarks(marks: Marks): object {
  const { preparedQueries, coordinates, configEntries } = marks
  const isSecondForm = preparedQueries === 0 && coordinates === 0 && configEntries === 0
  return isSecondForm ? pick<Partial<Marks>>(marksFieldsOfSecondForm, marks) : pick(marksFields, marks)
}

const marksFieldsOfSecondForm = {
  lastIndex: count,
  nodes: count,
  services: count,
  checks: count,
  kv: count,
  serviceExtinction: count,
  tombstoneFloor: count,
  sessions: count,
  indexOffset: count,
  restoredIndex: count,
  wallMs: count,
  behaviour: count,
  clusterId: text,
  kvHistoryVersionsMax: count,
  kvHistoryAgeMs: count,
}

const marksFields = {
  ...marksFieldsOfSecondForm,
  preparedQueries: count,
  coordinates: count,
  configEntries: count,
}

/** What marks lack that were written before there were prepared queries. */
const marksOfSecondForm = { preparedQueries: 0, coordinates: 0, configEntries: 0 }

/** What marks lack that were written before there were sessions. */
const marksOfFirstForm = {
  sessions: 0,
  indexOffset: 0,
  restoredIndex: 0,
  wallMs: 0,
  behaviour: 0,
  clusterId: '',
  kvHistoryVersionsMax: 0,
  kvHistoryAgeMs: 0,
}

const marksRecord = record<Marks>(marksFields)

const marks: Shape<Marks> = (value) => {
  if (typeof value !== 'object' || value === null) return marksRecord(value)
  if (!Object.hasOwn(value, 'behaviour')) {
    return marksRecord({ ...value, ...marksOfFirstForm, ...marksOfSecondForm })
  }
  const isSecondForm = !Object.hasOwn(value, 'preparedQueries')
  return marksRecord(isSecondForm ? { ...value, ...marksOfSecondForm } : value)
}

const textAndCount = tuple(text, count)
const kvVersionBody = tuple(nullable(kvEntry), count, count)
const keyAndVersion = tuple(text, (value) => kvVersion(value))

/** A version of a key, in the form that `packKvVersion` makes. */
export const kvVersion: Shape<KvVersion> = (value) => {
  const [entry, index, atWallMs] = kvVersionBody(value)
  return { entry, index, atWallMs }
}

/** The form of a version of a key that CBOR carries. */
export function packKvVersion({ entry, index, atWallMs }: KvVersion): readonly unknown[] {
  return [entry === null ? null : packKvEntry(entry), index, atWallMs]
}

/** A record, in the form that `packRecord` makes. */
export const stateRecord: Shape<StateRecord> = (value) => {
  const [kind, body] = kindAndBody(value)
  const read = readers.get(kind) ?? misfit('a known record')
  return read(body)
}

const readers: ReadonlyMap<unknown, (body: readonly unknown[]) => StateRecord> = new Map<
  unknown,
  (body: readonly unknown[]) => StateRecord
>([
  [kinds.marks, (body) => ({ kind: 'marks', marks: tuple(marks)(body)[0] })],
  [kinds.node, (body) => ({ kind: 'node', node: tuple(catalogNode)(body)[0] })],
  [kinds.service, (body) => ({ kind: 'service', service: tuple(catalogService)(body)[0] })],
  [kinds.check, (body) => ({ kind: 'check', check: tuple(catalogCheck)(body)[0] })],
  [kinds.kv, (body) => ({ kind: 'kv', entry: tuple(kvEntry)(body)[0] })],
  [kinds.serviceIndex, readServiceIndex],
  [kinds.tombstone, readTombstone],
  [kinds.session, (body) => ({ kind: 'session', session: tuple(storedSession)(body)[0] })],
  [kinds.lockDelay, readLockDelay],
  [kinds.kvVersion, readKvVersion],
  [kinds.autopilot, (body) => ({ kind: 'autopilot', config: tuple(storedAutopilot)(body)[0] })],
  [kinds.preparedQuery, (body) => ({ kind: 'preparedQuery', query: tuple(storedQuery)(body)[0] })],
  [kinds.coordinate, (body) => ({ kind: 'coordinate', coordinate: tuple(nodeCoordinate)(body)[0] })],
  [kinds.configEntry, (body) => ({ kind: 'configEntry', entry: tuple(configEntry)(body)[0] })],
  [kinds.restore, readRestore],
  [kinds.restoring, (body) => ({ kind: 'restoring', record: tuple(staged)(body)[0] })],
])

/** What a restore has staged is never itself a restore. */
const staged: Shape<StateRecord> = (value) => {
  const read = stateRecord(value)
  return read.kind === 'restore' || read.kind === 'restoring' ? misfit('a record of an archive') : read
}

function readServiceIndex(body: readonly unknown[]): StateRecord {
  const [service, index] = textAndCount(body)
  return { kind: 'serviceIndex', service, index }
}

function readTombstone(body: readonly unknown[]): StateRecord {
  const [key, index] = textAndCount(body)
  return { kind: 'tombstone', key, index }
}

function readLockDelay(body: readonly unknown[]): StateRecord {
  const [key, untilWallMs] = textAndCount(body)
  return { kind: 'lockDelay', key, untilWallMs }
}

function readKvVersion(body: readonly unknown[]): StateRecord {
  const [key, version] = keyAndVersion(body)
  return { kind: 'kvVersion', key, version }
}

function readRestore(body: readonly unknown[]): StateRecord {
  const [id, records] = textAndCount(body)
  return { kind: 'restore', id, records }
}
