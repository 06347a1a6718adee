// Planted mistakes: each checker must see what it is there for, in a cluster of shipped agents where that is possible.
import { describe, expect, it } from 'vitest'
import type { HttpHandler } from '../../../src/runtime/host.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { Cluster } from '../cluster.ts'
import { formed, get, leaderOf, nodeOf, put } from '../scenarios/cluster.ts'
import { Workload } from '../workload.ts'
import { World } from '../world.ts'
import { GossipChecker } from './gossip.ts'
import { KvChecker } from './kv.ts'
import { RaftChecker } from './raft.ts'
import { checkClean } from './resources.ts'

/** Puts a function between the network and every agent's HTTP API. */
function interpose(cluster: Cluster, wrap: (handler: HttpHandler) => HttpHandler): void {
  const { httpServers } = cluster.world
  for (const [listener, handler] of httpServers) httpServers.set(listener, wrap(handler))
}

describe('raft', () => {
  it('sees a disk whose syncs do nothing', async () => {
    const cluster = await formed({ seed: 300, servers: 3 })
    for (const { machine } of cluster.nodes) machine.disk.faults = { ...machine.disk.faults, isLying: true }
    for (let i = 0; i < 10; i++) await put(cluster, leaderOf(cluster), `k${i}`, 'x')
    for (const node of cluster.nodes) node.crash('power')
    for (const node of cluster.nodes) node.start()
    await cluster.run(5000)
    expect(cluster.violations.join('\n')).toMatch(/durableKept|termKept|termMonotonic/)
  })

  it('sees two leaders of one term, and entries that differ', () => {
    const checker = new RaftChecker()
    const empty = { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] }
    for (const id of ['a', 'b']) checker.onStart(id, empty)
    checker.onEffect('a', { kind: 'roleChanged', role: 'leader', term: 3, leader: 'a' })
    expect(() =>
      checker.onEffect('b', { kind: 'roleChanged', role: 'leader', term: 3, leader: 'b' }),
    ).toThrow('electionSafety')
    checker.onEffect('a', { kind: 'apply', entries: [{ kind: 'noop', index: 1, term: 3 }] })
    expect(() =>
      checker.onEffect('b', { kind: 'apply', entries: [{ kind: 'noop', index: 1, term: 2 }] }),
    ).toThrow('stateMachineSafety')
    expect(() =>
      checker.onEffect('a', { kind: 'apply', entries: [{ kind: 'noop', index: 3, term: 3 }] }),
    ).toThrow('applyOrder')
  })
})

describe('keys', () => {
  it('sees writes that are acknowledged and not done', async () => {
    const cluster = await formed({ seed: 310, servers: 3 })
    let puts = 0
    interpose(cluster, (handler) => (request, from) => {
      const isSwallowed = request.method === 'PUT' && ++puts % 5 === 0
      return isSwallowed ? new Response('true') : handler(request, from)
    })
    const workload = new Workload(cluster, 2, seededRandom(1))
    await cluster.run(20_000)
    workload.stop()
    expect(cluster.violations.join('\n')).toMatch(/lostWrite|staleRead/)
  })

  it('sees reads that are out of date', async () => {
    const cluster = await formed({ seed: 311, servers: 3 })
    const answers = new Map<string, string>()
    let reads = 0
    interpose(cluster, (handler) => async (request, from) => {
      const old = answers.get(request.url)
      if (request.method === 'GET' && old !== undefined && ++reads % 7 === 0) return new Response(old)
      const response = await handler(request, from)
      if (request.method !== 'GET' || response.status !== 200) return response
      const body = await response.text()
      if (!answers.has(request.url)) answers.set(request.url, body)
      return new Response(body)
    })
    const workload = new Workload(cluster, 2, seededRandom(1))
    await cluster.run(20_000)
    workload.stop()
    expect(cluster.violations.join('\n')).toContain('staleRead')
  })

  it('allows what is concurrent, and counts each step once', () => {
    const kv = new KvChecker()
    kv.onWrite('k', 1, 0)(10)
    kv.onWrite('k', 2, 20)
    const three = kv.onWrite('k', 3, 40)
    expect(() => kv.onRead('k', 1, 50)).not.toThrow()
    three(60)
    // The second write was never answered: it may still come.
    expect(() => kv.onRead('k', 2, 70)).not.toThrow()
    expect(() => kv.onRead('k', 1, 70)).toThrow('staleRead')
    expect(() => kv.onRead('k', null, 70)).toThrow('lostWrite')
    expect(() => kv.onRead('k', 9, 70)).toThrow('strayValue')
    kv.onCas('n', 'applied')
    kv.onCas('n', 'unknown')
    expect(() => kv.onCounter('n', 2)).not.toThrow()
    expect(() => kv.onCounter('n', 0)).toThrow('counter')
    expect(() => kv.onCounter('n', 3)).toThrow('counter')
  })
})

describe('gossip', () => {
  it('sees a protected member declared failed', async () => {
    const cluster = await formed({ seed: 320, servers: 3, clients: 1 })
    cluster.gossip.protect('c1', 'although it was healthy')
    nodeOf(cluster, 'c1').crash('kill')
    await cluster.run(30_000)
    expect(cluster.violations.join('\n')).toContain('falseFailure')
  })

  it('sees an incarnation that its owner has not claimed, and a packet that is too large', () => {
    const checker = new GossipChecker(1400)
    const suspect = (incarnation: number) => ({ kind: 'suspect', name: 'b', incarnation, from: 'a' }) as const
    const to = { ip: '10.0.0.1', port: 8301 }
    expect(() => checker.onEffect('b', { kind: 'send', to, messages: [suspect(4)] })).not.toThrow()
    expect(() => checker.onEffect('a', { kind: 'send', to, messages: [suspect(4)] })).not.toThrow()
    expect(() => checker.onEffect('a', { kind: 'send', to, messages: [suspect(5)] })).toThrow('incarnation')
    expect(() => checker.onDatagram(1401)).toThrow('packetSize')
  })
})

describe('resources', () => {
  it('sees a socket, a wake-up and a call that are left', async () => {
    const world = new World({ seed: 330 })
    const { host, process } = world.boot(world.addMachine('n1'))
    checkClean(process)
    const cancel = host.clock.wakeAt(host.clock.nowMs() + 60_000, () => undefined)
    expect(() => checkClean(process)).toThrow('1 wake-ups')
    cancel()
    const socket = await world.wait(
      host.udp.bind({ ip: '0.0.0.0', port: 1 }, () => undefined),
      100,
    )
    expect(() => checkClean(process)).toThrow('1 handles')
    await world.wait(socket.close(), 100)
    const connecting = host.tcp
      .connect({ ip: '192.0.2.1', port: 1 }, { timeoutMs: 5000 })
      .catch(() => undefined)
    expect(() => checkClean(process)).toThrow('1 calls')
    await world.wait(connecting, 6000)
    checkClean(process)
  })
})

describe('a cluster without mistakes', () => {
  it('gives no cause for complaint', async () => {
    const cluster = await formed({ seed: 340, servers: 3 })
    const workload = new Workload(cluster, 2, seededRandom(1))
    await cluster.run(20_000)
    workload.stop()
    await cluster.until(() => workload.isIdle, 20_000)
    await cluster.world.wait(workload.verify(leaderOf(cluster)), 30_000)
    expect(await get(cluster, leaderOf(cluster), 'nothing')).toBeUndefined()
    expect(cluster.violations).toEqual([])
    expect(cluster.kv.acknowledged).toBeGreaterThan(20)
  })
})
