// What a server's copy of the state holds, as gauges: counted when somebody looks.
import type { Metrics } from './metrics.ts'
import type { Store } from './store.ts'

/** Sets the gauges of one server. */
export function gaugeState(metrics: Metrics, store: Store, datacenter: string): void {
  const labels = { datacenter }
  metrics.onLook(() => {
    const { nodes, services, serviceInstances, keys, sessions } = store.query({ kind: 'usage' }).value
    metrics.gauge('state.nodes', nodes, labels)
    metrics.gauge('state.services', services, labels)
    metrics.gauge('state.service_instances', serviceInstances, labels)
    metrics.gauge('state.kv_entries', keys, labels)
    metrics.gauge('session_ttl.active', sessions)
    metrics.gauge('rpc.queries_blocking', store.watching)
  })
}
