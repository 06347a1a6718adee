// The health of the servers as the leader sees it. Looking only; nothing is changed here.
import { formatAddress } from '../model/address.ts'
import type { AutopilotHealthView } from '../model/query.ts'
import type { ServerEntry } from '../raft/message.ts'
import type { PeerProgress } from '../raft/raft.ts'
import type { LocalServerOptions } from './local-server.ts'

type ServerHealth = AutopilotHealthView['servers'][number]

/**
 * The view of all servers in the Raft configuration.
 *
 * Healthy means: alive by gossip, heard from within the threshold, and not more than the allowed number of
 * entries behind. The failure tolerance is how many healthy voters may fail before the majority is lost.
 */
export function autopilotHealth(options: LocalServerOptions): AutopilotHealthView {
  const progressById = new Map(options.raft.machine.progress.map((p) => [p.id, p]))
  const servers = options.raft.machine.configuration.servers.map((server) =>
    server.id === options.selfId
      ? ownHealth(options, server)
      : peerHealth(options, server, progressById.get(server.id)),
  )
  const voters = servers.filter((server) => server.isVoter)
  const healthyVoters = voters.filter((server) => server.healthy).length
  return {
    healthy: servers.every((server) => server.healthy),
    failureTolerance: Math.max(0, healthyVoters - (Math.floor(voters.length / 2) + 1)),
    servers,
  }
}

/** What is known of any server from gossip and the configuration. */
function common(
  options: LocalServerOptions,
  server: ServerEntry,
): Pick<
  ServerHealth,
  'id' | 'name' | 'address' | 'version' | 'isLeader' | 'isVoter' | 'lastTerm' | 'stableSinceWallMs'
> {
  const info = options.lan.byId(server.id)
  return {
    id: server.id,
    name: info?.name ?? '(unknown)',
    address: info === undefined ? server.address : formatAddress(info.rpc),
    version: info?.version ?? '',
    isLeader: server.id === options.raft.machine.leader,
    isVoter: server.suffrage === 'voter',
    lastTerm: options.raft.machine.term,
    stableSinceWallMs: options.clock.wallMs(),
  }
}

function ownHealth(options: LocalServerOptions, server: ServerEntry): ServerHealth {
  const { lastIndex } = options.raft.machine
  return { ...common(options, server), serfStatus: 'alive', lastContactMs: 0, lastIndex, healthy: true }
}

function peerHealth(
  options: LocalServerOptions,
  server: ServerEntry,
  progress: PeerProgress | undefined,
): ServerHealth {
  const serfStatus = options.lan.byId(server.id)?.status ?? 'none'
  const lastContactMs = Math.max(0, options.clock.nowMs() - (progress?.lastContactMs ?? 0))
  const lastIndex = progress?.matchIndex ?? 0
  const isFresh = progress !== undefined && lastContactMs <= contactLimit(options)
  const isNear = options.raft.machine.lastIndex - lastIndex <= options.thresholds.trailingLogs
  const healthy = serfStatus === 'alive' && isFresh && isNear
  return { ...common(options, server), serfStatus, lastContactMs, lastIndex, healthy }
}

/** Followers are heard from at every heartbeat, so the threshold is never less than a few of them. */
function contactLimit(options: LocalServerOptions): number {
  return Math.max(options.thresholds.lastContactMs, 3 * options.raft.heartbeatMs)
}
