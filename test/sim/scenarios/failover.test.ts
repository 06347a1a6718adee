// A prepared query of one datacenter that finds what it looks for in another: while all is well, and while one of them
// is silent.
import { describe, expect, it } from 'vitest'
import { ask, jsonOf } from '../client.ts'
import { Cluster, tinyLimits } from '../cluster.ts'
import type { SimNode } from '../node.ts'
import { cut, expectConvergence, finish, nodeOf } from './cluster.ts'

/** Three datacenters in one world, joined over the WAN; only the first has several servers and a client. */
async function threeDatacenters(seed: number): Promise<readonly [Cluster, Cluster, Cluster]> {
  const common = { seed, limits: tinyLimits }
  const one = new Cluster({ ...common, servers: 3, clients: 1, prefix: 'a-', args: ['-datacenter', 'dc1'] })
  const joinWan = ['-retry-join-wan', nodeOf(one, 'a-s1').machine.ip, '-retry-interval-wan', '2s']
  const others = (['b', 'c'] as const).map(
    (prefix, at) =>
      new Cluster({
        ...common,
        world: one.world,
        servers: 1,
        clients: 0,
        prefix: `${prefix}-`,
        args: ['-datacenter', `dc${at + 2}`],
        serverArgs: joinWan,
      }),
  )
  const [two, three] = others as [Cluster, Cluster]
  const all = [one, two, three] as const
  for (const cluster of all) cluster.startAll()
  for (const cluster of all) await expectConvergence(cluster, 60_000)
  await one.run(20_000)
  return all
}

async function send(
  cluster: Cluster,
  node: SimNode,
  line: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly value: unknown }> {
  const [method = '', path = ''] = line.split(' ')
  const content = body === undefined ? {} : { body: JSON.stringify(body) }
  const asked = ask(cluster.world, node, { method, path, timeoutMs: 15_000, ...content })
  const answer = await cluster.world.wait(asked, 16_000)
  return { status: answer.status, value: answer.body === '' ? '' : jsonOf(answer) }
}

/** What a run says, without the instances' details. */
async function run(cluster: Cluster, node: SimNode, name: string): Promise<unknown> {
  const { value } = await send(cluster, node, `GET /v1/query/${name}/execute`)
  const answer = value as {
    readonly Datacenter: string
    readonly Failovers: number
    readonly Nodes: readonly { readonly Node: { readonly Node: string } }[]
  }
  return {
    datacenter: answer.Datacenter,
    failovers: answer.Failovers,
    nodes: answer.Nodes.map(({ Node }) => Node.Node).toSorted(),
  }
}

function instance(node: string): unknown {
  return { Node: node, Address: '10.9.9.9', Service: { Service: 'web', Port: 80 } }
}

describe('a prepared query', () => {
  it('goes on to other datacenters when there is nothing here, also past a silent one', async () => {
    const [one, two, three] = await threeDatacenters(410)
    const [client, server] = [nodeOf(one, 'a-c1'), nodeOf(one, 'a-s2')]
    await send(two, nodeOf(two, 'b-s1'), 'PUT /v1/catalog/register', instance('second'))
    await send(three, nodeOf(three, 'c-s1'), 'PUT /v1/catalog/register', instance('third'))
    const failover = { Datacenters: ['dc9', 'dc2', 'dc3'] }
    const made = await send(one, client, 'POST /v1/query', {
      Name: 'web-',
      Template: { Type: 'name_prefix_match', Regexp: '^web-(.*)$' },
      Service: { Service: '${match(1)}', Failover: failover },
    })
    expect(made.status).toBe(200)
    for (const node of [client, server]) {
      expect(await run(one, node, 'web-web')).toEqual({ datacenter: 'dc2', failovers: 1, nodes: ['second'] })
      expect(await run(one, node, 'web-none')).toEqual({ datacenter: 'dc3', failovers: 2, nodes: [] })
    }

    // The second takes no packet any more; nobody knows yet.
    cut(one, [...one.nodes, ...three.nodes], two.nodes)
    const startMs = one.world.nowMs
    expect(await run(one, client, 'web-web')).toEqual({ datacenter: 'dc3', failovers: 2, nodes: ['third'] })
    expect(one.world.nowMs - startMs).toBeLessThan(7000)
    // Each server learns it once, and asks it last from then on.
    await run(one, server, 'web-web')
    const againMs = one.world.nowMs
    expect(await run(one, server, 'web-web')).toEqual({ datacenter: 'dc3', failovers: 1, nodes: ['third'] })
    expect(one.world.nowMs - againMs).toBeLessThan(1000)

    await send(one, server, 'PUT /v1/catalog/register', instance('first'))
    expect(await run(one, client, 'web-web')).toEqual({ datacenter: 'dc1', failovers: 0, nodes: ['first'] })

    one.world.links.heal()
    await one.run(60_000)
    for (const cluster of [one, two, three]) await finish(cluster)
  })
})
