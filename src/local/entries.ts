// What a node has of its own: services and checks, each with where it came from and as whom it is registered.
import type { CatalogCheck, CatalogNode, CatalogService, CheckInfo, ServiceInfo } from '../model/catalog.ts'
import type { CheckDefinition } from '../model/definition.ts'

/** Where a definition came from: files are read anew at each start, what the API gave is persisted. */
export type Source = 'file' | 'api'

/** A service instance of this node. */
export interface OwnService {
  readonly info: ServiceInfo
  /** Token that it is registered with; '' for the agent's own. */
  readonly token: string
  readonly source: Source
}

/** A check of this node. */
export interface OwnCheck {
  /** With its present status and output, and its service's name and tags. */
  readonly info: CheckInfo
  /** Null for maintenance, which nothing runs. */
  readonly definition: CheckDefinition | null
  readonly token: string
  readonly source: Source
}

/** What the catalog says of this node. */
export interface CatalogView {
  /** Null if it does not know the node. */
  readonly node: CatalogNode | null
  readonly services: readonly CatalogService[]
  readonly checks: readonly CatalogCheck[]
}

/** One change of what the node has. What is removed and not there is no error. */
export type LocalChange =
  /** Adds a service, or replaces the one of its id; its checks stay. */
  | { readonly kind: 'putService'; readonly service: OwnService }
  /** Adds a check, or replaces the one of its id. A service that it names is there already. */
  | { readonly kind: 'putCheck'; readonly check: OwnCheck }
  /** With its checks. */
  | { readonly kind: 'removeService'; readonly id: string }
  | { readonly kind: 'removeCheck'; readonly id: string }
