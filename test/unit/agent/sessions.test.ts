import { describe, expect, it } from 'vitest'
import { ask, jsonOf, type Answer } from '../../sim/client.ts'
import type { Cluster } from '../../sim/cluster.ts'
import type { SimNode } from '../../sim/node.ts'
import { cut, expectConvergence, finish, formed, get, leaderOf, put } from '../../sim/scenarios/cluster.ts'

interface Request {
  readonly method?: string
  readonly path: string
  readonly body?: string
}

function send(cluster: Cluster, node: SimNode, request: Request): Promise<Answer> {
  return cluster.world.wait(ask(cluster.world, node, { ...request, timeoutMs: 15_000 }), 16_000)
}

async function create(cluster: Cluster, node: SimNode, body: object): Promise<string> {
  const path = '/v1/session/create'
  const answer = await send(cluster, node, { method: 'PUT', path, body: JSON.stringify(body) })
  expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('ID')])
  return (jsonOf(answer) as { readonly ID: string }).ID
}

async function acquire(cluster: Cluster, node: SimNode, session: string): Promise<boolean> {
  const path = `/v1/kv/lock?acquire=${session}`
  return (await send(cluster, node, { method: 'PUT', path, body: 'x' })).body === 'true'
}

async function renew(cluster: Cluster, node: SimNode, session: string): Promise<number> {
  const path = `/v1/session/renew/${session}`
  return (await send(cluster, node, { method: 'PUT', path })).status
}

/** Who holds the lock, by the state of a server; '' for nobody. */
async function holder(cluster: Cluster, node: SimNode): Promise<string> {
  const entries = jsonOf(await send(cluster, node, { path: '/v1/kv/lock?consistent' }))
  return (entries as readonly { readonly Session?: string }[])[0]?.Session ?? ''
}

function follower(cluster: Cluster): SimNode {
  const leader = leaderOf(cluster)
  const found = cluster.servers.find((server) => server !== leader && server.state === 'running')
  if (found === undefined) throw new Error('no follower')
  return found
}

const shortLived = { TTL: '10s', LockDelay: '5s' }

describe('a session with a TTL', () => {
  it('ends by itself, not before its TTL and not after three times of it, and its lock waits for the delay', async () => {
    const cluster = await formed({ seed: 960, servers: 3 })
    const node = follower(cluster)
    const [first, second] = [await create(cluster, node, shortLived), await create(cluster, node, {})]
    expect(await acquire(cluster, node, first)).toBe(true)
    const startMs = cluster.world.nowMs
    await cluster.run(9500)
    expect(await holder(cluster, node)).toBe(first)
    const isFree = async (): Promise<boolean> => (await holder(cluster, node)) === ''
    while (!(await isFree()) && cluster.world.nowMs - startMs < 31_000) await cluster.run(200)
    const freeMs = cluster.world.nowMs
    expect(freeMs - startMs).toBeGreaterThan(19_000)
    expect(freeMs - startMs).toBeLessThan(22_000)
    expect(await acquire(cluster, node, second)).toBe(false)
    await cluster.run(5200)
    expect(await acquire(cluster, node, second)).toBe(true)
    expect(await renew(cluster, node, first)).toBe(404)
    await finish(cluster)
  })

  it('lives as long as it is renewed, through every change of the leader', async () => {
    const cluster = await formed({ seed: 961, servers: 3, clients: 1 })
    const client = cluster.nodes.find((node) => !node.isServer)
    if (client === undefined) throw new Error('no client')
    const session = await create(cluster, client, { ...shortLived, NodeChecks: [] })
    expect(await acquire(cluster, client, session)).toBe(true)
    for (let round = 0; round < 4; round++) {
      const old = leaderOf(cluster)
      old.crash('kill')
      await cluster.run(7000)
      expect(await renew(cluster, client, session)).toBe(200)
      expect(await holder(cluster, client)).toBe(session)
      old.start()
      await cluster.run(2000)
    }
    await expectConvergence(cluster, 60_000)
    expect(await holder(cluster, client)).toBe(session)
    await finish(cluster)
  })

  it('ends also when its leader is lost, within twice its TTL of the next one', async () => {
    const cluster = await formed({ seed: 962, servers: 3 })
    const node = follower(cluster)
    const session = await create(cluster, node, { ...shortLived, NodeChecks: [] })
    expect(await acquire(cluster, node, session)).toBe(true)
    await cluster.run(15_000)
    leaderOf(cluster).crash('kill')
    await cluster.run(10_000)
    expect(await holder(cluster, node)).toBe(session)
    await cluster.run(15_000)
    expect(await holder(cluster, node)).toBe('')
    await finish(cluster)
  })

  it('is not renewed by a leader that is cut off', async () => {
    const cluster = await formed({ seed: 963, servers: 3 })
    const old = leaderOf(cluster)
    const session = await create(cluster, old, { ...shortLived, NodeChecks: [] })
    const others = cluster.servers.filter((server) => server !== old)
    cut(cluster, [old], others)
    await cluster.run(400)
    expect(await renew(cluster, old, session)).toBe(500)
    await cluster.run(25_000)
    cluster.world.links.heal()
    await expectConvergence(cluster, 120_000)
    expect(await renew(cluster, old, session)).toBe(404)
    await finish(cluster)
  })
})

describe('a session that depends on its node', () => {
  it('ends when the node dies, and its key goes if it wants that', async () => {
    const cluster = await formed({ seed: 964, servers: 3, clients: 1 })
    const [client, leader] = [cluster.nodes.find((node) => !node.isServer), leaderOf(cluster)]
    if (client === undefined) throw new Error('no client')
    const session = await create(cluster, client, { LockDelay: '0s', Behavior: 'delete' })
    expect(await acquire(cluster, client, session)).toBe(true)
    client.crash('kill')
    await cluster.run(20_000)
    expect((await send(cluster, leader, { path: '/v1/kv/lock' })).status).toBe(404)
    await finish(cluster)
  })
})

describe('a key with a time to live', () => {
  it('expires on every server, also when its leader is lost', async () => {
    const cluster = await formed({ seed: 965, servers: 3 })
    const node = follower(cluster)
    const answer = await send(cluster, node, { method: 'PUT', path: '/v1/kv/k?ttl=10s', body: 'x' })
    expect([answer.status, answer.body]).toEqual([200, 'true'])
    expect(await put(cluster, node, 'stays', 'y')).toBe(true)
    leaderOf(cluster).crash('kill')
    await cluster.run(8000)
    expect(await get(cluster, node, 'k')).toBe('x')
    await cluster.run(4000)
    expect(await get(cluster, node, 'k')).toBeUndefined()
    expect(await get(cluster, node, 'stays')).toBe('y')
    await finish(cluster)
  })
})
