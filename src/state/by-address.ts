// Nodes and services by address, for reverse names: made when it is asked for, and again after a change.
import type { CatalogNode, CatalogService } from '../model/catalog.ts'
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
  const known = nodesOf.get(tables)
  if (isOf(known, marks, marks.nodes) && known.count === nodes.size) return known.found.get(ip) ?? []
  const found = byAddress(nodes.valuesArray())
  nodesOf.set(tables, { index: marks.nodes, restoredIndex: marks.restoredIndex, count: nodes.size, found })
  return found.get(ip) ?? []
}

/** Service instances that have this address themselves. */
export function servicesAt(tables: Tables, ip: string): readonly CatalogService[] {
  const { services, marks } = tables
  const known = servicesOf.get(tables)
  if (isOf(known, marks, marks.services) && known.count === services.size) return known.found.get(ip) ?? []
  const found = byAddress(services.valuesArray())
  servicesOf.set(tables, {
    index: marks.services,
    restoredIndex: marks.restoredIndex,
    count: services.size,
    found,
  })
  return found.get(ip) ?? []
}

/** Indexes of an archive may be those that were here before: a restore has one of its own. */
function isOf<T>(
  known: ByAddress<T> | undefined,
  { restoredIndex }: Tables['marks'],
  index: number,
): known is ByAddress<T> {
  return known?.index === index && known.restoredIndex === restoredIndex
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
