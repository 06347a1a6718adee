// A cluster of shipped agents in a world, watched by the checkers. Scenarios and seeded runs are written on top of it.
import type { AgentTrace } from '../../src/agent/agent.ts'
import type { GossipEffect, MemberStatus } from '../../src/gossip/events.ts'
import { limits as realLimits, type Limits } from '../../src/model/limits.ts'
import type { RaftEffect, RoleName } from '../../src/raft/events.ts'
import type { Entry } from '../../src/raft/message.ts'
import { GossipChecker } from './checkers/gossip.ts'
import { KvChecker } from './checkers/kv.ts'
import { RaftChecker } from './checkers/raft.ts'
import { ask, jsonOf } from './client.ts'
import { SimNode } from './node.ts'
import { World } from './world.ts'

/** What a cluster is made from. */
export interface ClusterOptions {
  readonly seed: number
  readonly servers: number
  readonly clients?: number
  /** A world to share with another cluster, and what this one's names begin with there. */
  readonly world?: World
  readonly prefix?: string
  /** Flags of every agent. */
  readonly args?: readonly string[]
  /** Flags of the servers alone. */
  readonly serverArgs?: readonly string[]
  readonly limits?: Limits
  /** A configuration file of every agent. */
  readonly config?: object
  readonly onLine?: (line: string) => void
}

/** Limits so small that every run crosses them. */
export const tinyLimits: Limits = {
  ...realLimits,
  snapshotEntries: 24,
  trailingEntries: 8,
  segmentBytesMax: 8192,
  segmentReserveBytes: 700,
  snapshotChunkBytes: 700,
  appendBytesMax: 4096,
  appendsInFlightMax: 4,
}

/** What the trace knows of a node. */
interface View {
  role: RoleName
  term: number
  applied: number
  readonly members: Map<string, MemberStatus>
}

/** Agents under test. */
export class Cluster {
  readonly world: World
  readonly nodes: SimNode[] = []
  readonly raft: RaftChecker = new RaftChecker()
  readonly gossip: GossipChecker
  readonly kv: KvChecker = new KvChecker()
  /** When an entry was first applied by anyone. */
  readonly appliedAtMicros: Map<number, number> = new Map()
  /** Ids of the voters by the newest final configuration, and by the newest of all: it may become final, or not. */
  readonly voters: { final: readonly string[]; newest: readonly string[] } = { final: [], newest: [] }
  readonly #votersIndex = { final: 0, newest: 0 }
  /** Snapshots that were taken over from a leader. */
  restores = 0
  /** What was violated; a run ends at the first. */
  readonly violations: string[] = []
  readonly #options: ClusterOptions
  readonly #views = new Map<string, View>()

  constructor(options: ClusterOptions) {
    this.#options = options
    const { seed, onLine, prefix = '' } = options
    this.world = options.world ?? new World({ seed, ...(onLine ? { onLine } : {}) })
    const limits = options.limits ?? realLimits
    this.gossip = new GossipChecker(limits.packetBytesMax)
    this.world.onDatagram = (_, bytes) => this.check(() => this.gossip.onDatagram(bytes))
    for (let i = 1; i <= options.servers; i++) this.addNode(`${prefix}s${i}`, true)
    for (let i = 1; i <= (options.clients ?? 0); i++) this.addNode(`${prefix}c${i}`, false)
  }

  get servers(): readonly SimNode[] {
    return this.nodes.filter((node) => node.isServer)
  }

  get running(): readonly SimNode[] {
    return this.nodes.filter((node) => node.state === 'running')
  }

  /**
   * A node that is not started yet. It joins through the servers that are there at each start, as operators keep it.
   * `more`: flags of this one alone. One that comes `isLate` never begins a cluster.
   */
  addNode(name: string, isServer: boolean, more: readonly string[] = [], isLate = false): SimNode {
    const { servers, args = [], serverArgs = [], limits = realLimits, config } = this.#options
    const node = new SimNode(this.world, {
      name,
      isServer,
      limits,
      ...(config === undefined ? {} : { config }),
      args: () => [
        ...(isServer && !isLate ? ['-bootstrap-expect', `${servers}`] : []),
        ...this.#joinIps(isLate).flatMap((ip) => ['-retry-join', ip]),
        '-retry-interval',
        '2s',
        ...args,
        ...(isServer ? serverArgs : []),
        ...more,
      ],
      trace: (of) => this.#traceOf(of),
      onEvent: (of, event) => this.note(of.name, event),
    })
    this.nodes.push(node)
    this.#views.set(name, { role: 'follower', term: 0, applied: 0, members: new Map() })
    return node
  }

  #joinIps(isLate: boolean): readonly string[] {
    const first = this.servers.slice(0, 3)
    const isChanged = isLate || first.some((node) => node.hasLeft)
    const nodes = isChanged ? this.servers.filter((node) => !node.hasLeft) : first
    return nodes.map((node) => node.machine.ip)
  }

  startAll(): void {
    for (const node of this.nodes) node.start()
  }

  /** Runs until a condition holds or something is violated; true if it holds. */
  async until(condition: () => boolean, ms: number): Promise<boolean> {
    await this.world.until(() => this.violations.length > 0 || condition(), ms)
    return this.violations.length === 0 && condition()
  }

  async run(ms: number): Promise<void> {
    await this.world.until(() => this.violations.length > 0, ms)
  }

  /** Runs a check; what it throws is a violation. */
  check(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.fail(error)
    }
  }

  /** What was thrown in a check, or in a client itself, is a violation. */
  fail(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    this.note('', `VIOLATION ${text}`)
    this.violations.push(text)
  }

  /** Adds a line to the trace with the node's columns. */
  note(name: string, event: string): void {
    const view = this.#views.get(name)
    const columns = view === undefined ? '' : columnsOf(view)
    this.world.trace.add(this.world.scheduler.nowMicros, name, `${columns.padEnd(34)} ${event}`)
  }

  /** The one running server that leads by its own word, in the highest term. */
  leader(): SimNode | undefined {
    let found: SimNode | undefined
    for (const node of this.servers) {
      if (node.state !== 'running' || this.#view(node).role !== 'leader') continue
      if (found === undefined || this.#view(node).term > this.#view(found).term) found = node
    }
    return found
  }

  /** How a node sees another in its LAN pool. */
  statusOf(node: SimNode, name: string): MemberStatus | undefined {
    return this.#view(node).members.get(name)
  }

  /** Runs until every running agent names the same leader and sees every running agent alive. */
  async converge(ms: number): Promise<boolean> {
    const endMs = this.world.nowMs + ms
    while (this.world.nowMs < endMs && this.violations.length === 0) {
      if (this.#agreeOnMembers() && (await this.#agreeOnLeader())) return true
      await this.run(250)
    }
    return false
  }

  #agreeOnMembers(): boolean {
    return this.nodes.every((node) => {
      if (node.state !== 'running') return true
      const { members } = this.#view(node)
      return this.nodes.every((other) => {
        const status = other.name === node.name ? 'alive' : members.get(other.name)
        if (other.state === 'running') return status === 'alive'
        // The word of one that left may have been lost: then it has failed, for those who did not hear it.
        return status !== 'alive'
      })
    })
  }

  async #agreeOnLeader(): Promise<boolean> {
    const leader = this.leader()
    if (leader === undefined) return false
    const wanted = JSON.stringify(`${leader.machine.ip}:8300`)
    const asked = this.running.map((node) =>
      ask(this.world, node, { path: '/v1/status/leader', timeoutMs: 3000 }),
    )
    const answers = await this.world.wait(Promise.all(asked), 4000)
    return answers.every((answer) => answer.status === 200 && JSON.stringify(jsonOf(answer)) === wanted)
  }

  /** One line per node, for a run that does not converge. */
  describe(): readonly string[] {
    return this.nodes.map((node) => {
      const view = this.#view(node)
      const seen = this.nodes.map((other) => `${other.name}=${view.members.get(other.name) ?? '-'}`).join(' ')
      const paused = node.process?.isPaused === true ? ' paused' : ''
      return `${node.name} ${node.state}${paused} ${columnsOf(view)} ${node.lastEnd} | ${seen}`
    })
  }

  #view(node: SimNode): View {
    const view = this.#views.get(node.name)
    if (view === undefined) throw new Error(`no view of ${node.name}`)
    return view
  }

  #traceOf(node: SimNode): AgentTrace {
    const view = this.#view(node)
    view.role = 'follower'
    view.members.clear()
    return {
      onGossip: (pool, effect) => {
        if (pool !== 'lan') return
        this.check(() => this.gossip.onEffect(node.name, effect))
        this.#onGossip(node, effect)
      },
      onRaftStart: (restored) => {
        this.check(() => this.raft.onStart(node.id, restored))
        this.note(
          node.name,
          `raft term ${restored.hardState.term} log ${restored.entries.at(-1)?.index ?? 0}`,
        )
      },
      onRaftInput: (input) => this.check(() => this.raft.onInput(node.id, input)),
      onRaft: (effect) => {
        this.check(() => this.raft.onEffect(node.id, effect))
        this.#onRaft(node, effect)
      },
    }
  }

  #onGossip(node: SimNode, effect: GossipEffect): void {
    const view = this.#view(node)
    if (effect.kind === 'observed') {
      const { event } = effect
      if (event.kind === 'suspected') this.note(node.name, `suspects ${event.name}`)
      if (event.kind === 'refuted') this.note(node.name, `refutes ${event.incarnation}`)
    }
    if (effect.kind !== 'memberChanged') return
    const { event, member } = effect
    if (event === 'reaped') view.members.delete(member.name)
    else view.members.set(member.name, member.status)
    this.note(node.name, `${member.name} ${event}`)
  }

  #onApply(node: SimNode, view: View, entries: readonly Entry[]): void {
    view.applied = entries.at(-1)?.index ?? view.applied
    for (const { index } of entries) {
      if (!this.appliedAtMicros.has(index)) this.appliedAtMicros.set(index, this.world.scheduler.nowMicros)
    }
    this.note(node.name, `applies ${entries.length}`)
  }

  #noteVoters(effect: Extract<RaftEffect, { readonly kind: 'configurationChanged' }>): void {
    const { configuration, index, committed } = effect
    const voters = configuration.servers.filter((server) => server.suffrage === 'voter')
    for (const which of committed ? (['final', 'newest'] as const) : (['newest'] as const)) {
      if (index < this.#votersIndex[which]) continue
      this.#votersIndex[which] = index
      this.voters[which] = voters.map((server) => server.id)
    }
  }

  #onRaft(node: SimNode, effect: RaftEffect): void {
    const view = this.#view(node)
    switch (effect.kind) {
      case 'roleChanged':
        view.role = effect.role
        view.term = effect.term
        this.note(node.name, `role ${effect.role} leader ${effect.leader?.slice(-2) ?? '-'}`)
        return
      case 'apply':
        this.#onApply(node, view, effect.entries)
        return
      case 'configurationChanged':
        this.#noteVoters(effect)
        this.note(
          node.name,
          `servers ${effect.configuration.servers.length}${effect.committed ? ' final' : ''}`,
        )
        return
      case 'snapshotDue':
      case 'compact':
      case 'restoreSnapshot':
        if (effect.kind === 'restoreSnapshot') this.restores++
        this.note(node.name, effect.kind)
        return
      default:
    }
  }
}

function columnsOf({ role, term, applied, members }: View): string {
  const alive = [...members.values()].filter((status) => status === 'alive').length
  const counts = `${alive}/${members.size}`.padEnd(7)
  return `${role.padEnd(12)} ${String(term).padStart(3)} ${String(applied).padStart(5)} ${counts}`
}
