// Fixed stories of anti-entropy: what becomes of a node's services when agents, leaders and catalogs come and go.
import { describe, expect, it } from 'vitest'
import { differencesOf, viewOf } from '../checkers/services.ts'
import { ask, jsonOf, type Answer } from '../client.ts'
import type { Cluster } from '../cluster.ts'
import type { SimNode } from '../node.ts'
import { expectConvergence, finish, formed, leaderOf, nodeOf } from './cluster.ts'

function send(cluster: Cluster, node: SimNode, path: string, body?: object): Promise<Answer> {
  const text = body === undefined ? {} : { body: JSON.stringify(body) }
  const asked = ask(cluster.world, node, { method: 'PUT', path, ...text, timeoutMs: 9000 })
  return cluster.world.wait(asked, 10_000)
}

/** Ids of a node's services in the catalog. */
async function stored(cluster: Cluster, name: string): Promise<readonly string[]> {
  const from = leaderOf(cluster)
  const path = `/v1/catalog/node/${name}`
  const answer = await cluster.world.wait(ask(cluster.world, from, { path, timeoutMs: 5000 }), 6000)
  const detail = jsonOf(answer) as { readonly Services: object } | null
  return Object.keys(detail?.Services ?? {}).filter((id) => id !== 'consul')
}

/** What the agent of a node and the catalog do not agree on. */
async function differences(cluster: Cluster, node: SimNode): Promise<readonly string[]> {
  const view = viewOf(cluster.world, node, leaderOf(cluster))
  return differencesOf(node.name, await cluster.world.wait(view, 30_000))
}

const web = { ID: 'web', Name: 'web', Port: 80, Check: { TTL: '600s', Status: 'passing' } }

describe('services of an agent', () => {
  it('are there after it was killed, without being written again', async () => {
    const cluster = await formed({ seed: 360, servers: 3, clients: 1 })
    const node = nodeOf(cluster, 'c1')
    expect((await send(cluster, node, '/v1/agent/service/register', web)).status).toBe(200)
    expect((await send(cluster, node, '/v1/agent/check/pass/service:web')).status).toBe(200)
    await cluster.run(2000)
    node.crash('power')
    node.start()
    await expectConvergence(cluster, 30_000)
    await cluster.run(10_000)
    expect(await differences(cluster, node)).toEqual([])
    expect(await stored(cluster, 'c1')).toEqual(['web'])
    const synced = node.machine.consoleLines.filter((line) => line.includes('Synced service'))
    expect(synced).toHaveLength(1)
    await finish(cluster)
  })

  it('are those of its files after it was started with others', async () => {
    const services = [
      { name: 'a', port: 1 },
      { name: 'b', port: 2 },
    ]
    const cluster = await formed({ seed: 361, servers: 1, clients: 1, config: { services } })
    const node = nodeOf(cluster, 'c1')
    await cluster.run(5000)
    expect(await stored(cluster, 'c1')).toEqual(['a', 'b'])
    node.crash('kill')
    node.configure({ services: [{ name: 'b', port: 3 }] })
    node.start()
    await expectConvergence(cluster, 30_000)
    await cluster.run(10_000)
    expect(await stored(cluster, 'c1')).toEqual(['b'])
    expect(await differences(cluster, node)).toEqual([])
    await finish(cluster)
  })

  it('that are registered while nobody leads are there soon after somebody does', async () => {
    const cluster = await formed({ seed: 362, servers: 3, clients: 1 })
    const node = nodeOf(cluster, 'c1')
    for (const server of cluster.servers) server.crash('kill')
    expect((await send(cluster, node, '/v1/agent/service/register', web)).status).toBe(200)
    for (const server of cluster.servers) server.start()
    await expectConvergence(cluster, 60_000)
    await cluster.run(30_000)
    expect(await stored(cluster, 'c1')).toEqual(['web'])
    await finish(cluster)
  })

  it('go with it when it leaves, and do not come back', async () => {
    const cluster = await formed({ seed: 363, servers: 3, clients: 1 })
    const node = nodeOf(cluster, 'c1')
    await send(cluster, node, '/v1/agent/service/register', web)
    node.leave()
    await cluster.until(() => node.state === 'ended', 20_000)
    await cluster.run(130_000)
    expect(await stored(cluster, 'c1')).toEqual([])
    await finish(cluster)
  })

  it('cost nothing while nothing happens', async () => {
    const cluster = await formed({ seed: 364, servers: 3, clients: 2, config: { disable_coordinates: true } })
    for (const node of cluster.nodes) await send(cluster, node, '/v1/agent/service/register', web)
    await cluster.run(60_000)
    const before = cluster.appliedAtMicros.size
    await cluster.run(300_000)
    expect(cluster.appliedAtMicros.size).toBe(before)
    await finish(cluster)
  })

  it('are the same for agent and catalog in all that a definition can hold', async () => {
    const cluster = await formed({ seed: 366, servers: 1, clients: 1 })
    const node = nodeOf(cluster, 'c1')
    const everything = {
      ...web,
      Tags: ['b', 'a', 'a', 'ünï'],
      Address: 'host.example.com',
      Meta: { a_b: '', 2: 'x', 1: 'y' },
      TaggedAddresses: { wan: { Address: '192.0.2.1', Port: 1 }, lan: { Address: '192.0.2.2', Port: 2 } },
      Weights: { Passing: 10, Warning: 0 },
      EnableTagOverride: true,
      Connect: { SidecarService: { Port: 21_000 } },
    }
    const proxy = {
      Kind: 'connect-proxy',
      Name: 'front',
      Port: 443,
      Proxy: {
        DestinationServiceName: 'web',
        Config: { float: 1.5, large: 12_345_678_901, list: [1, null, { deep: [] }], 10: true, 9: false },
        Upstreams: [{ DestinationName: 'db', LocalBindPort: 1234 }],
      },
      Checks: [{ TTL: '600s', Notes: 'n'.repeat(300) }, { AliasService: 'web' }],
    }
    for (const each of [everything, proxy]) {
      const answer = await send(cluster, node, '/v1/agent/service/register', each)
      expect(answer.status, answer.body).toBe(200)
    }
    await send(cluster, node, '/v1/agent/check/update/service:web', {
      Status: 'warning',
      Output: 'x'.repeat(6000),
    })
    await cluster.run(500_000)
    expect(await differences(cluster, node)).toEqual([])
    const synced = node.machine.consoleLines.filter((line) => line.includes('Synced service'))
    expect(synced).toHaveLength(3)
    await finish(cluster)
  })

  it('do not keep it from stopping while somebody waits for a change', async () => {
    const cluster = await formed({ seed: 367, servers: 1 })
    const node = nodeOf(cluster, 's1')
    await send(cluster, node, '/v1/agent/service/register', web)
    const path = '/v1/agent/service/web'
    const first = await cluster.world.wait(ask(cluster.world, node, { path, timeoutMs: 5000 }), 6000)
    const hash = first.header('x-consul-contenthash')
    expect(hash).not.toBe('')
    const waiting = ask(cluster.world, node, { path: `${path}?hash=${hash}&wait=60s`, timeoutMs: 90_000 })
    await cluster.run(1000)
    const startMs = cluster.world.nowMs
    await finish(cluster)
    await cluster.world.wait(waiting, 1000)
    expect(cluster.world.nowMs - startMs).toBeLessThan(40_000)
  })

  it('are gone by themselves when their check was critical for too long', async () => {
    const cluster = await formed({ seed: 365, servers: 1 })
    const node = nodeOf(cluster, 's1')
    const Check = { TTL: '5s', DeregisterCriticalServiceAfter: '1m' }
    await send(cluster, node, '/v1/agent/service/register', { ...web, Check })
    await cluster.run(30_000)
    expect(await stored(cluster, 's1')).toEqual(['web'])
    await cluster.run(60_000)
    expect(await stored(cluster, 's1')).toEqual([])
    await finish(cluster)
  })
})
