// Requests between agents and their answers, to CBOR and back. Kinds and scalar fields are read strictly; values of
// answers are plain data, except KV entries, whose flags may exceed what CBOR carries here as a number.
import type { Result } from '../lib/result.ts'
import type { KvEntry, KvVersion } from '../model/catalog.ts'
import type { CommandResult } from '../model/command.ts'
import type { RequestError } from '../model/errors.ts'
import type {
  Action,
  Consistency,
  KvChanges,
  Query,
  ReadMeta,
  ReadOptions,
  ServerQueryKind,
} from '../model/query.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import type { TxnOutcome } from '../model/transaction.ts'
import type { UserEvent } from '../model/user-event.ts'
import { kvEntry, packKvEntry } from './catalog-shapes.ts'
import { decodeCbor, encodeCbor, type CodecError } from './cbor.ts'
import { nodeCoordinate } from './later-shapes.ts'
import { kvVersion, packKvVersion } from './record-codec.ts'
import { preparedSearch } from './later-shapes.ts'
import { packOperation, packOutcome, txnOperation, txnOutcome } from './transaction-shapes.ts'
import {
  anything,
  bytes,
  count,
  flag,
  list,
  literal,
  map,
  misfit,
  nullable,
  oneOf,
  optional,
  readShape,
  record,
  text,
  union,
  type Shape,
} from './shapes.ts'

type OfKind<T, K> = Extract<T, { readonly kind: K }>
/** Values that one answer may hold: the catalog of a large cluster has millions. */
const replyItemsMax = 8_000_000

type Packed = {
  readonly form: 'plain' | 'kv' | 'kvList' | 'kvVersions' | 'kvChanges' | 'txn'
  readonly data: unknown
}

/** Encodes a request. The bytes are a view that the next encoding may share a buffer with. */
export function encodeRequest(request: RpcRequest): Uint8Array {
  return encodeCbor(request.kind === 'read' ? { ...request, query: packQuery(request.query) } : request)
}

/** What older servers do not know is left out as long as it says nothing. */
function packQuery(query: Query): unknown {
  if (query.kind === 'txn') return { ...query, operations: query.operations.map(packOperation) }
  const packed: Record<string, unknown> = { ...query }
  if ('near' in query && query.near === '') delete packed['near']
  if ('connect' in query && !query.connect) delete packed['connect']
  return packed
}

/** Decodes a request. Errors: a CodecError; never throws. */
export function decodeRequest(data: Uint8Array): Result<RpcRequest, CodecError> {
  const decoded = decodeCbor(data)
  return decoded.ok ? readShape(request, decoded.value) : decoded
}

/** Encodes an answer. The bytes are a view that the next encoding may share a buffer with. */
export function encodeReply(reply: RpcReply): Uint8Array {
  switch (reply.kind) {
    case 'read':
      return encodeCbor({ ...reply, value: packValue(reply.value) })
    case 'written':
      return encodeCbor({ ...reply, result: packResult(reply.result) })
    default:
      return encodeCbor(reply)
  }
}

/** A token of 0 is left out. */
function packResult(result: CommandResult): unknown {
  switch (result.kind) {
    case 'decided': {
      const { kind, applied, fencingToken } = result
      return fencingToken === 0 ? { kind, applied } : result
    }
    case 'txn':
      return { kind: 'txn', outcome: packOutcome(result.outcome) }
    case 'batch':
      return { kind: 'batch', results: result.results.map(packResult) }
    default:
      return result
  }
}

/** Decodes an answer. Errors: a CodecError; never throws. */
export function decodeReply(data: Uint8Array): Result<RpcReply, CodecError> {
  const decoded = decodeCbor(data, replyItemsMax)
  return decoded.ok ? readShape(reply, decoded.value) : decoded
}

const consistency = oneOf<Consistency>('default', 'consistent', 'stale')
const textMap = map(text)
const selector = { service: text, tags: list(text), nodeMeta: textMap, near: text, connect: flag }

/** A record that may lack `near`. */
function withNear<T>(shape: Shape<T>): Shape<T> {
  return (value) => shape(optional(value, 'near', ''))
}

function withConnect<T>(shape: Shape<T>): Shape<T> {
  return withNear((value) => shape(optional(value, 'connect', false)))
}

const query: Shape<Query> = union<Query>({
  nodes: withNear(record({ kind: literal('nodes'), nodeMeta: textMap, near: text })),
  node: record({ kind: literal('node'), node: text }),
  nodeServices: record({ kind: literal('nodeServices'), node: text }),
  nodeDump: record({ kind: literal('nodeDump'), node: text }),
  nodesByAddress: record({ kind: literal('nodesByAddress'), ip: text }),
  servicesByAddress: record({ kind: literal('servicesByAddress'), ip: text }),
  services: record({ kind: literal('services'), nodeMeta: textMap }),
  serviceNodes: withConnect(record({ kind: literal('serviceNodes'), ...selector })),
  healthNode: record({ kind: literal('healthNode'), node: text }),
  healthChecks: withNear(
    record({ kind: literal('healthChecks'), service: text, nodeMeta: textMap, near: text }),
  ),
  healthService: withConnect(record({ kind: literal('healthService'), ...selector, passing: flag })),
  healthState: withNear(record({ kind: literal('healthState'), state: text, nodeMeta: textMap, near: text })),
  kvGet: record({ kind: literal('kvGet'), key: text }),
  kvList: record({ kind: literal('kvList'), prefix: text }),
  kvKeys: record({ kind: literal('kvKeys'), prefix: text, separator: text }),
  kvChanges: record({ kind: literal('kvChanges'), key: text, isPrefix: flag, since: count }),
  kvHistory: record({ kind: literal('kvHistory'), key: text }),
  session: record({ kind: literal('session'), id: text }),
  sessions: record({ kind: literal('sessions') }),
  sessionsOfNode: record({ kind: literal('sessionsOfNode'), node: text }),
  txn: record({ kind: literal('txn'), operations: list(txnOperation) }),
  preparedQueries: record({ kind: literal('preparedQueries') }),
  preparedQuery: record({ kind: literal('preparedQuery'), id: text }),
  preparedQueryResolve: record({ kind: literal('preparedQueryResolve'), nameOrId: text }),
  coordinates: record({ kind: literal('coordinates') }),
  coordinatesOfNode: record({ kind: literal('coordinatesOfNode'), node: text }),
  configEntries: record({ kind: literal('configEntries'), configKind: text }),
  configEntry: record({ kind: literal('configEntry'), configKind: text, name: text }),
  exportedServices: record({ kind: literal('exportedServices') }),
  autopilotConfig: record({ kind: literal('autopilotConfig') }),
  usage: record({ kind: literal('usage') }),
})

const userEvent: Shape<UserEvent> = record<UserEvent>({
  id: text,
  name: text,
  payload: bytes,
  nodeFilter: text,
  serviceFilter: text,
  tagFilter: text,
  version: count,
  lamportTime: count,
})

const action: Shape<Action> = union<Action>({
  renewSession: record({ kind: literal('renewSession'), id: text }),
  removePeer: record({ kind: literal('removePeer'), id: text, address: text, force: flag }),
  transferLeader: record({ kind: literal('transferLeader'), id: text }),
  checkLeave: record({ kind: literal('checkLeave'), id: text }),
  snapshotBegin: record({ kind: literal('snapshotBegin') }),
  snapshotRead: record({ kind: literal('snapshotRead'), id: text, offset: count }),
  restoreWrite: record({ kind: literal('restoreWrite'), id: text, offset: count, data: bytes }),
  restoreEnd: record({ kind: literal('restoreEnd'), id: text, size: count }),
  fireEvent: record({ kind: literal('fireEvent'), event: userEvent }),
  updateCoordinates: record({ kind: literal('updateCoordinates'), updates: list(nodeCoordinate) }),
})

const readOptions: Shape<ReadOptions> = record<ReadOptions>({
  datacenter: text,
  consistency,
  maxStaleMs: nullable(count),
  minIndex: count,
  waitMs: count,
})

const request: Shape<RpcRequest> = union<RpcRequest>({
  read: record<OfKind<RpcRequest, 'read'>>({
    kind: literal('read'),
    datacenter: text,
    hops: count,
    holdMs: count,
    query,
    options: readOptions,
  }),
  write: record<OfKind<RpcRequest, 'write'>>({
    kind: literal('write'),
    datacenter: text,
    hops: count,
    holdMs: count,
    command: bytes,
  }),
  ask: record<OfKind<RpcRequest, 'ask'>>({
    kind: literal('ask'),
    datacenter: text,
    hops: count,
    holdMs: count,
    question: oneOf<ServerQueryKind>(
      'leader',
      'peers',
      'datacenters',
      'wanMembers',
      'datacenterCoordinates',
      'raftConfiguration',
      'autopilotHealth',
    ),
    consistency,
  }),
  act: record<OfKind<RpcRequest, 'act'>>({
    kind: literal('act'),
    datacenter: text,
    hops: count,
    holdMs: count,
    action,
    consistency,
  }),
  search: record<OfKind<RpcRequest, 'search'>>({
    kind: literal('search'),
    datacenter: text,
    hops: count,
    holdMs: count,
    search: preparedSearch,
    consistency,
    maxStaleMs: nullable(count),
  }),
  readIndex: record<OfKind<RpcRequest, 'readIndex'>>({ kind: literal('readIndex'), consistency }),
  bootstrapState: record<OfKind<RpcRequest, 'bootstrapState'>>({
    kind: literal('bootstrapState'),
    servers: list(text),
  }),
  removeServer: record<OfKind<RpcRequest, 'removeServer'>>({ kind: literal('removeServer'), id: text }),
})

const requestError: Shape<RequestError> = record<RequestError>({
  code: oneOf<RequestError['code']>(
    'badRequest',
    'notFound',
    'tooLarge',
    'noLeader',
    'noServers',
    'noPathToDatacenter',
    'datacenterUnreachable',
    'indeterminate',
    'timeout',
    'overloaded',
    'rateLimited',
    'refused',
    'cancelled',
    'internal',
  ),
  message: text,
})

const readMeta: Shape<ReadMeta> = record<ReadMeta>({
  index: count,
  knownLeader: flag,
  lastContactMs: count,
  epoch: text,
})

const decided = record<OfKind<CommandResult, 'decided'>>({
  kind: literal('decided'),
  applied: flag,
  fencingToken: count,
})

/** Of any depth that CBOR admits; a batch within a batch does not occur and does no harm. */
const commandResult: Shape<CommandResult> = union<CommandResult>({
  done: record<OfKind<CommandResult, 'done'>>({ kind: literal('done') }),
  decided: (value) => decided(optional(value, 'fencingToken', 0)),
  refused: record<OfKind<CommandResult, 'refused'>>({ kind: literal('refused'), message: text }),
  txn: record<OfKind<CommandResult, 'txn'>>({ kind: literal('txn'), outcome: txnOutcome }),
  batch: record<OfKind<CommandResult, 'batch'>>({
    kind: literal('batch'),
    results: list((value) => commandResult(value)),
  }),
})

const packed: Shape<Packed> = record<Packed>({
  form: oneOf('plain', 'kv', 'kvList', 'kvVersions', 'kvChanges', 'txn'),
  data: anything,
})

const reply: Shape<RpcReply> = union<RpcReply>({
  refused: record<OfKind<RpcReply, 'refused'>>({ kind: literal('refused'), error: requestError }),
  read: record<OfKind<RpcReply, 'read'>>({ kind: literal('read'), meta: readMeta, value: unpackValue }),
  written: record<OfKind<RpcReply, 'written'>>({
    kind: literal('written'),
    result: commandResult,
    index: count,
  }),
  asked: record<OfKind<RpcReply, 'asked'>>({ kind: literal('asked'), value: anything }),
  acted: record<OfKind<RpcReply, 'acted'>>({ kind: literal('acted'), value: anything }),
  readIndex: record<OfKind<RpcReply, 'readIndex'>>({ kind: literal('readIndex'), index: count }),
  bootstrapState: record<OfKind<RpcReply, 'bootstrapState'>>({
    kind: literal('bootstrapState'),
    hasState: flag,
    granted: flag,
  }),
  done: record<OfKind<RpcReply, 'done'>>({ kind: literal('done') }),
})

/** Marks the answers that hold KV entries, so that the other end can read them without knowing the question. */
function packValue(value: unknown): Packed {
  if (isKvEntry(value)) return { form: 'kv', data: packKvEntry(value) }
  if (isChanges(value)) {
    return { form: 'kvChanges', data: { ...value, entries: value.entries.map(packKvEntry) } }
  }
  if (isOutcome(value)) return { form: 'txn', data: packOutcome(value) }
  if (Array.isArray(value) && value.length > 0 && value.every(isKvVersion)) {
    return { form: 'kvVersions', data: value.map(packKvVersion) }
  }
  if (Array.isArray(value) && value.length > 0 && value.every(isKvEntry)) {
    return { form: 'kvList', data: value.map(packKvEntry) }
  }
  return { form: 'plain', data: value }
}

function unpackValue(value: unknown): unknown {
  const { form, data } = packed(value)
  switch (form) {
    case 'plain':
      return data ?? null
    case 'kv':
      return kvEntry(data)
    case 'kvList':
      return list(kvEntry)(data)
    case 'kvVersions':
      return list(kvVersion)(data)
    case 'kvChanges':
      return kvChanges(data)
    case 'txn':
      return txnOutcome(data)
    default:
      return misfit('a known form')
  }
}

function isKvEntry(value: unknown): value is KvEntry {
  return typeof value === 'object' && value !== null && 'flags' in value && typeof value.flags === 'bigint'
}

function isKvVersion(value: unknown): value is KvVersion {
  return typeof value === 'object' && value !== null && 'entry' in value && 'atWallMs' in value
}

function isChanges(value: unknown): value is KvChanges {
  return typeof value === 'object' && value !== null && 'isComplete' in value && 'deleted' in value
}

const kvChanges = record<KvChanges>({
  entries: list(kvEntry),
  deleted: list(record({ key: text, index: count })),
  isComplete: flag,
})

function isOutcome(value: unknown): value is TxnOutcome {
  return typeof value === 'object' && value !== null && 'results' in value && 'errors' in value
}
