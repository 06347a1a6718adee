// What the catalog holds, in numbers (`/v1/operator/usage`).
import type { UsageView } from '../model/operator.ts'
import type { Tables } from './tables.ts'

/** Kinds that are shown even when there is none of them; `connect-native` is a property of a service, not its kind. */
const connectKinds = ['connect-proxy', 'ingress-gateway', 'mesh-gateway', 'terminating-gateway'] as const

/** Counts; in O(instances), since kinds are not kept apart. */
export function usageOf(tables: Tables): UsageView {
  const connectInstances: Record<string, number> = { 'connect-native': 0 }
  for (const kind of connectKinds) connectInstances[kind] = 0
  let billableInstances = 0
  for (const { kind, service, connect } of tables.services.values()) {
    if (connect?.['Native'] === true)
      connectInstances['connect-native'] = (connectInstances['connect-native'] ?? 0) + 1
    if (kind !== '') connectInstances[kind] = (connectInstances[kind] ?? 0) + 1
    else if (service !== 'consul') billableInstances++
  }
  return {
    nodes: tables.nodes.size,
    services: tables.serviceIndexes.size,
    serviceInstances: tables.services.size,
    connectInstances,
    billableInstances,
    keys: tables.kv.size,
    sessions: tables.sessions.size,
  }
}
