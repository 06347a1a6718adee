// Requests between agents and their answers, to CBOR and back. Kinds and scalar fields are read strictly; values of
// answers are plain data, except KV entries, whose flags may exceed what CBOR carries here as a number.
import type { Result } from '../lib/result.ts'
import type { KvEntry } from '../model/catalog.ts'
import type { CommandResult } from '../model/command.ts'
import type { RequestError } from '../model/errors.ts'
import type { Action, Consistency, Query, ReadMeta, ReadOptions, ServerQueryKind } from '../model/query.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import { kvEntry, packKvEntry } from './catalog-shapes.ts'
import { decodeCbor, encodeCbor, type CodecError } from './cbor.ts'
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
  readShape,
  record,
  text,
  union,
  type Shape,
} from './shapes.ts'

type OfKind<T, K> = Extract<T, { readonly kind: K }>
/** Values that one answer may hold: the catalog of a large cluster has millions. */
const replyItemsMax = 8_000_000

type Packed = { readonly form: 'plain' | 'kv' | 'kvList'; readonly data: unknown }

/** Encodes a request. The bytes are a view that the next encoding may share a buffer with. */
export function encodeRequest(request: RpcRequest): Uint8Array {
  return encodeCbor(request)
}

/** Decodes a request. Errors: a CodecError; never throws. */
export function decodeRequest(data: Uint8Array): Result<RpcRequest, CodecError> {
  const decoded = decodeCbor(data)
  return decoded.ok ? readShape(request, decoded.value) : decoded
}

/** Encodes an answer. The bytes are a view that the next encoding may share a buffer with. */
export function encodeReply(reply: RpcReply): Uint8Array {
  return encodeCbor(reply.kind === 'read' ? { ...reply, value: packValue(reply.value) } : reply)
}

/** Decodes an answer. Errors: a CodecError; never throws. */
export function decodeReply(data: Uint8Array): Result<RpcReply, CodecError> {
  const decoded = decodeCbor(data, replyItemsMax)
  return decoded.ok ? readShape(reply, decoded.value) : decoded
}

const consistency = oneOf<Consistency>('default', 'consistent', 'stale')
const textMap = map(text)
const selector = { service: text, tags: list(text), nodeMeta: textMap }

const query: Shape<Query> = union<Query>({
  nodes: record({ kind: literal('nodes'), nodeMeta: textMap }),
  node: record({ kind: literal('node'), node: text }),
  nodesByAddress: record({ kind: literal('nodesByAddress'), ip: text }),
  servicesByAddress: record({ kind: literal('servicesByAddress'), ip: text }),
  services: record({ kind: literal('services'), nodeMeta: textMap }),
  serviceNodes: record({ kind: literal('serviceNodes'), ...selector }),
  healthNode: record({ kind: literal('healthNode'), node: text }),
  healthChecks: record({ kind: literal('healthChecks'), service: text, nodeMeta: textMap }),
  healthService: record({ kind: literal('healthService'), ...selector, passing: flag }),
  healthState: record({ kind: literal('healthState'), state: text, nodeMeta: textMap }),
  kvGet: record({ kind: literal('kvGet'), key: text }),
  kvList: record({ kind: literal('kvList'), prefix: text }),
  kvKeys: record({ kind: literal('kvKeys'), prefix: text, separator: text }),
  kvHistory: record({ kind: literal('kvHistory'), key: text }),
  session: record({ kind: literal('session'), id: text }),
  sessions: record({ kind: literal('sessions') }),
  sessionsOfNode: record({ kind: literal('sessionsOfNode'), node: text }),
  txn: record({ kind: literal('txn'), operations: () => misfit('a transaction') }),
  autopilotConfig: record({ kind: literal('autopilotConfig') }),
  usage: record({ kind: literal('usage') }),
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
  readIndex: record<OfKind<RpcRequest, 'readIndex'>>({ kind: literal('readIndex') }),
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

const readMeta: Shape<ReadMeta> = record<ReadMeta>({ index: count, knownLeader: flag, lastContactMs: count })

/** Of any depth that CBOR admits; a batch within a batch does not occur and does no harm. */
const commandResult: Shape<CommandResult> = union<CommandResult>({
  done: record<OfKind<CommandResult, 'done'>>({ kind: literal('done') }),
  decided: record<OfKind<CommandResult, 'decided'>>({ kind: literal('decided'), applied: flag, fencingToken: count }),
  refused: record<OfKind<CommandResult, 'refused'>>({ kind: literal('refused'), message: text }),
  txn: record<OfKind<CommandResult, 'txn'>>({ kind: literal('txn'), outcome: () => misfit('an outcome') }),
  batch: record<OfKind<CommandResult, 'batch'>>({
    kind: literal('batch'),
    results: list((value) => commandResult(value)),
  }),
})

const packed: Shape<Packed> = record<Packed>({ form: oneOf('plain', 'kv', 'kvList'), data: anything })

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
    default:
      return misfit('a known form')
  }
}

function isKvEntry(value: unknown): value is KvEntry {
  return typeof value === 'object' && value !== null && 'flags' in value && typeof value.flags === 'bigint'
}
