// `/v1/catalog/services?filter=`: names and tags of those instances for which an expression is true.
import { serviceNodeShape } from '../../filter/catalog-shapes.ts'
import type { ServiceHealth, TextMap } from '../../model/catalog.ts'
import type { NodeDump } from '../../model/query.ts'
import { summariesOf } from '../../model/service-summary.ts'
import { partsOf } from '../filters.ts'
import { renderServiceSummaries } from '../render.ts'
import type { View } from './reads.ts'

/** Of all nodes. */
export const filteredServices: View<readonly NodeDump[]> = viewOf(() => true)

/** Views that are kept; past it all are made anew. */
const viewsMax = 64
const viewsByMeta = new Map<string, View<readonly NodeDump[]>>()

/** Of nodes with this meta data: the same view each time, so that expressions and bodies are kept for it. */
export function filteredServicesWith(nodeMeta: TextMap): View<readonly NodeDump[]> {
  const pairs = Object.entries(nodeMeta).sort(([a], [b]) => (a < b ? -1 : 1))
  const key = JSON.stringify(pairs)
  const known = viewsByMeta.get(key)
  if (known !== undefined) return known
  const view = viewOf(({ node }) =>
    pairs.every(([name, value]) => Object.hasOwn(node.meta, name) && node.meta[name] === value),
  )
  if (viewsByMeta.size >= viewsMax) viewsByMeta.clear()
  viewsByMeta.set(key, view)
  return view
}

function viewOf(isMeant: (dump: NodeDump) => boolean): View<readonly NodeDump[]> {
  return {
    render: (dumps) =>
      renderServiceSummaries(summariesOf(dumps.filter(isMeant).flatMap(({ services }) => services))),
    filtering: partsOf(serviceNodeShape, instancesOf, withInstances),
    takesCached: true,
  }
}

function instancesOf(dumps: readonly NodeDump[]): readonly ServiceHealth[] {
  return dumps.flatMap(({ node, services }) => services.map((service) => ({ node, service, checks: [] })))
}

/** The nodes with those of their services alone that are among these. */
export function withInstances(
  dumps: readonly NodeDump[],
  kept: readonly ServiceHealth[],
): readonly NodeDump[] {
  const meant = new Set(kept.map(({ service }) => service))
  return dumps.map((dump) => ({ ...dump, services: dump.services.filter((service) => meant.has(service)) }))
}
