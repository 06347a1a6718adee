import { describe, expect, it } from 'vitest'
import { ask, jsonOf, type Answer } from '../client.ts'
import { Cluster, tinyLimits } from '../cluster.ts'
import type { SimNode } from '../node.ts'
import { cut, expectConvergence, finish, nodeOf, put } from './cluster.ts'

/** Two datacenters in one world, joined over the WAN. */
async function twoDatacenters(seed: number): Promise<readonly [Cluster, Cluster]> {
  const common = { seed, limits: tinyLimits, servers: 3, clients: 1 }
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
  return [one, two]
}

async function request(cluster: Cluster, node: SimNode, path: string): Promise<Answer> {
  return cluster.world.wait(ask(cluster.world, node, { path, timeoutMs: 15_000 }), 16_000)
}

describe('two datacenters', () => {
  it('know each other, answer for each other, and a dead one harms nobody else', async () => {
    const [one, two] = await twoDatacenters(400)
    const [client, server] = [nodeOf(one, 'a-c1'), nodeOf(one, 'a-s2')]
    expect(jsonOf(await request(one, client, '/v1/catalog/datacenters'))).toEqual(['dc1', 'dc2'])
    expect(await put(two, nodeOf(two, 'b-c1'), 'where', 'dc2')).toBe(true)
    for (const node of [client, server]) {
      expect((await request(one, node, '/v1/kv/where?raw&dc=dc2')).body).toBe('dc2')
      expect((await request(one, node, '/v1/kv/where?raw')).status).toBe(404)
    }
    // An event that is fired here for there is heard of there alone.
    const path = '/v1/event/fire/deploy?dc=dc2'
    const fired = ask(one.world, client, { method: 'PUT', path, timeoutMs: 15_000 })
    expect((await one.world.wait(fired, 16_000)).status).toBe(200)
    await one.run(3000)
    const heardAt = (cluster: Cluster, name: string): Promise<Answer> =>
      request(cluster, nodeOf(cluster, name), '/v1/event/list')
    expect(jsonOf(await heardAt(two, 'b-c1'))).toMatchObject([{ Name: 'deploy' }])
    expect(jsonOf(await heardAt(one, 'a-s1'))).toEqual([])

    const unknown = await request(one, client, '/v1/catalog/nodes?dc=nowhere')
    expect([unknown.status, unknown.body]).toEqual([500, 'No path to datacenter'])

    // Silent: packets are dropped, nothing is refused.
    cut(one, one.nodes, two.nodes)
    const startMs = one.world.nowMs
    const silent = await request(one, client, '/v1/kv/where?dc=dc2')
    expect(silent.status).toBe(500)
    expect(one.world.nowMs - startMs).toBeLessThan(8000)
    expect(await put(one, client, 'still', 'here')).toBe(true)

    one.world.links.heal()
    await one.run(90_000)
    expect((await request(one, client, '/v1/kv/where?raw&dc=dc2')).body).toBe('dc2')
    await finish(one)
    await finish(two)
  })
})
