// How a server leaves the consensus before it goes (thesis 3.10, 4.2.2).
import type { Address } from '../model/address.ts'
import type { Clock } from '../runtime/host.ts'
import type { LocalServer } from './router.ts'
import type { Logger } from './log.ts'
import type { RaftNode } from './raft-node.ts'
import { sleep } from './sleep.ts'

/** What giving the seat up needs. */
export interface SeatOptions {
  readonly id: string
  readonly clock: Clock
  readonly raft: RaftNode
  readonly local: LocalServer
  /** Asks the leader to take this server out of the Raft configuration. */
  readonly askToRemove: (leader: Address, deadlineMs: number) => Promise<unknown>
  readonly log: Logger
}

/** How long a leaving server waits to see itself out of the Raft configuration (reference: 5 s). */
const leaveRemovalMs = 5000
/** A leaving server looks again this soon whether it is out. */
const leavePauseMs = 50

/**
 * Gives the leadership away and leaves the Raft configuration, so that the others' majority shrinks in good order.
 * True if there are other servers. Gives up after a while: the leader also removes a member that has left.
 */
export async function giveUpSeat(options: SeatOptions): Promise<boolean> {
  const { clock, raft, local, askToRemove, id, log } = options
  const isMember = (): boolean => raft.machine.configuration.servers.some((server) => server.id === id)
  if (!isMember() || raft.machine.configuration.servers.length === 1) return false
  const untilMs = clock.nowMs() + leaveRemovalMs
  const isOver = new AbortController()
  const disarm = clock.wakeAt(untilMs, () => isOver.abort())
  while (isMember() && !isOver.signal.aborted) {
    const leader = local.leaderAddress()
    if (leader !== null) await askToRemove(leader, untilMs)
    else if (local.isLeader()) await unless(isOver.signal, handOver(raft, id))
    if (isMember()) await sleep(clock, leavePauseMs, isOver.signal)
  }
  disarm()
  if (isMember()) log.warn('Still in the Raft configuration; the leader will remove this server')
  return true
}

/** Waits for work, or for an abort: the work then goes on unwatched. */
function unless(signal: AbortSignal, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      signal.removeEventListener('abort', finish)
      resolve()
    }
    signal.addEventListener('abort', finish)
    void work.then(finish)
  })
}

/** A leader that nobody takes over from removes itself: the others elect one when that is committed (thesis 4.2.2). */
async function handOver(raft: RaftNode, id: string): Promise<void> {
  if (!(await raft.transferLeadership(null))) await raft.changeServer({ kind: 'remove', id })
}
