// How an instance of this agent is, all its checks and those of the node taken together.
import type { CheckInfo, ServiceInfo } from '../model/catalog.ts'
import type { LocalNode } from './backend-local.ts'
import { quote, renderList } from './json.ts'
import { checksByServiceOf } from './local-views.ts'
import { renderHealthCheck, renderLocalService } from './render-local.ts'

/** An instance with all that bears on it. */
export interface LocalHealth {
  readonly service: ServiceInfo
  /** Sorted by ID. */
  readonly checks: readonly CheckInfo[]
  readonly status: AggregatedStatus
}

/** The worst of several states. */
export type AggregatedStatus = 'passing' | 'warning' | 'critical' | 'maintenance'

/** From the best to the worst. */
const order: readonly AggregatedStatus[] = ['passing', 'warning', 'critical', 'maintenance']

/** Status of an answer. */
export const statusOf: Readonly<Record<AggregatedStatus, number>> = {
  passing: 200,
  warning: 429,
  critical: 503,
  maintenance: 503,
}

/** The instances with these services, each with its checks. */
export function healthOf(local: LocalNode, services: readonly ServiceInfo[]): readonly LocalHealth[] {
  const byService = checksByServiceOf(local)
  return services.map((service) => {
    const own = byService.get(service.id) ?? []
    const checks = [...(byService.get('') ?? []), ...own].toSorted((a, b) => (a.checkId < b.checkId ? -1 : 1))
    return { service, checks, status: worstOf(checks.map(stateOf)) }
  })
}

/** The worst; passing if there are none. */
export function worstOf(states: readonly AggregatedStatus[]): AggregatedStatus {
  return states.reduce((a, b) => (order.indexOf(a) < order.indexOf(b) ? b : a), 'passing')
}

function stateOf({ checkId, status }: CheckInfo): AggregatedStatus {
  return isMaintenance(checkId) ? 'maintenance' : status
}

function isMaintenance(checkId: string): boolean {
  return checkId === '_node_maintenance' || checkId.startsWith('_service_maintenance:')
}

/** One instance. */
export function renderLocalHealth({ service, checks, status }: LocalHealth): string {
  return (
    `{"AggregatedStatus":${quote(status)},"Service":${renderLocalService(service)},` +
    `"Checks":${renderList(checks, renderHealthCheck)}}`
  )
}
