// Nodes and services by address, for reverse names: made when it is asked for, and again after a change.
import type { CatalogNode, CatalogService } from '../model/catalog.ts'
import type { OrderedMap } from './ordered-map.ts'
import type { Tables } from './tables.ts'

/** What has an address, found at once. */
interface ByAddress<T> {
  /** The table's index that it was made at, and that of the restore before. */
  readonly index: number
  readonly restoredIndex: number
  readonly count: number
  readonly found: ReadonlyMap<string, readonly T[]>
}

const nodesOf = new WeakMap<Tables, ByAddress<CatalogNode>>()
const servicesOf = new WeakMap<Tables, ByAddress<CatalogService>>()

/** Nodes that have this address. */
export function nodesAt(tables: Tables, ip: string): readonly CatalogNode[] {
  const { nodes, marks } = tables
  return itemsAt(nodesOf, tables, { items: nodes, index: marks.nodes }, ip)
}

/** Service instances that have this address themselves. */
export function servicesAt(tables: Tables, ip: string): readonly CatalogService[] {
  const { services, marks } = tables
  return itemsAt(servicesOf, tables, { items: services, index: marks.services }, ip)
}

function itemsAt<T extends { readonly address: string }>(
  made: WeakMap<Tables, ByAddress<T>>,
  tables: Tables,
  { items, index }: { readonly items: OrderedMap<T>; readonly index: number },
  ip: string,
): readonly T[] {
  // Indexes of an archive may be those that were here before: a restore has one of its own.
  const { restoredIndex } = tables.marks
  const count = items.size
  let known = made.get(tables)
  if (known?.index !== index || known.restoredIndex !== restoredIndex || known.count !== count) {
    known = { index, restoredIndex, count, found: byAddress(items.valuesArray()) }
    made.set(tables, known)
  }
  return known.found.get(ip) ?? []
}

function byAddress<T extends { readonly address: string }>(
  items: readonly T[],
): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>()
  for (const item of items) {
    const others = found.get(item.address)
    if (others === undefined) found.set(item.address, [item])
    else others.push(item)
  }
  return found
}
