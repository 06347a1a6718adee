// What a client is told of a write that got no answer: refused, or that nobody knows. Never one for the other.
import { describe, expect, it } from 'vitest'
import { ask, type Answer } from '../../sim/client.ts'
import type { Cluster } from '../../sim/cluster.ts'
import type { SimNode } from '../../sim/node.ts'
import { cut, expectConvergence, finish, formed, get, leaderOf } from '../../sim/scenarios/cluster.ts'

const unknown = 'unknown'

function write(cluster: Cluster, node: SimNode, value: string, more = ''): Promise<Answer> {
  const path = `/v1/kv/k${more}`
  return ask(cluster.world, node, { method: 'PUT', path, body: value, timeoutMs: 30_000 })
}

function written(cluster: Cluster, node: SimNode, value: string, more = ''): Promise<Answer> {
  return cluster.world.wait(write(cluster, node, value, more), 31_000)
}

function outcomeOf(answer: Answer): readonly [number, string] {
  return [answer.status, answer.header('x-consul-outcome')]
}

function followerOf(cluster: Cluster): SimNode {
  const found = cluster.servers.find((server) => server !== leaderOf(cluster))
  if (found === undefined) throw new Error('no follower')
  return found
}

describe('nobody knows what became of a write', () => {
  it.each(['', '?cas=0', '?ttl=60s'])('at a leader that is cut off: %s', async (more) => {
    const cluster = await formed({ seed: 970, servers: 3 })
    const old = leaderOf(cluster)
    cut(
      cluster,
      [old],
      cluster.servers.filter((server) => server !== old),
    )
    expect(outcomeOf(await written(cluster, old, '1', more))).toEqual([500, unknown])
    cluster.world.links.heal()
    await expectConvergence(cluster, 60_000)
    await finish(cluster)
  })

  it('whose answer is lost on its way to a follower, although it was carried out', async () => {
    const cluster = await formed({ seed: 971, servers: 3 })
    const [leader, node] = [leaderOf(cluster), followerOf(cluster)]
    const asked = write(cluster, node, '1')
    // The request has left; nothing comes back.
    cluster.world.links.cut(leader.machine.number, node.machine.number)
    const answer = await cluster.world.wait(asked, 31_000)
    expect(outcomeOf(answer)).toEqual([500, unknown])
    cluster.world.links.heal()
    await expectConvergence(cluster, 60_000)
    expect(await get(cluster, node, 'k')).toBe('1')
    await finish(cluster)
  })

  it('whose leader dies before it answers a follower or a client', async () => {
    const cluster = await formed({ seed: 972, servers: 3, clients: 1 })
    const [leader, node] = [leaderOf(cluster), followerOf(cluster)]
    const client = cluster.nodes.find((each) => !each.isServer)
    if (client === undefined) throw new Error('no client')
    // The disks of all are so slow that nothing is committed before the leader dies.
    for (const server of cluster.servers) {
      const { disk } = server.machine
      disk.faults = { ...disk.faults, syncMicrosMin: 2_000_000, syncMicrosMax: 2_000_000 }
    }
    const asked = [write(cluster, node, '1'), write(cluster, client, '2')]
    await cluster.run(500)
    leader.crash('kill')
    for (const answer of await cluster.world.wait(Promise.all(asked), 31_000)) {
      expect(outcomeOf(answer)).toEqual([500, unknown])
    }
    for (const server of cluster.servers) {
      const { disk } = server.machine
      disk.faults = { ...disk.faults, syncMicrosMin: 300, syncMicrosMax: 1500 }
    }
    leader.start()
    await expectConvergence(cluster, 60_000)
    await finish(cluster)
  })

  it('when the agent stops while it is on its way to the disk', async () => {
    const cluster = await formed({ seed: 973, servers: 1 })
    const node = leaderOf(cluster)
    const { disk } = node.machine
    disk.faults = { ...disk.faults, syncMicrosMin: 3_000_000, syncMicrosMax: 3_000_000 }
    const agent = node.agent
    if (agent === null) throw new Error('it does not run')
    const request = new Request('http://agent/v1/kv/k', { method: 'PUT', body: '1' })
    const asked = Promise.resolve(agent.app(request, { ip: '10.0.0.99', port: 1 }))
    await cluster.run(500)
    const [answer] = await cluster.world.wait(Promise.all([asked, agent.stop()]), 30_000)
    expect([answer.status, answer.headers.get('x-consul-outcome')]).toEqual([500, unknown])
  })
})

describe('a write is refused for certain', () => {
  it('without a leader, at a server and at a client', async () => {
    const cluster = await formed({ seed: 974, servers: 3, clients: 1 })
    const [node, ...others] = cluster.servers
    const client = cluster.nodes.find((each) => !each.isServer)
    if (node === undefined || client === undefined) throw new Error('too few nodes')
    for (const other of others) other.crash('kill')
    await cluster.run(10_000)
    for (const asked of [node, client]) {
      expect(outcomeOf(await written(cluster, asked, '1'))).toEqual([500, ''])
    }
    for (const other of others) other.start()
    await expectConvergence(cluster, 60_000)
    expect(await get(cluster, node, 'k')).toBeUndefined()
    await finish(cluster)
  })

  it('when it is too large, malformed or against the rules', async () => {
    const cluster = await formed({ seed: 975, servers: 3 })
    const node = followerOf(cluster)
    expect(outcomeOf(await written(cluster, node, 'x'.repeat(600_000)))).toEqual([413, ''])
    expect(outcomeOf(await written(cluster, node, 'x', '?cas=y'))).toEqual([500, ''])
    const nobody = '?acquire=5e7b1f9e-0f5d-4d3a-9d7a-2f1c6b1f0a91'
    expect(outcomeOf(await written(cluster, node, 'x', nobody))).toEqual([500, ''])
    await finish(cluster)
  })
})

describe('a write that is refused by a leader that was deposed', () => {
  it('after nobody else had it is carried out by the next one, once', async () => {
    const cluster = await formed({ seed: 977, servers: 3 })
    const old = leaderOf(cluster)
    const others = cluster.servers.filter((server) => server !== old)
    cut(cluster, [old], others)
    // It goes into a log that nobody hears of, and out of it again.
    const asked = write(cluster, old, '1', '?cas=0')
    await cluster.run(1600)
    expect(others).toContain(leaderOf(cluster))
    cluster.world.links.heal()
    const answer = await cluster.world.wait(asked, 31_000)
    expect([...outcomeOf(answer), answer.body]).toEqual([200, '', 'true'])
    await expectConvergence(cluster, 60_000)
    expect(await get(cluster, old, 'k')).toBe('1')
    await finish(cluster)
  })

  it('is carried out by the next one, once', async () => {
    const cluster = await formed({ seed: 976, servers: 3 })
    const old = leaderOf(cluster)
    old.machine.disk.faults = {
      ...old.machine.disk.faults,
      syncMicrosMin: 100_000,
      syncMicrosMax: 100_000,
    }
    const others = cluster.servers.filter((server) => server !== old)
    cut(cluster, [old], others)
    await cluster.run(3000)
    expect(await get(cluster, others[0] ?? old, 'k')).toBeUndefined()
    const asked = write(cluster, old, '1')
    await cluster.run(300)
    cluster.world.links.heal()
    expect(outcomeOf(await cluster.world.wait(asked, 31_000))).toEqual([200, ''])
    await expectConvergence(cluster, 60_000)
    expect(await get(cluster, old, 'k')).toBe('1')
    await finish(cluster)
  })
})
