import { describe, expect, it } from 'vitest'
import { ask, jsonOf, type Answer } from '../client.ts'
import { Cluster } from '../cluster.ts'
import type { SimNode } from '../node.ts'
import { expectConvergence, finish, formed, nodeOf } from './cluster.ts'

function request(cluster: Cluster, node: SimNode, path: string): Promise<Answer> {
  return cluster.world.wait(ask(cluster.world, node, { path, timeoutMs: 15_000 }), 16_000)
}

interface Placed {
  readonly Node: string
}

async function placedNodes(cluster: Cluster, node: SimNode, path: string): Promise<readonly string[]> {
  return (jsonOf(await request(cluster, node, path)) as readonly Placed[]).map(({ Node }) => Node)
}

describe('coordinates', () => {
  it('of all agents reach the catalog, with few entries; what is near comes first', async () => {
    const cluster = await formed({ seed: 501, servers: 3, clients: 4 })
    // c1 and c3 are in one room, c2 and c4 in another that is 40 ms away; the servers are in between.
    const room = (number: number): number => {
      const name = cluster.nodes.find(({ machine }) => machine.number === number)?.name ?? ''
      return name.startsWith('s') ? 1 : Number(name.slice(1)) % 2 === 1 ? 0 : 2
    }
    cluster.world.links.distanceMicros = (from, to) => Math.abs(room(from) - room(to)) * 20_000
    await cluster.run(120_000)
    const before = jsonOf(await request(cluster, nodeOf(cluster, 'c1'), '/v1/coordinate/nodes'))
    expect((before as readonly Placed[]).map(({ Node }) => Node)).toEqual([
      'c1',
      'c2',
      'c3',
      'c4',
      's1',
      's2',
      's3',
    ])
    await cluster.run(600_000)
    const near = (node: string): Promise<readonly string[]> =>
      placedNodes(cluster, nodeOf(cluster, 'c1'), `/v1/catalog/nodes?near=${node}`)
    expect((await near('c1')).slice(0, 2).toSorted()).toEqual(['c1', 'c3'])
    expect((await near('c2')).slice(0, 2).toSorted()).toEqual(['c2', 'c4'])
    expect((await near('c1')).slice(5).toSorted()).toEqual(['c2', 'c4'])
    await finish(cluster)
  })

  it('nothing is written while nothing moves', async () => {
    const cluster = await formed({ seed: 502, servers: 1, clients: 2 })
    await cluster.run(900_000)
    const indexOf = async (): Promise<number> =>
      (await request(cluster, nodeOf(cluster, 's1'), '/v1/coordinate/nodes')).index
    const index = await indexOf()
    await cluster.run(120_000)
    // Round trips differ by some hundred microseconds, and places follow; most of the 24 reports are not made.
    expect((await indexOf()) - index).toBeLessThan(24)
    await finish(cluster)
  })

  it('with disable_coordinates there are none', async () => {
    const cluster = await formed({ seed: 503, servers: 1, config: { disable_coordinates: true } })
    await cluster.run(60_000)
    const answer = await request(cluster, nodeOf(cluster, 's1'), '/v1/coordinate/nodes')
    expect([answer.status, answer.body]).toEqual([401, 'Coordinate support disabled'])
    await finish(cluster)
  })
})

/** One server in each of four datacenters, in one world; every further one joins the first over the WAN. */
async function fourDatacenters(seed: number): Promise<readonly Cluster[]> {
  const clusters: Cluster[] = []
  for (const [i, prefix] of ['a-', 'b-', 'c-', 'd-'].entries()) {
    const [first] = clusters
    const joinWan =
      first === undefined
        ? []
        : ['-retry-join-wan', nodeOf(first, 'a-s1').machine.ip, '-retry-interval-wan', '2s']
    const args = ['-datacenter', `dc${i + 1}`]
    const world = first === undefined ? {} : { world: first.world }
    clusters.push(new Cluster({ seed, servers: 1, ...world, prefix, args, serverArgs: joinWan }))
  }
  for (const cluster of clusters) cluster.startAll()
  for (const cluster of clusters) await expectConvergence(cluster, 60_000)
  return clusters
}

describe('datacenters', () => {
  it('are sorted by how far they are', async () => {
    const clusters = await fourDatacenters(504)
    const [one] = clusters
    if (one === undefined) throw new Error('no cluster')
    // On a line: dc1 at 0, dc4 at 10, dc2 at 40, dc3 at 90 ms.
    const places = [0, 40_000, 90_000, 10_000]
    const placeOf = (number: number): number => {
      const i = clusters.findIndex(({ nodes }) => nodes.some(({ machine }) => machine.number === number))
      return places[i] ?? 0
    }
    one.world.links.distanceMicros = (from, to) => Math.abs(placeOf(from) - placeOf(to))
    await one.run(900_000)
    const seen = async (cluster: Cluster): Promise<unknown> =>
      jsonOf(await request(cluster, cluster.nodes[0] as SimNode, '/v1/catalog/datacenters'))
    expect(await Promise.all(clusters.map(seen))).toEqual([
      ['dc1', 'dc4', 'dc2', 'dc3'],
      ['dc2', 'dc4', 'dc1', 'dc3'],
      ['dc3', 'dc2', 'dc4', 'dc1'],
      ['dc4', 'dc1', 'dc2', 'dc3'],
    ])
    const places1 = jsonOf(await request(one, nodeOf(one, 'a-s1'), '/v1/coordinate/datacenters'))
    expect(places1).toMatchObject(
      ['dc1', 'dc2', 'dc3', 'dc4'].map((Datacenter, i) => ({
        Datacenter,
        AreaID: 'wan',
        Coordinates: [{ Node: `${'abcd'[i]}-s1`, Segment: '' }],
      })),
    )
    for (const cluster of clusters) await finish(cluster)
  })
})
