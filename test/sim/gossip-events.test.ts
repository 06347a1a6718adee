// User events and coordinates among many gossip machines: everybody hears of each event once, also under loss and cuts,
// and coordinates find the delays of the network.
import { describe, expect, it } from 'vitest'
import { distance } from '../../src/coordinate/distance.ts'
import { createPosition, type Position } from '../../src/coordinate/position.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { GossipNetwork } from './gossip-network.ts'

/** A pool of so many nodes that know each other. */
function pool(count: number, options: ConstructorParameters<typeof GossipNetwork>[0]): GossipNetwork {
  const net = new GossipNetwork(options)
  for (let i = 1; i <= count; i++) net.add(`n${i}`)
  for (let i = 2; i <= count; i++) net.join(`n${i}`, 'n1')
  expect(net.runWhile(() => net.isConverged(), 20_000)).not.toBeNull()
  net.runFor(5000)
  return net
}

/** How often each node has heard of an event. */
function hearings(net: GossipNetwork, id: string): Map<string, number> {
  const counts = new Map(net.alive().map(({ name }) => [name, 0]))
  for (const { node, effect } of net.log) {
    if (effect.kind !== 'eventHeard' || effect.event.id !== id) continue
    counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  return counts
}

function isHeardByAll(net: GossipNetwork, id: string): boolean {
  return [...hearings(net, id).values()].every((count) => count > 0)
}

describe('user events', () => {
  it.each([1, 2, 3, 4, 5])(
    'among 100 members, everybody hears of one within two seconds, once (seed %i)',
    (seed) => {
      const net = pool(100, { seed, hasBytes: false, hasCodec: false })
      const id = net.fire('n50', 'deploy')
      expect(net.runWhile(() => isHeardByAll(net, id), 2000)).not.toBeNull()
      net.runFor(60_000)
      expect(new Set(hearings(net, id).values())).toEqual(new Set([1]))
    },
  )

  it.each([1, 2, 3, 4, 5])(
    'with a tenth of all datagrams lost everybody hears of 50, each once (seed %i)',
    (seed) => {
      const net = pool(23, { seed })
      net.options = { ...net.options, lossPerMille: 100 }
      const ids = Array.from({ length: 50 }, (_, i) => {
        net.runFor(20)
        return net.fire(`n${(i % 23) + 1}`, 'deploy', new Uint8Array(300))
      })
      net.runFor(120_000)
      for (const id of ids) expect(new Set(hearings(net, id).values())).toEqual(new Set([1]))
      expect(net.largestPacketBytes).toBeLessThanOrEqual(1400)
    },
  )

  it('who was cut off hears of it when it is back', () => {
    const net = pool(10, { seed: 1 })
    net.cut('n9', 'n10')
    net.runFor(60_000)
    const id = net.fire('n1', 'deploy')
    net.runFor(30_000)
    expect(hearings(net, id).get('n9')).toBe(0)
    net.heal()
    expect(net.runWhile(() => isHeardByAll(net, id), 180_000)).not.toBeNull()
    expect(new Set(hearings(net, id).values())).toEqual(new Set([1]))
  })

  it('who joins later hears of nothing that was fired before', () => {
    const net = pool(5, { seed: 1 })
    const id = net.fire('n1', 'old')
    net.runFor(5000)
    net.add('n6')
    net.join('n6', 'n2')
    net.runFor(120_000)
    expect(hearings(net, id).get('n6')).toBe(0)
  })

  it('a flood of events does not keep a failure from being noticed', () => {
    const net = pool(10, { seed: 1 })
    for (let i = 0; i < 2000; i++) net.at(net.nowMs + i * 10, () => net.fire(`n${(i % 9) + 1}`, 'flood'))
    net.kill('n10')
    expect(net.runWhile(() => net.agreeOn('n10', 'failed'), 15_000)).not.toBeNull()
  })
})

/** Delays of one direction, ms: three sites, and within a site each node has a line of its own. */
function delayMs(from: string, to: string): number {
  const [a, b] = [Number(from.slice(1)), Number(to.slice(1))]
  const site = (n: number): number => n % 3
  const between = site(a) === site(b) ? 1 : [20, 45, 60][site(a) + site(b) - 1]
  return (between ?? 0) + (a % 4) + (b % 4)
}

/** A pool whose nodes keep coordinates, after some minutes. */
function placed(seed: number, minutes: number): Map<string, Position> {
  const positions = new Map<string, Position>()
  const random = seededRandom(seed)
  const net = new GossipNetwork({
    seed,
    delayMs,
    hasBytes: false,
    onRoundTrip: (node, { name, coordinate, rttMicros }) => {
      const own = positions.get(node.name)
      if (own?.measured(name, coordinate, rttMicros) !== 'moved') return
      net.feed(node.name, { kind: 'setCoordinate', coordinate: own.coordinate })
    },
  })
  for (let i = 1; i <= 24; i++) {
    const name = `n${i}`
    const own = createPosition(random.fork(name))
    positions.set(name, own)
    net.add(name)
    net.feed(name, { kind: 'setCoordinate', coordinate: own.coordinate })
  }
  for (let i = 2; i <= 24; i++) net.join(`n${i}`, 'n1')
  net.runFor(minutes * 60_000)
  return positions
}

describe('coordinates', () => {
  it.each([1, 2, 3])('after 20 minutes of probes the median error is below a tenth (seed %i)', (seed) => {
    const positions = placed(seed, 20)
    const errors: number[] = []
    for (const [a, own] of positions) {
      for (const [b, other] of positions) {
        if (a >= b) continue
        const truth = (2 * delayMs(a, b)) / 1000
        errors.push(Math.abs(distance(own.coordinate, other.coordinate) - truth) / truth)
      }
    }
    errors.sort((a, b) => a - b)
    expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(0.1)
  })

  it.each([1, 2, 3])('the nearest nodes are those of the own site (seed %i)', (seed) => {
    const positions = placed(seed, 20)
    for (const [name, own] of positions) {
      const site = Number(name.slice(1)) % 3
      const sorted = [...positions]
        .filter(([other]) => other !== name)
        .map(([other, { coordinate }]) => ({
          site: Number(other.slice(1)) % 3,
          far: distance(own.coordinate, coordinate),
        }))
        .sort((a, b) => a.far - b.far)
      expect(sorted.slice(0, 7).every((other) => other.site === site)).toBe(true)
    }
  })

  it('a run is the same twice', () => {
    const [one, two] = [placed(5, 2), placed(5, 2)].map((positions) =>
      [...positions.values()].map(({ coordinate }) => coordinate),
    )
    expect(one).toEqual(two)
  })
})
