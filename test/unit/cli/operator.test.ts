// The operator's commands where the reference's recordings end: states, counts, refusals, and the way back.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { run } from './console.ts'

const json = (value: unknown, status = 200): Response => new Response(JSON.stringify(value), { status })

describe('operator autopilot state', () => {
  const state = {
    Healthy: true,
    FailureTolerance: 1,
    OptimisticFailureTolerance: 2,
    Servers: {
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
    },
    Leader: 'id-1',
    Voters: ['id-1', 'id-2'],
    ReadReplicas: ['id-3'],
  }

  test('shows the servers for people', async () => {
    const { code, out, err } = await run(['operator', 'autopilot', 'state'], { answer: () => json(state) })
    expect([code, err]).toEqual([0, ''])
    expect(out).toBe(`Healthy:                      true
Failure Tolerance:            1
Optimistic Failure Tolerance: 2
Leader:                       id-1
Voters:
   id-1
   id-2
Read Replicas:
   id-3
Servers:
   id-1
      Name:            s1
      Address:         10.0.0.1:8300
      Version:         1.2.3
      Status:          leader
      Node Type:       zone-voter
      Redundancy Zone: a
      Node Status:     alive
      Healthy:         true
      Last Contact:    0s
      Last Term:       2
      Last Index:      30
      Meta
         "az": "a"
`)
  })

  test('-format=json shows what the agent answered', async () => {
    const { out } = await run(['operator', 'autopilot', 'state', '-format=json'], {
      answer: () => json(state),
    })
    expect(JSON.parse(out)).toEqual(state)
  })
})

test('operator autopilot set-config says when another was quicker', async () => {
  const config = { CleanupDeadServers: true, ModifyIndex: 7, MinQuorum: 0 }
  const { code, err } = await run(['operator', 'autopilot', 'set-config', '-min-quorum=3'], {
    answer(method, url, body) {
      if (method === 'GET') return json(config)
      expect(url.searchParams.get('cas')).toBe('7')
      expect(JSON.parse(body)).toMatchObject({ CleanupDeadServers: true, MinQuorum: 3 })
      return json(false)
    },
  })
  expect([code, err]).toEqual([1, 'Configuration could not be atomically updated, please try again\n'])
})

describe('operator raft', () => {
  test('remove-peer -force is passed on', async () => {
    const { code, out } = await run(['operator', 'raft', 'remove-peer', '-id=x', '-force'], {
      answer(method, url) {
        expect([method, url.pathname, url.searchParams.has('force')]).toEqual([
          'DELETE',
          '/v1/operator/raft/peer',
          true,
        ])
        return new Response('')
      },
    })
    expect([code, out]).toEqual([0, 'Removed peer with id "x"\n'])
  })

  test.each([
    [true, 0, 'Success\n'],
    [false, 1, ''],
  ])('transfer-leader, answered %s', async (Success, code, out) => {
    const outcome = await run(['operator', 'raft', 'transfer-leader'], { answer: () => json({ Success }) })
    expect([outcome.code, outcome.out]).toEqual([code, out])
  })
})

test('leave says why it is refused', async () => {
  const { code, err } = await run(['leave'], {
    answer: () => new Response('Refused: after this leave, nobody', { status: 500 }),
  })
  expect(code).toBe(1)
  expect(err).toBe('Error leaving: Unexpected response code: 500 (Refused: after this leave, nobody)\n')
})

describe('operator usage instances', () => {
  const of = (Services: number, Billable: number, Nodes: number): object => ({
    Services,
    ServiceInstances: Billable,
    ConnectServiceInstances: { 'connect-native': 0, 'mesh-gateway': 1 },
    BillableServiceInstances: Billable,
    Nodes,
  })

  test('counts in one datacenter', async () => {
    const { out } = await run(['operator', 'usage', 'instances'], {
      answer: () => json({ Usage: { dc1: of(2, 3, 1) } }),
    })
    expect(out).toBe(`Billable Service Instances Total: 3
dc1 Billable Service Instances: 3

Billable Services
Services  Service instances
2         3

Nodes
Datacenter  Count
dc1         1
Total       1

Connect Services
Type            Service instances
connect-native  0
mesh-gateway    1
`)
  })

  test('counts in all of them', async () => {
    const { out } = await run(['operator', 'usage', 'instances', '-all-datacenters', '-billable'], {
      answer(_method, url) {
        expect(url.searchParams.has('global')).toBe(true)
        return json({ Usage: { dc2: of(1, 1, 2), dc1: of(2, 3, 1) } })
      },
    })
    expect(out).toBe(`Billable Service Instances Total: 4
dc1 Billable Service Instances: 3
dc2 Billable Service Instances: 1

Billable Services
Datacenter  Services  Service instances
dc1         2         3
dc2         1         1
Total       3         4
`)
  })
})

test('operator raft transfer-leader does not take a server that is not named with -id for none', async () => {
  const { code, err } = await run(['operator', 'raft', 'transfer-leader', 'id-1'])
  expect([code, err]).toEqual([1, 'Too many arguments: the server to lead is named with -id\n'])
})

describe('operator recover', () => {
  const directory = mkdtempSync(join(tmpdir(), 'proconsul-recover-'))
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  test.each([
    [[], 'Must specify the data directory of a stopped server with -data-dir'],
    [['-data-dir=/nosuch'], 'Cannot use the data directory "/nosuch": there is no data of a server in it'],
    [['-data-dir=/nosuch', '-plan', '-yes'], 'Cannot specify both -plan and -yes'],
    [['a', 'b'], 'Too many arguments'],
  ])('%j is refused', async (args, reason) => {
    const { code, out, err } = await run(['operator', 'recover', ...args])
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(reason)
  })

  test('a directory without a log is nothing to recover', async () => {
    mkdirSync(join(directory, 'raft'), { recursive: true })
    const missing = await run(['operator', 'recover', `-data-dir=${directory}`])
    expect(missing.err).toContain("the server's ID must be there")
    writeFileSync(join(directory, 'node-id'), '5e7b1f9e-0f5d-4d3a-9d7a-2f1c6b1f0a91')
    const empty = await run(['operator', 'recover', directory])
    expect([empty.code, empty.err]).toEqual([
      1,
      `There is nothing to recover in "${directory}": the log of this server is empty\n`,
    ])
  })
})
