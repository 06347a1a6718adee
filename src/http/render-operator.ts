// What operators see of the servers, as JSON in the reference's form.
import { formatDuration } from '../lib/durations.ts'
import type { AutopilotConfig, StoredAutopilotConfig, UsageView } from '../model/operator.ts'
import type { AutopilotHealthView, RaftConfigurationView } from '../model/query.ts'
import { quote, renderList, renderPairs, textList } from './json.ts'

type ServerHealth = AutopilotHealthView['servers'][number]

/** `/v1/operator/raft/configuration`. */
export function renderRaftConfiguration({ servers, index }: RaftConfigurationView): string {
  const list = renderList(
    servers,
    (server) =>
      `{"ID":${quote(server.id)},"Node":${quote(server.node)},"Address":${quote(server.address)},` +
      `"Leader":${server.isLeader},"ProtocolVersion":${quote(server.protocolVersion)},` +
      `"Voter":${server.isVoter},"LastIndex":${server.lastIndex}}`,
  )
  return `{"Servers":${list},"Index":${index}}`
}

/** `/v1/operator/autopilot/configuration`. */
export function renderAutopilotConfig(config: StoredAutopilotConfig): string {
  return `{${settings(config)},"CreateIndex":${config.createIndex},"ModifyIndex":${config.modifyIndex}}`
}

function settings(config: AutopilotConfig): string {
  return (
    `"CleanupDeadServers":${config.cleanupDeadServers},` +
    `"LastContactThreshold":"${formatDuration(config.lastContactThresholdNanos)}",` +
    `"MaxTrailingLogs":${config.maxTrailingLogs},"MinQuorum":${config.minQuorum},` +
    `"ServerStabilizationTime":"${formatDuration(config.serverStabilizationTimeNanos)}",` +
    `"RedundancyZoneTag":${quote(config.redundancyZoneTag)},` +
    `"DisableUpgradeMigration":${config.disableUpgradeMigration},` +
    `"UpgradeVersionTag":${quote(config.upgradeVersionTag)}`
  )
}

/** `/v1/operator/autopilot/health`. */
export function renderAutopilotHealth({ healthy, failureTolerance, servers }: AutopilotHealthView): string {
  const list = renderList(
    servers,
    (server) =>
      `{"ID":${quote(server.id)},"Name":${quote(server.name)},"Address":${quote(server.address)},` +
      `"SerfStatus":${quote(server.serfStatus)},"Version":${quote(server.version)},` +
      `"Leader":${server.isLeader},${standing(server)},` +
      `"Voter":${server.isVoter},"StableSince":"${wallTime(server.stableSinceWallMs)}"}`,
  )
  const shown = servers.length === 0 ? 'null' : list
  return `{"Healthy":${healthy},"FailureTolerance":${failureTolerance},"Servers":${shown}}`
}

function standing(server: ServerHealth): string {
  return (
    `"LastContact":"${formatDuration(server.lastContactMs * 1e6)}","LastTerm":${server.lastTerm},` +
    `"LastIndex":${server.lastIndex},"Healthy":${server.healthy}`
  )
}

/** `/v1/operator/autopilot/state`. */
export function renderAutopilotState(view: AutopilotHealthView): string {
  const { servers } = view
  const leader = servers.find((server) => server.isLeader)?.id ?? ''
  const voters = servers.filter((server) => server.isVoter)
  // The leader first, then the others by id.
  const ids = voters
    .map((server) => server.id)
    .toSorted((a, b) => Number(b === leader) - Number(a === leader) || (a < b ? -1 : 1))
  const replicas = servers.filter((server) => server.isReadReplica).map((server) => server.id)
  return (
    `{"Healthy":${view.healthy},"FailureTolerance":${view.failureTolerance},` +
    `"OptimisticFailureTolerance":${view.optimisticFailureTolerance},` +
    `"Servers":${renderPairs(
      servers.map((server) => [server.id, server] as const),
      renderStateServer,
    )},"Leader":${quote(leader)},"Voters":${textList(ids)}` +
    (replicas.length === 0 ? '' : `,"ReadReplicas":${textList(replicas)}`) +
    renderZones(servers) +
    '}'
  )
}

function renderStateServer(server: ServerHealth): string {
  return (
    `{"ID":${quote(server.id)},"Name":${quote(server.name)},"Address":${quote(server.address)},` +
    `"NodeStatus":${quote(server.serfStatus)},"Version":${quote(server.version)},${standing(server)},` +
    `"StableSince":"${wallTime(server.stableSinceWallMs)}",` +
    (server.zone === '' ? '' : `"RedundancyZone":${quote(server.zone)},`) +
    `"ReadReplica":${server.isReadReplica},"Status":"${statusOf(server)}",` +
    `"Meta":${renderPairs(Object.entries(server.meta), quote)},"NodeType":"${nodeTypeOf(server)}"}`
  )
}

function statusOf(server: ServerHealth): string {
  if (server.isLeader) return 'leader'
  return server.isVoter ? 'voter' : 'non-voter'
}

/** What a server is meant to be. */
function nodeTypeOf(server: ServerHealth): string {
  if (server.isReadReplica) return 'read-replica'
  if (server.zone === '') return 'voter'
  return server.isVoter ? 'zone-voter' : 'zone-standby'
}

function renderZones(servers: readonly ServerHealth[]): string {
  const byZone = Map.groupBy(
    servers.filter((server) => server.zone !== ''),
    (server) => server.zone,
  )
  if (byZone.size === 0) return ''
  const zones = renderPairs([...byZone], (ofZone) => {
    const voters = ofZone.filter((server) => server.isVoter).map((server) => server.id)
    const healthy = ofZone.filter((server) => server.healthy).length
    const ids = ofZone.map((server) => server.id)
    return (
      `{"Servers":${textList(ids)},"Voters":${textList(voters)},` +
      `"FailureTolerance":${Math.max(0, healthy - 1)}}`
    )
  })
  return `,"RedundancyZones":${zones}`
}

/** What the catalog of one datacenter holds, for `/v1/operator/usage`. */
export function renderUsage(usage: UsageView): string {
  const connect = renderPairs(Object.entries(usage.connectInstances), String)
  return (
    `{"Services":${usage.services},"ServiceInstances":${usage.serviceInstances},` +
    `"ConnectServiceInstances":${connect},"BillableServiceInstances":${usage.billableInstances},` +
    `"Nodes":${usage.nodes},"KVCount":${usage.keys},"Sessions":${usage.sessions}}`
  )
}

/** RFC 3339 in UTC, to the second; the zero time for 0. */
function wallTime(wallMs: number): string {
  return wallMs === 0 ? '0001-01-01T00:00:00Z' : new Date(wallMs).toISOString().replace(/\.\d+Z$/, 'Z')
}
