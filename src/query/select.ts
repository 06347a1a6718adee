// Which instances of a service a query means, and in which order they are given.
import type { ServiceHealth, TextMap } from '../model/catalog.ts'
import type { QueryFailover, QueryService } from '../model/prepared-query.ts'

/**
 * The instances that a query means, in the order given. One with a critical check is never among them; checks that the
 * query ignores do not count.
 */
export function selectInstances(
  instances: readonly ServiceHealth[],
  service: QueryService,
): readonly ServiceHealth[] {
  const ignored = new Set(service.ignoreCheckIds)
  const tags = tagRules(service.tags)
  return instances.filter(
    (instance) =>
      isHealthy(instance, ignored, service.onlyPassing) &&
      hasAll(instance.node.meta, service.nodeMeta) &&
      hasAll(instance.service.meta, service.serviceMeta) &&
      hasTags(instance.service.tags, tags),
  )
}

function isHealthy(instance: ServiceHealth, ignored: ReadonlySet<string>, onlyPassing: boolean): boolean {
  return instance.checks.every(
    ({ checkId, status }) =>
      ignored.has(checkId) || (status !== 'critical' && (!onlyPassing || status === 'passing')),
  )
}

function hasAll(meta: TextMap, wanted: TextMap): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(meta, key) && meta[key] === value)
}

interface TagRules {
  readonly wanted: readonly string[]
  readonly unwanted: readonly string[]
}

function tagRules(tags: readonly string[]): TagRules {
  const isUnwanted = (tag: string): boolean => tag.startsWith('!')
  return {
    wanted: tags.filter((tag) => !isUnwanted(tag)).map((tag) => tag.toLowerCase()),
    unwanted: tags.filter(isUnwanted).map((tag) => tag.slice(1).toLowerCase()),
  }
}

function hasTags(tags: readonly string[], { wanted, unwanted }: TagRules): boolean {
  if (wanted.length === 0 && unwanted.length === 0) return true
  const own = new Set(tags.map((tag) => tag.toLowerCase()))
  return wanted.every((tag) => own.has(tag)) && !unwanted.some((tag) => own.has(tag))
}

/** Among so many of the nearest the asking node itself comes first, whatever its distance. */
const ownPlacesMax = 10

/**
 * Sorts by distance, in place; who has none comes last, and equals stay in their order. The source's own instance is
 * brought to the front if it is among the nearest.
 */
export function sortNear(
  instances: ServiceHealth[],
  source: string,
  distanceTo: (node: string) => number | null,
): void {
  const measured = instances.map((instance) => ({
    instance,
    far: distanceTo(instance.node.name) ?? Infinity,
  }))
  measured.sort((a, b) => (a.far === b.far ? 0 : a.far - b.far))
  for (const [at, { instance }] of measured.entries()) instances[at] = instance
  const own = instances.findIndex(({ node }) => node.name === source)
  const [first, found] = [instances[0], instances[own]]
  if (first === undefined || found === undefined || own >= ownPlacesMax) return
  instances[0] = found
  instances[own] = first
}

/**
 * Where to search when there is nothing here: the nearest datacenters, then those that are named; each once, and only
 * those that are known.
 *
 * @param others all other datacenters, nearest first
 */
export function failoverTargets(failover: QueryFailover, others: readonly string[]): readonly string[] {
  const known = new Set(others)
  const named = failover.datacenters.filter((name) => known.has(name))
  return [...new Set([...others.slice(0, failover.nearestN), ...named])]
}
