import { describe, expect, it } from 'vitest'
import { ask, type Answer } from '../../sim/client.ts'
import { Cluster, tinyLimits } from '../../sim/cluster.ts'
import type { SimNode } from '../../sim/node.ts'
import { cut, expectConvergence, finish, formed, leaderOf, nodeOf, put } from '../../sim/scenarios/cluster.ts'

/** Asks, and waits in the background: the answer, and how long it took. */
function watch(
  cluster: Cluster,
  node: SimNode,
  path: string,
): Promise<{ readonly answer: Answer; readonly tookMs: number }> {
  const startMs = cluster.world.nowMs
  return ask(cluster.world, node, { path, timeoutMs: 200_000 }).then((answer) => ({
    answer,
    tookMs: cluster.world.nowMs - startMs,
  }))
}

async function indexOf(cluster: Cluster, node: SimNode, key: string): Promise<number> {
  const asked = ask(cluster.world, node, { path: `/v1/kv/${key}`, timeoutMs: 5000 })
  return (await cluster.world.wait(asked, 6000)).index
}

describe('a blocking query', () => {
  it('goes on at the new leader when the old one falls silent', async () => {
    const cluster = await formed({ seed: 900, servers: 3, clients: 1 })
    const old = leaderOf(cluster)
    const others = cluster.nodes.filter((node) => node !== old)
    const [follower] = others
    if (follower === undefined) throw new Error('no follower')
    expect(await put(cluster, follower, 'k', '1')).toBe(true)
    const index = await indexOf(cluster, follower, 'k')
    const watching = watch(cluster, follower, `/v1/kv/k?raw&index=${index}&wait=120s`)
    await cluster.run(10_000)
    cut(cluster, [old], others)
    await cluster.run(5000)
    expect(await put(cluster, nodeOf(cluster, 'c1'), 'k', '2')).toBe(true)
    const { answer, tookMs } = await cluster.world.wait(watching, 130_000)
    expect([answer.status, answer.body]).toEqual([200, '2'])
    expect(tookMs).toBeLessThan(17_000)
    cluster.world.links.heal()
    await expectConvergence(cluster, 120_000)
    await finish(cluster)
  })

  it('does not stay at a leader that was deposed', async () => {
    const cluster = await formed({ seed: 901, servers: 3 })
    const old = leaderOf(cluster)
    expect(await put(cluster, old, 'k', '1')).toBe(true)
    const index = await indexOf(cluster, old, 'k')
    const watching = watch(cluster, old, `/v1/kv/k?index=${index}&wait=120s`)
    await cluster.run(5000)
    cut(
      cluster,
      [old],
      cluster.nodes.filter((node) => node !== old),
    )
    const { answer, tookMs } = await cluster.world.wait(watching, 130_000)
    expect([answer.status, answer.body]).toEqual([500, 'No cluster leader'])
    expect(tookMs).toBeLessThan(5000 + 2000 + 7000)
    cluster.world.links.heal()
    await expectConvergence(cluster, 120_000)
    await finish(cluster)
  })

  it('keeps its deadline although it has changed servers', async () => {
    const cluster = await formed({ seed: 902, servers: 3, clients: 1 })
    const client = nodeOf(cluster, 'c1')
    expect(await put(cluster, client, 'k', '1')).toBe(true)
    const index = await indexOf(cluster, client, 'k')
    const watching = watch(cluster, client, `/v1/kv/k?index=${index}&wait=32s`)
    await cluster.run(10_000)
    leaderOf(cluster).crash('kill')
    const { answer, tookMs } = await cluster.world.wait(watching, 60_000)
    expect([answer.status, answer.index]).toEqual([200, index])
    expect(tookMs).toBeGreaterThanOrEqual(32_000)
    expect(tookMs).toBeLessThan(36_000)
    await finish(cluster)
  })
})

describe('a write of a client', () => {
  it('is refused with the word of a server that lives, not with the silence of those that do not', async () => {
    const cluster = await formed({ seed: 904, servers: 3, clients: 1 })
    const client = nodeOf(cluster, 'c1')
    const [first, second] = cluster.nodes.filter((node) => node !== client)
    for (const node of [first, second]) node?.crash('kill')
    await cluster.run(5000)
    const asked = ask(cluster.world, client, {
      method: 'PUT',
      path: '/v1/kv/k',
      body: '1',
      timeoutMs: 20_000,
    })
    const answer = await cluster.world.wait(asked, 25_000)
    expect([answer.status, answer.body]).toEqual([500, 'No cluster leader'])
    for (const node of [first, second]) node?.start()
    await expectConvergence(cluster, 120_000)
    await finish(cluster)
  })
})

describe('many blocking queries of one client', () => {
  async function outcomesOf(pathOf: (number: number, index: number) => string): Promise<readonly number[]> {
    const limits = { ...tinyLimits, requestsPerSessionMax: 16 }
    const cluster = await formed({ seed: 903, servers: 1, clients: 1, limits })
    const client = nodeOf(cluster, 'c1')
    expect(await put(cluster, client, 'k', '1')).toBe(true)
    const index = await indexOf(cluster, client, 'k')
    const asked = Array.from({ length: 20 }, (_, i) => watch(cluster, client, pathOf(i, index)))
    await cluster.run(1000)
    expect(await put(cluster, client, 'k', '2')).toBe(true)
    const outcomes = await cluster.world.wait(Promise.all(asked), 10_000)
    await finish(cluster)
    return outcomes.map(({ answer }) => answer.status)
  }

  it('share one place at the server if they ask the same', async () => {
    const statuses = await outcomesOf((_, index) => `/v1/kv/k?index=${index}&wait=60s`)
    expect(statuses.filter((status) => status === 200)).toHaveLength(20)
  })

  it('are refused at once when they are too many, and leave room for what does not wait', async () => {
    const statuses = await outcomesOf(
      (number, index) => `/v1/kv/?keys&separator=${number}&index=${index}&wait=60s`,
    )
    expect(statuses.filter((status) => status === 503)).toHaveLength(8)
    expect(statuses.filter((status) => status === 200)).toHaveLength(12)
  })
})

describe('a silent datacenter', () => {
  it('is given up within the hold, also by a question that would wait, and through a client', async () => {
    const common = { seed: 910, limits: tinyLimits, servers: 3, clients: 1 }
    const one = new Cluster({ ...common, prefix: 'a-', args: ['-datacenter', 'dc1'] })
    const joinWan = ['-retry-join-wan', nodeOf(one, 'a-s1').machine.ip, '-retry-interval-wan', '2s']
    const two = new Cluster({
      ...common,
      world: one.world,
      prefix: 'b-',
      args: ['-datacenter', 'dc2'],
      serverArgs: joinWan,
    })
    one.startAll()
    two.startAll()
    await expectConvergence(one, 60_000)
    await expectConvergence(two, 60_000)
    await one.run(20_000)
    expect(await put(two, nodeOf(two, 'b-c1'), 'k', '1')).toBe(true)
    for (const node of ['a-s2', 'a-c1']) {
      const first = await one.world.wait(watch(one, nodeOf(one, node), '/v1/kv/k?dc=dc2'), 5000)
      expect(first.answer.status).toBe(200)
    }
    cut(one, one.nodes, two.nodes)
    const questions = ['/v1/kv/k?dc=dc2', '/v1/kv/k?dc=dc2&index=1000&wait=120s']
    const asked = ['a-s2', 'a-c1'].flatMap((node) =>
      questions.map((question) => watch(one, nodeOf(one, node), question)),
    )
    for (const { answer, tookMs } of await one.world.wait(Promise.all(asked), 130_000)) {
      expect([answer.status, answer.body]).toEqual([500, 'Remote DC has no server currently reachable'])
      expect(tookMs).toBeLessThan(7000)
    }
    one.world.links.heal()
    await finish(one)
    await finish(two)
  })
})

describe('servers that do not answer', () => {
  it('are told of once a minute, however many ask', async () => {
    const cluster = await formed({ seed: 905, servers: 3, clients: 1 })
    const client = nodeOf(cluster, 'c1')
    const told: string[] = []
    client.agent?.log.attach({
      level: 'warn',
      write: ({ name, fields: { server, error } }) => {
        if (name === 'agent.router') told.push(`${String(server)} ${String(error)}`)
      },
    })
    for (const node of cluster.nodes) if (node.isServer) node.crash('kill')
    for (let i = 0; i < 20; i++) void watch(cluster, client, '/v1/kv/k')
    await cluster.run(20_000)
    expect(told.length).toBeGreaterThan(0)
    expect(told).toEqual([...new Set(told)])
    await finish(cluster)
  })
})
