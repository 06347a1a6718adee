// `/v1/operator/*`: the servers for operators.
import { formatDuration } from '../../lib/durations.ts'
import type { AutopilotHealthView, RaftConfigurationView } from '../../model/query.ts'
import { quote, renderList } from '../json.ts'
import type { Call, Route } from '../route.ts'
import { ask } from './reads.ts'

/** The endpoints. */
export const operatorRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/operator/raft/configuration',
    summary: 'The servers that replicate the state',
    parameters: ['dc', 'stale'],
    handler: async (call) =>
      call.reply.json(call, renderRaftConfiguration(await ask(call, 'raftConfiguration'))),
  },
  {
    method: 'GET',
    path: '/v1/operator/autopilot/health',
    summary: 'Health of the servers; status 429 when the cluster is not healthy',
    parameters: ['dc'],
    handler: autopilotHealth,
  },
]

async function autopilotHealth(call: Call): Promise<Response> {
  const health = await ask(call, 'autopilotHealth')
  return call.reply.json(call, renderAutopilotHealth(health), { status: health.healthy ? 200 : 429 })
}

function renderRaftConfiguration({ servers, index }: RaftConfigurationView): string {
  const list = renderList(
    servers,
    (server) =>
      `{"ID":${quote(server.id)},"Node":${quote(server.node)},"Address":${quote(server.address)},` +
      `"Leader":${server.isLeader},"ProtocolVersion":${quote(server.protocolVersion)},` +
      `"Voter":${server.isVoter},"LastIndex":${server.lastIndex}}`,
  )
  return `{"Servers":${list},"Index":${index}}`
}

function renderAutopilotHealth({ healthy, failureTolerance, servers }: AutopilotHealthView): string {
  const list = renderList(
    servers,
    (server) =>
      `{"ID":${quote(server.id)},"Name":${quote(server.name)},"Address":${quote(server.address)},` +
      `"SerfStatus":${quote(server.serfStatus)},"Version":${quote(server.version)},` +
      `"Leader":${server.isLeader},"LastContact":"${formatDuration(server.lastContactMs * 1e6)}",` +
      `"LastTerm":${server.lastTerm},"LastIndex":${server.lastIndex},"Healthy":${server.healthy},` +
      `"Voter":${server.isVoter},"StableSince":"${wallTime(server.stableSinceWallMs)}"}`,
  )
  return `{"Healthy":${healthy},"FailureTolerance":${failureTolerance},"Servers":${list}}`
}

/** RFC 3339 in UTC, to the second; the zero time for 0. */
function wallTime(wallMs: number): string {
  return wallMs === 0 ? '0001-01-01T00:00:00Z' : new Date(wallMs).toISOString().replace(/\.\d+Z$/, 'Z')
}
