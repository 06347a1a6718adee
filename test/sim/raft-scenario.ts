// One run of bare Raft machines: a phase with faults drawn from the seed, then healing, then agreement on everything.
import type { ServerId } from '../../src/raft/message.ts'
import { Violation } from './raft-checks.ts'
import { breathe, checkQuiet } from './raft-breathing.ts'
import { RaftWorld } from './raft-network.ts'
import type { WorldOptions } from './raft-network.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

/** What a run is made of; everything not given is drawn from the seed. */
export interface ScenarioOptions extends Pick<WorldOptions, 'wrap' | 'bug'> {
  readonly seed: number
  readonly faultyMs?: number
  /** The cluster shrinks to one server and grows again, over and over. */
  readonly breathes?: boolean
}

/** Runs one seed to its end and returns the world. Throws Violation. */
export function runScenario(options: ScenarioOptions): RaftWorld {
  const { seed, wrap, bug, breathes = false } = options
  const size = [1, 2, 3, 3, 3, 4, 5, 5][seed % 8] ?? 3
  const servers = names.slice(0, size)
  const world = new RaftWorld({
    seed,
    servers,
    ...(wrap === undefined ? {} : { wrap }),
    ...(bug === undefined ? {} : { bug }),
  })
  // Swarm: each kind of fault is off in many runs.
  const pick = (values: readonly number[]): number => world.random.pick(values) ?? 0
  world.faults = {
    loss: pick([0, 0, 20, 100]),
    duplication: pick([0, 0, 50]),
    latencyMsMax: pick([2, 5, 40, 120]),
    syncMsMax: pick([1, 5, 60]),
  }
  world.bootstrap(servers)
  const weights = drawWeights(world)
  startClient(world)
  startFaults(world, weights)
  if (breathes) breathe(world, () => isFaulty(world))
  try {
    world.run(options.faultyMs ?? 6000)
    settle(world)
    if (breathes) checkQuiet(world)
  } catch (error) {
    if (error instanceof Violation) error.trace = world.trace
    throw error
  }
  return world
}

type Fault = (world: RaftWorld) => void

function drawWeights(world: RaftWorld): readonly Fault[] {
  const chosen = faults.filter(() => world.random.chance(500))
  return chosen.length === 0 ? faults : chosen
}

function startFaults(world: RaftWorld, chosen: readonly Fault[]): void {
  const next = (): void => {
    const fault = world.random.pick(chosen)
    if (isFaulty(world)) fault?.(world)
    world.at(world.random.between(20, 700), next)
  }
  world.at(world.random.between(300, 900), next)
}

function isFaulty(world: RaftWorld): boolean {
  return !world.trace.includes(healed)
}

const healed = 'healed'

function anyServer(world: RaftWorld): ServerId {
  return world.random.pick([...world.servers.keys()]) ?? 'a'
}

/** Half of the faults hit the leader: that is where it hurts. */
function victim(world: RaftWorld): ServerId {
  const leader = world.leader?.id
  return leader !== undefined && world.random.chance(500) ? leader : anyServer(world)
}

const faults: readonly Fault[] = [
  function crash(world) {
    const id = victim(world)
    world.crash(id)
    world.at(world.random.between(1, 1500), () => world.start(id))
  },
  function crashAll(world) {
    if (!world.random.chance(200)) return
    for (const id of world.servers.keys()) {
      world.crash(id)
      world.at(world.random.between(1, 300), () => world.start(id))
    }
  },
  function isolate(world) {
    world.isolate(victim(world))
    world.at(world.random.between(100, 2500), () => world.heal())
  },
  function isolateAndTell(world) {
    // What a broken switch looks like: the leader lives, reads go on at it, and the others are told that it is gone.
    const { leader } = world
    if (leader === undefined) return
    world.isolate(leader.id)
    for (const id of world.servers.keys()) world.feed(id, { kind: 'leaderUnreachable', leader: leader.id })
    for (let inMs = 10; inMs < 800; inMs += 10) world.at(inMs, () => world.read(leader.id))
    world.at(world.random.between(500, 1500), () => world.heal())
  },
  function oneWay(world) {
    world.cut(victim(world), anyServer(world))
    world.at(world.random.between(100, 2500), () => world.heal())
  },
  function split(world) {
    const left = [...world.servers.keys()].filter(() => world.random.chance(500))
    const right = [...world.servers.keys()].filter((id) => !left.includes(id))
    for (const a of left) {
      for (const b of right) {
        world.cut(a, b)
        world.cut(b, a)
      }
    }
    world.at(world.random.between(100, 2500), () => world.heal())
  },
  function pause(world) {
    world.pause(victim(world), world.random.between(50, 1800))
  },
  function transfer(world) {
    const { leader } = world
    if (leader !== undefined)
      world.feed(leader.id, {
        kind: 'transferLeadership',
        to: world.random.chance(500) ? null : anyServer(world),
      })
  },
  function unreachable(world) {
    const { leader } = world
    for (const id of world.servers.keys()) {
      if (leader !== undefined && world.random.chance(700))
        world.feed(id, { kind: 'leaderUnreachable', leader: leader.id })
    }
  },
  function change(world) {
    const { leader } = world
    if (leader === undefined) return
    const id = world.random.pick([...world.servers.keys(), 'x', 'y']) ?? 'x'
    if (!world.servers.has(id)) world.addServer(id)
    const kind =
      world.random.pick(['addLearner', 'promote', 'promote', 'demote', 'remove'] as const) ?? 'promote'
    world.changeServer(leader.id, kind === 'addLearner' ? { kind, id, address: `${id}:8300` } : { kind, id })
  },
]

/** Writes and reads, mostly at the leader, sometimes where they do not belong. */
function startClient(world: RaftWorld): void {
  let written = 0
  const next = (): void => {
    const target = world.random.chance(900) ? world.leader?.id : anyServer(world)
    const burst = world.random.chance(100) ? world.random.between(2, 30) : 1
    for (let count = 0; count < burst && target !== undefined; count++) {
      written += 1
      world.propose(target, `w${written}${'.'.repeat(world.random.below(40))}`)
    }
    for (const server of world.running) if (world.random.chance(300)) world.read(server.id)
    if (isFaulty(world)) world.at(world.random.between(1, 60), next)
  }
  world.at(50, next)
}

/** Heals everything: a leader must be found, everybody must agree, and no acknowledged write may be missing. */
function settle(world: RaftWorld): void {
  world.trace.push(healed)
  world.faults = { loss: 0, duplication: 0, latencyMsMax: 3, syncMsMax: 3 }
  world.heal()
  for (const id of world.servers.keys()) world.start(id)
  const isAgreed = (): boolean => {
    const { leader } = world
    if (leader?.raft === null || leader?.raft === undefined) return false
    const { raft } = leader
    if (raft.commitIndex !== raft.lastIndex || raft.configurationIndex > raft.commitIndex) return false
    return members(world).every((id) => world.server(id).appliedIndex === leader.appliedIndex)
  }
  if (!world.run(20_000, isAgreed)) throw new Violation('convergence', describe(world))
  const states = members(world).map((id) => world.server(id).state.join(' '))
  if (new Set(states).size > 1) throw new Violation('convergence', 'states differ')
  checkAcknowledged(world)
}

function members(world: RaftWorld): readonly ServerId[] {
  return world.leader?.raft?.configuration.servers.map((server) => server.id) ?? []
}

function checkAcknowledged(world: RaftWorld): void {
  const state = world.leader?.state ?? []
  const held = new Set(state)
  if (held.size !== state.length) throw new Violation('acknowledged', 'a write was applied twice')
  for (const command of world.acknowledged) {
    if (!held.has(command)) throw new Violation('acknowledged', `write ${command} is lost`)
  }
}

/** One line per server, for a run that cannot end. */
function describe(world: RaftWorld): string {
  const lines = [...world.servers.values()].map(({ id, raft, appliedIndex }) => {
    if (raft === null) return `${id} down`
    const servers = raft.configuration.servers
      .map((server) => `${server.id}:${server.suffrage[0] ?? ''}`)
      .join(',')
    const peers = raft.progress
      .map((peer) => `${peer.id}=${peer.state}/${peer.matchIndex}/${peer.nextIndex}`)
      .join(' ')
    return (
      `${id} ${raft.role} term=${raft.term} leader=${raft.leader ?? '-'} commit=${raft.commitIndex} ` +
      `last=${raft.lastIndex} applied=${appliedIndex} snapshot=${raft.snapshotIndex} [${servers}] ${peers}`
    )
  })
  return `\n${lines.join('\n')}`
}
