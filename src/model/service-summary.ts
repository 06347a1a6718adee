// Names and tags of services, as `catalog/services` lists them.
import type { ServiceInfo } from './catalog.ts'
import type { ServiceSummary } from './query.ts'

/** By name, each with the tags of all its instances; both in order of code units. */
export function summariesOf(
  services: Iterable<Pick<ServiceInfo, 'service' | 'tags'>>,
): readonly ServiceSummary[] {
  const tagsByService = new Map<string, Set<string>>()
  for (const { service, tags } of services) {
    const known = tagsByService.get(service) ?? new Set<string>()
    tagsByService.set(service, known)
    for (const tag of tags) known.add(tag)
  }
  return [...tagsByService]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([service, tags]) => ({ service, tags: [...tags].sort() }))
}
