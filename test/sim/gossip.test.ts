// Pools of gossip machines in virtual time: what they promise under delay, loss, cuts, pauses and crashes.
import { describe, expect, it } from 'vitest'
import { lanTiming, wanTiming } from '../../src/gossip/config.ts'
import { limits } from '../../src/model/limits.ts'
import { GossipNetwork, type NetworkOptions } from './gossip-network.ts'

/** A pool of `count` nodes that all join the first at the same instant. */
function pool(seed: number, count: number, options: Partial<NetworkOptions> = {}): GossipNetwork {
  const net = new GossipNetwork({ seed, ...options })
  for (let i = 0; i < count; i++) net.add(`n${i}`)
  for (let i = 1; i < count; i++) net.join(`n${i}`, 'n0')
  return net
}

/** A pool at rest. */
function settled(seed: number, count: number, options: Partial<NetworkOptions> = {}): GossipNetwork {
  const net = pool(seed, count, options)
  expect(net.runWhile(() => net.isConverged(), 60_000)).not.toBeNull()
  net.runFor(5000)
  return net
}

/** Members of whom somebody reported an event since `fromMs`. */
function named(net: GossipNetwork, event: string, fromMs = 0): Set<string> {
  const names = new Set<string>()
  for (const { atMs, effect } of net.log) {
    if (atMs >= fromMs && effect.kind === 'memberChanged' && effect.event === event)
      names.add(effect.member.name)
  }
  return names
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

describe('joining', () => {
  it('23 nodes that join one at the same instant know each other after 0.6 s', () => {
    const times = Array.from({ length: 40 }, (_, i) => {
      const net = pool(100 + i, 23)
      return net.runWhile(() => net.isConverged(), 5000, 5) ?? Infinity
    }).sort((a, b) => a - b)
    expect(times[20]).toBeLessThanOrEqual(450)
    expect(times[39]).toBeLessThanOrEqual(1000)
    expect(times.filter((ms) => ms > 600).length).toBeLessThanOrEqual(1)
  })

  it('50 nodes know each other, also with 5 % of datagrams lost', () => {
    for (const seed of seeds) {
      const net = pool(seed, 50, { lossPerMille: 50 })
      expect(net.runWhile(() => net.isConverged(), 10_000)).toBeLessThan(3000)
    }
  })

  it('a late joiner is known everywhere at once', () => {
    for (const seed of seeds) {
      const net = settled(seed, 30)
      net.add('late')
      net.join('late', 'n3')
      expect(net.runWhile(() => net.isConverged(), 10_000)).toBeLessThan(600)
    }
  })

  it('two pools that have grown apart become one through a single join', () => {
    const net = new GossipNetwork({ seed: 3 })
    for (let i = 0; i < 20; i++) net.add(`n${i}`)
    for (let i = 1; i < 10; i++) net.join(`n${i}`, 'n0')
    for (let i = 11; i < 20; i++) net.join(`n${i}`, 'n10')
    net.runFor(10_000)
    net.join('n4', 'n14')
    expect(net.runWhile(() => net.isConverged(), 10_000)).toBeLessThan(2000)
  })
})

describe('failing', () => {
  it('a killed member of 23 is failed everywhere in time, and nobody else is', () => {
    const times = Array.from({ length: 40 }, (_, i) => {
      const net = settled(200 + i, 23)
      const fromMs = net.nowMs
      net.kill('n7')
      const ms = net.runWhile(() => net.agreeOn('n7', 'failed'), 30_000)
      expect(named(net, 'failed', fromMs)).toEqual(new Set(['n7']))
      return ms ?? Infinity
    }).sort((a, b) => a - b)
    expect(times[20]).toBeLessThan(6500)
    expect(times[39]).toBeLessThan(13_000)
  })

  it('a broken session shortens that to under 5.5 s', () => {
    for (const seed of seeds) {
      const net = settled(seed, 23)
      net.kill('n7')
      net.feed('n0', { kind: 'contactLost', name: 'n7' })
      expect(net.runWhile(() => net.agreeOn('n7', 'failed'), 30_000)).toBeLessThan(5500)
    }
  })

  it('a member whose host is gone, so that nothing refuses, fails as well', () => {
    for (const seed of seeds) {
      const net = settled(seed, 23)
      net.cut('n7')
      expect(
        net.runWhile(
          () =>
            [...net.nodes.values()].every(
              (node) => node.name === 'n7' || node.machine.member('n7')?.status === 'failed',
            ),
          30_000,
        ),
      ).toBeLessThan(15_000)
    }
  })

  it('datagrams lost at a rate of 10 % make nobody fail in ten minutes', () => {
    const net = settled(5, 30, { lossPerMille: 100 })
    const fromMs = net.nowMs
    net.runFor(600_000)
    expect([...named(net, 'failed', fromMs)]).toEqual([])
  })

  it('a member paused for 3 s is not declared failed, whatever the seed', () => {
    for (const seed of seeds) {
      const net = settled(seed, 23)
      const fromMs = net.nowMs
      for (let i = 0; i < 10; i++) {
        net.pause(`n${i}`, 3000)
        net.runFor(15_000)
      }
      expect([...named(net, 'failed', fromMs)]).toEqual([])
      expect(net.isConverged()).toBe(true)
    }
  })

  it('a member paused for 20 s comes back alive by itself, and has accused nobody', () => {
    for (const seed of seeds) {
      const net = settled(seed, 23)
      const fromMs = net.nowMs
      net.pause('n5', 20_000)
      net.runFor(20_000)
      expect(net.runWhile(() => net.isConverged(), 10_000)).toBeLessThan(2000)
      net.runFor(20_000)
      expect(named(net, 'failed', fromMs)).toEqual(new Set(['n5']))
    }
  })
})

describe('partitions', () => {
  it('a cut of minutes heals by itself', () => {
    for (const seed of seeds) {
      const net = settled(seed, 20)
      net.cut('n1', 'n2', 'n3', 'n4', 'n5', 'n6')
      net.runFor(120_000)
      expect(net.node('n1').machine.aliveCount).toBe(6)
      net.heal()
      expect(net.runWhile(() => net.isConverged(), 120_000)).not.toBeNull()
    }
  })

  it('so does one between two datacenters of one server each', () => {
    const net = settled(4, 2, {
      timing: wanTiming,
    })
    net.cut('n1')
    net.runFor(300_000)
    expect(net.node('n0').machine.member('n1')?.status).toBe('failed')
    net.heal()
    expect(net.runWhile(() => net.isConverged(), 60_000)).not.toBeNull()
  })
})

describe('leaving and coming back', () => {
  it('a graceful leave is seen as left everywhere, never as failed', () => {
    for (const seed of seeds) {
      const net = settled(seed, 23)
      const fromMs = net.nowMs
      net.feed('n6', { kind: 'leave' })
      expect(net.runWhile(() => net.agreeOn('n6', 'left'), 10_000)).toBeLessThan(1000)
      const done = net.runWhile(() => net.log.some(({ effect }) => effect.kind === 'left'), 10_000)
      expect(done).toBeLessThan(lanTiming.leavePropagateMs)
      net.kill('n6')
      net.runFor(30_000)
      expect([...named(net, 'failed', fromMs)]).toEqual([])
    }
  })

  it('a node back after its leave, its failure, or a quick restart is alive everywhere within 1 s', () => {
    const net = settled(9, 20)
    net.feed('n6', { kind: 'leave' })
    net.runFor(5000)
    net.restart('n6')
    net.join('n6', 'n2')
    expect(net.runWhile(() => net.isConverged(), 10_000)).toBeLessThan(1000)
    net.kill('n7')
    net.runFor(20_000)
    net.restart('n7')
    net.join('n7', 'n2')
    expect(net.runWhile(() => net.isConverged(), 10_000)).toBeLessThan(1000)
    net.kill('n8')
    net.runFor(400)
    net.restart('n8', { tags: new Map([['new', 'tags']]) })
    net.join('n8', 'n2')
    expect(net.runWhile(() => net.isConverged(), 10_000)).toBeLessThan(1000)
  })

  it('a force-leave of a live member leaves it where it is; of a failed one it is left; pruned it is gone', () => {
    const net = settled(10, 20)
    net.feed('n1', { kind: 'forceLeave', name: 'n7', prune: true })
    net.runFor(3000)
    expect(net.isConverged()).toBe(true)
    net.kill('n8')
    net.runWhile(() => net.agreeOn('n8', 'failed'), 30_000)
    net.feed('n1', { kind: 'forceLeave', name: 'n8', prune: false })
    expect(net.runWhile(() => net.agreeOn('n8', 'left'), 5000)).toBeLessThan(1000)
    net.feed('n2', { kind: 'forceLeave', name: 'n8', prune: true })
    expect(net.runWhile(() => net.agreeOn('n8', undefined), 5000)).toBeLessThan(1000)
    net.runFor(300_000)
    expect(net.agreeOn('n8', undefined)).toBe(true)
  })

  it('another node takes over the name of one that left, nobody that of one that lives', () => {
    const net = settled(11, 10)
    net.add('claimant', { name: 'n3', id: 'another' })
    net.feed('claimant', { kind: 'join', request: 1, addresses: [net.node('n0').config.address] })
    net.runFor(2000)
    expect(net.node('n0').machine.member('n3')?.id).toBe(net.node('n3').config.id)
    net.feed('n3', { kind: 'leave' })
    net.runFor(3000)
    net.kill('n3')
    net.feed('claimant', { kind: 'join', request: 2, addresses: [net.node('n0').config.address] })
    net.runFor(3000)
    expect(net.node('n5').machine.member('n3')).toMatchObject({ id: 'another', status: 'alive' })
  })
})

describe('restraint', () => {
  it('at rest a member sends one ping and answers one in a second', () => {
    const net = settled(12, 23)
    net.runFor(30_000)
    const sentBefore = [...net.nodes.values()].reduce((sum, node) => sum + node.packetsSent, 0)
    net.runFor(10_000)
    const sent = [...net.nodes.values()].reduce((sum, node) => sum + node.packetsSent, 0) - sentBefore
    expect(sent / 23 / 10).toBeLessThanOrEqual(2.01)
  })

  it('no datagram exceeds the limit, also when the limit is small', () => {
    for (const packetBytesMax of [500, 1400]) {
      const net = pool(13, 40, { limits: { ...limits, packetBytesMax } })
      net.runFor(20_000)
      expect(net.isConverged()).toBe(true)
      expect(net.largestPacketBytes).toBeLessThanOrEqual(packetBytesMax)
      expect(net.largestPacketBytes).toBeGreaterThan(packetBytesMax / 2)
    }
  })

  it('the same seed gives the same run', () => {
    const trace = (): string => {
      const net = pool(14, 12, { lossPerMille: 100 })
      net.runFor(5000)
      net.kill('n3')
      net.runFor(20_000)
      return JSON.stringify(net.log.map(({ atMs, node, effect }) => [atMs, node, effect.kind]))
    }
    expect(trace()).toBe(trace())
  })

  it('incarnations are raised by their owners alone', () => {
    const net = settled(15, 15, { lossPerMille: 200 })
    for (let i = 0; i < 5; i++) {
      net.pause(`n${i}`, 8000)
      net.runFor(20_000)
    }
    for (const { machine } of net.nodes.values()) {
      for (const member of machine.members()) {
        expect(member.incarnation).toBeLessThanOrEqual(net.node(member.name).machine.incarnation)
      }
    }
  })
})
