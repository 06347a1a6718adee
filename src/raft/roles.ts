// The roles as data: what exists only in a role exists only in its type (paper 5.1 and figure 4; thesis 9.6).
import type { ServerId } from './message.ts'
import type { Progress } from './progress.ts'
import type { Rounds } from './read-index.ts'

/** What a server is. Written by the `become…` functions of core.ts alone. */
export type Role = Follower | PreCandidate | Candidate | Leader

/** Answers leaders and candidates; stands for election when it hears of none. */
export interface Follower {
  readonly kind: 'follower'
  readonly leader: ServerId | null
  /** The drawn timeout of this stint; the deadline moves with every word of the leader. */
  readonly timeoutMs: number
  electionAtMs: number
}

/** Asks whether it would be elected (thesis 9.6); term and vote are not touched. */
export interface PreCandidate {
  readonly kind: 'preCandidate'
  readonly votes: Map<ServerId, boolean>
  readonly electionAtMs: number
}

/** Stands for election in its own term. Its own vote counts once it is durable. */
export interface Candidate {
  readonly kind: 'candidate'
  readonly votes: Map<ServerId, boolean>
  readonly electionAtMs: number
}

/** Replicates its log. */
export interface Leader {
  readonly kind: 'leader'
  /** Index of its noop: nothing before the commit of it is known to be committed (paper 8). */
  readonly noopIndex: number
  readonly progressById: Map<ServerId, Progress>
  readonly rounds: Rounds
  /** When the last tick ran, and when the next one is due. */
  tickedAtMs: number
  heartbeatAtMs: number
  transfer: Transfer | null
  /** `timeoutNow` was sent in this term: a lease could overlap with the next leader's (thesis 6.4.1). */
  isLeaseVoid: boolean
}

/** A leadership that is being handed over (thesis 3.10). */
export interface Transfer {
  readonly to: ServerId
  readonly deadlineMs: number
  isSent: boolean
}
