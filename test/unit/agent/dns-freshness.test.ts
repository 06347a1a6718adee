// What DNS answers from memory is what the state says: at once after a write, and no older than `max_stale`.
import { expect, it } from 'vitest'
import type { Host } from '../../../src/runtime/host.ts'
import { normalise, type Reply } from '../../parity/dns/normalise.ts'
import { ask } from '../../sim/client.ts'
import type { Cluster } from '../../sim/cluster.ts'
import type { SimNode } from '../../sim/node.ts'
import { cut, finish, formed, leaderOf } from '../../sim/scenarios/cluster.ts'
import { questionPacket } from '../dns/catalog-view.ts'
import { machineIn } from './agents.ts'

/** Asks servers by DNS from a machine that is none of them. */
class Asker {
  readonly #cluster: Cluster
  readonly #host: Host
  readonly #ip: string

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    const machine = machineIn(cluster.world, 'asker')
    this.#ip = machine.ip
    this.#host = cluster.world.boot(machine).host
  }

  async ask(node: SimNode): Promise<Reply> {
    const { world } = this.#cluster
    let take: (bytes: Uint8Array) => void = () => undefined
    const reply = new Promise<Uint8Array>((resolve) => (take = resolve))
    const binding = this.#host.udp.bind({ ip: this.#ip, port: 0 }, (bytes) => take(bytes.slice()))
    const socket = await world.wait(binding, 1000)
    socket.send(questionPacket('it.node.consul', 'A'), { ip: node.machine.ip, port: 8600 })
    const answer = normalise(await world.wait(reply, 30_000))
    await world.wait(socket.close(), 1000)
    return answer
  }
}

async function register(cluster: Cluster, node: SimNode, address: string): Promise<void> {
  const body = JSON.stringify({ Node: 'it', Address: address })
  const put = { method: 'PUT', path: '/v1/catalog/register', body, timeoutMs: 5000 }
  const answer = await cluster.world.wait(ask(cluster.world, node, put), 6000)
  expect(answer.status).toBe(200)
}

it('tells of a write at the server that has acknowledged it, and soon at the others', async () => {
  const cluster = await formed({ seed: 986, servers: 3 })
  const asker = new Asker(cluster)
  const leader = leaderOf(cluster)
  for (let i = 1; i <= 30; i++) {
    await register(cluster, leader, `10.9.0.${i}`)
    for (let n = 0; n < 2; n++)
      expect((await asker.ask(leader)).answers).toEqual([`it.node.consul 0 A 10.9.0.${i}`])
  }
  await cluster.run(1000)
  for (const server of cluster.servers)
    for (let n = 0; n < 2; n++)
      expect((await asker.ask(server)).answers).toEqual(['it.node.consul 0 A 10.9.0.30'])
  await finish(cluster)
})

it('is not told by a server that has heard of no leader for longer than max_stale', async () => {
  const cluster = await formed({ seed: 987, servers: 3, config: { dns_config: { max_stale: '5s' } } })
  const asker = new Asker(cluster)
  const leader = leaderOf(cluster)
  const follower = cluster.servers.find((server) => server !== leader)
  if (follower === undefined) throw new Error('no follower')
  await register(cluster, leader, '10.9.0.1')
  await cluster.run(1000)
  for (let n = 0; n < 3; n++) expect((await asker.ask(follower)).rcode).toBe('NOERROR')
  cut(
    cluster,
    [follower],
    cluster.servers.filter((server) => server !== follower),
  )
  await cluster.run(3000)
  expect((await asker.ask(follower)).rcode).toBe('NOERROR')
  await cluster.run(7000)
  expect((await asker.ask(follower)).rcode).toBe('SERVFAIL')
  cluster.world.links.heal()
  await cluster.run(10_000)
  expect((await asker.ask(follower)).answers).toEqual(['it.node.consul 0 A 10.9.0.1'])
  await finish(cluster)
})
