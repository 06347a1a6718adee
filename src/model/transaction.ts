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

/** Verbs on keys. */
export type TxnKvVerb =
  | 'set'
  | 'cas'
  | 'lock'
  | 'unlock'
  | 'get'
  | 'get-or-empty'
  | 'get-tree'
  | 'check-index'
  | 'check-session'
  | 'check-not-exists'
  | 'delete'
  | 'delete-tree'
  | 'delete-cas'

/** Verbs on nodes, services and checks. */
export type TxnCatalogVerb = 'get' | 'set' | 'cas' | 'delete' | 'delete-cas'

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

/** True if the operations only read, so that no entry of the log is needed. */
export function isReadOnly(operations: readonly TxnOperation[]): boolean {
  return operations.every((operation) => readingVerbs.has(operation.verb))
}

const readingVerbs: ReadonlySet<string> = new Set([
  'get',
  'get-or-empty',
  'get-tree',
  'check-index',
  'check-session',
  'check-not-exists',
])
