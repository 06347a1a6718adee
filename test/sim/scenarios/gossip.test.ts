import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/model/limits.ts'
import { ask, jsonOf } from '../client.ts'
import type { Cluster } from '../cluster.ts'
import { signal } from '../host.ts'
import { cut, expectConvergence, finish, formed, leaderOf, nodeOf } from './cluster.ts'

/** The catalog's view of the health of nodes, by name. */
async function serfHealth(cluster: Cluster): Promise<ReadonlyMap<string, string>> {
  const asked = ask(cluster.world, leaderOf(cluster), { path: '/v1/health/state/any', timeoutMs: 5000 })
  const checks = jsonOf(await cluster.world.wait(asked, 6000)) as readonly {
    readonly Node: string
    readonly CheckID: string
    readonly Status: string
  }[]
  return new Map(
    checks.filter((each) => each.CheckID === 'serfHealth').map((each) => [each.Node, each.Status]),
  )
}

describe('many members', () => {
  it('50 clients join, all know all, and all leave again', async () => {
    const cluster = await formed({ seed: 200, servers: 3, limits })
    const clients = Array.from({ length: 50 }, (_, i) => cluster.addNode(`c${i + 1}`, false))
    const startMs = cluster.world.nowMs
    for (const client of clients) client.start()
    await expectConvergence(cluster, 60_000)
    expect(cluster.world.nowMs - startMs).toBeLessThan(20_000)
    await cluster.run(5000)
    expect([...(await serfHealth(cluster)).values()].filter((status) => status === 'passing')).toHaveLength(
      53,
    )

    for (const client of clients) client.leave()
    expect(await cluster.until(() => clients.every((client) => client.state === 'ended'), 60_000)).toBe(true)
    await expectConvergence(cluster, 60_000)
    await cluster.run(5000)
    expect([...(await serfHealth(cluster)).keys()].sort()).toEqual(['s1', 's2', 's3'])
    for (const client of clients) expect(cluster.statusOf(leaderOf(cluster), client.name)).toBe('left')
    await finish(cluster)
  })
})

describe('failure and return', () => {
  it('a killed client is failed everywhere, critical in the catalog, and alive again when it returns', async () => {
    const cluster = await formed({ seed: 210, servers: 3, clients: 3 })
    const gone = nodeOf(cluster, 'c2')
    gone.crash('power')
    const isFailed = (): boolean => cluster.running.every((node) => cluster.statusOf(node, 'c2') === 'failed')
    expect(await cluster.until(isFailed, 30_000)).toBe(true)
    await cluster.run(3000)
    expect((await serfHealth(cluster)).get('c2')).toBe('critical')
    gone.start()
    await expectConvergence(cluster, 60_000)
    await cluster.run(3000)
    expect((await serfHealth(cluster)).get('c2')).toBe('passing')
    await finish(cluster)
  })

  it('an interrupted client leaves, a terminated server is failed until it returns', async () => {
    const cluster = await formed({ seed: 212, servers: 3, clients: 1 })
    const [client, server] = [nodeOf(cluster, 'c1'), nodeOf(cluster, 's2')]
    client.hasLeft = true
    if (client.process !== null) signal(client.process, 'SIGINT')
    expect(await cluster.until(() => client.state === 'ended', 20_000)).toBe(true)
    expect([client.lastEnd, cluster.statusOf(server, 'c1')]).toEqual(['exit 0', 'left'])
    if (server.process !== null) signal(server.process, 'SIGTERM')
    const isFailed = (): boolean => cluster.running.every((node) => cluster.statusOf(node, 's2') === 'failed')
    expect(await cluster.until(() => server.state === 'ended' && isFailed(), 30_000)).toBe(true)
    server.reset()
    server.start()
    await expectConvergence(cluster, 60_000)
    await finish(cluster)
  })

  it('a partition of the members heals by itself', async () => {
    const cluster = await formed({ seed: 211, servers: 3, clients: 4 })
    const left = cluster.nodes.slice(0, 4)
    cut(cluster, left, cluster.nodes.slice(4))
    await cluster.run(40_000)
    cluster.world.links.heal()
    await expectConvergence(cluster, 120_000)
    await finish(cluster)
  })
})

describe('paused processes', () => {
  it('nobody is declared failed who was paused for less than the suspicion lasts', async () => {
    const cluster = await formed({ seed: 220, servers: 3, clients: 5 })
    for (const name of ['c1', 'c3', 's2']) {
      const node = nodeOf(cluster, name)
      // Suspicion lasts at least 4 probe intervals, and a probe before it may take two.
      cluster.gossip.protect(name, 'while it was paused for 3 s')
      node.pause()
      await cluster.run(3000)
      node.resume()
      await cluster.run(10_000)
    }
    await expectConvergence(cluster, 60_000)
    await finish(cluster)
  })

  it('a paused member does not take the healthy ones for dead when it goes on', async () => {
    const cluster = await formed({ seed: 221, servers: 3, clients: 3 })
    const paused = nodeOf(cluster, 'c1')
    for (const node of cluster.nodes)
      if (node !== paused) cluster.gossip.protect(node.name, 'and it was healthy')
    paused.pause()
    await cluster.run(20_000)
    paused.resume()
    await expectConvergence(cluster, 90_000)
    await finish(cluster)
  })
})
