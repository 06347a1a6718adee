import { describe, expect, it } from 'vitest'
import { ask } from '../../sim/client.ts'
import type { Cluster } from '../../sim/cluster.ts'
import { signal } from '../../sim/host.ts'
import type { SimNode } from '../../sim/node.ts'
import { expectConvergence, finish, formed, leaderOf, nodeOf, put } from '../../sim/scenarios/cluster.ts'

/** Runs until a node's agent has ended; how long that took. */
async function ended(cluster: Cluster, node: SimNode, ms: number): Promise<number> {
  const startMs = cluster.world.nowMs
  expect(await cluster.until(() => node.state === 'ended', ms), node.lastEnd).toBe(true)
  return cluster.world.nowMs - startMs
}

function lines(node: SimNode, text: string): readonly string[] {
  return node.machine.consoleLines.filter((line) => line.includes(text))
}

function send(node: SimNode, name: 'SIGINT' | 'SIGTERM'): void {
  if (node.process === null) throw new Error(`${node.name} does not run`)
  signal(node.process, name)
}

describe('a leave', () => {
  it.each(['leader', 'follower'])('of the %s of three shrinks the configuration once', async (who) => {
    const cluster = await formed({ seed: 920, servers: 3, clients: 1 })
    const leader = leaderOf(cluster)
    const node = who === 'leader' ? leader : cluster.servers.find((server) => server !== leader)
    if (node === undefined) throw new Error('no such server')
    node.leave()
    expect(await ended(cluster, node, 20_000)).toBeLessThan(10_000)
    const others = cluster.servers.filter((server) => server !== node)
    await cluster.run(5000)
    for (const other of others) {
      expect(other.agent?.log).toBeDefined()
      expect(lines(other, 'change=addLearner')).toEqual([])
    }
    expect(await put(cluster, nodeOf(cluster, 'c1'), 'k', 'v')).toBe(true)
    await expectConvergence(cluster, 60_000)
    await finish(cluster)
  })

  it('of the only server takes no time', async () => {
    const cluster = await formed({ seed: 921, servers: 1 })
    const node = nodeOf(cluster, 's1')
    node.leave()
    expect(await ended(cluster, node, 20_000)).toBeLessThan(1000)
  })

  it('of the only server that votes is refused until another one does', async () => {
    const cluster = await formed({ seed: 925, servers: 1 })
    await cluster.run(12_000)
    const node = nodeOf(cluster, 's1')
    const late = cluster.addNode('x1', true, [], true)
    late.start()
    await cluster.run(4000)
    node.leave()
    await cluster.run(12_000)
    expect([node.state, node.hasLeft]).toEqual(['running', false])
    await cluster.run(5000)
    node.leave()
    await ended(cluster, node, 20_000)
    await cluster.run(5000)
    expect(await put(cluster, late, 'k', 'v')).toBe(true)
    await finish(cluster)
  })

  it('ends within the grace although there is no leader', async () => {
    const cluster = await formed({ seed: 922, servers: 3 })
    nodeOf(cluster, 's1').crash('kill')
    nodeOf(cluster, 's2').crash('kill')
    await cluster.run(20_000)
    const node = nodeOf(cluster, 's3')
    node.leave(true)
    expect(await ended(cluster, node, 20_000)).toBeLessThan(15_000)
  })

  it('by the API is answered before the agent stops', async () => {
    const cluster = await formed({ seed: 923, servers: 3, clients: 1 })
    const node = nodeOf(cluster, 'c1')
    const asked = ask(cluster.world, node, { method: 'PUT', path: '/v1/agent/leave', timeoutMs: 20_000 })
    expect((await cluster.world.wait(asked, 21_000)).status).toBe(200)
    node.hasLeft = true
    await ended(cluster, node, 5000)
    expect(node.lastEnd).toBe('exit 0')
    await finish(cluster)
  })

  it('does not hold up the requests of others', async () => {
    const cluster = await formed({ seed: 924, servers: 3, clients: 2 })
    const node = leaderOf(cluster)
    node.leave()
    let slowestMs = 0
    for (let i = 0; i < 40; i++) {
      const startMs = cluster.world.nowMs
      expect(await put(cluster, nodeOf(cluster, i % 2 === 0 ? 'c1' : 'c2'), 'k', `${i}`)).toBe(true)
      slowestMs = Math.max(slowestMs, cluster.world.nowMs - startMs)
      await cluster.run(200)
    }
    expect(slowestMs).toBeLessThan(2500)
    await finish(cluster)
  })
})

describe('a signal', () => {
  it('SIGTERM stops a server without a leave, SIGINT takes a client out of the cluster', async () => {
    const cluster = await formed({ seed: 930, servers: 3, clients: 2 })
    const [server, client] = [nodeOf(cluster, 's3'), nodeOf(cluster, 'c1')]
    send(server, 'SIGTERM')
    await ended(cluster, server, 5000)
    expect(server.lastEnd).toBe('exit 1')
    send(client, 'SIGINT')
    await ended(cluster, client, 15_000)
    expect(client.lastEnd).toBe('exit 0')
    await cluster.run(20_000)
    const witness = nodeOf(cluster, 's1')
    expect([cluster.statusOf(witness, 's3'), cluster.statusOf(witness, 'c1')]).toEqual(['failed', 'left'])
    await finish(cluster)
  })

  it('a second one ends at once', async () => {
    const cluster = await formed({ seed: 931, servers: 3, clients: 1 })
    const client = nodeOf(cluster, 'c1')
    send(client, 'SIGTERM')
    await cluster.run(20)
    send(client, 'SIGTERM')
    expect(await ended(cluster, client, 5000)).toBeLessThan(100)
    expect(client.lastEnd).toBe('exit 1')
    await finish(cluster)
  })
})
