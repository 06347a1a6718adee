// The agent's own services and checks as values that stand still: made anew after a change, and the same object for all
// who ask in between, so that they are rendered and filtered once.
import { checkShape, serviceShape } from '../filter/catalog-shapes.ts'
import type { CheckInfo, ServiceInfo } from '../model/catalog.ts'
import type { LocalNode } from './backend-local.ts'
import { Refusal } from './errors.ts'
import { type Filtering, eachOf } from './filters.ts'
import type { Call } from './route.ts'

interface Views {
  version: number
  services: readonly ServiceInfo[] | null
  checks: readonly CheckInfo[] | null
  checksByService: ReadonlyMap<string, readonly CheckInfo[]> | null
}

const known = new WeakMap<LocalNode, Views>()

/** All services, by ID. */
export function servicesOf(local: LocalNode): readonly ServiceInfo[] {
  const views = viewsOf(local)
  views.services ??= [...local.services.values()].map(({ info }) => info)
  return views.services
}

/** All checks, by ID. */
export function checksOf(local: LocalNode): readonly CheckInfo[] {
  const views = viewsOf(local)
  views.checks ??= [...local.checks.values()].map(({ info }) => info)
  return views.checks
}

/** Checks by the ID of their service, '' for those of the node. */
export function checksByServiceOf(local: LocalNode): ReadonlyMap<string, readonly CheckInfo[]> {
  const views = viewsOf(local)
  views.checksByService ??= Map.groupBy(checksOf(local), ({ serviceId }) => serviceId)
  return views.checksByService
}

function viewsOf(local: LocalNode): Views {
  const present = known.get(local)
  if (present !== undefined && present.version === local.version) return present
  const views: Views = { version: local.version, services: null, checks: null, checksByService: null }
  known.set(local, views)
  return views
}

/** Filters of services. */
export const serviceFiltering: Filtering<readonly ServiceInfo[]> = eachOf(serviceShape)
/** Filters of checks. */
export const checkFiltering: Filtering<readonly CheckInfo[]> = eachOf(checkShape)

/** Those for which the call's filter is true. Throws Refusal, without the headers that reads of the catalog have. */
export function meant<T>(
  { query, filters }: Call,
  all: readonly T[],
  filtering: Filtering<readonly T[]>,
): readonly T[] {
  const text = query.get('filter')
  if (text === '') return all
  try {
    return filters.narrowed(all, filters.narrowing(filtering, text))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new Refusal(error.status, error.message)
  }
}
