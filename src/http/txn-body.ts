// The body of `/v1/txn` as operations. What does not parse refuses all of it; an operation that says too little, or
// something unknown, becomes an error of its own, with the others' in the answer.
import type { CheckInfo, NodeInfo, ServiceInfo } from '../model/catalog.ts'
import {
  txnCatalogVerbs,
  txnKvVerbs,
  txnKvWrites,
  type TxnCatalogVerb,
  type TxnError,
  type TxnKvVerb,
  type TxnOperation,
} from '../model/transaction.ts'
import { Refusal } from './errors.ts'
import { checkOf, refuseBadId, refuseLongId, serviceOf } from './registration.ts'
import {
  type GivenKv,
  type GivenNode,
  type GivenOperation,
  type GivenTxnCheck,
  type GivenTxnService,
  readOperations,
} from './txn-form.ts'

/** A transaction as it was given. */
export interface DecodedTxn {
  /** The operations that can be carried out, with their places in the body. */
  readonly operations: readonly { readonly at: number; readonly operation: TxnOperation }[]
  /** Errors that are known without asking anybody. */
  readonly errors: readonly TxnError[]
  /** True if nothing in it writes. */
  readonly isReadOnly: boolean
}

/** What a transaction is held against. */
export interface TxnLimits {
  readonly operationsMax: number
  readonly valueBytesMax: number
  readonly datacenter: string
}

/** Reads a transaction. Throws Refusal: 400 for a body of the wrong form, 413 for too many or too large operations. */
export function decodeTxn(body: string, limits: TxnLimits): DecodedTxn {
  const given = readOperations(body).filter((each) => each !== null)
  if (given.length > limits.operationsMax) {
    throw new Refusal(
      413,
      `Transaction contains too many operations (${given.length} > ${limits.operationsMax})`,
    )
  }
  const present = given.map((each) => attemptOf(each, limits)).filter((attempt) => attempt !== undefined)
  const operations: { at: number; operation: TxnOperation }[] = []
  const errors: TxnError[] = []
  for (const [at, { make }] of present.entries()) {
    const made = orMessage(make)
    if (typeof made === 'string') errors.push({ operation: at, message: made })
    else operations.push({ at, operation: made })
  }
  return { operations, errors, isReadOnly: present.every(({ reads }) => reads) }
}

/** An operation that may turn out to be none. */
interface Attempt {
  readonly reads: boolean
  /** Throws Refusal, of which the text becomes the operation's error. */
  readonly make: () => TxnOperation
}

function orMessage(make: () => TxnOperation): TxnOperation | string {
  try {
    return make()
  } catch (error) {
    if (error instanceof Refusal && error.status !== 413) return error.message
    throw error
  }
}

/** The first kind that an operation has; one without any is left out, as the reference does. */
function attemptOf(given: GivenOperation, limits: TxnLimits): Attempt | undefined {
  const { KV, Node, Service, Check, Session } = given
  if (KV !== null) return { reads: !kvWrites.has(KV.Verb), make: () => kvOperation(KV, limits) }
  if (Node !== null) {
    return { reads: Node.Verb === 'get', make: () => nodeOperation(Node.Verb, Node.Node, limits.datacenter) }
  }
  if (Service !== null) {
    return {
      reads: Service.Verb === 'get',
      make: () => serviceOperation(Service.Verb, Service.Node, Service.Service),
    }
  }
  if (Check !== null) {
    return { reads: Check.Verb === 'get', make: () => checkOperation(Check.Verb, Check.Check) }
  }
  if (Session !== null) {
    return { reads: false, make: () => sessionOperation(Session.Verb, Session.Session.ID) }
  }
  return undefined
}

const kvVerbs: ReadonlySet<string> = new Set(txnKvVerbs)
const kvWrites: ReadonlySet<string> = new Set(txnKvWrites)
const catalogVerbs: ReadonlySet<string> = new Set(txnCatalogVerbs)

function kvOperation(given: GivenKv, { valueBytesMax }: TxnLimits): TxnOperation {
  if (given.Key === '' && given.Verb !== 'delete-tree') throw new Refusal(409, 'Must provide key')
  if (!kvVerbs.has(given.Verb)) throw unknownVerb('KV', given.Verb)
  if (given.Value.length > valueBytesMax) {
    const size = `(${given.Value.length} > ${valueBytesMax} bytes)`
    throw new Refusal(413, `Value for key ${JSON.stringify(given.Key)} is too large ${size}`)
  }
  return {
    kind: 'kv',
    verb: given.Verb as TxnKvVerb,
    key: given.Key,
    value: given.Value,
    flags: given.Flags,
    index: indexOf(given.Index),
    session: given.Session,
  }
}

function nodeOperation(verb: string, given: GivenNode, datacenter: string): TxnOperation {
  if (verb !== 'get' && given.Node === '') throw new Refusal(409, 'Must provide node')
  refuseBadId(given.ID)
  const info: NodeInfo = {
    id: given.ID,
    name: given.Node,
    address: given.Address,
    datacenter: given.Datacenter === '' ? datacenter : given.Datacenter,
    taggedAddresses: given.TaggedAddresses,
    meta: given.Meta,
  }
  return { kind: 'node', verb: catalogVerb('Node', verb), node: info, index: indexOf(given.ModifyIndex) }
}

function serviceOperation(given: string, nodeName: string, asked: GivenTxnService): TxnOperation {
  if (given !== 'get' && asked.ID !== '' && asked.Service === '') {
    throw new Refusal(409, 'Must provide service name with ID')
  }
  const verb = catalogVerb('Service', given)
  const info: ServiceInfo = verb === 'get' ? namedService(asked) : serviceOf(asked)
  if (verb === 'set' || verb === 'cas') refuseLongId('Service', info.id)
  return { kind: 'service', verb, node: nodeName, service: info, index: indexOf(asked.ModifyIndex) }
}

/** Of a service that is only asked for the ID alone counts. */
function namedService(asked: GivenTxnService): ServiceInfo {
  return {
    ...serviceOf({ ...asked, Kind: '', Address: '', Service: 'any' }),
    id: asked.ID,
    service: asked.Service,
  }
}

function checkOperation(given: string, asked: GivenTxnCheck): TxnOperation {
  const verb = catalogVerb('Check', given)
  const isWritten = verb === 'set' || verb === 'cas'
  const info: CheckInfo = isWritten
    ? checkOf(asked, asked.Node)
    : { ...checkOf({ ...asked, Status: '', CheckID: 'any' }, asked.Node), checkId: asked.CheckID }
  if (isWritten) refuseLongId('Check', info.checkId)
  return { kind: 'check', verb, check: { ...info, type: asked.Type }, index: indexOf(asked.ModifyIndex) }
}

function sessionOperation(verb: string, id: string): TxnOperation {
  if (verb !== 'delete') throw unknownVerb('Session', verb)
  return { kind: 'session', verb, session: id }
}

function catalogVerb(kind: string, verb: string): TxnCatalogVerb {
  if (!catalogVerbs.has(verb)) throw unknownVerb(kind, verb)
  return verb as TxnCatalogVerb
}

function unknownVerb(kind: string, verb: string): Refusal {
  return new Refusal(409, `unknown ${kind} verb ${JSON.stringify(verb)}`)
}

/** Indexes past 2^53 match nothing that exists. */
function indexOf(given: bigint): number {
  return given > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(given)
}
