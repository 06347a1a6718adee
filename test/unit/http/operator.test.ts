// The servers for operators: what reaches the leader, and the shapes of answers that the reference of the parity
// tests does not know yet.
import { describe, expect, test } from 'vitest'
import type { AutopilotHealthView } from '../../../src/model/query.ts'
import { asking } from './asking.ts'
import { createStateBackend } from './state-backend.ts'

const server: AutopilotHealthView['servers'][number] = {
  id: 'id-1',
  name: 's1',
  address: '10.0.0.1:8300',
  serfStatus: 'alive',
  version: '1.2.3',
  isLeader: true,
  lastContactMs: 0,
  lastTerm: 2,
  lastIndex: 30,
  healthy: true,
  isVoter: true,
  stableSinceWallMs: 1_767_225_600_000,
  isReadReplica: false,
  zone: 'a',
  meta: { az: 'a' },
}

const health: AutopilotHealthView = {
  healthy: true,
  failureTolerance: 0,
  optimisticFailureTolerance: 1,
  servers: [
    server,
    { ...server, id: 'id-0', isLeader: false, zone: '', meta: {} },
    { ...server, id: 'id-2', isLeader: false, isVoter: false },
    { ...server, id: 'id-3', isLeader: false, isVoter: false, isReadReplica: true, zone: '' },
  ],
}

describe('/v1/operator/autopilot/state', () => {
  const answer = async (path: string): Promise<unknown> =>
    (await asking(createStateBackend({ answers: { autopilotHealth: health } }))(`GET ${path}`)).json()

  test('names servers by ID, the leader first among the voters, zones and read replicas apart', async () => {
    expect(await answer('/v1/operator/autopilot/state')).toMatchObject({
      Healthy: true,
      FailureTolerance: 0,
      OptimisticFailureTolerance: 1,
      Leader: 'id-1',
      Voters: ['id-1', 'id-0'],
      ReadReplicas: ['id-3'],
      RedundancyZones: { a: { Servers: ['id-1', 'id-2'], Voters: ['id-1'], FailureTolerance: 1 } },
    })
  })

  test('tells of each server what it is, and what it is meant to be', async () => {
    const { Servers } = (await answer('/v1/operator/autopilot/state?stale')) as { readonly Servers: object }
    expect(Servers).toEqual({
      'id-1': {
        ID: 'id-1',
        Name: 's1',
        Address: '10.0.0.1:8300',
        NodeStatus: 'alive',
        Version: '1.2.3',
        LastContact: '0s',
        LastTerm: 2,
        LastIndex: 30,
        Healthy: true,
        StableSince: '2026-01-01T00:00:00Z',
        RedundancyZone: 'a',
        ReadReplica: false,
        Status: 'leader',
        Meta: { az: 'a' },
        NodeType: 'zone-voter',
      },
      'id-0': expect.objectContaining({ Status: 'voter', NodeType: 'voter', Meta: {} }),
      'id-2': expect.objectContaining({ Status: 'non-voter', NodeType: 'zone-standby' }),
      'id-3': expect.objectContaining({ Status: 'non-voter', NodeType: 'read-replica', ReadReplica: true }),
    })
  })
})

describe('actions on servers', () => {
  test.each([
    ['DELETE /v1/operator/raft/peer?id=x', { kind: 'removePeer', id: 'x', address: '', force: false }],
    [
      'DELETE /v1/operator/raft/peer?address=1.2.3.4:8300&force',
      { kind: 'removePeer', id: '', address: '1.2.3.4:8300', force: true },
    ],
    ['POST /v1/operator/raft/transfer-leader', { kind: 'transferLeader', id: '' }],
    ['POST /v1/operator/raft/transfer-leader?id=x', { kind: 'transferLeader', id: 'x' }],
  ])('%s', async (line, action) => {
    const backend = createStateBackend()
    expect((await asking(backend)(line)).status).toBe(200)
    expect(backend.calls).toEqual([[action.kind, action]])
  })

  test('a leadership that was not taken over is no failure of the request', async () => {
    const backend = createStateBackend({ actions: { transferLeader: () => ({ ok: true, value: false }) } })
    const response = await asking(backend)('POST /v1/operator/raft/transfer-leader')
    expect([response.status, await response.text()]).toEqual([200, '{"Success":false}'])
  })
})

describe('/v1/operator/usage', () => {
  test('counts what the catalog holds, by datacenter, with an index to wait for', async () => {
    const backend = createStateBackend()
    backend.apply({ kind: 'kvSet', key: 'a', value: new Uint8Array(), flags: 0n, ttlMs: 0 })
    const response = await asking(backend)('GET /v1/operator/usage')
    expect(response.headers.get('X-Consul-Index')).toBe('1')
    expect(await response.json()).toMatchObject({
      Usage: { dc1: { Nodes: 0, Services: 0, ServiceInstances: 0, BillableServiceInstances: 0, KVCount: 1 } },
      Index: 1,
      LastContact: 0,
      KnownLeader: true,
      ConsistencyLevel: 'leader',
      ResultsFilteredByACLs: false,
    })
    expect(backend.reads[0]).toMatchObject({ minIndex: 0, consistency: 'default' })
    await asking(backend)('GET /v1/operator/usage?index=1&wait=10ms&stale')
    expect(backend.reads[1]).toMatchObject({ minIndex: 1, waitMs: 10, consistency: 'stale' })
  })

  test('of all datacenters fails as a whole when one does not answer', async () => {
    const response = await asking(createStateBackend())('GET /v1/operator/usage?global')
    expect([response.status, await response.text()]).toEqual([500, 'No path to datacenter'])
    const alone = createStateBackend({ knownDatacenters: ['dc1'] })
    expect((await asking(alone)('GET /v1/operator/usage?global')).status).toBe(200)
  })
})

test('before the first leader has written the settings of autopilot there are none', async () => {
  const response = await asking(createStateBackend())('GET /v1/operator/autopilot/configuration')
  expect([response.status, await response.text()]).toEqual([500, 'autopilot config not initialized yet'])
})

test.each(['"-2401h"', '"2401h"', '9e18', '1e400'])(
  'a threshold of %s is refused: servers could not read it from the log',
  async (given) => {
    const response = await asking(createStateBackend())('PUT /v1/operator/autopilot/configuration', {
      body: `{"LastContactThreshold":${given}}`,
    })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('it must be 2400h at most')
  },
)

test('a negative threshold is kept, and can be read back', async () => {
  const ask = asking(createStateBackend())
  await ask('PUT /v1/operator/autopilot/configuration', { body: '{"LastContactThreshold":"-5s"}' })
  const response = await ask('GET /v1/operator/autopilot/configuration')
  expect(await response.json()).toMatchObject({ LastContactThreshold: '-5s' })
})
