// The Raft machine: the term rule first, then the step of the role. Paper: Ongaro, Ousterhout, extended version;
// thesis: Ongaro. No clock, no disk, no network: see DESIGN.md for how it is driven.
import type { Machine } from '../lib/machine.ts'
import { assert, unreachable } from '../lib/assert.ts'
import type { RaftConfig } from './config.ts'
import { Core } from './core.ts'
import {
  hasLiveLeader,
  onElectionTimeout,
  onPreVoteReply,
  onRequestVote,
  onVoteReply,
  refuseVote,
} from './election.ts'
import type { RaftEffect, RaftInput, RoleName } from './events.ts'
import { onAppendEntries, onTimeoutNow, refuseLeader } from './follower.ts'
import { finishLeader, onAppendEntriesReply, onHeartbeatDue, onInstallSnapshotReply } from './leader.ts'
import { leaderFreshMs, leaseReadIndex } from './lease.ts'
import { onLocal } from './local.ts'
import type { Configuration, RaftMessage, ServerId, SnapshotMeta } from './message.ts'
import { compact, onInstallSnapshot } from './snapshot.ts'

/** A Raft server as a value. The getters are for the driver and for people; they change nothing. */
export interface Raft extends Machine<RaftInput, RaftEffect> {
  readonly id: ServerId
  readonly role: RoleName
  readonly term: number
  readonly votedFor: ServerId | null
  /** The leader of the present term, if it is known; this server itself while it leads. */
  readonly leader: ServerId | null
  readonly commitIndex: number
  readonly lastApplied: number
  readonly lastIndex: number
  readonly lastTerm: number
  /** Entries from here on are in memory. */
  readonly firstIndex: number
  /** Index and term of the latest snapshot, 0 if there is none. */
  readonly snapshotIndex: number
  readonly snapshotTerm: number
  /** Entries up to here survive a crash of this server. */
  readonly durableIndex: number
  /** The configuration in force, and the index of its entry. */
  readonly configuration: Configuration
  readonly configurationIndex: number
  /** The configuration that is final, and the index of its entry. */
  readonly committedConfiguration: Configuration
  readonly committedConfigurationIndex: number
  /** The peers, on the leader; empty elsewhere. */
  readonly progress: readonly PeerProgress[]
  /** Time of the last word of a leader, or null if none was heard yet; the present on the leader itself. */
  readonly lastContactMs: number | null
  /**
   * Before which time everything that was acknowledged is in the applied state; null if nothing is known of its age.
   * Never later than `nowMs`.
   */
  freshMs(nowMs: number): number | null
  /** From which index on a read may be answered under the leader's lease (thesis 6.4.1), or null: ask `readIndex`. */
  leaseReadIndex(nowMs: number): number | null
  /**
   * What a snapshot of the state stands for; its size is not known yet. `index` is what the state has applied, which
   * may be ahead of `lastApplied` while `applied` is on its way here; it is at least `snapshotIndex`.
   */
  snapshotMeta(index?: number): Omit<SnapshotMeta, 'size'>
}

/** What the leader knows of one peer. */
export interface PeerProgress {
  readonly id: ServerId
  readonly state: 'probe' | 'replicate' | 'snapshot'
  readonly matchIndex: number
  /** Term of the entry at `matchIndex`; 0 while that is not known, or compacted away. */
  readonly matchTerm: number
  readonly nextIndex: number
  readonly lastContactMs: number
}

/** A server that goes on from what its disk holds. `config.seed` must differ between servers. */
export function createRaft(config: RaftConfig, nowMs: number): Raft {
  return new RaftMachine(config, nowMs)
}

class RaftMachine implements Raft {
  readonly #core: Core
  #wakeAtMs: number

  constructor(config: RaftConfig, nowMs: number) {
    this.#core = new Core(config, nowMs)
    compact(this.#core)
    this.#wakeAtMs = this.#deadlineMs()
  }

  /** Never throws on what a peer sent; throws AssertionError if the driver breaks its part of the contract. */
  step(input: RaftInput, nowMs: number): readonly RaftEffect[] {
    const core = this.#core
    core.nowMs = Math.max(core.nowMs, nowMs)
    if (input.kind === 'wake') this.#onWake()
    else if (input.kind === 'received') onReceived(core, input.from, input.message)
    else onLocal(core, input)
    if (core.role.kind === 'leader') finishLeader(core, core.role)
    // A deadline that moved away is noticed at the old time: no timer is armed anew for every heartbeat.
    const deadlineMs = this.#deadlineMs()
    this.#wakeAtMs = input.kind === 'wake' ? deadlineMs : Math.min(this.#wakeAtMs, deadlineMs)
    return core.outbox.finish()
  }

  get wakeAtMs(): number {
    return this.#wakeAtMs
  }

  #deadlineMs(): number {
    const { role } = this.#core
    return role.kind === 'leader' ? role.heartbeatAtMs : role.electionAtMs
  }

  #onWake(): void {
    const core = this.#core
    if (core.nowMs < this.#deadlineMs()) return
    if (core.role.kind === 'leader') onHeartbeatDue(core, core.role)
    else onElectionTimeout(core)
  }

  get id(): ServerId {
    return this.#core.id
  }

  get role(): RoleName {
    return this.#core.role.kind
  }

  get term(): number {
    return this.#core.term
  }

  get votedFor(): ServerId | null {
    return this.#core.votedFor
  }

  get leader(): ServerId | null {
    return this.#core.leader
  }

  get commitIndex(): number {
    return this.#core.commitIndex
  }

  get lastApplied(): number {
    return this.#core.appliedIndex
  }

  get lastIndex(): number {
    return this.#core.log.lastIndex
  }

  get lastTerm(): number {
    return this.#core.log.lastTerm
  }

  get firstIndex(): number {
    return this.#core.log.baseIndex + 1
  }

  get snapshotIndex(): number {
    return this.#core.snapshot?.index ?? 0
  }

  get snapshotTerm(): number {
    return this.#core.snapshot?.term ?? 0
  }

  get durableIndex(): number {
    return this.#core.outbox.durableIndex
  }

  get configuration(): Configuration {
    return this.#core.configuration
  }

  get configurationIndex(): number {
    return this.#core.configurations.latest.index
  }

  get committedConfiguration(): Configuration {
    return this.#core.configurations.committed.configuration
  }

  get committedConfigurationIndex(): number {
    return this.#core.configurations.committed.index
  }

  get progress(): readonly PeerProgress[] {
    const { role, log } = this.#core
    if (role.kind !== 'leader') return []
    return [...role.progressById.values()].map(({ id, state, matchIndex, nextIndex, contactMs }) => {
      const matchTerm = log.termAt(matchIndex) ?? 0
      return { id, state: state.kind, matchIndex, matchTerm, nextIndex, lastContactMs: contactMs }
    })
  }

  get lastContactMs(): number | null {
    return this.#core.role.kind === 'leader' ? this.#core.nowMs : this.#core.contactMs
  }

  freshMs(nowMs: number): number | null {
    const { role, freshness } = this.#core
    const asLeader = role.kind === 'leader' ? leaderFreshMs(this.#core, role, nowMs) : null
    if (asLeader === null || freshness.freshMs === null) return asLeader ?? freshness.freshMs
    return Math.max(asLeader, freshness.freshMs)
  }

  leaseReadIndex(nowMs: number): number | null {
    const { role } = this.#core
    return role.kind === 'leader' ? leaseReadIndex(this.#core, role, nowMs) : null
  }

  snapshotMeta(index = this.lastApplied): Omit<SnapshotMeta, 'size'> {
    const { configurations, dispatchedIndex, log } = this.#core
    const term = log.termAt(index)
    assert(
      term !== undefined && index <= dispatchedIndex,
      () => `index ${index} was handed out and is in the log`,
    )
    const { configuration, index: configurationIndex } = configurations.at(index)
    return { index, term, configuration, configurationIndex }
  }
}

/** A message: the term first (paper 5.1), then the role. */
function onReceived(core: Core, from: ServerId, message: RaftMessage): void {
  if (from === core.id) return core.reject('unknownSender', from, 'a message from this server itself')
  if (settleTerm(core, from, message)) onMessage(core, from, message)
}

/**
 * The term rule (paper 5.1): a higher term is adopted, a lower one refused. Exceptions: pre-votes change no term
 * (thesis 9.6), and vote requests do not disturb a live leader (thesis 4.2.3) unless it hands over itself (3.10).
 *
 * @returns true if the message is to be handled
 */
function settleTerm(core: Core, from: ServerId, message: RaftMessage): boolean {
  if (message.kind === 'requestVote' && isDisturbing(core, message)) {
    if (message.isPreVote) refuseVote(core, from, message)
    return false
  }
  if (message.term < core.term) {
    refuseStale(core, from, message)
    return false
  }
  if (message.term > core.term && !isHypothetical(message)) {
    const isLeaders = message.kind === 'appendEntries' || message.kind === 'installSnapshot'
    core.becomeFollower(message.term, isLeaders ? from : null)
  }
  return true
}

/** Thesis 9.6: the term of a pre-vote is one that would be used. */
function isHypothetical(message: RaftMessage): boolean {
  if (message.kind === 'requestVote') return message.isPreVote
  return message.kind === 'requestVoteReply' && message.isPreVote && message.granted
}

function isDisturbing(core: Core, message: Extract<RaftMessage, { kind: 'requestVote' }>): boolean {
  if (message.isTransfer || !hasLiveLeader(core)) return false
  return message.isPreVote || message.term > core.term
}

function refuseStale(core: Core, from: ServerId, message: RaftMessage): void {
  switch (message.kind) {
    case 'appendEntries':
    case 'installSnapshot':
      return refuseLeader(core, from, message)
    case 'requestVote':
      return refuseVote(core, from, message)
    case 'appendEntriesReply':
    case 'installSnapshotReply':
    case 'requestVoteReply':
    case 'timeoutNow':
      return core.reject('staleTerm', from, `${message.kind} of term ${message.term} in term ${core.term}`)
    default:
      return unreachable(message)
  }
}

/** A message of the present term (or a pre-vote). Replies to a role that has ended are dropped in silence. */
function onMessage(core: Core, from: ServerId, message: RaftMessage): void {
  const { role } = core
  switch (message.kind) {
    case 'requestVote':
      return onRequestVote(core, from, message)
    case 'requestVoteReply':
      if (role.kind === 'preCandidate') onPreVoteReply(core, role, from, message)
      else if (role.kind === 'candidate') onVoteReply(core, role, from, message)
      return
    case 'appendEntries':
      return onAppendEntries(core, from, message)
    case 'appendEntriesReply':
      if (role.kind === 'leader') onAppendEntriesReply(core, role, from, message)
      return
    case 'installSnapshot':
      return onInstallSnapshot(core, from, message)
    case 'installSnapshotReply':
      if (role.kind === 'leader') onInstallSnapshotReply(core, role, from, message)
      return
    case 'timeoutNow':
      return onTimeoutNow(core, from, message)
    default:
      return unreachable(message)
  }
}
