// What an agent says about itself: `/v1/agent/self`, and with it `info`.
import type { AgentConfig } from '../config/agent-config.ts'
import type { LocalNode } from '../http/backend-local.ts'
import type { JsonObject } from '../model/catalog.ts'
import { buildDate, commit, version } from '../model/version.ts'
import type { Host } from '../runtime/host.ts'
import type { GossipPool } from './gossip-pool.ts'
import type { PoolServices } from './pool-services.ts'
import type { RaftNode } from './raft-node.ts'
import { memberView } from './tags.ts'

/** What there is to tell about. */
export interface SelfParts {
  /** As the agent was started. */
  readonly config: AgentConfig
  /** In force, after a reload. */
  readonly configNow: () => AgentConfig
  readonly id: string
  readonly host: Host
  readonly lan: GossipPool
  readonly wan: GossipPool | null
  readonly poolServices: PoolServices
  readonly raft: RaftNode | null
  readonly knownServers: () => number
  readonly knownDatacenters: () => number
  readonly leaderAddress: () => string
  readonly local: LocalNode
}

/** The sections of `/v1/agent/self`. */
export function agentSelf(parts: SelfParts): JsonObject {
  const { config } = parts
  return {
    Config: {
      Datacenter: config.datacenter,
      PrimaryDatacenter: config.primaryDatacenter,
      NodeName: config.nodeName,
      NodeID: parts.id,
      Revision: commit,
      Server: config.server,
      Version: version,
      BuildDate: buildDate,
    },
    DebugConfig: debugConfig(config),
    Coord: ownCoordinate(parts),
    Member: ownMember(parts),
    Stats: stats(parts),
    Meta: { 'consul-network-segment': '', ...parts.configNow().nodeMeta },
  }
}

/** Where we are in the LAN pool; null with `disable_coordinates`. */
function ownCoordinate({ poolServices }: SelfParts): JsonObject | null {
  const own = poolServices.coordinate()
  if (own === null) return null
  return { Vec: [...own.vec], Error: own.error, Adjustment: own.adjustment, Height: own.height }
}

function ownMember(parts: SelfParts): JsonObject {
  const m = memberView(parts.lan.machine.self)
  return {
    Name: m.name,
    Addr: m.ip,
    Port: m.port,
    Tags: m.tags,
    Status: m.status,
    ProtocolMin: m.protocolMin,
    ProtocolMax: m.protocolMax,
    ProtocolCur: m.protocolCur,
    DelegateMin: m.delegateMin,
    DelegateMax: m.delegateMax,
    DelegateCur: m.delegateCur,
  }
}

/** The settings that people look up here, under the reference's names. */
function debugConfig(config: AgentConfig): JsonObject {
  return {
    AdvertiseAddrLAN: config.advertise.lan,
    AdvertiseAddrWAN: config.advertise.wan,
    BindAddr: config.bind.serfLan.ip,
    Bootstrap: config.bootstrap,
    BootstrapExpect: config.bootstrapExpect,
    DNSDomain: config.dns.domain,
    DNSPort: config.ports.dns,
    DataDir: config.dataDir ?? '',
    Datacenter: config.datacenter,
    DevMode: config.dev,
    // The reference's command "debug" does not begin without it.
    EnableDebug: config.enableDebug,
    EnableLocalScriptChecks: config.definitionRules.scripts !== 'nowhere',
    EnableRemoteScriptChecks: config.definitionRules.scripts === 'anywhere',
    HTTPPort: config.ports.http,
    LeaveOnTerm: config.leaveOnTerminate,
    NodeName: config.nodeName,
    RejoinAfterLeave: config.rejoinAfterLeave,
    RetryJoinLAN: config.joinLan.addresses,
    RetryJoinWAN: config.joinWan.addresses,
    SerfPortLAN: config.ports.serfLan,
    SerfPortWAN: config.ports.serfWan,
    ServerMode: config.server,
    ServerPort: config.ports.server,
    SkipLeaveOnInt: config.skipLeaveOnInterrupt,
    TaggedAddresses: config.taggedAddresses,
    TranslateWANAddrs: config.translateWanAddrs,
  }
}

/** Services and checks of this node, by the reference's names. */
function ownCounts({ services, checks }: LocalNode): JsonObject {
  const types = [...checks.values()].map(({ info }) => info.type)
  return {
    check_monitors: String(types.filter((type) => type === 'script').length),
    check_ttls: String(types.filter((type) => type === 'ttl').length),
    checks: String(checks.size),
    services: String(services.size),
  }
}

function stats(parts: SelfParts): JsonObject {
  const { config, host } = parts
  const sections: Record<string, JsonObject> = {
    agent: ownCounts(parts.local),
    build: { prerelease: '', revision: commit.slice(0, 8), version, version_metadata: '' },
    consul: config.server
      ? {
          acl: 'disabled',
          bootstrap: String(config.bootstrap),
          known_datacenters: String(parts.knownDatacenters()),
          leader: String(parts.raft?.machine.role === 'leader'),
          leader_addr: parts.leaderAddress(),
          server: 'true',
        }
      : { acl: 'disabled', known_servers: String(parts.knownServers()), server: 'false' },
    runtime: {
      arch: host.system.arch,
      cpu_count: String(host.system.cpuCount),
      os: host.system.os,
      runtime: host.runtime,
      version: host.system.runtimeVersion,
    },
    serf_lan: poolStats(parts.lan, parts.poolServices.coordinateResets('lan')),
  }
  if (parts.raft !== null) sections['raft'] = raftStats(parts.raft, host.clock.nowMs())
  if (parts.wan !== null)
    sections['serf_wan'] = poolStats(parts.wan, parts.poolServices.coordinateResets('wan'))
  return Object.fromEntries(Object.entries(sections).toSorted((a, b) => (a[0] < b[0] ? -1 : 1)))
}

function poolStats(pool: GossipPool, resets: number): JsonObject {
  const statistics = pool.machine.statistics()
  const members = [...pool.machine.members()]
  const count = (status: string): string => String(members.filter((m) => m.status === status).length)
  return {
    coordinate_resets: String(resets),
    encrypted: 'false',
    event_queue: String(statistics.eventsQueued),
    event_time: String(pool.machine.eventTime + 1),
    failed: count('failed'),
    health_score: String(pool.machine.localHealth),
    intent_queue: String(statistics.broadcastsQueued),
    left: count('left'),
    member_time: String(pool.machine.lamportTime),
    members: String(members.length),
    query_queue: '0',
    query_time: '1',
  }
}

function raftStats(raft: RaftNode, nowMs: number): JsonObject {
  const { machine } = raft
  const isLeader = machine.role === 'leader'
  const voters = machine.configuration.servers.filter((server) => server.suffrage === 'voter').length
  return {
    applied_index: String(machine.lastApplied),
    commit_index: String(machine.commitIndex),
    fsm_pending: '0',
    last_contact: isLeader
      ? '0'
      : machine.lastContactMs === null
        ? 'never'
        : `${nowMs - machine.lastContactMs}ms`,
    last_log_index: String(machine.lastIndex),
    last_log_term: String(machine.lastTerm),
    last_snapshot_index: String(machine.snapshotIndex),
    latest_configuration_index: String(machine.configurationIndex),
    num_peers: String(Math.max(0, voters - 1)),
    protocol_version: '3',
    state: roleWords[machine.role],
    term: String(machine.term),
  }
}

const roleWords: Readonly<Record<RaftNode['machine']['role'], string>> = {
  leader: 'Leader',
  follower: 'Follower',
  candidate: 'Candidate',
  preCandidate: 'Candidate',
}
