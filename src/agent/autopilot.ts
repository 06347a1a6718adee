// The health of the servers as the leader sees it (reference semantics §15). Looking only; nothing is changed here.
import { formatAddress } from '../model/address.ts'
import type { AutopilotHealthView } from '../model/query.ts'
import type { LocalServerOptions } from './local-server.ts'

type ServerHealth = AutopilotHealthView['servers'][number]

/**
 * The view of all servers in the Raft configuration.
 *
 * Healthy means: alive by gossip, heard from within the threshold, and not more than the allowed number of
 * entries behind. The failure tolerance is how many healthy voters may fail before the majority is lost.
 */
export function autopilotHealth(options: LocalServerOptions): AutopilotHealthView {
  const { machine } = options.raft
  const progressById = new Map(machine.progress.map((p) => [p.id, p]))
  const servers = machine.configuration.servers.map((server): ServerHealth => {
    const info = options.lan.byId(server.id)
    const isSelf = server.id === options.selfId
    const progress = progressById.get(server.id)
    const lastContactMs = isSelf ? 0 : Math.max(0, options.clock.nowMs() - (progress?.lastContactMs ?? 0))
    const lastIndex = isSelf ? machine.lastIndex : (progress?.matchIndex ?? 0)
    const serfStatus = isSelf ? 'alive' : (info?.status ?? 'none')
    const isFresh = isSelf || (progress !== undefined && lastContactMs <= contactLimit(options))
    const isNear = machine.lastIndex - lastIndex <= options.thresholds.trailingLogs
    return {
      id: server.id,
      name: info?.name ?? '(unknown)',
      address: info === undefined ? server.address : formatAddress(info.rpc),
      serfStatus,
      version: info?.version ?? '',
      isLeader: server.id === machine.leader,
      lastContactMs,
      lastTerm: machine.term,
      lastIndex,
      healthy: serfStatus === 'alive' && isFresh && isNear,
      isVoter: server.suffrage === 'voter',
      stableSinceWallMs: options.clock.wallMs(),
    }
  })
  const voters = servers.filter((server) => server.isVoter)
  const healthyVoters = voters.filter((server) => server.healthy).length
  return {
    healthy: servers.every((server) => server.healthy),
    failureTolerance: Math.max(0, healthyVoters - (Math.floor(voters.length / 2) + 1)),
    servers,
  }
}

/** Followers are heard from at every heartbeat, so the threshold is never less than a few of them. */
function contactLimit(options: LocalServerOptions): number {
  return Math.max(options.thresholds.lastContactMs, 3 * options.raft.heartbeatMs)
}
