// The guide to metrics is kept to: a cluster in use shows every name that it lists, and none that it does not.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ask } from '../../sim/client.ts'
import type { Cluster } from '../../sim/cluster.ts'
import type { SimNode } from '../../sim/node.ts'
import { cut, finish, formed, leaderOf } from '../../sim/scenarios/cluster.ts'
import { questionPacket } from '../dns/catalog-view.ts'
import { machineIn } from './agents.ts'

/** Names that this use does not bring about: they need something to go wrong, or more time. */
const rare: ReadonlySet<string> = new Set([
  'client.rpc.failed',
  'config_entry.delete',
  'dns.stale_queries',
  'memberlist.msg.dead',
  'memberlist.msg.suspect',
  'prepared-query.execute_remote',
  'raft.compactLogs',
  'raft.restoreUserSnapshot',
  'raft.fsm.lastRestoreDuration',
  'raft.rpc.installSnapshot',
  'raft.snapshot.persist',
  'raft.snapshot.takeSnapshot',
  'rpc.cross-dc',
  'rpc.request_error',
  'serf.member.failed',
  'serf.member.left',
  'serf.member.reap',
  'serf.member.update',
])

/** Names of the guide's tables, `.left` and its like and `catalog_*` spelled out. */
function namesOfGuide(): ReadonlySet<string> {
  const guide = readFileSync(new URL('../../../docs/guides/observing.md', import.meta.url), 'utf8')
  const rows = guide.matchAll(/^\| (`.*?) \| (counter|gauge|sample)[^|]*\|(.*)\|$/gm)
  const names = [...rows].flatMap(([, cell = '', , meaning = '']) => {
    const listed = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
    const inMeaning = [...meaning.matchAll(/`(catalog_[^`]+)`/g)].map(([, name = '']) => name)
    return listed.flatMap((name) => {
      if (name.endsWith('catalog_*')) return inMeaning.map((each) => name.replace('catalog_*', each))
      if (name.startsWith('.')) return [`serf.member${name}`]
      return [name.replace('<name>', 'deploy')]
    })
  })
  const others = (like: string): readonly string[] =>
    ['catalog.service', 'catalog.connect', 'health.service', 'health.connect'].map((each) =>
      like.replace('catalog.service', each),
    )
  return new Set(
    names.flatMap((name) =>
      /^catalog\.service\.(query-tags|not-found)$/.test(name) ? others(name) : [name],
    ),
  )
}

interface Told {
  readonly Gauges: readonly { readonly Name: string }[]
  readonly Counters: readonly {
    readonly Name: string
    readonly Labels: Readonly<Record<string, string>>
  }[]
  readonly Samples: readonly { readonly Name: string }[]
}

async function send(cluster: Cluster, node: SimNode, line: string, body?: string): Promise<string> {
  const [method = '', path = ''] = line.split(' ')
  const asked = ask(cluster.world, node, {
    method,
    path,
    timeoutMs: 5000,
    ...(body === undefined ? {} : { body }),
  })
  return (await cluster.world.wait(asked, 6000)).body
}

/** Sends questions by DNS, and waits for no answer. */
async function look(
  cluster: Cluster,
  node: SimNode,
  questions: readonly (readonly [string, string])[],
): Promise<void> {
  const { world } = cluster
  const machine = machineIn(world, `asker-of-${node.name}`)
  const { host } = world.boot(machine)
  const socket = await world.wait(
    host.udp.bind({ ip: machine.ip, port: 0 }, () => undefined),
    1000,
  )
  for (const [name, type] of questions)
    socket.send(questionPacket(name, type), { ip: node.machine.ip, port: 8600 })
  await cluster.run(1000)
  await world.wait(socket.close(), 1000)
}

/** Asks for everything that is measured. */
async function use(cluster: Cluster, node: SimNode): Promise<void> {
  const service = '{"Name":"web","Tags":["a"],"Port":80,"Connect":{"Native":true}}'
  await send(cluster, node, 'PUT /v1/agent/service/register', service)
  await send(cluster, node, 'PUT /v1/catalog/register', '{"Node":"x","Address":"10.0.0.9"}')
  await cluster.run(1000)
  for (const path of ['service/web', 'connect/web']) {
    for (const query of ['', '?tag=a', '?tag=nope', '?consistent']) {
      await send(cluster, node, `GET /v1/catalog/${path}${query}`)
      await send(cluster, node, `GET /v1/health/${path}${query}`)
    }
  }
  for (const path of ['datacenters', 'nodes', 'services', 'node/x', 'node-services/x', 'gateway-services/x'])
    await send(cluster, node, `GET /v1/catalog/${path}`)
  await send(cluster, node, 'PUT /v1/catalog/deregister', '{"Node":"x"}')
  await send(cluster, node, 'PUT /v1/kv/a', '1')
  await send(cluster, node, 'PUT /v1/txn', '[{"KV":{"Verb":"set","Key":"b","Value":""}}]')
  await send(cluster, node, 'PUT /v1/txn', '[{"KV":{"Verb":"get","Key":"b"}}]')
  const session = JSON.parse(await send(cluster, node, 'PUT /v1/session/create', '{"TTL":"60s"}')) as {
    ID: string
  }
  await send(cluster, node, `PUT /v1/session/renew/${session.ID}`)
  await send(cluster, node, 'POST /v1/query', '{"Name":"q","Service":{"Service":"web"}}')
  await send(cluster, node, 'GET /v1/query/q/execute')
  await send(cluster, node, 'PUT /v1/config', '{"Kind":"service-defaults","Name":"web","Protocol":"http"}')
  await send(cluster, node, 'GET /v1/config/service-defaults')
  await send(cluster, node, 'GET /v1/config/service-defaults/web')
  await send(cluster, node, 'PUT /v1/event/fire/deploy')
  await look(cluster, node, [
    ['web.service.consul', 'A'],
    ['1.0.0.127.in-addr.arpa', 'PTR'],
  ])
}

/** Names that an agent shows at this moment, without what stands in front of all of them. */
async function shown(cluster: Cluster, node: SimNode): Promise<readonly string[]> {
  const told = JSON.parse(await send(cluster, node, 'GET /v1/agent/metrics')) as Told
  return [...told.Gauges, ...told.Counters, ...told.Samples].map(({ Name }) => Name.replace(/^consul\./, ''))
}

test('every name of the guide is shown by a cluster in use, and no other', async () => {
  const telemetry = { disable_hostname: true }
  const cluster = await formed({
    seed: 990,
    servers: 3,
    clients: 1,
    config: { telemetry, limits: { rpc_rate: 50, rpc_max_burst: 50 } },
  })
  const names = new Set<string>()
  const client = cluster.nodes.find((node) => !cluster.servers.includes(node))
  if (client === undefined) throw new Error('no client')
  const leader = leaderOf(cluster)
  const gather = async (): Promise<void> => {
    for (const node of cluster.nodes) for (const name of await shown(cluster, node)) names.add(name)
  }
  await gather()
  for (const node of [client, leader]) await use(cluster, node)
  const many = Array.from({ length: 100 }, () =>
    ask(cluster.world, client, { path: '/v1/kv/a', timeoutMs: 5000 }),
  )
  await cluster.world.wait(Promise.all(many), 6000)
  await cluster.run(12_000)
  await gather()
  const guide = namesOfGuide()
  const isOptional = (name: string): boolean => rare.has(name) || name.startsWith('client.rpc.error.')
  expect([...guide].filter((name) => !names.has(name) && !isOptional(name))).toEqual([])
  expect([...names].filter((name) => !guide.has(name) && !/\.rejected\b/.test(name))).toEqual([])
  await finish(cluster)
}, 60_000)

test('a client counts which servers do not answer it', async () => {
  const cluster = await formed({ seed: 992, servers: 3, clients: 1 })
  const client = cluster.nodes.find((node) => !cluster.servers.includes(node))
  if (client === undefined) throw new Error('no client')
  cut(cluster, [client], cluster.servers)
  const asking = ask(cluster.world, client, { path: '/v1/kv/a', timeoutMs: 30_000 })
  await cluster.world.wait(asking, 31_000)
  const told = JSON.parse(await send(cluster, client, 'GET /v1/agent/metrics')) as Told
  const failed = told.Counters.filter(({ Name }) => Name === 'consul.client.rpc.failed')
  expect(failed.length).toBeGreaterThan(0)
  for (const { Labels } of failed) expect(cluster.servers.map(({ name }) => name)).toContain(Labels['server'])
  cluster.world.links.heal()
  await finish(cluster)
}, 60_000)
