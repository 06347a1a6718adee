import { describe, expect, it } from 'vitest'
import { HostError, type Host } from '../../../src/runtime/host.ts'
import { ask } from '../../sim/client.ts'
import { tinyLimits, type Cluster } from '../../sim/cluster.ts'
import type { SimNode } from '../../sim/node.ts'
import { cut, expectConvergence, finish, formed, leaderOf, put } from '../../sim/scenarios/cluster.ts'
import { World } from '../../sim/world.ts'
import { machineIn, startAgent, stopAll } from './agents.ts'

async function stale(cluster: Cluster, node: SimNode, more = ''): Promise<{ status: number; body: string }> {
  const asked = ask(cluster.world, node, { path: `/v1/kv/k?raw&stale${more}`, timeoutMs: 20_000 })
  return cluster.world.wait(asked, 21_000)
}

describe('a stale read', () => {
  it('is refused by a server that has heard of no leader since its start', async () => {
    const cluster = await formed({ seed: 950, servers: 3 })
    const node = cluster.servers.find((server) => server !== leaderOf(cluster))
    if (node === undefined) throw new Error('no follower')
    for (let i = 0; i < 40; i++) expect(await put(cluster, node, 'k', `${i}`)).toBe(true)
    for (const server of cluster.servers) server.crash('kill')
    node.start()
    await cluster.run(5000)
    expect(await stale(cluster, node)).toMatchObject({ status: 500, body: 'No cluster leader' })
    for (const server of cluster.servers) server.start()
    await expectConvergence(cluster, 60_000)
    expect(await stale(cluster, node)).toMatchObject({ status: 200, body: '39' })
    await finish(cluster)
  })

  it('tells its age also at a leader that was deposed', async () => {
    const cluster = await formed({ seed: 951, servers: 3 })
    const old = leaderOf(cluster)
    expect(await put(cluster, old, 'k', '1')).toBe(true)
    cut(
      cluster,
      [old],
      cluster.servers.filter((server) => server !== old),
    )
    await cluster.run(30_000)
    expect(await stale(cluster, old)).toMatchObject({ status: 200, body: '1' })
    // Older than that: the leader is asked, and there is none here.
    expect(await stale(cluster, old, '&max_stale=20s')).toMatchObject({ status: 500 })
    expect(await stale(cluster, old, '&max_stale=60s')).toMatchObject({ status: 200 })
    cluster.world.links.heal()
    await expectConvergence(cluster, 120_000)
    await finish(cluster)
  })

  it('that comes when the only server begins to lead is answered as soon as its state is known', async () => {
    const world = new World({ seed: 955 })
    const machine = machineIn(world, 'n1')
    machine.disk.faults = { ...machine.disk.faults, syncMicrosMin: 300_000, syncMicrosMax: 300_000 }
    const args = ['-server', '-bootstrap-expect', '1']
    const agent = await world.wait(startAgent(world, machine, args).agent, 20_000)
    const lasted: number[] = []
    for (let asked = 0; asked < 150; asked++) {
      const startMs = world.nowMs
      const request = new Request('http://agent/v1/kv/k?stale')
      void Promise.resolve(agent.app(request, { ip: '10.0.0.99', port: 1 })).then(() =>
        lasted.push(world.nowMs - startMs),
      )
      await world.run(20)
    }
    await world.run(1000)
    expect(lasted).toHaveLength(150)
    expect(Math.max(...lasted)).toBeLessThan(1000)
    await stopAll(world, [agent])
  })
})

describe('a write', () => {
  it('does not wait for the disk of the leader when the others have it', async () => {
    const cluster = await formed({ seed: 952, servers: 3 })
    const leader = leaderOf(cluster)
    leader.machine.disk.faults = {
      ...leader.machine.disk.faults,
      syncMicrosMin: 8_000_000,
      syncMicrosMax: 8_000_000,
    }
    const startMs = cluster.world.nowMs
    for (let i = 0; i < 5; i++) expect(await put(cluster, leader, 'k', `${i}`)).toBe(true)
    expect(cluster.world.nowMs - startMs).toBeLessThan(1000)
    leader.machine.disk.faults = { ...leader.machine.disk.faults, syncMicrosMin: 300, syncMicrosMax: 1500 }
    await finish(cluster)
  })

  it('waits for those that each turn brings, and for no more when one brings none', async () => {
    const world = new World({ seed: 956 })
    const turns: (() => void)[] = []
    let isByHand = false
    const byHand = (host: Host): Host => ({
      ...host,
      clock: {
        ...host.clock,
        soon: (task) => (isByHand ? void turns.push(task) : host.clock.soon(task)),
      },
    })
    const args = ['-server', '-bootstrap-expect', '1']
    const started = startAgent(world, machineIn(world, 'n1'), args, { change: byHand })
    const agent = await world.wait(started.agent, 10_000)
    await world.run(3000)
    isByHand = true
    const statuses: number[] = []
    const write = async (): Promise<void> => {
      const request = new Request('http://agent/v1/kv/k', { method: 'PUT', body: 'x' })
      void Promise.resolve(agent.app(request, { ip: '10.0.0.99', port: 1 })).then(({ status }) =>
        statuses.push(status),
      )
      await world.run(1)
    }
    const turn = async (): Promise<void> => {
      for (const task of turns.splice(0)) task()
      await world.run(10)
    }
    await write()
    await write()
    await turn()
    await write()
    await turn()
    expect(statuses).toEqual([])
    await turn()
    expect(statuses).toEqual([200, 200, 200])
    // Long turns that bring one each do not hold up the first for long.
    await write()
    for (let turns = 0; turns < 4; turns++) {
      await world.run(15)
      await write()
      await turn()
    }
    expect(statuses).toHaveLength(8)
    isByHand = false
    await stopAll(world, [agent])
  })

  it('is refused when too many wait, and all are answered when the agent stops', async () => {
    const world = new World({ seed: 953 })
    const machine = machineIn(world, 'n1')
    const agent = await world.wait(
      startAgent(world, machine, ['-server', '-bootstrap-expect', '1']).agent,
      10_000,
    )
    await world.run(3000)
    machine.disk.faults = { ...machine.disk.faults, syncMicrosMin: 60_000_000, syncMicrosMax: 60_000_000 }
    const statuses: number[] = []
    for (let i = 0; i < 8300; i++) {
      const request = new Request(`http://agent/v1/kv/k${i}`, { method: 'PUT', body: 'x' })
      void Promise.resolve(agent.app(request, { ip: '10.0.0.99', port: 1 })).then(({ status }) =>
        statuses.push(status),
      )
    }
    await world.run(2000)
    expect(statuses.length).toBeGreaterThan(50)
    expect(new Set(statuses)).toEqual(new Set([503]))
    machine.disk.faults = { ...machine.disk.faults, syncMicrosMin: 300, syncMicrosMax: 300 }
    await stopAll(world, [agent])
    await world.run(100)
    expect(statuses).toHaveLength(8300)
  })
})

describe('a snapshot', () => {
  it('that cannot be written is tried again, and the server goes on', async () => {
    const world = new World({ seed: 954 })
    const machine = machineIn(world, 'n1')
    let isFull = true
    const args = ['-server', '-bootstrap-expect', '1']
    const refuse = (host: Host): Host => ({
      ...host,
      files: {
        ...host.files,
        openAppend: (path, mode) =>
          isFull && path.includes('/snapshots/')
            ? Promise.reject(new HostError('ENOSPC', 'no space left on the device'))
            : host.files.openAppend(path, mode),
      },
    })
    const started = startAgent(world, machine, args, { change: refuse, limits: tinyLimits })
    const agent = await world.wait(started.agent, 10_000)
    await world.run(3000)
    const write = async (): Promise<number> => {
      const request = new Request('http://agent/v1/kv/k', { method: 'PUT', body: 'x' })
      const asked = Promise.resolve(agent.app(request, { ip: '10.0.0.99', port: 1 }))
      return (await world.wait(asked, 5000)).status
    }
    for (let i = 0; i < 60; i++) expect(await write()).toBe(200)
    const snapshots = (): Promise<readonly string[]> =>
      world.wait(started.host.files.list('/data/raft/snapshots'), 1000)
    expect(await snapshots()).toEqual([])
    isFull = false
    for (let i = 0; i < 60; i++) expect(await write()).toBe(200)
    expect((await snapshots()).length).toBeGreaterThan(0)
    await stopAll(world, [agent])
  })
})
