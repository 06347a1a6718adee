// `/v1/catalog/services?filter=`: names and tags of those instances for which an expression is true.
import { serviceNodeShape } from '../../filter/catalog-shapes.ts'
import type { ServiceHealth, TextMap } from '../../model/catalog.ts'
import type { NodeDump, ServiceSummary } from '../../model/query.ts'
import { partsOf } from '../filters.ts'
import { renderServiceSummaries } from '../render.ts'
import type { View } from './reads.ts'

/** Of all nodes. */
export const filteredServices: View<readonly NodeDump[]> = viewOf(() => true)

/** Of nodes with this meta data. */
export function filteredServicesWith(nodeMeta: TextMap): View<readonly NodeDump[]> {
  return viewOf(({ node }) =>
    Object.entries(nodeMeta).every(
      ([key, value]) => Object.hasOwn(node.meta, key) && node.meta[key] === value,
    ),
  )
}

function viewOf(isMeant: (dump: NodeDump) => boolean): View<readonly NodeDump[]> {
  return {
    render: (dumps) => renderServiceSummaries(summariesOf(dumps.filter(isMeant))),
    filtering: partsOf(serviceNodeShape, instancesOf, withInstances),
    takesCached: true,
  }
}

function instancesOf(dumps: readonly NodeDump[]): readonly ServiceHealth[] {
  return dumps.flatMap(({ node, services }) => services.map((service) => ({ node, service, checks: [] })))
}

function withInstances(dumps: readonly NodeDump[], kept: readonly ServiceHealth[]): readonly NodeDump[] {
  const meant = new Set(kept.map(({ service }) => service))
  return dumps.map((dump) => ({ ...dump, services: dump.services.filter((service) => meant.has(service)) }))
}

function summariesOf(dumps: readonly NodeDump[]): readonly ServiceSummary[] {
  const tagsByService = new Map<string, Set<string>>()
  for (const { services } of dumps) {
    for (const { service, tags } of services) {
      const known = tagsByService.get(service) ?? new Set<string>()
      tagsByService.set(service, known)
      for (const tag of tags) known.add(tag)
    }
  }
  return [...tagsByService].map(([service, tags]) => ({ service, tags: [...tags].toSorted() }))
}
