// The replicated state as a stream of records: what snapshots and archives are made of.
import type { CatalogCheck, CatalogNode, CatalogService, KvEntry, KvVersion } from './catalog.ts'
import type { ConfigEntry } from './config-entry.ts'
import type { NodeCoordinate } from './coordinate.ts'
import type { StoredAutopilotConfig } from './operator.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { Session } from './session.ts'

/** Indexes of whole tables, of what is gone, and what else there is one of. No index ever goes back. */
export interface Marks {
  /** Index of the last command applied. */
  lastIndex: number
  nodes: number
  services: number
  checks: number
  kv: number
  sessions: number
  /** When a service last lost its last instance. */
  serviceExtinction: number
  /** The newest tombstone that was dropped to keep their number bounded. */
  tombstoneFloor: number
  /** Added to an entry's place in the log to make its index: a restored archive may hold higher ones than this log. */
  indexOffset: number
  /** Index of the last restore; 0 if there was none. Clients see by it that what they know is void. */
  restoredIndex: number
  /** Time of the newest entry, ms. */
  wallMs: number
  /** The rules in force (state/behaviour.ts). */
  behaviour: number
  clusterId: string
  kvHistoryVersionsMax: number
  kvHistoryAgeMs: number
  preparedQueries: number
  coordinates: number
  configEntries: number
}

/** One piece of the state. Their order does not matter, except that the first to be written is `marks`. */
export type StateRecord =
  | { readonly kind: 'marks'; readonly marks: Readonly<Marks> }
  | { readonly kind: 'node'; readonly node: CatalogNode }
  | { readonly kind: 'service'; readonly service: CatalogService }
  | { readonly kind: 'check'; readonly check: CatalogCheck }
  | { readonly kind: 'serviceIndex'; readonly service: string; readonly index: number }
  | { readonly kind: 'kv'; readonly entry: KvEntry }
  | { readonly kind: 'tombstone'; readonly key: string; readonly index: number }
  | { readonly kind: 'session'; readonly session: Session }
  /** A key that cannot be locked before that time. */
  | { readonly kind: 'lockDelay'; readonly key: string; readonly untilWallMs: number }
  | { readonly kind: 'kvVersion'; readonly key: string; readonly version: KvVersion }
  | { readonly kind: 'autopilot'; readonly config: StoredAutopilotConfig }
  | { readonly kind: 'preparedQuery'; readonly query: PreparedQuery }
  | { readonly kind: 'coordinate'; readonly coordinate: NodeCoordinate }
  | { readonly kind: 'configEntry'; readonly entry: ConfigEntry }
  /** A restore that is under way, and one record of what it has brought so far. */
  | { readonly kind: 'restore'; readonly id: string; readonly records: number }
  | { readonly kind: 'restoring'; readonly record: StateRecord }
