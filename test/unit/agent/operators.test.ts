// What operators do with servers, on shipped agents in virtual time.
import { describe, expect, it } from 'vitest'
import { ask, jsonOf, type Answer } from '../../sim/client.ts'
import { Cluster, tinyLimits } from '../../sim/cluster.ts'
import { signal } from '../../sim/host.ts'
import type { SimNode } from '../../sim/node.ts'
import { expectConvergence, finish, formed, leaderOf, nodeOf, put } from '../../sim/scenarios/cluster.ts'

interface StateView {
  readonly Healthy: boolean
  readonly FailureTolerance: number
  readonly OptimisticFailureTolerance: number
  readonly Leader: string
  readonly Voters: readonly string[]
  readonly ReadReplicas?: readonly string[]
  readonly RedundancyZones?: Readonly<Record<string, { readonly Voters: readonly string[] }>>
  readonly Servers: Readonly<
    Record<string, { readonly Status: string; readonly NodeType: string; readonly StableSince: string }>
  >
}

function send(cluster: Cluster, node: SimNode, line: string, body?: string): Promise<Answer> {
  const [method = '', path = ''] = line.split(' ')
  const request = { method, path, timeoutMs: 20_000, ...(body === undefined ? {} : { body }) }
  return cluster.world.wait(ask(cluster.world, node, request), 21_000)
}

async function stateOf(cluster: Cluster): Promise<StateView> {
  const answer = await send(cluster, leaderOf(cluster), 'GET /v1/operator/autopilot/state')
  return jsonOf(answer) as StateView
}

/** Names of the voters, sorted. */
async function voters(cluster: Cluster): Promise<readonly string[]> {
  const { Voters } = await stateOf(cluster)
  return Voters.map((id) => cluster.nodes.find((node) => node.id === id)?.name ?? id).toSorted()
}

function followers(cluster: Cluster): readonly [SimNode, SimNode] {
  const leader = leaderOf(cluster)
  const [one, two] = cluster.servers.filter((node) => node !== leader && node.state === 'running')
  if (one === undefined || two === undefined) throw new Error('two followers')
  return [one, two]
}

describe('autopilot', () => {
  it('keeps its settings in the replicated state, and takes them from the configuration at first', async () => {
    const cluster = await formed({ seed: 950, servers: 3 })
    await cluster.run(3000)
    const path = '/v1/operator/autopilot/configuration'
    const [follower] = followers(cluster)
    const first = jsonOf(await send(cluster, follower, `GET ${path}`)) as { readonly ModifyIndex: number }
    expect(first).toMatchObject({
      CleanupDeadServers: true,
      LastContactThreshold: '200ms',
      MaxTrailingLogs: 250,
    })
    const body = '{"CleanupDeadServers":false,"ServerStabilizationTime":"3s","MaxTrailingLogs":100}'
    expect((await send(cluster, follower, `PUT ${path}?cas=${first.ModifyIndex + 1}`, body)).body).toBe(
      'false',
    )
    expect((await send(cluster, follower, `PUT ${path}?cas=${first.ModifyIndex}`, body)).body).toBe('true')
    leaderOf(cluster).crash('kill')
    await cluster.run(10_000)
    expect(jsonOf(await send(cluster, follower, `GET ${path}`))).toMatchObject({
      CleanupDeadServers: false,
      ServerStabilizationTime: '3s',
    })
    await finish(cluster)
  })

  it('tells since when each server is healthy, and how many failures are borne', async () => {
    const cluster = await formed({ seed: 951, servers: 3 })
    await cluster.run(20_000)
    const before = await stateOf(cluster)
    expect(before).toMatchObject({ Healthy: true, FailureTolerance: 1, OptimisticFailureTolerance: 1 })
    const [one, two] = followers(cluster)
    one.crash('kill')
    await cluster.run(3000)
    const after = await stateOf(cluster)
    expect(after).toMatchObject({ Healthy: false, FailureTolerance: 0 })
    expect(after.Servers[two.id]).toMatchObject({ StableSince: before.Servers[two.id]?.StableSince })
    expect(after.Servers[one.id]?.StableSince).not.toBe(before.Servers[one.id]?.StableSince)
    const health = await send(cluster, two, 'GET /v1/operator/autopilot/health')
    expect(health.status).toBe(429)
    await finish(cluster)
  })

  it('lets a new server vote after the stabilization time, and then takes the failed one out', async () => {
    const cluster = await formed({ seed: 952, servers: 3 })
    await cluster.run(20_000)
    const [one] = followers(cluster)
    one.crash('kill')
    await cluster.run(9000)
    expect(await voters(cluster)).toHaveLength(3)
    cluster.addNode('s4', true).start()
    await cluster.run(8000)
    expect(await voters(cluster)).not.toContain('s4')
    await cluster.run(8000)
    expect(await voters(cluster)).toContain('s4')
    expect(await voters(cluster)).not.toContain(one.name)
    one.start()
    await cluster.run(25_000)
    expect(await voters(cluster)).toHaveLength(4)
    await finish(cluster)
  })

  it('keeps the seat of a server that restarts, and gives it up after half a minute', async () => {
    const cluster = await formed({ seed: 953, servers: 3 })
    await cluster.run(15_000)
    const [one] = followers(cluster)
    one.crash('kill')
    await cluster.run(25_000)
    expect(await voters(cluster)).toHaveLength(3)
    await cluster.run(20_000)
    expect(await voters(cluster)).toHaveLength(2)
    one.start()
    await expectConvergence(cluster, 30_000)
    await cluster.run(15_000)
    expect(await voters(cluster)).toHaveLength(3)
    await finish(cluster)
  })

  it('never lets a read replica vote, which answers stale reads all the same', async () => {
    const cluster = await formed({ seed: 954, servers: 3 })
    const replica = cluster.addNode('s4', true, ['-read-replica'])
    replica.start()
    await cluster.run(30_000)
    expect(await voters(cluster)).toEqual(['s1', 's2', 's3'])
    expect(await stateOf(cluster)).toMatchObject({
      ReadReplicas: [replica.id],
      FailureTolerance: 1,
      Servers: { [replica.id]: { Status: 'non-voter', NodeType: 'read-replica', ReadReplica: true } },
    })
    expect(await put(cluster, replica, 'k', 'v')).toBe(true)
    // The leader has applied it; the replica may do so a moment later.
    await cluster.run(1000)
    expect((await send(cluster, replica, 'GET /v1/kv/k?raw&stale')).body).toBe('v')
    await finish(cluster)
  })
})

describe('redundancy zones', () => {
  it('have one voter each; a spare takes the place of one that dies', async () => {
    const cluster = new Cluster({ seed: 955, servers: 0, limits: tinyLimits })
    const add = (name: string, zone: string): SimNode =>
      cluster.addNode(name, true, ['-bootstrap-expect', '3', '-node-meta', `az:${zone}`])
    const first = [add('s1', 'z1'), add('s2', 'z2'), add('s3', 'z3')]
    for (const node of first) node.start()
    await cluster.converge(30_000)
    const spare = add('s4', 'z3')
    add('s5', 'z1')
    const body = '{"CleanupDeadServers":true,"RedundancyZoneTag":"az","ServerStabilizationTime":"2s"}'
    const set = await send(cluster, leaderOf(cluster), 'PUT /v1/operator/autopilot/configuration', body)
    expect(set.body).toBe('true')
    cluster.startAll()
    await cluster.run(20_000)
    expect(await voters(cluster)).toEqual(['s1', 's2', 's3'])
    expect(await stateOf(cluster)).toMatchObject({
      FailureTolerance: 1,
      OptimisticFailureTolerance: 3,
      RedundancyZones: { z3: { Voters: [nodeOf(cluster, 's3').id] } },
      Servers: { [spare.id]: { NodeType: 'zone-standby', Status: 'non-voter' } },
    })
    nodeOf(cluster, 's3').crash('kill')
    await cluster.run(30_000)
    expect(await voters(cluster)).toEqual(['s1', 's2', 's4'])
    nodeOf(cluster, 's3').start()
    await cluster.run(30_000)
    expect(await voters(cluster)).toEqual(['s1', 's2', 's4'])
    await finish(cluster)
  })
})

describe('the Raft configuration', () => {
  it('loses a server by id or address, which is taken in again after a while if it is still there', async () => {
    const cluster = await formed({ seed: 956, servers: 3 })
    await cluster.run(5000)
    const [one, two] = followers(cluster)
    const path = '/v1/operator/raft/peer'
    expect(await send(cluster, two, `DELETE ${path}?id=x`)).toMatchObject({
      status: 500,
      body: 'id "x" was not found in the Raft configuration',
    })
    const removed = await send(cluster, two, `DELETE ${path}?address=${one.machine.ip}:8300`)
    expect(removed).toMatchObject({ status: 200, body: '' })
    await cluster.run(30_000)
    expect(await voters(cluster)).not.toContain(one.name)
    await cluster.run(60_000)
    expect(await voters(cluster)).toContain(one.name)
    await finish(cluster)
  })

  it('keeps a server that the others need, unless it is forced', async () => {
    const cluster = await formed({ seed: 957, servers: 3 })
    const [one, two] = followers(cluster)
    one.crash('kill')
    await cluster.run(2000)
    const line = `DELETE /v1/operator/raft/peer?id=${two.id}`
    const refused = await send(cluster, leaderOf(cluster), line)
    expect(refused.status).toBe(500)
    expect(refused.body).toContain('only 1 of the 2 voters that are left would be there, and a majority is 2')
    expect(await voters(cluster)).toHaveLength(3)
    const gone = await send(cluster, leaderOf(cluster), `DELETE /v1/operator/raft/peer?id=${one.id}`)
    expect(gone.status).toBe(200)
    expect(await voters(cluster)).toHaveLength(2)
    const last = await send(cluster, leaderOf(cluster), `${line}&force`)
    expect(last.status).toBe(200)
    expect(await voters(cluster)).toEqual([leaderOf(cluster).name])
    await finish(cluster)
  })

  it('is not misled by a threshold of minutes: who does not answer does not count', async () => {
    const cluster = await formed({ seed: 963, servers: 3 })
    const body = '{"CleanupDeadServers":true,"LastContactThreshold":"10m","MaxTrailingLogs":250}'
    await send(cluster, leaderOf(cluster), 'PUT /v1/operator/autopilot/configuration', body)
    const [one, two] = followers(cluster)
    one.crash('kill')
    await cluster.run(2500)
    const refused = await send(cluster, two, `DELETE /v1/operator/raft/peer?id=${two.id}`)
    expect(refused.status).toBe(500)
    await finish(cluster)
  })

  it('gets another leader on request', async () => {
    const cluster = await formed({ seed: 958, servers: 3 })
    await cluster.run(3000)
    const [one] = followers(cluster)
    const path = '/v1/operator/raft/transfer-leader'
    const done = await send(cluster, one, `POST ${path}?id=${one.id}`)
    expect(done).toMatchObject({ status: 200, body: '{"Success":true}' })
    expect(await cluster.until(() => cluster.leader() === one, 2000)).toBe(true)
    await cluster.run(1000)
    expect((await send(cluster, one, `POST ${path}?id=${one.id}`)).body).toContain('has it already')
    expect((await send(cluster, one, `POST ${path}`)).body).toBe('{"Success":true}')
    expect(await cluster.until(() => cluster.leader() !== one, 2000)).toBe(true)
    await finish(cluster)
  })
})

describe('a leave that the others could not bear', () => {
  it('is refused to the API, unless it is forced', async () => {
    const cluster = await formed({ seed: 959, servers: 3 })
    const [one, two] = followers(cluster)
    one.crash('kill')
    await cluster.run(2000)
    const refused = await send(cluster, two, 'PUT /v1/agent/leave')
    expect(refused.status).toBe(500)
    expect(refused.body).toContain('after this leave, only 1 of the 2 voters')
    expect(two.state).toBe('running')
    expect(await put(cluster, two, 'k', 'v')).toBe(true)
    expect((await send(cluster, two, 'PUT /v1/agent/leave?force')).status).toBe(200)
    two.hasLeft = true
    expect(await cluster.until(() => two.state === 'ended', 20_000)).toBe(true)
    await finish(cluster)
  })

  it('is refused without a leader too, and never to the only server', async () => {
    const cluster = await formed({ seed: 960, servers: 3 })
    const [one, two] = followers(cluster)
    leaderOf(cluster).crash('kill')
    one.crash('kill')
    await cluster.run(5000)
    const refused = await send(cluster, two, 'PUT /v1/agent/leave')
    expect(refused.body).toContain('no leader says that the others can go on')
    await finish(cluster)
    const single = await formed({ seed: 961, servers: 1 })
    const only = nodeOf(single, 's1')
    expect((await send(single, only, 'PUT /v1/agent/leave')).status).toBe(200)
    expect(await single.until(() => only.state === 'ended', 5000)).toBe(true)
  })

  it('becomes a stop without a leave when a signal asks for it', async () => {
    const cluster = new Cluster({ seed: 962, servers: 3, serverArgs: ['-config-file', '/data/more.json'] })
    for (const node of cluster.servers) {
      const { host } = cluster.world.boot(node.machine)
      const text = new TextEncoder().encode('{"leave_on_terminate":true}')
      await cluster.world.wait(host.files.write('/data/more.json', text), 1000)
    }
    cluster.startAll()
    await cluster.converge(30_000)
    const [one, two] = followers(cluster)
    one.crash('kill')
    await cluster.run(2000)
    if (two.process === null) throw new Error('it runs')
    signal(two.process, 'SIGTERM')
    expect(await cluster.until(() => two.state === 'ended', 15_000)).toBe(true)
    expect(two.lastEnd).toBe('exit 1')
    expect(two.machine.consoleLines.join('\n')).toContain('Stopping without leaving the cluster: Refused')
    two.reset()
    two.start()
    expect(await cluster.until(() => cluster.leader() !== undefined, 10_000)).toBe(true)
    await finish(cluster)
  })
})
