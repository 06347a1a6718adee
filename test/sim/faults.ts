// What goes wrong in a seeded run. Which kinds are on, and how hard, is drawn once per run (swarm): some faults only
// show themselves when others are off.
import type { Random } from '../../src/lib/random.ts'
import type { Cluster } from './cluster.ts'
import { soundDisk } from './disk.ts'
import { quietLinks } from './links.ts'
import type { SimNode } from './node.ts'
import type { Ending } from './process.ts'

type FaultKind =
  | 'isolate'
  | 'split'
  | 'oneWay'
  | 'random'
  | 'clog'
  | 'power'
  | 'kill'
  | 'powerAll'
  | 'pause'
  | 'slowDisk'
  | 'badDisk'
  | 'fullDisk'
  | 'garbage'
  | 'wallStep'

/** The plan of one run. */
export interface FaultPlan {
  readonly kinds: readonly FaultKind[]
  /** Time between two faults is up to twice this. */
  readonly intervalMs: number
  readonly lossPerMille: number
  readonly duplicatePerMille: number
  readonly reorderPerMille: number
  readonly latencyMicrosMax: number
  readonly driftPpmMax: number
  readonly isTornDirty: boolean
}

const allKinds: readonly FaultKind[] = [
  'isolate',
  'split',
  'oneWay',
  'random',
  'clog',
  'power',
  'kill',
  'powerAll',
  'pause',
  'slowDisk',
  'badDisk',
  'fullDisk',
  'garbage',
  'wallStep',
]

/** Draws a plan: each kind is on in about half of the runs. */
export function drawPlan(random: Random): FaultPlan {
  const draw = (perMille: number, max: number): number =>
    random.chance(perMille) ? random.between(1, max) : 0
  return {
    kinds: allKinds.filter(() => random.chance(450)),
    intervalMs: random.between(500, 4000),
    lossPerMille: draw(500, 100),
    duplicatePerMille: draw(400, 100),
    reorderPerMille: draw(400, 100),
    latencyMicrosMax: random.chance(300) ? random.between(5000, 40_000) : 600,
    driftPpmMax: draw(300, 1000),
    isTornDirty: random.chance(500),
  }
}

/** The plan in one line. */
export function describePlan(plan: FaultPlan): string {
  const { kinds, intervalMs, lossPerMille, duplicatePerMille, reorderPerMille, latencyMicrosMax } = plan
  const rates = `loss ${lossPerMille} dup ${duplicatePerMille} reorder ${reorderPerMille} latency ${latencyMicrosMax}`
  return `${rates} every ${intervalMs} ms: ${kinds.join(' ') || 'nothing'}`
}

/** How long an agent that was refused by its disk takes to stop. */
const stoppingMs = 3000

/** Causes faults until `heal`. */
export class FaultInjector {
  readonly #cluster: Cluster
  readonly #random: Random
  readonly #plan: FaultPlan
  #isOn = true

  constructor(cluster: Cluster, plan: FaultPlan, random: Random) {
    this.#cluster = cluster
    this.#plan = plan
    this.#random = random
    const { links } = cluster.world
    links.options = {
      ...quietLinks,
      latencyMicrosMax: plan.latencyMicrosMax,
      lossPerMille: plan.lossPerMille,
      duplicatePerMille: plan.duplicatePerMille,
      reorderPerMille: plan.reorderPerMille,
      reorderMicros: 50_000,
    }
    for (const { machine } of cluster.nodes) {
      machine.driftPpm = random.between(-plan.driftPpmMax, plan.driftPpmMax)
      machine.disk.faults = { ...soundDisk, isTornDirty: plan.isTornDirty }
    }
    this.#next()
  }

  /** Ends all faults: the network is quiet, disks are sound, whoever is not spared runs again. */
  heal(spared: ReadonlySet<SimNode>): void {
    this.#isOn = false
    const { world, nodes } = this.#cluster
    world.links.heal()
    world.links.options = quietLinks
    for (const node of nodes) {
      node.machine.disk.faults = soundDisk
      node.resume()
      if (spared.has(node)) node.crash('power')
      else this.#restart(node)
    }
    this.#cluster.note('', 'healed')
    // An agent whose disk failed a moment ago is still stopping.
    this.#cluster.world.scheduler.after(stoppingMs * 1000, () => {
      for (const node of nodes) if (node.state === 'ended' && !spared.has(node)) this.#restart(node)
    })
  }

  #next(): void {
    const { scheduler } = this.#cluster.world
    const delayMs = this.#random.between(1, 2 * this.#plan.intervalMs)
    scheduler.after(delayMs * 1000, () => {
      if (!this.#isOn) return
      this.#cause(this.#random.pick(this.#plan.kinds))
      for (const node of this.#cluster.nodes) if (node.state === 'ended') this.#restartLater(node)
      this.#next()
    })
  }

  /** As a supervisor does. Agents that were refused by their disk get a sound one first. */
  #restart(node: SimNode): void {
    if (node.hasLeft) return
    node.reset()
    node.start()
  }

  #restartLater(node: SimNode): void {
    node.reset()
    node.machine.disk.faults = { ...soundDisk, isTornDirty: this.#plan.isTornDirty }
    this.#after(this.#random.between(200, 8000), () => this.#restart(node))
  }

  #after(ms: number, act: () => void): void {
    this.#cluster.world.scheduler.after(ms * 1000, () => {
      if (this.#isOn) act()
    })
  }

  #cause(kind: FaultKind | undefined): void {
    const node = this.#random.pick(this.#cluster.nodes)
    if (kind === undefined || node === undefined) return
    if (isOfNetwork(kind)) this.#causeInNetwork(kind, node)
    else this.#causeOn(kind, node)
  }

  #causeInNetwork(kind: NetworkFault, node: SimNode): void {
    const { world, nodes } = this.#cluster
    const random = this.#random
    const isCut = cutOf(kind, nodes, node, random)
    this.#cluster.note(node.name, `fault ${kind}`)
    for (const a of nodes) {
      for (const b of nodes) {
        if (a === b || !isCut(a, b)) continue
        const [from, to] = [a.machine.number, b.machine.number]
        if (kind === 'clog')
          world.links.clog(from, to, world.scheduler.nowMicros + random.between(1, 5000) * 1000)
        else world.links.cut(from, to)
      }
    }
    this.#after(random.between(100, 12_000), () => {
      world.links.heal()
      this.#cluster.note('', 'links heal')
    })
  }

  #causeOn(kind: LocalFault, node: SimNode): void {
    const random = this.#random
    switch (kind) {
      case 'power':
      case 'kill':
        return this.#crash([node], kind)
      case 'powerAll':
        return this.#crash(this.#cluster.nodes, 'power')
      case 'pause':
        node.pause()
        return this.#after(random.between(50, 10_000), () => node.resume())
      case 'slowDisk':
      case 'badDisk':
      case 'fullDisk':
        return this.#spoilDisk(kind, node)
      case 'garbage':
        return this.#sendGarbage(node)
      case 'wallStep':
        node.machine.wallSkewMs += random.between(-3_600_000, 3_600_000)
        return
      default:
        kind satisfies never
    }
  }

  #crash(nodes: readonly SimNode[], ending: Ending): void {
    for (const node of nodes) {
      node.crash(ending)
      this.#restartLater(node)
    }
  }

  #spoilDisk(kind: 'slowDisk' | 'badDisk' | 'fullDisk', node: SimNode): void {
    const random = this.#random
    const { disk } = node.machine
    this.#cluster.note(node.name, `fault ${kind}`)
    if (kind === 'badDisk') disk.faults = { ...disk.faults, syncFailPerMille: 500 }
    if (kind === 'fullDisk') {
      disk.faults = { ...disk.faults, capacityBytes: disk.usedBytes() + random.below(2000) }
    }
    if (kind !== 'slowDisk') return
    disk.faults = { ...disk.faults, syncMicrosMin: 20_000, syncMicrosMax: random.between(30, 800) * 1000 }
    this.#after(random.between(1000, 8000), () => {
      disk.faults = { ...soundDisk, isTornDirty: this.#plan.isTornDirty }
    })
  }

  /** Random bytes to every port of a node, from a process on another machine. */
  #sendGarbage(node: SimNode): void {
    const { world, nodes } = this.#cluster
    const source = this.#random.pick(nodes)
    if (source === undefined || !source.machine.isOn) return
    const bytes = Uint8Array.from({ length: this.#random.between(1, 300) }, () => this.#random.below(256))
    const { host, process } = world.boot(source.machine)
    const at = (port: number): { readonly ip: string; readonly port: number } => ({
      ip: node.machine.ip,
      port,
    })
    void host.udp
      .bind({ ip: source.machine.ip, port: 0 }, () => undefined)
      .then((socket) => socket.send(bytes, at(8301)))
    for (const port of [8300, 8301, 8302]) {
      host.tcp.connect(at(port), { timeoutMs: 1000 }).then(
        (connection) => {
          connection.handle({ onData: () => undefined, onClose: () => undefined })
          connection.write(bytes)
        },
        () => undefined,
      )
    }
    world.scheduler.after(2_000_000, () => {
      process.end('kill')
      source.machine.processes.delete(process)
    })
  }
}

type NetworkFault = 'isolate' | 'split' | 'oneWay' | 'random' | 'clog'
type LocalFault = Exclude<FaultKind, NetworkFault>

function isOfNetwork(kind: FaultKind): kind is NetworkFault {
  return kind === 'isolate' || kind === 'split' || kind === 'oneWay' || kind === 'random' || kind === 'clog'
}

type Cut = (from: SimNode, to: SimNode) => boolean

/** Which directions a fault of the network concerns. */
function cutOf(kind: NetworkFault, nodes: readonly SimNode[], node: SimNode, random: Random): Cut {
  switch (kind) {
    case 'isolate':
      return (a, b) => a === node || b === node
    case 'oneWay': {
      const isOutward = random.chance(500)
      return (a, b) => (isOutward ? a : b) === node
    }
    case 'split': {
      const side = new Set(nodes.filter(() => random.chance(500)))
      return (a, b) => side.has(a) !== side.has(b)
    }
    case 'random':
    case 'clog': {
      const perMille = random.between(100, 600)
      return () => random.chance(perMille)
    }
  }
}
