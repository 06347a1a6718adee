// The parameters of one Raft server.
import type { Limits } from '../model/limits.ts'
import type { Entry, HardState, ServerId, SnapshotMeta } from './message.ts'

/** Timing. The base is 100 ms × `performance.raft_multiplier`: with the default of 5, elections after 0.5 to 1 s. */
export interface RaftTiming {
  /** Least election timeout; each is drawn from this up to twice this (paper 5.2). */
  readonly electionTimeoutMs: number
  /** Leaders say so this often. */
  readonly heartbeatMs: number
  /** A leader's lease ends this long after a quorum's last word (thesis 6.4.1); less than the election timeout. */
  readonly leaseMs: number
}

/** Timing for `performance.raft_multiplier` (1..10). */
export function raftTiming(multiplier: number): RaftTiming {
  const baseMs = 100 * multiplier
  return {
    electionTimeoutMs: baseMs,
    // Three to the least election timeout: each wakes every server, and a late one is harmless thanks to pre-vote.
    heartbeatMs: Math.max(10, Math.floor(baseMs / 3)),
    leaseMs: Math.floor((baseMs * 3) / 4),
  }
}

/** All that a Raft machine is made of. */
export interface RaftConfig {
  readonly id: ServerId
  readonly timing: RaftTiming
  readonly seed: number
  readonly limits: Limits
  /** What the disk held at the start. */
  readonly restored: RestoredLog
}

/** The durable past of a server. Empty on a first start. */
export interface RestoredLog {
  readonly hardState: HardState
  /** Latest snapshot that is already in the state store, or null. */
  readonly snapshot: SnapshotMeta | null
  /** Entries on disk, ascending and without gaps; they may begin before the snapshot's index. */
  readonly entries: readonly Entry[]
}
