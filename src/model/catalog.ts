// The nouns of the catalog: nodes, services, checks. What the state store holds and HTTP, DNS and agent talk about.

/** Text by text, such as meta data. Renderers sort the keys; nothing may depend on their order. */
export type TextMap = Readonly<Record<string, string>>

/** Raft indexes of an object's creation and last change. */
export interface Indexes {
  readonly createIndex: number
  readonly modifyIndex: number
}

/** A machine that runs an agent, or one registered from outside. */
export interface NodeInfo {
  /** UUID, or '' for a node registered without one. */
  readonly id: string
  readonly name: string
  /** An IP literal or a host name. */
  readonly address: string
  readonly datacenter: string
  /** `lan`, `wan`, `lan_ipv4`, … to addresses. */
  readonly taggedAddresses: TextMap
  readonly meta: TextMap
}

/** A node as stored. */
export type CatalogNode = NodeInfo & Indexes

/** An address with a port, of a service. */
export interface ServiceAddress {
  readonly address: string
  readonly port: number
}

/** DNS SRV weights by health. */
export interface Weights {
  readonly passing: number
  readonly warning: number
}

/** An instance of a service on a node. `proxy` and `connect` are kept as the client gave them. */
export interface ServiceInfo {
  readonly id: string
  readonly service: string
  readonly kind: string
  readonly tags: readonly string[]
  readonly address: string
  readonly port: number
  readonly socketPath: string
  readonly taggedAddresses: Readonly<Record<string, ServiceAddress>>
  readonly meta: TextMap
  readonly weights: Weights
  readonly enableTagOverride: boolean
  readonly proxy: JsonObject | null
  readonly connect: JsonObject | null
}

/** A service instance as stored. */
export type CatalogService = ServiceInfo & Indexes & { readonly node: string }

/** What a check can say. */
export type CheckStatus = 'passing' | 'warning' | 'critical'

/** A health check of a node (`serviceId` '') or of a service instance. */
export interface CheckInfo {
  readonly node: string
  readonly checkId: string
  readonly name: string
  readonly status: CheckStatus
  readonly notes: string
  readonly output: string
  readonly serviceId: string
  /** Filled in by the state store from the service. */
  readonly serviceName: string
  readonly serviceTags: readonly string[]
  readonly type: string
  /** As the client gave it, in the reference's field names. */
  readonly definition: JsonObject
}

/** A check as stored. */
export type CatalogCheck = CheckInfo & Indexes

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** A key of the KV store with its value. `flags` is an opaque unsigned 64-bit number. */
export interface KvEntry extends Indexes {
  readonly key: string
  readonly value: Uint8Array
  readonly flags: bigint
  /** How often the lock was newly acquired, by the reference's rules. */
  readonly lockIndex: number
  /** Session that holds the lock, or ''. */
  readonly session: string
  /** Index of the entry that acquired the lock that is held now: grows with every acquisition; 0 when none is held. */
  readonly fencingToken: number
  /** Wall time of the cluster, ms, from which on the leader deletes the key; 0: never. */
  readonly expiresAtWallMs: number
}

/** A value that a key had before (`?history`). */
export interface KvVersion {
  /** The key as it was from `entry.modifyIndex` on; null stands for its absence, from `index` on. */
  readonly entry: KvEntry | null
  /** Index of the entry of the log that made this version. */
  readonly index: number
  /** Wall time of the cluster, ms, at which it was made. */
  readonly atWallMs: number
}

/** A service instance with its node and all checks that bear on it. */
export interface ServiceHealth {
  readonly node: CatalogNode
  readonly service: CatalogService
  readonly checks: readonly CatalogCheck[]
}
