// Transactions: several operations that are carried out together or not at all (`/v1/txn`).
import type {
  CatalogCheck,
  CatalogNode,
  CatalogService,
  CheckInfo,
  KvEntry,
  NodeInfo,
  ServiceInfo,
} from './catalog.ts'

/** One operation. `index` is the ModifyIndex that cas, delete-cas and check-index expect. */
export type TxnOperation =
  | {
      readonly kind: 'kv'
      readonly verb: TxnKvVerb
      readonly key: string
      readonly value: Uint8Array
      readonly flags: bigint
      readonly index: number
      readonly session: string
    }
  | { readonly kind: 'node'; readonly verb: TxnCatalogVerb; readonly node: NodeInfo; readonly index: number }
  | {
      readonly kind: 'service'
      readonly verb: TxnCatalogVerb
      readonly node: string
      readonly service: ServiceInfo
      readonly index: number
    }
  | {
      readonly kind: 'check'
      readonly verb: TxnCatalogVerb
      readonly check: CheckInfo
      readonly index: number
    }
  | { readonly kind: 'session'; readonly verb: 'delete'; readonly session: string }

/** Verbs on keys that change nothing. */
export const txnKvReads = [
  'get',
  'get-or-empty',
  'get-tree',
  'check-index',
  'check-session',
  'check-not-exists',
] as const

/** Verbs on keys that change something. */
export const txnKvWrites = ['set', 'cas', 'lock', 'unlock', 'delete', 'delete-tree', 'delete-cas'] as const

/** A verb on keys. */
export type TxnKvVerb = (typeof txnKvReads)[number] | (typeof txnKvWrites)[number]
/** All of them. */
export const txnKvVerbs: readonly TxnKvVerb[] = [...txnKvReads, ...txnKvWrites]

/** Verbs on nodes, services and checks; `get` alone changes nothing. */
export const txnCatalogVerbs = ['get', 'set', 'cas', 'delete', 'delete-cas'] as const
/** One of them. */
export type TxnCatalogVerb = (typeof txnCatalogVerbs)[number]

/** What one operation gave. Deletions and checks of indexes give nothing. */
export type TxnResult =
  /** `hasValue` is false for writes: they do not repeat the value. A `get-or-empty` of an absent key has index 0. */
  | { readonly kind: 'kv'; readonly entry: KvEntry; readonly hasValue: boolean }
  | { readonly kind: 'node'; readonly node: CatalogNode }
  | { readonly kind: 'service'; readonly service: CatalogService }
  | { readonly kind: 'check'; readonly check: CatalogCheck }

/** Why an operation could not be carried out; `operation` counts from 0. */
export interface TxnError {
  readonly operation: number
  readonly message: string
}

/** Errors make all of it void: then there are no results. */
export interface TxnOutcome {
  readonly results: readonly TxnResult[]
  readonly errors: readonly TxnError[]
}

/** True if an operation changes nothing. */
export function isRead(operation: TxnOperation): boolean {
  return readingVerbs.has(operation.verb)
}

/** `get` of the catalog is among them. */
const readingVerbs: ReadonlySet<string> = new Set(txnKvReads)

/** True if the operations only read, so that no entry of the log is needed. */
export function isReadOnly(operations: readonly TxnOperation[]): boolean {
  return operations.every(isRead)
}
