// Commands of the replicated log as CBOR carries them. They are data at rest: kinds are numbers that are never given a
// second meaning, and unknown kinds and fields are refused.
import { unreachable } from '../lib/assert.ts'
import type {
  Command,
  ConfigEntryCommand,
  CoordinatesCommand,
  KvCommand,
  KvWrite,
  OperatorCommand,
  QueryCommand,
  RegisterCommand,
  RestoreCommand,
  SessionCommand,
  TxnCommand,
} from '../model/command.ts'
import {
  checkInfo,
  jsonObject,
  nodeInfo,
  packCheck,
  packNode,
  packService,
  serviceInfo,
} from './catalog-shapes.ts'
import { nodeCoordinate, packCoordinate, packQueryInfo, queryInfo } from './later-shapes.ts'
import { packRecord, stateRecord } from './record-codec.ts'
import { autopilotConfig, packAutopilot, packSession, sessionInfo } from './session-shapes.ts'
import { packOperation, txnOperation } from './transaction-shapes.ts'
import {
  bytes,
  count,
  flag,
  kindAndBody,
  list,
  misfit,
  nullable,
  packUint64,
  text,
  tuple,
  uint64,
  type Shape,
} from './shapes.ts'

const kinds = {
  register: 1,
  deregister: 2,
  /** Without a time to live, as all writes were once. */
  kvSet: 3,
  kvCas: 4,
  kvDelete: 5,
  kvDeleteCas: 6,
  kvDeleteTree: 7,
  batch: 8,
  kvSetTtl: 9,
  kvCasTtl: 10,
  kvAcquire: 11,
  kvRelease: 12,
  kvExpire: 13,
  sessionCreate: 14,
  sessionDestroy: 15,
  txn: 16,
  autopilotSet: 17,
  setBehaviour: 18,
  setClusterId: 19,
  setKvHistory: 20,
  pruneKvHistory: 21,
  restoreBegin: 22,
  restoreRecords: 23,
  restoreEnd: 24,
  preparedQuerySet: 25,
  preparedQueryDelete: 26,
  coordinates: 27,
  configEntrySet: 28,
  configEntryDelete: 29,
  raiseIndexes: 30,
} as const

/** A command that is no batch. */
export type Simple = Exclude<Command, { readonly kind: 'batch' }>

/** The form of a command that CBOR carries. */
export function packCommand(command: Command): readonly unknown[] {
  switch (command.kind) {
    case 'batch':
      return [kinds.batch, command.commands.map(packCommand)]
    case 'register':
      return [kinds.register, ...packRegister(command)]
    case 'deregister':
      return [kinds.deregister, command.node, command.serviceId, command.checkId]
    case 'sessionCreate':
    case 'sessionDestroy':
    case 'txn':
      return packSessionCommand(command)
    default:
      return packRest(command)
  }
}

type Rest =
  | KvCommand
  | OperatorCommand
  | RestoreCommand
  | QueryCommand
  | ConfigEntryCommand
  | CoordinatesCommand

function packRest(command: Rest): readonly unknown[] {
  switch (command.kind) {
    case 'autopilotSet':
    case 'setBehaviour':
    case 'setClusterId':
    case 'setKvHistory':
    case 'pruneKvHistory':
    case 'raiseIndexes':
      return packOperator(command)
    case 'restoreBegin':
    case 'restoreRecords':
    case 'restoreEnd':
      return packRestore(command)
    default:
      return packLater(command)
  }
}

function packLater(
  command: KvCommand | QueryCommand | ConfigEntryCommand | CoordinatesCommand,
): readonly unknown[] {
  switch (command.kind) {
    case 'preparedQuerySet':
    case 'preparedQueryDelete':
    case 'coordinates':
    case 'configEntrySet':
    case 'configEntryDelete':
      return packQueries(command)
    default:
      return packKv(command)
  }
}

function packRegister(command: RegisterCommand): readonly unknown[] {
  const service = command.service === null ? null : packService(command.service)
  return [packNode(command.node), service, command.checks.map(packCheck), command.skipNodeUpdate]
}

function packKv(command: KvCommand): readonly unknown[] {
  switch (command.kind) {
    case 'kvSet':
      return command.ttlMs === 0
        ? [kinds.kvSet, command.key, command.value, packUint64(command.flags)]
        : [kinds.kvSetTtl, ...packWrite(command)]
    case 'kvCas':
      return command.ttlMs === 0
        ? [kinds.kvCas, command.key, command.value, packUint64(command.flags), command.expectedIndex]
        : [kinds.kvCasTtl, ...packWrite(command), command.expectedIndex]
    case 'kvAcquire':
    case 'kvRelease':
      return [kinds[command.kind], ...packWrite(command), command.session]
    case 'kvDelete':
      return [kinds.kvDelete, command.key]
    case 'kvDeleteCas':
      return [kinds.kvDeleteCas, command.key, command.expectedIndex]
    case 'kvDeleteTree':
      return [kinds.kvDeleteTree, command.prefix]
    case 'kvExpire':
      return [kinds.kvExpire, command.key, command.modifyIndex]
    default:
      return unreachable(command)
  }
}

function packWrite(write: KvWrite): readonly unknown[] {
  return [write.key, write.value, packUint64(write.flags), write.ttlMs]
}

function packSessionCommand(command: SessionCommand | TxnCommand): readonly unknown[] {
  switch (command.kind) {
    case 'sessionCreate':
      return [kinds.sessionCreate, packSession(command.session)]
    case 'sessionDestroy':
      return [kinds.sessionDestroy, command.id]
    case 'txn':
      return [kinds.txn, command.operations.map(packOperation)]
    default:
      return unreachable(command)
  }
}

function packOperator(command: OperatorCommand): readonly unknown[] {
  const kind = kinds[command.kind]
  switch (command.kind) {
    case 'autopilotSet':
      return [kind, packAutopilot(command.config), command.expectedIndex]
    case 'setBehaviour':
      return [kind, command.behaviour]
    case 'setClusterId':
      return [kind, command.id]
    case 'setKvHistory':
      return [kind, command.versionsMax, command.ageMs]
    case 'pruneKvHistory':
      return [kind]
    case 'raiseIndexes':
      return [kind, command.by]
    default:
      return unreachable(command)
  }
}

/** The commands that came with prepared queries. */
function packQueries(command: QueryCommand | ConfigEntryCommand | CoordinatesCommand): readonly unknown[] {
  const kind = kinds[command.kind]
  switch (command.kind) {
    case 'preparedQuerySet':
      return [kind, packQueryInfo(command.query)]
    case 'preparedQueryDelete':
      return [kind, command.id]
    case 'coordinates':
      return [kind, command.updates.map(packCoordinate)]
    case 'configEntrySet':
      return [kind, command.configKind, command.name, command.body, command.expectedIndex]
    case 'configEntryDelete':
      return [kind, command.configKind, command.name, command.expectedIndex]
    default:
      return unreachable(command)
  }
}

function packRestore(command: RestoreCommand): readonly unknown[] {
  const kind = kinds[command.kind]
  switch (command.kind) {
    case 'restoreBegin':
      return [kind, command.id]
    case 'restoreRecords':
      return [kind, command.id, command.records.map(packRecord)]
    case 'restoreEnd':
      return [kind, command.id, command.records]
    default:
      return unreachable(command)
  }
}

const registerBody = tuple(nodeInfo, nullable(serviceInfo), list(checkInfo), flag)
const deregisterBody = tuple(text, text, text)
const kvSetBody = tuple(text, bytes, uint64)
const kvSetTtlBody = tuple(text, bytes, uint64, count)
const kvCasBody = tuple(text, bytes, uint64, count)
const kvCasTtlBody = tuple(text, bytes, uint64, count, count)
const kvLockBody = tuple(text, bytes, uint64, count, text)
const nothing = tuple()
const oneText = tuple(text)
const oneCount = tuple(count)
const twoCounts = tuple(count, count)
const textAndCount = tuple(text, count)
const autopilotBody = tuple(autopilotConfig, nullable(count))
const recordsBody = tuple(text, list(stateRecord))

const configSetBody = tuple(text, text, jsonObject, nullable(count))
const configDeleteBody = tuple(text, text, nullable(count))

type Readers = {
  readonly [K in Exclude<keyof typeof kinds, 'batch'>]: (body: readonly unknown[]) => Simple
}

const readers: Readers = {
  register: (body) => {
    const [node, service, checks, skipNodeUpdate] = registerBody(body)
    return { kind: 'register', node, service, checks, skipNodeUpdate }
  },
  deregister: (body) => {
    const [node, serviceId, checkId] = deregisterBody(body)
    return { kind: 'deregister', node, serviceId, checkId }
  },
  kvSet: (body) => {
    const [key, value, flags] = kvSetBody(body)
    return { kind: 'kvSet', key, value, flags, ttlMs: 0 }
  },
  kvCas: (body) => {
    const [key, value, flags, expectedIndex] = kvCasBody(body)
    return { kind: 'kvCas', key, value, flags, expectedIndex, ttlMs: 0 }
  },
  kvDelete: (body) => ({ kind: 'kvDelete', key: oneText(body)[0] }),
  kvDeleteCas: (body) => {
    const [key, expectedIndex] = textAndCount(body)
    return { kind: 'kvDeleteCas', key, expectedIndex }
  },
  kvDeleteTree: (body) => ({ kind: 'kvDeleteTree', prefix: oneText(body)[0] }),
  kvSetTtl: (body) => {
    const [key, value, flags, ttlMs] = kvSetTtlBody(body)
    return { kind: 'kvSet', key, value, flags, ttlMs }
  },
  kvCasTtl: (body) => {
    const [key, value, flags, ttlMs, expectedIndex] = kvCasTtlBody(body)
    return { kind: 'kvCas', key, value, flags, expectedIndex, ttlMs }
  },
  kvAcquire: (body) => {
    const [key, value, flags, ttlMs, session] = kvLockBody(body)
    return { kind: 'kvAcquire', key, value, flags, ttlMs, session }
  },
  kvRelease: (body) => {
    const [key, value, flags, ttlMs, session] = kvLockBody(body)
    return { kind: 'kvRelease', key, value, flags, ttlMs, session }
  },
  kvExpire: (body) => {
    const [key, modifyIndex] = textAndCount(body)
    return { kind: 'kvExpire', key, modifyIndex }
  },
  sessionCreate: (body) => ({ kind: 'sessionCreate', session: tuple(sessionInfo)(body)[0] }),
  sessionDestroy: (body) => ({ kind: 'sessionDestroy', id: oneText(body)[0] }),
  txn: (body) => ({ kind: 'txn', operations: tuple(list(txnOperation))(body)[0] }),
  autopilotSet: (body) => {
    const [config, expectedIndex] = autopilotBody(body)
    return { kind: 'autopilotSet', config, expectedIndex }
  },
  setBehaviour: (body) => ({ kind: 'setBehaviour', behaviour: oneCount(body)[0] }),
  setClusterId: (body) => ({ kind: 'setClusterId', id: oneText(body)[0] }),
  setKvHistory: (body) => {
    const [versionsMax, ageMs] = twoCounts(body)
    return { kind: 'setKvHistory', versionsMax, ageMs }
  },
  pruneKvHistory: (body) => {
    nothing(body)
    return { kind: 'pruneKvHistory' }
  },
  raiseIndexes: (body) => ({ kind: 'raiseIndexes', by: oneCount(body)[0] }),
  preparedQuerySet: (body) => ({ kind: 'preparedQuerySet', query: tuple(queryInfo)(body)[0] }),
  preparedQueryDelete: (body) => ({ kind: 'preparedQueryDelete', id: oneText(body)[0] }),
  coordinates: (body) => ({ kind: 'coordinates', updates: tuple(list(nodeCoordinate))(body)[0] }),
  configEntrySet: (body) => {
    const [configKind, name, entry, expectedIndex] = configSetBody(body)
    return { kind: 'configEntrySet', configKind, name, body: entry, expectedIndex }
  },
  configEntryDelete: (body) => {
    const [configKind, name, expectedIndex] = configDeleteBody(body)
    return { kind: 'configEntryDelete', configKind, name, expectedIndex }
  },
  restoreBegin: (body) => ({ kind: 'restoreBegin', id: oneText(body)[0] }),
  restoreRecords: (body) => {
    const [id, records] = recordsBody(body)
    return { kind: 'restoreRecords', id, records }
  },
  restoreEnd: (body) => {
    const [id, records] = textAndCount(body)
    return { kind: 'restoreEnd', id, records }
  },
}

const readersByNumber: ReadonlyMap<unknown, (body: readonly unknown[]) => Simple> = new Map(
  Object.entries(readers).map(([kind, read]) => [kinds[kind as keyof Readers], read]),
)

/** A command that is no batch, in the form that `packCommand` makes. */
export const simple: Shape<Simple> = (value) => {
  const [kind, body] = kindAndBody(value)
  const read = readersByNumber.get(kind) ?? misfit('a known command')
  return read(body)
}

/** A command, in the form that `packCommand` makes. */
export const command: Shape<Command> = (value) => {
  const [kind, body] = kindAndBody(value)
  if (kind !== kinds.batch) return simple(value)
  const [commands] = tuple(list(simple))(body)
  return { kind: 'batch', commands }
}
