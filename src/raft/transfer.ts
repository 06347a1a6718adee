// Handing the leadership over (thesis 3.10).
import type { Core } from './core.ts'
import type { ServerId } from './message.ts'
import { isVoter } from './quorum.ts'
import type { Leader } from './roles.ts'

/** Begins a hand-over; it ends with `transferEnded`. New proposals are refused until then. */
export function onTransferLeadership(core: Core, leader: Leader, to: ServerId | null): void {
  const end = (reason: string): void => core.outbox.emit({ kind: 'transferEnded', ok: false, reason })
  if (leader.transfer !== null) return end(`The leadership is being handed to ${leader.transfer.to} already`)
  const target = to ?? bestSuccessor(core, leader)
  if (target === undefined) return end('There is no other voter')
  const isPeer = isVoter(core.configuration, target) && leader.progressById.has(target)
  if (!isPeer) return end(`Server ${target} is not another voter of this cluster`)
  leader.transfer = { to: target, deadlineMs: core.nowMs + core.timing.electionTimeoutMs, isSent: false }
}

/** Tells the target to stand as soon as its log is complete. */
export function continueHandOver(core: Core, leader: Leader): void {
  const { transfer } = leader
  if (transfer === null || transfer.isSent) return
  if (leader.progressById.get(transfer.to)?.matchIndex !== core.log.lastIndex) return
  transfer.isSent = true
  leader.isLeaseVoid = true
  core.outbox.send(transfer.to, { kind: 'timeoutNow', term: core.term })
}

/** Thesis 3.10: after an election timeout the leader goes on as before. */
export function abandonOverdueTransfer(core: Core, leader: Leader): void {
  const { transfer } = leader
  if (transfer === null || core.nowMs < transfer.deadlineMs) return
  leader.transfer = null
  const reason = transfer.isSent ? 'did not take over' : 'did not catch up'
  core.outbox.emit({ kind: 'transferEnded', ok: false, reason: `Server ${transfer.to} ${reason} in time` })
}

/** The other voter with the longest log; of those the one heard last, then the lowest id. */
export function bestSuccessor(core: Core, leader: Leader): ServerId | undefined {
  const candidates = [...leader.progressById.values()].filter((progress) =>
    isVoter(core.configuration, progress.id),
  )
  candidates.sort(
    (a, b) => b.matchIndex - a.matchIndex || b.contactMs - a.contactMs || (a.id < b.id ? -1 : 1),
  )
  return candidates[0]?.id
}
