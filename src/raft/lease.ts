// What a leader may say because nobody else can lead at this moment: the lease (thesis 6.4.1), and by it how fresh its
// own state and those of its followers are.
import type { Core } from './core.ts'
import type { Progress } from './progress.ts'
import { isSoleVoter } from './quorum.ts'
import type { Leader } from './roles.ts'

/**
 * The index from which on a read may be answered without asking anybody, or null (thesis 6.4.1): the own noop is
 * committed, and a quorum knew this leader less than a lease ago.
 */
export function leaseReadIndex(core: Core, leader: Leader, nowMs: number): number | null {
  if (core.commitIndex < leader.noopIndex || leader.isLeaseVoid) return null
  return nowMs < leaseEndMs(core, leader) ? core.commitIndex : null
}

/** Until when nobody else can have committed anything. */
function leaseEndMs(core: Core, leader: Leader): number {
  if (isSoleVoter(core.configuration, core.id)) return Infinity
  const { confirmedStartMs } = leader.rounds
  return leader.isLeaseVoid ? confirmedStartMs : confirmedStartMs + core.timing.leaseMs
}

/** Before which time everything that was acknowledged is in this leader's state; null while its noop is not. */
export function leaderFreshMs(core: Core, leader: Leader, nowMs: number): number | null {
  if (core.appliedIndex < leader.noopIndex) return null
  const atMs = Math.min(nowMs, leaseEndMs(core, leader))
  return atMs === -Infinity ? null : atMs
}

/**
 * The mark to echo to a follower: the last one under the lease; else the last one that was here before a round began
 * which a quorum has confirmed since.
 */
export function echoFor(core: Core, leader: Leader, progress: Progress): number {
  if (core.commitIndex < leader.noopIndex) return 0
  progress.awaited ??= { round: leader.rounds.current + 1, mark: progress.mark }
  return leaseReadIndex(core, leader, core.nowMs) === null ? progress.confirmedMark : progress.mark
}

/** A round was confirmed: this was the leader for certain when it began. */
export function confirmMarks(leader: Leader): void {
  for (const progress of leader.progressById.values()) {
    const { awaited } = progress
    if (awaited === null || awaited.round > leader.rounds.confirmed) continue
    progress.confirmedMark = awaited.mark
    progress.awaited = null
  }
}
