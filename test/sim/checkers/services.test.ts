// Planted mistakes: what an agent has and the catalog has not, or the other way round, and what is lost on the way.
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/lib/random.ts'
import { ask } from '../client.ts'
import type { Cluster } from '../cluster.ts'
import { formed, leaderOf } from '../scenarios/cluster.ts'
import { ServicesWorkload } from '../services-workload.ts'
import type { SimNode } from '../node.ts'
import { differencesOf, viewOf } from './services.ts'

async function put(cluster: Cluster, node: SimNode, path: string, body: object): Promise<void> {
  const asked = ask(cluster.world, node, { method: 'PUT', path, body: JSON.stringify(body), timeoutMs: 5000 })
  expect((await cluster.world.wait(asked, 6000)).status).toBe(200)
}

async function differences(cluster: Cluster, node: SimNode): Promise<readonly string[]> {
  const view = await cluster.world.wait(viewOf(cluster.world, node, leaderOf(cluster)), 20_000)
  return differencesOf(node.name, view)
}

describe('agents and catalog', () => {
  it('that differ are seen, each side and each kind', async () => {
    const cluster = await formed({ seed: 350, servers: 3, clients: 1 })
    const node = cluster.nodes.at(-1) ?? leaderOf(cluster)
    await put(cluster, node, '/v1/agent/service/register', { Name: 'web', Port: 80, Check: { TTL: '60s' } })
    expect(await differences(cluster, node)).toEqual([])
    const Node = { Node: node.name, Address: node.machine.ip, SkipNodeUpdate: true }
    await put(cluster, node, '/v1/catalog/register', { ...Node, Service: { Service: 'web', Port: 81 } })
    await put(cluster, node, '/v1/catalog/register', { ...Node, Check: { Name: 'stray' } })
    await put(cluster, node, '/v1/catalog/deregister', { Node: node.name, CheckID: 'service:web' })
    const found = (await differences(cluster, node)).map((text) => text.slice(0, text.indexOf(':', 12)))
    expect(found).toEqual([
      'notSynced: c1 service web',
      'notSynced: c1 check service',
      'notSynced: c1 check stray',
    ])
    // And are put right a period later.
    await cluster.run(125_000)
    expect(await differences(cluster, node)).toEqual([])
  })

  it('that lose what was acknowledged are seen', async () => {
    const cluster = await formed({ seed: 351, servers: 1, config: {} })
    const { httpServers } = cluster.world
    let registrations = 0
    for (const [listener, handler] of httpServers) {
      httpServers.set(listener, (request, from) => {
        const isSwallowed = request.url.includes('/agent/service/register') && ++registrations > 5
        return isSwallowed ? new Response('') : handler(request, from)
      })
    }
    const workload = new ServicesWorkload(cluster, seededRandom(1))
    await cluster.run(60_000)
    workload.stop()
    expect(cluster.violations.join('\n')).toMatch(/lostDefinition/)
  })
})
