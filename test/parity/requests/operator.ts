// The servers for operators: Raft's configuration, autopilot, who leads.
import { createPeerActions } from '../../../src/agent/peer-actions.ts'
import type { ServerEntry } from '../../../src/raft/message.ts'
import type { BackendSettings } from '../../unit/http/state-backend.ts'
import { type Difference, type ParityRequest, bodies, get, path, put, remove } from './request.ts'

const config = '/v1/operator/autopilot/configuration'
const peer = '/v1/operator/raft/peer'
const nodeId = '5e7b1f9e-0f5d-4d3a-9d7a-2f1c6b1f0a91'
const address = '127.0.91.1:8300'

const whole = JSON.stringify({
  CleanupDeadServers: false,
  LastContactThreshold: '300ms',
  MaxTrailingLogs: 10,
  MinQuorum: 3,
  ServerStabilizationTime: 5_000_000_000,
  RedundancyZoneTag: 'az',
  DisableUpgradeMigration: true,
  UpgradeVersionTag: 'v<1>',
})

const notConfig: readonly string[] = [
  '',
  '{',
  '[]',
  '"x"',
  '5',
  '{"Foo":1}',
  '{"CleanupDeadServers":"x"}',
  '{"CleanupDeadServers":1}',
  '{"LastContactThreshold":"1x"}',
  '{"LastContactThreshold":"5"}',
  '{"LastContactThreshold":"x"}',
  '{"LastContactThreshold":""}',
  '{"LastContactThreshold":true}',
  '{"MaxTrailingLogs":-1}',
  '{"MaxTrailingLogs":1.5}',
  '{"MaxTrailingLogs":"10"}',
  '{"MinQuorum":-1}',
  '{"MinQuorum":[]}',
  '{"UpgradeVersionTag":5}',
  '{"CreateIndex":"x"}',
]

const oddConfig: readonly string[] = [
  'null',
  '{}',
  '{"LastContactThreshold":null}',
  '{"LastContactThreshold":1.5}',
  '{"LastContactThreshold":"-5s","MinQuorum":1}',
  '{"cleanupdeadservers":true,"CreateIndex":5,"ModifyIndex":7}',
  '{"MinQuorum":3} trailing',
]

/** In the order in which they are sent. */
export const operatorRequests: readonly ParityRequest[] = [
  ...get(
    config,
    `${config}?pretty`,
    `${config}?stale`,
    `${config}?dc=nope`,
    '/v1/operator/autopilot/health',
    '/v1/operator/autopilot/health?pretty',
    '/v1/operator/autopilot/health?dc=nope',
    '/v1/operator/raft/configuration?stale',
    '/v1/operator/raft/configuration?pretty',
    '/v1/status/leader?dc=dc1',
    '/v1/status/peers?pretty',
    '/v1/status/peers?dc=nope',
  ),
  put(config, whole),
  ...get(config),
  put(config, whole),
  ...get(config),
  ...bodies(config, notConfig),
  ...get(config),
  ...oddConfig.flatMap((body) => [put(config, body), ...get(config)]),
  put(`${config}?cas=x`, whole),
  put(`${config}?cas=-1`, whole),
  put(`${config}?cas=`, whole),
  put(`${config}?cas=99999999999999999999`, whole),
  put(`${config}?cas=0`, whole),
  put(`${config}?cas=18446744073709551615`, whole),
  put(`${config}?cas=x`, '{'),
  { method: 'GET', path: config, keep: { index: 'ModifyIndex' } },
  put(`${config}?cas={{index}}`, whole),
  put(`${config}?cas={{index}}`, '{}'),
  put(`${config}?dc=nope`, whole),
  ...get(config),
  remove(peer),
  remove(`${peer}?id=x`),
  remove(`${peer}?id=`),
  remove(`${peer}?address=1.2.3.4:8300`),
  remove(`${peer}?address=foo%22bar`),
  remove(`${peer}?id=x&address=1.2.3.4:8300`),
  remove(`${peer}?id=x&dc=nope`),
  remove(`${peer}?id=${nodeId}`),
  remove(`${peer}?address=${address}`),
  { method: 'GET', path: peer },
  { method: 'POST', path: config },
  { method: 'OPTIONS', path: config },
  { method: 'OPTIONS', path: peer },
  { method: 'PUT', path: '/v1/operator/autopilot/health' },
  { method: 'PUT', path: '/v1/operator/raft/configuration' },
  { method: 'PUT', path: '/v1/status/peers' },
  ...get('/v1/operator/autopilot/state', '/v1/operator/nope'),
]

const self: ServerEntry = { id: nodeId, address, suffrage: 'voter' }

const peers = createPeerActions({
  selfId: nodeId,
  raft: {
    machine: { configuration: { servers: [self] } },
    addressOf: () => undefined,
    changeServer: () =>
      Promise.resolve({
        ok: false,
        error: { code: 'refused', message: 'The change would leave the cluster without a voter' },
      }),
    transferLeadership: () => Promise.resolve(false),
  },
  isLive: () => true,
  onRemoved: () => undefined,
})

const { signal } = new AbortController()

/** A server that is alone and has just started: its health is not known yet. */
export const operatorSettings: BackendSettings = {
  answers: {
    autopilotHealth: { healthy: false, failureTolerance: 0, optimisticFailureTolerance: 0, servers: [] },
  },
  actions: { removePeer: (args) => peers.removePeer(args, signal) },
}

/** Parts of answers that are other every time. */
export const operatorVolatile: readonly (readonly [RegExp, string])[] = [
  [/"LastIndex":( ?)\d+/g, '"LastIndex":$1N'],
]

/** What we mean to answer otherwise. */
export const operatorDifferences: readonly Difference[] = [
  {
    reason: 'LastIndex is shown since 1.14.8',
    matches: path('/v1/operator/raft/configuration?stale', '/v1/operator/raft/configuration?pretty'),
    undo: ({ body, ...rest }) => ({ ...rest, body: body.replace(/,\s*"LastIndex": ?N/g, '') }),
  },
  {
    reason: 'The last voter stays, with a sentence of ours',
    matches: path(`${peer}?id=${nodeId}`, `${peer}?address=${address}`),
    ours: { status: 500, body: 'The change would leave the cluster without a voter' },
  },
  {
    reason: 'Served since 1.9',
    matches: path('/v1/operator/autopilot/state'),
    ours: { status: 200 },
  },
  {
    reason: 'Unknown paths are answered with a sentence, as since 1.11',
    matches: path('/v1/operator/nope'),
  },
]
