// What goes into the Raft machine and what comes out: local inputs and effects. None of it is on the wire.
import type { Configuration, Entry, HardState, RaftMessage, ServerId, SnapshotMeta } from './message.ts'

/** Events and commands for the machine. */
export type RaftInput =
  /** A deadline has come. */
  | { readonly kind: 'wake' }
  | { readonly kind: 'received'; readonly from: ServerId; readonly message: RaftMessage }
  /** All writes up to and including `write` are durable. */
  | { readonly kind: 'persisted'; readonly write: number }
  /** The state store has applied everything up to `index`. */
  | { readonly kind: 'applied'; readonly index: number }
  /** Append these commands. Each is answered by `proposalAccepted` or `proposalRefused`. */
  | { readonly kind: 'propose'; readonly proposals: readonly Proposal[] }
  /** A linearizable read wants to know from which index on it may be answered (thesis 6.4). */
  | { readonly kind: 'readIndex'; readonly request: number }
  /** Hand the leadership to this voter, or to the one with the longest log (thesis 3.10). */
  | { readonly kind: 'transferLeadership'; readonly to: ServerId | null }
  /** Change one server (thesis 4.1). Answered by `proposalAccepted` or `proposalRefused` with this request number. */
  | { readonly kind: 'changeServer'; readonly request: number; readonly change: ServerChange }
  /** First start of a cluster: this configuration becomes entry 1. Does nothing when there is any state. */
  | { readonly kind: 'bootstrap'; readonly configuration: Configuration }
  /** The driver has written a snapshot of what was applied; the log may be cut. */
  | { readonly kind: 'snapshotTaken'; readonly snapshot: SnapshotMeta }
  /** The answer to `readSnapshotChunk`. */
  | {
      readonly kind: 'snapshotChunkRead'
      readonly to: ServerId
      readonly snapshot: SnapshotMeta
      readonly offset: number
      readonly data: Uint8Array
    }
  /** The snapshot that `readSnapshotChunk` asked for is gone or damaged: go on with the latest one. */
  | { readonly kind: 'snapshotChunkUnreadable'; readonly to: ServerId; readonly snapshotIndex: number }
  /** The answer to `writeSnapshotChunk`; `offset` is where the written chunk ends, the next byte wanted. */
  | { readonly kind: 'snapshotChunkWritten'; readonly snapshotIndex: number; readonly offset: number }
  /** The received snapshot is durable, verified, and the state store holds it. */
  | { readonly kind: 'snapshotRestored'; readonly snapshot: SnapshotMeta }
  /** The received snapshot was damaged or could not be restored; it has been discarded. */
  | { readonly kind: 'snapshotRejected'; readonly snapshotIndex: number }
  /**
   * The connection to this leader broke, or gossip says that it failed. A follower of it stands for election as
   * soon as the leader's lease must have ended; nothing happens if another leader is known, or if it is heard again.
   */
  | { readonly kind: 'leaderUnreachable'; readonly leader: ServerId }

/** A place in the log. */
export interface LogPosition {
  readonly index: number
  readonly term: number
}

/**
 * A command to be appended; `request` is the driver's number for it. `data` is the log's from now on: no view of a
 * larger buffer, which it would keep alive, and never written to again.
 */
export interface Proposal {
  readonly request: number
  readonly data: Uint8Array
}

/** A change of one server. */
export type ServerChange =
  | { readonly kind: 'addLearner'; readonly id: ServerId; readonly address: string }
  | { readonly kind: 'promote'; readonly id: ServerId }
  | { readonly kind: 'demote'; readonly id: ServerId }
  | { readonly kind: 'remove'; readonly id: ServerId }
  | { readonly kind: 'setAddress'; readonly id: ServerId; readonly address: string }

/** What the driver must do, in order. */
export type RaftEffect =
  | { readonly kind: 'send'; readonly to: ServerId; readonly message: RaftMessage }
  /**
   * Write, then sync, then send `sendWhenDurable`, then feed back `persisted`. Writes are in order; the driver
   * may join several into one sync. Entries replace whatever the log holds from `entries[0].index` on. A write
   * may be empty: it is durable when those before it are. With `reset` all entries so far are void and the log
   * goes on behind that index (a snapshot has taken their place).
   */
  | {
      readonly kind: 'persist'
      readonly write: number
      readonly hardState: HardState | null
      readonly reset: LogPosition | null
      readonly entries: readonly Entry[]
      readonly sendWhenDurable: readonly { readonly to: ServerId; readonly message: RaftMessage }[]
    }
  /** These entries are committed: apply them in order, then feed back `applied`. */
  | { readonly kind: 'apply'; readonly entries: readonly Entry[] }
  /** The proposal is in the leader's log there; it is done when that index is applied with that term. */
  | {
      readonly kind: 'proposalAccepted'
      readonly request: number
      readonly index: number
      readonly term: number
    }
  | { readonly kind: 'proposalRefused'; readonly request: number; readonly reason: ProposalRefusal }
  /** The read may be answered once `index` is applied. */
  | { readonly kind: 'readReady'; readonly request: number; readonly index: number }
  | {
      readonly kind: 'readRefused'
      readonly request: number
      readonly reason: 'notLeader' | 'leadershipLost'
    }
  /** Role, term or known leader have changed. What became of proposals is known when their index is applied. */
  | {
      readonly kind: 'roleChanged'
      readonly role: RoleName
      readonly term: number
      readonly leader: ServerId | null
    }
  /** A new configuration is in force; `committed` tells whether it is final. */
  | {
      readonly kind: 'configurationChanged'
      readonly configuration: Configuration
      readonly index: number
      readonly committed: boolean
    }
  /** A learner has caught up and may be promoted. */
  | { readonly kind: 'learnerCaughtUp'; readonly id: ServerId }
  /** Enough entries since the last snapshot: write one of what is applied, then feed back `snapshotTaken`. */
  | { readonly kind: 'snapshotDue' }
  /** Entries up to `index` may be deleted from disk; those behind are kept for slow followers. */
  | { readonly kind: 'compact'; readonly index: number }
  /** Read this part of the latest snapshot for a follower, then feed back `snapshotChunkRead`. */
  | {
      readonly kind: 'readSnapshotChunk'
      readonly to: ServerId
      readonly snapshot: SnapshotMeta
      readonly offset: number
      readonly length: number
    }
  /** Write this part of an incoming snapshot (offset 0 starts a new file), then feed back `snapshotChunkWritten`. */
  | {
      readonly kind: 'writeSnapshotChunk'
      readonly snapshot: SnapshotMeta
      readonly offset: number
      readonly data: Uint8Array
    }
  /** All chunks are there: sync, verify, restore, then feed back `snapshotRestored` or `snapshotRejected`. */
  | { readonly kind: 'restoreSnapshot'; readonly snapshot: SnapshotMeta }
  | { readonly kind: 'transferEnded'; readonly ok: boolean; readonly reason: string }
  /** A well-formed but wrong message was dropped. */
  | {
      readonly kind: 'rejected'
      readonly reason: RaftRejection
      readonly from: ServerId
      readonly detail: string
    }

/** Roles by name. */
export type RoleName = 'follower' | 'preCandidate' | 'candidate' | 'leader'

/** Why a proposal or a change was not appended. Nothing was changed. */
export type ProposalRefusal =
  | 'notLeader'
  | 'overloaded'
  | 'tooLarge'
  | 'transferring'
  /** One change at a time: the last one is not committed yet (thesis 4.1), or the leader's noop is not. */
  | 'changeInProgress'
  | 'unknownServer'
  | 'noChange'
  /** The change would leave no voter. */
  | 'lastVoter'

/** Why a message was dropped; each becomes a counter. */
export type RaftRejection = 'unknownSender' | 'staleTerm' | 'badEntries' | 'notLeader' | 'staleSnapshot'
