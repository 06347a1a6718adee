// What a server's copy of the state and its pool hold, as gauges: counted when somebody looks.
import type { Member } from '../gossip/events.ts'
import type { Metrics } from './metrics.ts'
import type { Store } from './store.ts'

/** Sets the gauges of one server. */
export function gaugeState(metrics: Metrics, store: Store, datacenter: string): void {
  const labels = { datacenter }
  metrics.onLook(() => {
    const usage = store.query({ kind: 'usage' }).value
    metrics.gauge('state.nodes', usage.nodes, labels)
    metrics.gauge('state.services', usage.services, labels)
    metrics.gauge('state.service_instances', usage.serviceInstances, labels)
    metrics.gauge('state.billable_service_instances', usage.billableInstances, labels)
    for (const [kind, instances] of Object.entries(usage.connectInstances)) {
      metrics.gauge('state.connect_instances', instances, { datacenter, kind })
    }
    metrics.gauge('state.kv_entries', usage.keys, labels)
    metrics.gauge('session_ttl.active', usage.sessions)
    metrics.gauge('rpc.queries_blocking', store.watching)
    if (store.lastRestoreMs !== null) metrics.gauge('raft.fsm.lastRestoreDuration', store.lastRestoreMs)
  })
}

/** Sets the gauges of who is there in the LAN pool. */
export function gaugeMembers(
  metrics: Metrics,
  pool: { members(): Iterable<Member> },
  datacenter: string,
): void {
  metrics.onLook(() => {
    let clients = 0
    let servers = 0
    for (const { status, tags } of pool.members()) {
      if (status !== 'alive') continue
      if (tags.get('role') === 'consul') servers++
      else clients++
    }
    metrics.gauge('members.clients', clients, { datacenter })
    metrics.gauge('members.servers', servers, { datacenter })
  })
}
