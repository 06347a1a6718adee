// What Raft servers say to each other, and what a log is made of (paper figures 2 and 13; thesis 3.10, 4, 9.6).
// Servers are known by id, never by address: finding the address is the driver's business.

/** A server's id: the agent's node ID, a UUID. */
export type ServerId = string

/** One entry of the log. `data` is opaque here: encoded once by whoever proposed it. */
export type Entry = CommandEntry | ConfigurationEntry | NoopEntry

/** A command for the state store. */
export interface CommandEntry {
  readonly kind: 'command'
  readonly index: number
  readonly term: number
  readonly data: Uint8Array
}

/** A new configuration, in force from the moment it is in the log (thesis 4.1). */
export interface ConfigurationEntry {
  readonly kind: 'configuration'
  readonly index: number
  readonly term: number
  readonly configuration: Configuration
}

/** What a leader appends first, to commit the entries of earlier terms (paper 5.4.2, 8). */
export interface NoopEntry {
  readonly kind: 'noop'
  readonly index: number
  readonly term: number
}

/** The servers of the cluster. Changed by one server at a time (thesis 4.1). Sorted by id. */
export interface Configuration {
  readonly servers: readonly ServerEntry[]
}

/** One server. A learner receives the log and does not vote (thesis 4.2.1). */
export interface ServerEntry {
  readonly id: ServerId
  /** Last known `ip:port` of the RPC port: a hint for a start without gossip, and for people. */
  readonly address: string
  readonly suffrage: 'voter' | 'learner'
}

/** What must be on disk before any reply that relies on it: one atomic record. */
export interface HardState {
  readonly term: number
  readonly votedFor: ServerId | null
}

/** Messages between servers. `term` is the sender's. */
export type RaftMessage =
  | RequestVote
  | RequestVoteReply
  | AppendEntries
  | AppendEntriesReply
  | InstallSnapshot
  | InstallSnapshotReply
  | TimeoutNow

/** Paper 5.2, 5.4.1; `isPreVote`: thesis 9.6, sent with the term that would be used. */
export interface RequestVote {
  readonly kind: 'requestVote'
  readonly term: number
  readonly lastIndex: number
  readonly lastTerm: number
  readonly isPreVote: boolean
  /** Leadership is being transferred: do not refuse because of a live leader (thesis 4.2.3). */
  readonly isTransfer: boolean
}

/** The answer to `requestVote` (paper 5.2). */
export interface RequestVoteReply {
  readonly kind: 'requestVoteReply'
  readonly term: number
  readonly isPreVote: boolean
  readonly granted: boolean
}

/** Paper 5.3; empty entries are the heartbeat. `readRound` is confirmed by the reply (thesis 6.4). */
export interface AppendEntries {
  readonly kind: 'appendEntries'
  readonly term: number
  readonly prevIndex: number
  readonly prevTerm: number
  readonly entries: readonly Entry[]
  readonly commitIndex: number
  readonly readRound: number
  /** The follower's last `mark` that was here while the sender was leader for certain; 0: none (freshness.ts). */
  readonly echo: number
}

/** `conflict*`: where to go on after a mismatch, in one step per term (paper 5.3, last paragraphs). */
export interface AppendEntriesReply {
  readonly kind: 'appendEntriesReply'
  readonly term: number
  readonly ok: boolean
  /** ok: last index known to match and durable. Not ok: the `prevIndex` that did not match. */
  readonly matchIndex: number
  readonly conflictIndex: number
  readonly conflictTerm: number
  readonly readRound: number
  /** The follower's time, in a form that only itself can read; 0: none. */
  readonly mark: number
}

/** One chunk of a snapshot (paper 7). */
export interface InstallSnapshot {
  readonly kind: 'installSnapshot'
  readonly term: number
  readonly snapshot: SnapshotMeta
  readonly offset: number
  readonly data: Uint8Array
  readonly done: boolean
}

/** `offset`: the next byte that is wanted, so that an interrupted transfer resumes. */
export interface InstallSnapshotReply {
  readonly kind: 'installSnapshotReply'
  readonly term: number
  readonly snapshotIndex: number
  readonly offset: number
  readonly done: boolean
}

/** Stand for election at once (thesis 3.10). */
export interface TimeoutNow {
  readonly kind: 'timeoutNow'
  readonly term: number
}

/** What a snapshot stands for: the log up to `index`. */
export interface SnapshotMeta {
  readonly index: number
  readonly term: number
  readonly configuration: Configuration
  /** Index of the entry that brought `configuration`. */
  readonly configurationIndex: number
  /** Bytes of the whole snapshot file. */
  readonly size: number
}
