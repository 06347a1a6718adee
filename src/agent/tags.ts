// What an agent tells about itself in gossip: the member tags of the reference.
import type { AgentConfig } from '../config/agent-config.ts'
import type { Member } from '../gossip/events.ts'
import type { Tags } from '../gossip/message.ts'
import type { MemberView } from '../model/query.ts'
import { behaviourMax } from '../state/behaviour.ts'
import { commit, version } from '../model/version.ts'

/** Tags of one pool, sorted by key. `id` is the node ID. */
export function memberTags(config: AgentConfig, id: string, pool: 'lan' | 'wan'): Tags {
  const tags: Record<string, string> = {
    acls: '0',
    build: `${version}:${commit.slice(0, 8)}`,
    dc: config.datacenter,
    id,
    role: config.server ? 'consul' : 'node',
    segment: '',
    vsn: '2',
    vsn_max: '3',
    vsn_min: '2',
  }
  if (config.server) addServerTags(tags, config, pool)
  return new Map(Object.entries(tags).toSorted((a, b) => (a[0] < b[0] ? -1 : 1)))
}

function addServerTags(tags: Record<string, string>, config: AgentConfig, pool: 'lan' | 'wan'): void {
  tags['port'] = String(config.ports.server)
  tags['raft_vsn'] = '3'
  tags['behaviour'] = String(behaviourMax)
  if (config.bootstrap) tags['bootstrap'] = '1'
  if (config.bootstrapExpect > 0) tags['expect'] = String(config.bootstrapExpect)
  if (config.readReplica) {
    tags['nonvoter'] = '1'
    tags['read_replica'] = '1'
  }
  if (pool === 'lan' && config.bind.serfWan !== null) tags['wan_join_port'] = String(config.ports.serfWan)
}

const statusNumbers: Readonly<Record<Member['status'], number>> = { alive: 1, leaving: 2, left: 3, failed: 4 }

/** A member as the API shows it. The protocol numbers are those the reference prints; ours is negotiated in rpc. */
export function memberView(member: Member): MemberView {
  return {
    name: member.name,
    ip: member.address.ip,
    port: member.address.port,
    tags: Object.fromEntries(member.tags),
    status: statusNumbers[member.status],
    protocolMin: 1,
    protocolMax: 5,
    protocolCur: 2,
    delegateMin: 2,
    delegateMax: 5,
    delegateCur: 4,
  }
}
