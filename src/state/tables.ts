// All that the state store holds, as plain tables, and the indexes that go with them. No rules here.
import type { CatalogCheck, CatalogNode, CatalogService, KvEntry } from '../model/catalog.ts'
import type { Marks } from '../model/state-record.ts'
import { orderedMap } from './ordered-map.ts'
import type { OrderedMap } from './ordered-map.ts'

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
  /** (node, check ID) */
  readonly checks: OrderedMap<CatalogCheck>
  /** (node, service ID, check ID); the service ID of a node's own checks is ''. */
  readonly checksByService: OrderedMap<CatalogCheck>
  /** (service name) to the index of the last change that touched an instance. Present while instances are. */
  readonly serviceIndexes: OrderedMap<number>
  /** The key itself. */
  readonly kv: OrderedMap<KvEntry>
  /** Deleted keys to the index of their deletion. A key is in `kv` or here, never in both. */
  readonly tombstones: OrderedMap<number>
  /** Tombstones by age: (index in 16 digits) + key. */
  readonly tombstonesByAge: OrderedMap<string>
  readonly marks: Marks
}

/** Empty tables. */
export function emptyTables(): Tables {
  return {
    nodes: orderedMap(),
    nodeKeyById: orderedMap(),
    services: orderedMap(),
    servicesByName: orderedMap(),
    checks: orderedMap(),
    checksByService: orderedMap(),
    serviceIndexes: orderedMap(),
    kv: orderedMap(),
    tombstones: orderedMap(),
    tombstonesByAge: orderedMap(),
    marks: {
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
    },
  }
}

/** The tables as they are now, unaffected by later changes. O(1). */
export function copyTables(tables: Tables): Tables {
  return {
    nodes: tables.nodes.clone(),
    nodeKeyById: tables.nodeKeyById.clone(),
    services: tables.services.clone(),
    servicesByName: tables.servicesByName.clone(),
    checks: tables.checks.clone(),
    checksByService: tables.checksByService.clone(),
    serviceIndexes: tables.serviceIndexes.clone(),
    kv: tables.kv.clone(),
    tombstones: tables.tombstones.clone(),
    tombstonesByAge: tables.tombstonesByAge.clone(),
    marks: { ...tables.marks },
  }
}

/** One command being applied: its index, and the topics that it has touched so far. */
export interface Change {
  readonly index: number
  readonly topics: Set<string>
}
