// Clusters of bare Raft machines that shrink to one server and grow again, again and again.
import type { ServerChange } from '../../src/raft/events.ts'
import type { ServerId } from '../../src/raft/message.ts'
import type { Raft } from '../../src/raft/raft.ts'
import { Violation } from './raft-checks.ts'
import type { RaftWorld } from './raft-network.ts'

const names: readonly ServerId[] = ['a', 'b', 'c', 'd']

/** Changes one server after the other while `isOn`; some snapshots cannot be written, some are found damaged after a crash. */
export function breathe(world: RaftWorld, isOn: () => boolean): void {
  world.faults = { ...world.faults, badSaves: world.random.pick([0, 100, 500]) ?? 0 }
  const changesMsMax = world.random.pick([100, 300, 1000]) ?? 300
  let grows = true
  let size = world.random.between(2, 4)
  const next = (): void => {
    if (!isOn()) return
    const { leader } = world
    if (leader !== undefined && leader.raft !== null && leader.pausedUntilMs <= world.nowMs) {
      const count = leader.raft.configuration.servers.length
      if (grows && count >= size) grows = false
      else if (!grows && count === 1) {
        grows = true
        size = world.random.between(2, 4)
        world.counts.alone += 1
      }
      const change = nextChange(world, leader.raft, grows)
      if (change !== undefined) world.changeServer(leader.id, change)
    }
    if (world.random.chance(50)) restartDamaged(world)
    world.at(world.random.between(10, changesMsMax), next)
  }
  world.at(world.random.between(100, 500), next)
}

/** Half of the time the leader itself may go. */
function nextChange(world: RaftWorld, raft: Raft, grows: boolean): ServerChange | undefined {
  const { servers } = raft.configuration
  if (!grows) {
    const others = world.random.chance(500) ? servers : servers.filter(({ id }) => id !== raft.id)
    const id = world.random.pick(others)?.id
    return id === undefined ? undefined : { kind: 'remove', id }
  }
  const learner = servers.find(({ suffrage }) => suffrage === 'learner')
  if (learner !== undefined && world.random.chance(700)) return { kind: 'promote', id: learner.id }
  const id = world.random.pick(names.filter((name) => !servers.some((server) => server.id === name)))
  if (id === undefined) return undefined
  if (!world.servers.has(id)) world.addServer(id)
  return { kind: 'addLearner', id, address: `${id}:8300` }
}

function restartDamaged(world: RaftWorld): void {
  const id = world.random.pick([...world.servers.keys()])
  if (id === undefined || world.server(id).raft === null) return
  world.crash(id)
  world.server(id).disk.damageLatest()
  world.at(world.random.between(1, 300), () => world.start(id))
}

/** With nothing to do a cluster says little more than its heartbeats, and writes no snapshots. */
export function checkQuiet(world: RaftWorld): void {
  // A process that was paused goes on meanwhile.
  world.run(3000)
  const before = { ...world.counts }
  world.run(3000)
  const { saves, messages } = world.counts
  if (saves > before.saves) throw new Violation('quiet', `${saves - before.saves} snapshots of nothing`)
  const said = messages - before.messages
  if (said > 60 * world.servers.size) throw new Violation('quiet', `${said} messages about nothing`)
}
