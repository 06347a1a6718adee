import { describe, expect, it } from 'vitest'
import { cut, expectConvergence, finish, formed, get, leaderOf, nodeOf, put } from './cluster.ts'

describe('leader election', () => {
  it.each([1, 3, 5])('%i servers elect a leader, and another when it dies', async (servers) => {
    const cluster = await formed({ seed: 100 + servers, servers, clients: 1 })
    const first = leaderOf(cluster)
    expect(await put(cluster, nodeOf(cluster, 'c1'), 'k', 'v')).toBe(true)
    if (servers > 1) {
      first.crash('kill')
      const startMs = cluster.world.nowMs
      const isReplaced = await cluster.until(
        () => cluster.leader() !== undefined && cluster.leader() !== first,
        10_000,
      )
      expect(isReplaced).toBe(true)
      expect(cluster.world.nowMs - startMs).toBeLessThan(3000)
      expect(await get(cluster, nodeOf(cluster, 'c1'), 'k')).toBe('v')
      first.start()
    }
    await expectConvergence(cluster, 60_000)
    await finish(cluster)
  })

  it('waits for as many servers as it was told to expect', async () => {
    const cluster = await formed({ seed: 110, servers: 3 })
    // Formed means that all three were there: a log that begins with one configuration of three.
    expect(cluster.raft.appliedMax).toBeGreaterThan(0)
    await finish(cluster)
  })
})

describe('partitions', () => {
  it('the minority refuses writes, the majority goes on, and nothing is lost', async () => {
    const cluster = await formed({ seed: 120, servers: 5 })
    const old = leaderOf(cluster)
    const others = cluster.nodes.filter((node) => node !== old)
    const minority = [old, ...others.slice(0, 1)]
    const majority = others.slice(1)
    expect(await put(cluster, old, 'before', '1')).toBe(true)
    cut(cluster, minority, majority)
    expect(await put(cluster, old, 'lost', '1')).toBe(false)
    const isReplaced = (): boolean => majority.some((node) => node === cluster.leader())
    expect(await cluster.until(isReplaced, 20_000)).toBe(true)
    const [witness] = majority
    if (witness === undefined) throw new Error('no majority')
    expect(await put(cluster, witness, 'during', '2')).toBe(true)
    cluster.world.links.heal()
    await expectConvergence(cluster, 120_000)
    expect([await get(cluster, old, 'before'), await get(cluster, old, 'during')]).toEqual(['1', '2'])
    await finish(cluster)
  })

  it('a leader that cannot hear is replaced, and a server that cannot be heard does not disturb', async () => {
    const cluster = await formed({ seed: 121, servers: 3 })
    const old = leaderOf(cluster)
    for (const node of cluster.nodes) {
      if (node !== old) cluster.world.links.cut(node.machine.number, old.machine.number)
    }
    const isReplaced = (): boolean => cluster.leader() !== undefined && cluster.leader() !== old
    expect(await cluster.until(isReplaced, 20_000)).toBe(true)
    cluster.world.links.heal()
    await expectConvergence(cluster, 120_000)
    await finish(cluster)
  })
})

describe('crashes', () => {
  it('acknowledged writes survive a power cut of all servers at once', async () => {
    const cluster = await formed({ seed: 130, servers: 3, clients: 1 })
    for (const node of cluster.nodes)
      node.machine.disk.faults = { ...node.machine.disk.faults, isTornDirty: true }
    for (let i = 0; i < 60; i++) expect(await put(cluster, nodeOf(cluster, 'c1'), `k${i}`, `${i}`)).toBe(true)
    for (const node of cluster.nodes) node.crash('power')
    await cluster.run(2000)
    for (const node of cluster.nodes) node.start()
    await expectConvergence(cluster, 60_000)
    for (let i = 0; i < 60; i++) expect(await get(cluster, nodeOf(cluster, 's1'), `k${i}`)).toBe(`${i}`)
    await finish(cluster)
  })

  it('a server that was away for longer than the log is kept is brought back by a snapshot', async () => {
    const cluster = await formed({ seed: 131, servers: 3 })
    const [away] = cluster.nodes.filter((node) => node !== leaderOf(cluster))
    if (away === undefined) throw new Error('no follower')
    away.crash('power')
    for (let i = 0; i < 100; i++) expect(await put(cluster, leaderOf(cluster), `k${i}`, `${i}`)).toBe(true)
    away.start()
    await expectConvergence(cluster, 60_000)
    expect(await get(cluster, away, 'k99')).toBe('99')
    expect(cluster.world.trace.tail().length).toBeGreaterThan(0)
    await finish(cluster)
  })

  it('a server whose disk is full stops, and goes on when there is room again', async () => {
    const cluster = await formed({ seed: 132, servers: 3 })
    const node = leaderOf(cluster)
    node.machine.disk.faults = {
      ...node.machine.disk.faults,
      capacityBytes: node.machine.disk.usedBytes() + 100,
    }
    for (let i = 0; i < 10; i++)
      await put(cluster, nodeOf(cluster, node.name === 's1' ? 's2' : 's1'), `k${i}`, 'x')
    expect(node.state).toBe('ended')
    node.machine.disk.faults = { ...node.machine.disk.faults, capacityBytes: Infinity }
    node.reset()
    node.start()
    await expectConvergence(cluster, 60_000)
    await finish(cluster)
  })
})

describe('a server alone', () => {
  it('loses nothing when its newest snapshot is damaged', async () => {
    const cluster = await formed({ seed: 150, servers: 1 })
    const node = nodeOf(cluster, 's1')
    const { disk } = node.machine
    const snapshots = '/data/raft/snapshots'
    let written = 0
    const write = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) expect(await put(cluster, node, `k${i}`, `${++written}`)).toBe(true)
    }
    await write()
    for (let round = 0; round < 2; round++) {
      const newest = disk.list(snapshots).findLast((name) => name.endsWith('.snapshot'))
      node.crash('power')
      disk.corrupt(`${snapshots}/${newest}`, 60)
      node.start()
      await expectConvergence(cluster, 60_000)
      expect(disk.list(snapshots)).toContain(`${newest}.damaged`)
      for (let i = 0; i < 100; i++) expect(await get(cluster, node, `k${i}`)).toBe(`${written - 99 + i}`)
      await write()
    }
    await finish(cluster)
  })
})
