// Commands of the replicated log and records of state snapshots, to CBOR and back. Both are data at rest:
// kinds are numbers that are never given a second meaning, and unknown kinds and fields are refused.
import { unreachable } from '../lib/assert.ts'
import type { Result } from '../lib/result.ts'
import type { Command, RegisterCommand } from '../model/command.ts'
import type { StateRecord } from '../model/state-record.ts'
import { catalogCheck, catalogNode, catalogService, checkInfo, kvEntry } from './catalog-shapes.ts'
import { nodeInfo, packCheck, packKvEntry, packNode, packService, serviceInfo } from './catalog-shapes.ts'
import { packStoredCheck, packStoredNode, packStoredService } from './catalog-shapes.ts'
import { decodeCbor, encodeCbor, type CodecError } from './cbor.ts'
import {
  bytes,
  count,
  flag,
  list,
  misfit,
  nullable,
  packUint64,
  readShape,
  record,
  text,
  tuple,
  uint64,
  type Shape,
} from './shapes.ts'

const commandKinds = {
  register: 1,
  deregister: 2,
  kvSet: 3,
  kvCas: 4,
  kvDelete: 5,
  kvDeleteCas: 6,
  kvDeleteTree: 7,
  batch: 8,
} as const

const recordKinds = {
  marks: 1,
  node: 2,
  service: 3,
  check: 4,
  serviceIndex: 5,
  kv: 6,
  tombstone: 7,
} as const

type Simple = Exclude<Command, { readonly kind: 'batch' }>
type Marks = Extract<StateRecord, { readonly kind: 'marks' }>['marks']

/** Encodes a command. The bytes are the caller's own. */
export function encodeCommand(command: Command): Uint8Array {
  return new Uint8Array(encodeCbor(packCommand(command)))
}

/** Decodes a command. What it holds is independent of `data`. Errors: a CodecError; never throws. */
export function decodeCommand(data: Uint8Array): Result<Command, CodecError> {
  const decoded = decodeCbor(data)
  return decoded.ok ? readShape(command, decoded.value) : decoded
}

/**
 * Encodes a record of a snapshot. Equal states give equal bytes on every server, so that a transfer can go on from
 * another leader's snapshot of the same index. The bytes are a view that the next encoding may share a buffer with.
 */
export function encodeStateRecord(record: StateRecord): Uint8Array {
  return encodeCbor(packRecord(record))
}

/** Decodes a record of a snapshot. Errors: a CodecError; never throws. */
export function decodeStateRecord(data: Uint8Array): Result<StateRecord, CodecError> {
  const decoded = decodeCbor(data)
  return decoded.ok ? readShape(stateRecord, decoded.value) : decoded
}

function packCommand(command: Command): readonly unknown[] {
  if (command.kind === 'batch') return [commandKinds.batch, command.commands.map(packCommand)]
  switch (command.kind) {
    case 'register':
    case 'deregister':
    case 'kvSet':
    case 'kvCas':
    case 'kvDelete':
    case 'kvDeleteCas':
    case 'kvDeleteTree':
      return packFirst(command)
    default:
      return unreachable(command as never)
  }
}

type First = Extract<Command, { readonly kind: keyof typeof commandKinds }>

function packFirst(command: Exclude<First, { readonly kind: 'batch' }>): readonly unknown[] {
  const kind = commandKinds[command.kind]
  switch (command.kind) {
    case 'register':
      return [kind, ...packRegister(command)]
    case 'deregister':
      return [kind, command.node, command.serviceId, command.checkId]
    case 'kvSet':
      return [kind, command.key, command.value, packUint64(command.flags)]
    case 'kvCas':
      return [kind, command.key, command.value, packUint64(command.flags), command.expectedIndex]
    case 'kvDelete':
      return [kind, command.key]
    case 'kvDeleteCas':
      return [kind, command.key, command.expectedIndex]
    case 'kvDeleteTree':
      return [kind, command.prefix]
    default:
      return unreachable(command)
  }
}

function packRegister(command: RegisterCommand): readonly unknown[] {
  const service = command.service === null ? null : packService(command.service)
  return [packNode(command.node), service, command.checks.map(packCheck), command.skipNodeUpdate]
}

const registerBody = tuple(nodeInfo, nullable(serviceInfo), list(checkInfo), flag)
const deregisterBody = tuple(text, text, text)
const kvSetBody = tuple(text, bytes, uint64)
const kvCasBody = tuple(text, bytes, uint64, count)
const oneText = tuple(text)
const kvDeleteCasBody = tuple(text, count)

const simpleReaders: ReadonlyMap<unknown, (body: readonly unknown[]) => Simple> = new Map([
  [commandKinds.register, readRegister],
  [commandKinds.deregister, readDeregister],
  [commandKinds.kvSet, readKvSet],
  [commandKinds.kvCas, readKvCas],
  [commandKinds.kvDelete, readKvDelete],
  [commandKinds.kvDeleteCas, readKvDeleteCas],
  [commandKinds.kvDeleteTree, readKvDeleteTree],
] as const)

const simple: Shape<Simple> = (value) => {
  const [kind, body] = kindAndBody(value)
  const read = simpleReaders.get(kind) ?? misfit('a known command')
  return read(body)
}

const command: Shape<Command> = (value) => {
  const [kind, body] = kindAndBody(value)
  if (kind !== commandKinds.batch) return simple(value)
  const [commands] = tuple(list(simple))(body)
  return { kind: 'batch', commands }
}

function readRegister(body: readonly unknown[]): Simple {
  const [node, service, checks, skipNodeUpdate] = registerBody(body)
  return { kind: 'register', node, service, checks, skipNodeUpdate }
}

function readDeregister(body: readonly unknown[]): Simple {
  const [node, serviceId, checkId] = deregisterBody(body)
  return { kind: 'deregister', node, serviceId, checkId }
}

function readKvSet(body: readonly unknown[]): Simple {
  const [key, value, flags] = kvSetBody(body)
  return { kind: 'kvSet', key, value, flags, ttlMs: 0 }
}

function readKvCas(body: readonly unknown[]): Simple {
  const [key, value, flags, expectedIndex] = kvCasBody(body)
  return { kind: 'kvCas', key, value, flags, expectedIndex, ttlMs: 0 }
}

function readKvDelete(body: readonly unknown[]): Simple {
  const [key] = oneText(body)
  return { kind: 'kvDelete', key }
}

function readKvDeleteCas(body: readonly unknown[]): Simple {
  const [key, expectedIndex] = kvDeleteCasBody(body)
  return { kind: 'kvDeleteCas', key, expectedIndex }
}

function readKvDeleteTree(body: readonly unknown[]): Simple {
  const [prefix] = oneText(body)
  return { kind: 'kvDeleteTree', prefix }
}

function kindAndBody(value: unknown): readonly [unknown, readonly unknown[]] {
  if (!Array.isArray(value)) return misfit('a list')
  const [kind, ...body] = value as readonly unknown[]
  return [kind, body]
}

function packRecord(record: StateRecord): readonly unknown[] {
  const kind = recordKinds[record.kind as keyof typeof recordKinds]
  switch (record.kind) {
    case 'marks':
      return [kind, record.marks]
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
    default:
      return unreachable(record as never)
  }
}

const marks = record<Marks>({
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
})
const textAndIndex = tuple(text, count)

const recordReaders: ReadonlyMap<unknown, (body: readonly unknown[]) => StateRecord> = new Map<
  unknown,
  (body: readonly unknown[]) => StateRecord
>([
  [recordKinds.marks, (body) => ({ kind: 'marks', marks: tuple(marks)(body)[0] })],
  [recordKinds.node, (body) => ({ kind: 'node', node: tuple(catalogNode)(body)[0] })],
  [recordKinds.service, (body) => ({ kind: 'service', service: tuple(catalogService)(body)[0] })],
  [recordKinds.check, (body) => ({ kind: 'check', check: tuple(catalogCheck)(body)[0] })],
  [recordKinds.kv, (body) => ({ kind: 'kv', entry: tuple(kvEntry)(body)[0] })],
  [recordKinds.serviceIndex, readServiceIndex],
  [recordKinds.tombstone, readTombstone],
])

const stateRecord: Shape<StateRecord> = (value) => {
  const [kind, body] = kindAndBody(value)
  const read = recordReaders.get(kind) ?? misfit('a known record')
  return read(body)
}

function readServiceIndex(body: readonly unknown[]): StateRecord {
  const [service, index] = textAndIndex(body)
  return { kind: 'serviceIndex', service, index }
}

function readTombstone(body: readonly unknown[]): StateRecord {
  const [key, index] = textAndIndex(body)
  return { kind: 'tombstone', key, index }
}
