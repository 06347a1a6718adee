// All that the state store holds, as plain tables, and the indexes that go with them. No rules here.
import type { CatalogCheck, CatalogNode, CatalogService, KvEntry, KvVersion } from '../model/catalog.ts'
import type { ConfigEntry } from '../model/config-entry.ts'
import type { NodeCoordinate } from '../model/coordinate.ts'
import type { StoredAutopilotConfig } from '../model/operator.ts'
import type { PreparedQuery } from '../model/prepared-query.ts'
import type { Session } from '../model/session.ts'
import type { Marks } from '../model/state-record.ts'
import { SpreadMap } from '../lib/spread-map.ts'
import { orderedMap } from './ordered-map.ts'
import type { OrderedMap } from './ordered-map.ts'
import { RecentKeys } from './recent.ts'
import { ServiceNames } from './service-names.ts'
import type { SessionChange } from './state.ts'
import type { Topics } from './topics.ts'

/** The tables. Keys are built by keys.ts; every object stands under each of its keys. */
export interface Tables {
  /** (node) */
  readonly nodes: OrderedMap<CatalogNode>
  /** Folded node ID to the node's key. Nodes without an ID are absent. */
  readonly nodeKeyById: OrderedMap<string>
  /** (node, service ID) */
  readonly services: OrderedMap<CatalogService>
  /** (service name, node, service ID) */
  readonly servicesByName: OrderedMap<CatalogService>
  /** Names and tags of `servicesByName`; like `kvByKey` it belongs to the tables that go on. */
  readonly serviceNames: ServiceNames
  /** What stands in front of a service: (name of that service, node, service ID). */
  readonly servicesByDestination: OrderedMap<CatalogService>
  /** (node, check ID) */
  readonly checks: OrderedMap<CatalogCheck>
  /** (node, service ID, check ID); the service ID of a node's own checks is ''. */
  readonly checksByService: OrderedMap<CatalogCheck>
  /** (service name) to the index of the last change that touched an instance. Present while instances are. */
  readonly serviceIndexes: OrderedMap<number>
  /** The key itself. */
  readonly kv: OrderedMap<KvEntry>
  /**
   * The same by hash: what `kv` finds in a descent this finds at once. It belongs to the tables that go on; a copy
   * shares it, and must not look into it.
   */
  readonly kvByKey: SpreadMap<KvEntry>
  /** What changed lately; like `kvByKey` it belongs to the tables that go on. */
  readonly recent: RecentKeys
  /** Deleted keys to the index of their deletion. A key is in `kv` or here, never in both. */
  readonly tombstones: OrderedMap<number>
  /** Tombstones by age: (index in 16 digits) + key. */
  readonly tombstonesByAge: OrderedMap<string>
  /** Keys that expire: (time in 16 digits) + key, to the key. */
  readonly kvByExpiry: OrderedMap<string>
  /** Locked keys: (session) + key, to the key. */
  readonly kvBySession: OrderedMap<string>
  /** (session) */
  readonly sessions: OrderedMap<Session>
  /** (node, session) */
  readonly sessionsByNode: OrderedMap<Session>
  /** Checks that sessions depend on: (node, check ID, session) to the session's ID. */
  readonly sessionsByCheck: OrderedMap<string>
  /** Keys that cannot be locked to the time until which, ms. */
  readonly lockDelays: OrderedMap<number>
  /** Lock delays by their end: (time in 16 digits) + key, to the key. */
  readonly lockDelaysByEnd: OrderedMap<string>
  /** Versions of keys, the present one included: (key) + (index in 16 digits). Empty unless history is kept. */
  readonly kvVersions: OrderedMap<KvVersion>
  /** What may be forgotten of them: (time in 16 digits from which on it was past) + its key in `kvVersions`. */
  readonly kvVersionsByEnd: OrderedMap<string>
  /** (ID) */
  readonly preparedQueries: OrderedMap<PreparedQuery>
  /** The folded name of those that have one, to the key in `preparedQueries`. */
  readonly queriesByName: OrderedMap<string>
  /** The folded name of templates, to the key in `preparedQueries`. */
  readonly templatesByPrefix: OrderedMap<string>
  /** (session, ID) to the key in `preparedQueries`. */
  readonly queriesBySession: OrderedMap<string>
  /** (node) */
  readonly coordinates: OrderedMap<NodeCoordinate>
  /** (kind, name) */
  readonly configEntries: OrderedMap<ConfigEntry>
  readonly single: Single
  readonly marks: Marks
}

/** What there is at most one of. */
export interface Single {
  readonly autopilot: StoredAutopilotConfig | null
  readonly staging: Staging | null
}

/** A restore that is under way: what it has brought so far, as tables of their own. */
export interface Staging {
  readonly id: string
  records: number
  /** No index in it is greater. */
  highestIndex: number
  readonly tables: Tables
}

/** Empty tables. */
export function emptyTables(): Tables {
  return {
    nodes: orderedMap(),
    nodeKeyById: orderedMap(),
    services: orderedMap(),
    servicesByName: orderedMap(),
    serviceNames: new ServiceNames(),
    servicesByDestination: orderedMap(),
    checks: orderedMap(),
    checksByService: orderedMap(),
    serviceIndexes: orderedMap(),
    kv: orderedMap(),
    kvByKey: new SpreadMap(),
    recent: new RecentKeys(),
    tombstones: orderedMap(),
    tombstonesByAge: orderedMap(),
    kvByExpiry: orderedMap(),
    kvBySession: orderedMap(),
    sessions: orderedMap(),
    sessionsByNode: orderedMap(),
    sessionsByCheck: orderedMap(),
    lockDelays: orderedMap(),
    lockDelaysByEnd: orderedMap(),
    kvVersions: orderedMap(),
    kvVersionsByEnd: orderedMap(),
    preparedQueries: orderedMap(),
    queriesByName: orderedMap(),
    templatesByPrefix: orderedMap(),
    queriesBySession: orderedMap(),
    coordinates: orderedMap(),
    configEntries: orderedMap(),
    single: { autopilot: null, staging: null },
    marks: emptyMarks(),
  }
}

function emptyMarks(): Marks {
  return {
    lastIndex: 0,
    nodes: 0,
    services: 0,
    checks: 0,
    kv: 0,
    serviceExtinction: 0,
    tombstoneFloor: 0,
    sessions: 0,
    indexOffset: 0,
    restoredIndex: 0,
    wallMs: 0,
    behaviour: 0,
    clusterId: '',
    kvHistoryVersionsMax: 0,
    kvHistoryAgeMs: 0,
    preparedQueries: 0,
    coordinates: 0,
    configEntries: 0,
  }
}

/** The tables as they are now, unaffected by later changes. O(1). */
export function copyTables(tables: Tables): Tables {
  const { staging } = tables.single
  return {
    nodes: tables.nodes.clone(),
    nodeKeyById: tables.nodeKeyById.clone(),
    services: tables.services.clone(),
    servicesByName: tables.servicesByName.clone(),
    serviceNames: tables.serviceNames,
    servicesByDestination: tables.servicesByDestination.clone(),
    checks: tables.checks.clone(),
    checksByService: tables.checksByService.clone(),
    serviceIndexes: tables.serviceIndexes.clone(),
    kv: tables.kv.clone(),
    kvByKey: tables.kvByKey,
    recent: tables.recent,
    tombstones: tables.tombstones.clone(),
    tombstonesByAge: tables.tombstonesByAge.clone(),
    kvByExpiry: tables.kvByExpiry.clone(),
    kvBySession: tables.kvBySession.clone(),
    sessions: tables.sessions.clone(),
    sessionsByNode: tables.sessionsByNode.clone(),
    sessionsByCheck: tables.sessionsByCheck.clone(),
    lockDelays: tables.lockDelays.clone(),
    lockDelaysByEnd: tables.lockDelaysByEnd.clone(),
    kvVersions: tables.kvVersions.clone(),
    kvVersionsByEnd: tables.kvVersionsByEnd.clone(),
    preparedQueries: tables.preparedQueries.clone(),
    queriesByName: tables.queriesByName.clone(),
    templatesByPrefix: tables.templatesByPrefix.clone(),
    queriesBySession: tables.queriesBySession.clone(),
    coordinates: tables.coordinates.clone(),
    configEntries: tables.configEntries.clone(),
    single: {
      ...tables.single,
      staging: staging === null ? null : { ...staging, tables: copyTables(staging.tables) },
    },
    marks: { ...tables.marks },
  }
}

/** Puts other tables in the place of these. Whoever holds these sees the others from now on. */
export function replaceTables(tables: Tables, by: Partial<Tables>): void {
  Object.assign(tables, by)
}

/** One command being applied: its index and time, and what it has touched so far. */
export interface Change {
  readonly index: number
  /** Time of the cluster, ms; never before that of an earlier entry. */
  readonly wallMs: number
  readonly topics: Topics
  readonly sessions: SessionChange[]
  /** Key of the service whose index was raised last; '' if that may have to be done again. */
  touchedService: string
  /** The service that was stored last, as long as it is there. */
  storedService: CatalogService | null
}
