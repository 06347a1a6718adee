// Puts recorded requests to our API over a state that was prepared like the recorded agent's.
import { type App, createApp } from '../../src/http/app.ts'
import type { AutopilotConfig } from '../../src/model/operator.ts'
import type { MemberView, ServerQueryTable } from '../../src/model/query.ts'
import { type BackendSettings, type StateBackend, createStateBackend } from '../unit/http/state-backend.ts'
import { bodyBytes, bodyText } from './http-exchange.ts'
import { comparedHeaders, oracleNode } from './http-requests.ts'
import type { Answer, ParityRequest } from './requests/request.ts'

/** An app that knows what the recorded agent knew of itself; `settings` come on top. */
export function createReplay(settings: BackendSettings = {}): App {
  const backend = createStateBackend({
    nodeName: oracleNode.name,
    knownDatacenters: ['dc1'],
    agent: {
      ...createStateBackend().agent,
      members: () => Promise.resolve({ ok: true, value: [member] }),
      forceLeave: (node) =>
        Promise.resolve({
          ok: false,
          error: { code: 'refused', message: `agent: No node found with name '${node}'` },
        }),
    },
    ...settings,
    answers: { ...answers, ...settings.answers },
  })
  registerSelf(backend)
  return createApp(backend)
}

/** Sends a request as a host would hand it over. */
export async function replay(app: App, { method, path, headers, body }: ParityRequest): Promise<Answer> {
  const content = bodyBytes(body)
  const request = new Request(`http://${oracleNode.ip}:8500${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'Content-Length': String(content.length) }) },
    ...(content.length > 0 && { body: content }),
  })
  const response = await app(request, { ip: '127.0.0.1', port: 1 })
  const kept = comparedHeaders.flatMap((name) => {
    const value = response.headers.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  return {
    status: response.status,
    headers: Object.fromEntries(kept),
    body: method === 'HEAD' ? '' : bodyText(new Uint8Array(await response.arrayBuffer())),
  }
}

/** What the leader writes of itself: the node, then its service and health, then its tagged addresses. */
function registerSelf(backend: StateBackend): void {
  // Index 1 stands for "nothing yet" in answers: the log of an agent has other entries before these.
  for (let i = 0; i < 3; i++) backend.apply({ kind: 'kvDelete', key: 'none' })
  backend.apply({ kind: 'autopilotSet', config: firstAutopilotConfig, expectedIndex: 0 })
  backend.apply({ kind: 'kvDelete', key: 'none' })
  const tagged = { lan: oracleNode.ip, lan_ipv4: oracleNode.ip, wan: oracleNode.ip, wan_ipv4: oracleNode.ip }
  const node = {
    id: oracleNode.id,
    name: oracleNode.name,
    address: oracleNode.ip,
    datacenter: 'dc1',
    taggedAddresses: {},
    meta: {},
  }
  backend.apply({
    kind: 'register',
    node,
    service: {
      id: 'consul',
      service: 'consul',
      kind: '',
      tags: [],
      address: '',
      port: 8300,
      socketPath: '',
      taggedAddresses: {},
      meta: {
        non_voter: 'false',
        raft_version: '3',
        serf_protocol_current: '2',
        serf_protocol_max: '5',
        serf_protocol_min: '1',
        version: '1.8.7',
      },
      weights: { passing: 1, warning: 1 },
      enableTagOverride: false,
      proxy: null,
      connect: null,
    },
    checks: [
      {
        node: oracleNode.name,
        checkId: 'serfHealth',
        name: 'Serf Health Status',
        status: 'passing',
        notes: '',
        output: 'Agent alive and reachable',
        serviceId: '',
        serviceName: '',
        serviceTags: [],
        type: '',
        definition: {},
      },
    ],
    skipNodeUpdate: false,
  })
  backend.apply({
    kind: 'register',
    node: { ...node, taggedAddresses: tagged, meta: { 'consul-network-segment': '' } },
    service: null,
    checks: [],
    skipNodeUpdate: false,
  })
}

/** What the first leader writes. */
const firstAutopilotConfig: AutopilotConfig = {
  cleanupDeadServers: true,
  lastContactThresholdNanos: 200e6,
  maxTrailingLogs: 250,
  minQuorum: 0,
  serverStabilizationTimeNanos: 10e9,
  redundancyZoneTag: '',
  disableUpgradeMigration: false,
  upgradeVersionTag: '',
}

const member: MemberView = {
  name: oracleNode.name,
  ip: oracleNode.ip,
  port: 8301,
  tags: {
    role: 'consul',
    dc: 'dc1',
    id: oracleNode.id,
    segment: '',
    vsn: '2',
    vsn_min: '2',
    vsn_max: '3',
    raft_vsn: '3',
    build: '1.8.7:',
    port: '8300',
    bootstrap: '1',
    acls: '0',
    ft_fs: '1',
    wan_join_port: '8302',
  },
  status: 1,
  protocolMin: 1,
  protocolMax: 5,
  protocolCur: 2,
  delegateMin: 2,
  delegateMax: 5,
  delegateCur: 4,
}

const answers: Partial<ServerQueryTable> = {
  leader: `${oracleNode.ip}:8300`,
  peers: [`${oracleNode.ip}:8300`],
  raftConfiguration: {
    servers: [
      {
        id: oracleNode.id,
        node: oracleNode.name,
        address: `${oracleNode.ip}:8300`,
        isLeader: true,
        isVoter: true,
        protocolVersion: '3',
        lastIndex: 7,
      },
    ],
    index: 0,
    clusterId: '',
  },
}
