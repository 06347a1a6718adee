// Pools under faults drawn by seed: crashes, restarts, pauses, cuts, leaves, force-leaves, changed tags, small limits.
// When the faults end, all must agree within a bound. `GOSSIP_SEEDS=1000` runs more seeds.
import { describe, expect, it } from 'vitest'
import type { MemberStatus } from '../../src/gossip/events.ts'
import { seededRandom, type Random } from '../../src/lib/random.ts'
import { limits } from '../../src/model/limits.ts'
import { GossipNetwork, type SimNode } from './gossip-network.ts'

const seeds = Number(process.env['GOSSIP_SEEDS'] ?? 40)
const faultMs = 180_000
const healMs = 180_000

/** One run: its network, its draws, and who has left on purpose. */
class Run {
  readonly net: GossipNetwork
  readonly random: Random
  readonly left = new Set<string>()
  readonly killed = new Set<string>()
  readonly revived = new Set<string>()

  constructor(seed: number) {
    this.random = seededRandom(seed)
    const hasTinyLimits = this.random.chance(300)
    this.net = new GossipNetwork({
      seed,
      delayMsMax: this.random.between(2, 60),
      lossPerMille: this.random.chance(500) ? this.random.between(0, 150) : 0,
      limits: hasTinyLimits ? { ...limits, packetBytesMax: 500, broadcastsMax: 16, intentsMax: 4 } : limits,
    })
    const count = this.random.between(3, 14)
    for (let i = 0; i < count; i++) this.net.add(`n${i}`)
    for (let i = 1; i < count; i++) this.net.join(`n${i}`, `n${this.random.below(i)}`)
  }

  one(): SimNode {
    const node = this.random.pick([...this.net.nodes.values()])
    if (node === undefined) throw new Error('no nodes')
    return node
  }

  /** Brings a node back: as a new process with an empty memory, which contacts any other. */
  revive(name: string): void {
    const old = this.net.node(name)
    this.killed.delete(name)
    this.left.delete(name)
    this.revived.add(name)
    const hasKept = this.random.chance(500)
    this.net.restart(
      name,
      hasKept ? { incarnation: old.machine.incarnation + 1, lamportTime: old.machine.lamportTime } : {},
    )
    this.rejoin(name)
  }

  rejoin(name: string): void {
    const others = this.net.alive().filter((node) => node.name !== name && !this.left.has(node.name))
    const contact = this.random.pick(others)
    if (contact !== undefined) this.net.join(name, contact.name)
  }

  fault(): void {
    const { name } = this.one()
    switch (this.random.below(9)) {
      case 0:
        this.killed.add(name)
        this.net.kill(name)
        return
      case 1:
      case 2:
        if (this.killed.has(name) || this.left.has(name)) this.revive(name)
        return
      case 3:
        this.net.pause(name, this.random.between(100, 20_000))
        return
      case 4:
        this.net.cut(name, this.one().name)
        return
      case 5:
        this.net.heal()
        return
      case 6:
        if (!this.killed.has(name)) this.left.add(name)
        this.net.feed(name, { kind: 'leave' })
        return
      case 7:
        this.net.feed(this.one().name, { kind: 'forceLeave', name, prune: this.random.chance(300) })
        return
      default:
        this.net.feed(name, { kind: 'setTags', tags: new Map([['at', String(this.net.nowMs)]]) })
    }
  }

  /** Ends all faults: all come back. Whoever was started again is told of one that was not, as by its configuration. */
  end(): void {
    this.net.heal()
    for (const name of [...this.killed, ...this.left]) this.revive(name)
    this.net.runFor(25_000)
    const nodes = this.net.alive()
    const anchor = nodes.find(({ name }) => !this.revived.has(name)) ?? nodes[0]
    for (const name of this.revived) if (anchor !== undefined) this.net.join(name, anchor.name)
  }

  /** What one node believes of all, for a message. */
  beliefs(): string {
    const line = ({ name, machine }: SimNode): string =>
      `${name}: ${machine
        .members()
        .map((m) => `${m.name}=${m.status}/${m.incarnation}`)
        .join(' ')}`
    return this.net.alive().map(line).join('\n')
  }
}

describe('swarm', () => {
  it(`${seeds} seeds: all agree when the faults are over, and nothing was broken on the way`, () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const run = new Run(seed)
      run.net.runFor(3000)
      while (run.net.nowMs < faultMs) {
        run.fault()
        run.net.runFor(run.random.between(100, 10_000))
      }
      run.end()
      const took = run.net.runWhile(() => run.net.isConverged(), healMs, 100)
      expect(took, `seed ${seed}\n${run.beliefs()}`).not.toBeNull()
      expect(run.net.largestPacketBytes).toBeLessThanOrEqual(run.net.options.limits.packetBytesMax)
      for (const { machine } of run.net.alive()) {
        const statuses = machine.members().map(({ status }): MemberStatus => status)
        expect(statuses, `seed ${seed}\n${run.beliefs()}`).not.toContain('leaving')
      }
    }
  })
})
