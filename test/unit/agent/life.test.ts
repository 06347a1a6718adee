import { describe, expect, it } from 'vitest'
import { checkClean } from '../../sim/checkers/resources.ts'
import type { Agent } from '../../../src/agent/agent.ts'
import type { Host } from '../../../src/runtime/host.ts'
import { finish, formed, nodeOf } from '../../sim/scenarios/cluster.ts'
import { World } from '../../sim/world.ts'
import { failureOf, get, machineIn, startAgent, startAgents, stopAll } from './agents.ts'

describe('a start that fails', () => {
  it('leaves the pid file of the agent that runs', async () => {
    const world = new World({ seed: 940 })
    const machine = machineIn(world, 'n1')
    const args = ['-server', '-bootstrap-expect', '1', '-pid-file', '/data/pid']
    const first = startAgent(world, machine, args)
    const agent = await world.wait(first.agent, 10_000)
    const second = startAgent(world, machine, args)
    expect(await failureOf(world, second)).toContain('another agent that is running has it')
    const pid = new TextDecoder().decode(await world.wait(first.host.files.read('/data/pid'), 1000))
    expect(pid).toBe(`${first.process.pid}`)
    await world.wait(agent.stop(), 10_000)
  })

  it.each([
    ['HTTP', 8500],
    ['gossip', 8301],
    ['gossip (WAN)', 8302],
    ['DNS', 8600],
    ['RPC', 8300],
  ])('because the port of %s is taken leaves nothing open', async (what, port) => {
    const world = new World({ seed: 941 })
    const machine = machineIn(world, 'n1')
    const { host } = world.boot(machine)
    await world.wait(
      host.tcp.listen({ ip: machine.ip, port }, () => undefined),
      1000,
    )
    const started = startAgent(world, machine, ['-server', '-bootstrap-expect', '1'])
    expect(await failureOf(world, started)).toContain(what.replace(/ .*/, ''))
    await world.run(31_000)
    checkClean(started.process)
  })
})

describe('a restart', () => {
  it('of a server that is alone makes it the leader although its pools take their time', async () => {
    const world = new World({ seed: 942 })
    const machine = machineIn(world, 'n1')
    const args = ['-server', '-bootstrap-expect', '1']
    await stopAll(world, [await world.wait(startAgent(world, machine, args).agent, 10_000)])
    const again = startAgent(world, machine, args, { change: slowToBind })
    const agent = await world.wait(again.agent, 20_000)
    await world.run(3000)
    expect(await get(world, agent, '/v1/health/node/n1')).toMatchObject([{ CheckID: 'serfHealth' }])
    await stopAll(world, [agent])
  })

  it('of all servers at once keeps the nodes that the pool is still looking for', async () => {
    const cluster = await formed({ seed: 943, servers: 3, clients: 2 })
    for (const node of cluster.nodes) node.crash('kill')
    await cluster.run(1000)
    // The clients stay away for a while.
    for (const node of cluster.servers) node.start()
    await cluster.run(30_000)
    const { agent } = nodeOf(cluster, 's1')
    if (agent === null) throw new Error('s1 does not run')
    const nodes = (await get(cluster.world, agent, '/v1/catalog/nodes')) as readonly {
      readonly Node: string
    }[]
    expect(nodes.map((node) => node.Node)).toEqual(['c1', 'c2', 's1', 's2', 's3'])
    await finish(cluster)
  })
})

interface RaftView {
  readonly Servers: readonly { readonly ID: string; readonly Voter: boolean }[]
}

describe('the Raft configuration', () => {
  it('gives the place of a server that lost its data to the one that has its address now', async () => {
    const world = new World({ seed: 944 })
    const machines = ['n1', 'n2', 'n3'].map((name) => machineIn(world, name))
    const args = ['-server', '-bootstrap-expect', '3']
    const agents = await startAgents(world, machines, args)
    await world.run(10_000)
    const [first, , lost] = machines
    if (first === undefined || lost === undefined || agents[0] === undefined)
      throw new Error('three machines')
    lost.end('kill')
    // A name is given to another node when its holder has been dead for 30 s.
    await world.run(45_000)
    lost.disk.mkdir('/empty', 0o755)
    const fresh = startAgent(world, lost, [...args, '-data-dir', '/empty', '-retry-join', first.ip])
    const replaced = await world.wait(fresh.agent, 20_000)
    await world.run(30_000)
    const view = (await get(world, agents[0], '/v1/operator/raft/configuration')) as RaftView
    expect(view.Servers.map((server) => server.ID)).toContain(replaced.id)
    expect(view.Servers.map((server) => server.Voter)).toEqual([true, true, true])
    await stopAll(world, [...agents.slice(0, 2), replaced])
  })

  it('never takes in a server of another cluster', async () => {
    const world = new World({ seed: 945 })
    const machines = ['n1', 'n2'].map((name) => machineIn(world, name))
    const args = ['-server', '-bootstrap-expect', '1']
    const agents = await Promise.all(
      machines.map((machine) => world.wait(startAgent(world, machine, args).agent, 10_000)),
    )
    const [one, two] = agents
    if (one === undefined || two === undefined) throw new Error('two agents')
    await world.run(3000)
    const joined = request(two, 'PUT', `/v1/agent/join/${machines[0]?.ip ?? ''}`)
    expect((await world.wait(joined, 10_000)).status).toBe(200)
    await world.run(20_000)
    for (const agent of [one, two]) {
      const view = (await get(world, agent, '/v1/operator/raft/configuration')) as RaftView
      expect(view.Servers.map((server) => server.ID)).toEqual([agent.id])
    }
    await stopAll(world, agents)
  })
})

function request(agent: Agent, method: string, path: string): Promise<Response> {
  return Promise.resolve(
    agent.app(new Request(`http://agent${path}`, { method }), { ip: '10.0.0.99', port: 1 }),
  )
}

/** A host whose gossip sockets take two seconds to be bound. */
function slowToBind(host: Host): Host {
  const bind: Host['udp']['bind'] = async (at, onPacket) => {
    await new Promise<void>((resolve) => host.clock.wakeAt(host.clock.nowMs() + 2000, resolve))
    return host.udp.bind(at, onPacket)
  }
  return { ...host, udp: { ...host.udp, bind } }
}
