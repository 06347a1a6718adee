// How transactions and what they gave look in CBOR: operations and results by position, behind the number of their
// kind. Operations are data at rest (commands hold them): numbers are never given a second meaning.
import { unreachable } from '../lib/assert.ts'
import {
  txnCatalogVerbs,
  txnKvVerbs,
  type TxnError,
  type TxnOperation,
  type TxnOutcome,
  type TxnResult,
} from '../model/transaction.ts'
import { catalogCheck, catalogNode, catalogService, checkInfo, kvEntry } from './catalog-shapes.ts'
import { nodeInfo, packCheck, packKvEntry, packNode, packService, serviceInfo } from './catalog-shapes.ts'
import { packStoredCheck, packStoredNode, packStoredService } from './catalog-shapes.ts'
import {
  bytes,
  count,
  flag,
  kindAndBody,
  list,
  misfit,
  oneOf,
  packUint64,
  record,
  text,
  tuple,
  uint64,
  type Shape,
} from './shapes.ts'

const kinds = { kv: 1, node: 2, service: 3, check: 4, session: 5 } as const

const kvVerb = oneOf(...txnKvVerbs)
const catalogVerb = oneOf(...txnCatalogVerbs)

const kvBody = tuple(kvVerb, text, bytes, uint64, count, text)
const nodeBody = tuple(catalogVerb, nodeInfo, count)
const serviceBody = tuple(catalogVerb, text, serviceInfo, count)
const checkBody = tuple(catalogVerb, checkInfo, count)
const sessionBody = tuple(oneOf('delete'), text)

/** One operation, in the form that `packOperation` makes. */
export const txnOperation: Shape<TxnOperation> = (value) => {
  const [kind, body] = kindAndBody(value)
  switch (kind) {
    case kinds.kv: {
      const [verb, key, data, flags, index, session] = kvBody(body)
      return { kind: 'kv', verb, key, value: data, flags, index, session }
    }
    case kinds.node: {
      const [verb, node, index] = nodeBody(body)
      return { kind: 'node', verb, node, index }
    }
    case kinds.service: {
      const [verb, node, service, index] = serviceBody(body)
      return { kind: 'service', verb, node, service, index }
    }
    case kinds.check: {
      const [verb, check, index] = checkBody(body)
      return { kind: 'check', verb, check, index }
    }
    case kinds.session: {
      const [verb, session] = sessionBody(body)
      return { kind: 'session', verb, session }
    }
    default:
      return misfit('a known operation')
  }
}

/** The form of an operation that CBOR carries. */
export function packOperation(operation: TxnOperation): readonly unknown[] {
  const { verb } = operation
  switch (operation.kind) {
    case 'kv': {
      const { key, value, flags, index, session } = operation
      return [kinds.kv, verb, key, value, packUint64(flags), index, session]
    }
    case 'node':
      return [kinds.node, verb, packNode(operation.node), operation.index]
    case 'service':
      return [kinds.service, verb, operation.node, packService(operation.service), operation.index]
    case 'check':
      return [kinds.check, verb, packCheck(operation.check), operation.index]
    case 'session':
      return [kinds.session, verb, operation.session]
    default:
      return unreachable(operation)
  }
}

const kvResultBody = tuple(kvEntry, flag)

const txnResult: Shape<TxnResult> = (value) => {
  const [kind, body] = kindAndBody(value)
  switch (kind) {
    case kinds.kv: {
      const [entry, hasValue] = kvResultBody(body)
      return { kind: 'kv', entry, hasValue }
    }
    case kinds.node:
      return { kind: 'node', node: tuple(catalogNode)(body)[0] }
    case kinds.service:
      return { kind: 'service', service: tuple(catalogService)(body)[0] }
    case kinds.check:
      return { kind: 'check', check: tuple(catalogCheck)(body)[0] }
    default:
      return misfit('a known result')
  }
}

function packResult(result: TxnResult): readonly unknown[] {
  switch (result.kind) {
    case 'kv':
      return [kinds.kv, packKvEntry(result.entry), result.hasValue]
    case 'node':
      return [kinds.node, packStoredNode(result.node)]
    case 'service':
      return [kinds.service, packStoredService(result.service)]
    case 'check':
      return [kinds.check, packStoredCheck(result.check)]
    default:
      return unreachable(result)
  }
}

const outcomeBody = tuple(list(txnResult), list(record<TxnError>({ operation: count, message: text })))

/** What a transaction gave, in the form that `packOutcome` makes. */
export const txnOutcome: Shape<TxnOutcome> = (value) => {
  const [results, errors] = outcomeBody(value)
  return { results, errors }
}

/** The form of an outcome that CBOR carries. */
export function packOutcome(outcome: TxnOutcome): readonly unknown[] {
  const errors = outcome.errors.map(({ operation, message }) => ({ operation, message }))
  return [outcome.results.map(packResult), errors]
}
