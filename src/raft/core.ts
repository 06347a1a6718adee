// What all roles share: log, term and vote, commit index, timers, outbox; and the only place where the role changes.
// It knows no message but those it must send to keep the term rule.
//
//   from \ to      follower                preCandidate       candidate                     leader
//   follower       new term or leader      election timeout   timeoutNow; sole voter        never
//   preCandidate   leader heard, vote      timeout again      pre-vote won                  never
//                  given, pre-vote lost
//   candidate      new term, leader heard  election timeout   never                         vote won
//   leader         new term, no quorum,    never              never                         never
//                  no longer a voter
import { assert } from '../lib/assert.ts'
import { seededRandom } from '../lib/random.ts'
import type { Random } from '../lib/random.ts'
import type { Limits } from '../model/limits.ts'
import type { RaftConfig, RaftTiming } from './config.ts'
import { ConfigurationHistory, emptyConfiguration, isPromotable } from './configuration.ts'
import type { RaftRejection, RoleName } from './events.ts'
import { RaftLog, entryBytes } from './log.ts'
import type { Configuration, Entry, HardState, ServerId, SnapshotMeta } from './message.ts'
import { Outbox } from './outbox.ts'
import { newProgress } from './progress.ts'
import { Freshness } from './freshness.ts'
import { leaderFreshMs } from './lease.ts'
import type { Progress } from './progress.ts'
import { isSoleVoter } from './quorum.ts'
import { Rounds } from './read-index.ts'
import type { Follower, Leader, Role } from './roles.ts'

/** A snapshot on its way in: how far it is written. */
export interface IncomingSnapshot {
  readonly snapshot: SnapshotMeta
  offset: number
  isWriting: boolean
}

/** The state of one server, mutable behind `step`. Functions of the roles work on it. */
export class Core {
  readonly id: ServerId
  readonly timing: RaftTiming
  readonly limits: Limits
  readonly random: Random
  readonly log: RaftLog
  readonly outbox: Outbox
  readonly configurations: ConfigurationHistory
  readonly freshness: Freshness
  /** The time of the step that is running. */
  nowMs: number
  /** Highest index known to be committed; only grows. */
  commitIndex: number
  /** Highest index the state store has applied. */
  appliedIndex: number
  /** Highest index handed out to be applied; `appliedIndex <= dispatchedIndex <= commitIndex`. */
  dispatchedIndex: number
  /** Bytes of the entries behind `appliedIndex`. */
  unappliedBytes = 0
  /** The snapshot that the state store holds or has outgrown. */
  snapshot: SnapshotMeta | null
  /** Index of the one before it, which the disk keeps too; 0 if that is not known. */
  previousSnapshotIndex = 0
  /** Entries up to here may be gone from the disk. Those in memory begin at `log.baseIndex`. */
  compactedIndex: number
  /** Applied entries and bytes since the snapshot, and the index at which the next one is due. */
  bytesSinceSnapshot = 0
  snapshotDueIndex: number
  incoming: IncomingSnapshot | null = null
  /** A snapshot that is being restored: until it is done nothing is handed out to be applied. */
  restoring: SnapshotMeta | null = null
  /** Last word of a leader; before the first one, the start, because of what was acknowledged before a restart. */
  heardMs: number
  /** Last word of a leader, or null; for people and stale reads. */
  contactMs: number | null = null
  /** The driver says that the known leader cannot be reached. */
  isLeaderUnreachable: boolean
  #term: number
  #votedFor: ServerId | null
  #role: Role
  /** What the last `roleChanged` said. */
  #told: { readonly role: RoleName; readonly term: number; readonly leader: ServerId | null }

  constructor(config: RaftConfig, nowMs: number) {
    const { restored } = config
    this.id = config.id
    this.timing = config.timing
    this.limits = config.limits
    this.random = seededRandom(config.seed).fork('raft')
    this.nowMs = nowMs
    this.freshness = new Freshness(seededRandom(config.seed).fork('freshness'), nowMs)
    this.snapshot = restored.snapshot
    const base = restored.snapshot ?? {
      index: 0,
      term: 0,
      configuration: emptyConfiguration,
      configurationIndex: 0,
    }
    this.commitIndex = base.index
    this.appliedIndex = base.index
    this.dispatchedIndex = base.index
    this.snapshotDueIndex = base.index + config.limits.snapshotEntries
    const usable = usableEntries(restored.entries, base)
    this.log = usable.log
    this.compactedIndex = usable.log.baseIndex
    this.outbox = new Outbox(this.log.lastIndex)
    if (usable.isReset) this.outbox.writeReset({ index: base.index, term: base.term })
    this.configurations = new ConfigurationHistory({
      index: base.configurationIndex,
      configuration: base.configuration,
    })
    const behind = this.log.range(base.index + 1, this.log.lastIndex)
    this.configurations.append(behind)
    for (const entry of behind) this.unappliedBytes += entryBytes(entry)
    this.#term = Math.max(restored.hardState.term, this.log.lastTerm)
    this.#votedFor = this.#term === restored.hardState.term ? restored.hardState.votedFor : null
    if (this.#term !== restored.hardState.term) this.#setHardState({ term: this.#term, votedFor: null })
    const isFresh = this.log.lastIndex === 0
    this.heardMs = isFresh || isSoleVoter(this.configuration, this.id) ? -Infinity : nowMs
    this.isLeaderUnreachable = true
    this.#told = { role: 'follower', term: this.#term, leader: null }
    this.#role = this.#newFollower(null)
    if (isSoleVoter(this.configuration, this.id)) this.#role.electionAtMs = nowMs
  }

  get role(): Role {
    return this.#role
  }

  get term(): number {
    return this.#term
  }

  get votedFor(): ServerId | null {
    return this.#votedFor
  }

  /** The leader of this term, if it is known. */
  get leader(): ServerId | null {
    if (this.#role.kind === 'leader') return this.id
    return this.#role.kind === 'follower' ? this.#role.leader : null
  }

  /** The configuration in force: the latest in the log, committed or not (thesis 4.1). */
  get configuration(): Configuration {
    return this.configurations.latest.configuration
  }

  /**
   * True if nobody else may ever ask this server for the entries that it has applied: it is the only one, and that is
   * final. Who joins later gets a snapshot.
   */
  get isAlone(): boolean {
    const { latest, committed } = this.configurations
    const { servers } = latest.configuration
    return latest.index === committed.index && servers.length === 1 && servers[0]?.id === this.id
  }

  /** True if this server may stand for election. */
  get isPromotable(): boolean {
    return isPromotable(this.configurations, this.id)
  }

  /** Draws an election timeout (paper 5.2: randomised, from a fixed interval). */
  drawTimeout(): number {
    return this.random.between(this.timing.electionTimeoutMs, this.timing.electionTimeoutMs * 2 - 1)
  }

  /** Emits that a message was dropped. */
  reject(reason: RaftRejection, from: ServerId, detail: string): void {
    this.outbox.emit({ kind: 'rejected', reason, from, detail })
  }

  /** Follows a leader, or nobody yet, in a term that is not lower than the present one (paper 5.1). */
  becomeFollower(term: number, leader: ServerId | null): void {
    assert(term >= this.#term, () => `the term cannot fall from ${this.#term} to ${term}`)
    const previous = this.#role
    if (previous.kind === 'leader') this.#endLeadership(previous, term)
    if (term > this.#term) this.#setHardState({ term, votedFor: null })
    if (leader !== null) this.isLeaderUnreachable = false
    this.#role = this.#newFollower(leader)
    this.#emitRole()
  }

  /** Asks for votes that bind nobody (thesis 9.6). */
  becomePreCandidate(): void {
    const from = this.#role.kind
    assert(
      from === 'follower' || from === 'preCandidate' || from === 'candidate',
      'a leader stands for nothing',
    )
    this.#role = {
      kind: 'preCandidate',
      votes: new Map([[this.id, true]]),
      electionAtMs: this.nowMs + this.drawTimeout(),
    }
    if (from !== 'preCandidate') this.#emitRole()
  }

  /** Begins an election in a new term, with an own vote that counts once it is durable (paper 5.2). */
  becomeCandidate(): void {
    assert(
      this.#role.kind === 'follower' || this.#role.kind === 'preCandidate',
      'only followers stand for election',
    )
    this.#setHardState({ term: this.#term + 1, votedFor: this.id })
    this.#role = { kind: 'candidate', votes: new Map(), electionAtMs: this.nowMs + this.drawTimeout() }
    this.#emitRole()
  }

  /** Leads: with everything unknown about the peers (paper figure 2, "reinitialized after election"). */
  becomeLeader(): Leader {
    assert(this.#role.kind === 'candidate', 'only a candidate is elected')
    assert(this.outbox.isHardStateDurable, 'a leader is never elected on a term that could be forgotten')
    const leader: Leader = {
      kind: 'leader',
      noopIndex: this.log.lastIndex + 1,
      progressById: new Map(),
      rounds: new Rounds(),
      tickedAtMs: this.nowMs,
      heartbeatAtMs: this.nowMs + this.timing.heartbeatMs,
      transfer: null,
      isLeaseVoid: false,
    }
    this.#role = leader
    this.incoming = null
    this.#emitRole()
    leader.rounds.begin(this.nowMs)
    this.syncProgress(leader)
    this.appendOwn([{ kind: 'noop' }])
    return leader
  }

  /** Votes in the present term (paper 5.2: at most one, first come first served). */
  vote(candidate: ServerId): void {
    assert(this.#votedFor === null || this.#votedFor === candidate, 'a vote is given once per term')
    if (this.#votedFor === null) this.#setHardState({ term: this.#term, votedFor: candidate })
  }

  /** Appends to the own log as the leader. The entries are durable later, replication does not wait for that. */
  appendOwn(bodies: readonly EntryBody[]): readonly Entry[] {
    const first = this.log.lastIndex + 1
    const entries = bodies.map((body, at) => entryOf(body, first + at, this.#term))
    this.putEntries(entries)
    return entries
  }

  /** Puts entries into the log, the write and the configuration history. */
  putEntries(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    assert(first.index > this.commitIndex, () => `committed entry ${first.index} would be replaced`)
    for (let index = first.index; index <= this.log.lastIndex; index++) this.#countUnapplied(index, -1)
    this.log.append(entries)
    for (const entry of entries) this.unappliedBytes += entryBytes(entry)
    this.outbox.writeEntries(entries)
    if (this.configurations.append(entries)) this.#onConfiguration()
  }

  /** Everything up to `index` is committed: hands out what can be applied (paper 5.3). */
  commitTo(index: number): void {
    if (index <= this.commitIndex) return
    assert(index <= this.log.lastIndex, () => `cannot commit ${index}, the log ends at ${this.log.lastIndex}`)
    this.commitIndex = index
    const final = this.configurations.commit(index)
    if (final !== undefined) {
      this.outbox.emit({ kind: 'configurationChanged', ...final, committed: true })
    }
    this.dispatch()
  }

  /** Hands out committed entries, unless a snapshot is about to replace the state. */
  dispatch(): void {
    if (this.restoring !== null || this.dispatchedIndex >= this.commitIndex) return
    const entries = this.log.range(this.dispatchedIndex + 1, this.commitIndex)
    this.dispatchedIndex = this.commitIndex
    this.outbox.emit({ kind: 'apply', entries })
  }

  /** The state store has applied entries (paper figure 2: lastApplied). */
  onApplied(index: number): void {
    assert(index <= this.dispatchedIndex, () => `index ${index} was never handed out to be applied`)
    for (let at = this.appliedIndex + 1; at <= index; at++) {
      this.#countUnapplied(at, -1)
      const entry = this.log.entry(at)
      if (entry !== undefined) this.bytesSinceSnapshot += entryBytes(entry)
    }
    this.appliedIndex = Math.max(this.appliedIndex, index)
    this.freshness.onApplied(this.appliedIndex)
    this.configurations.forgetBefore(this.appliedIndex)
    if (this.isAlone) this.log.dropThrough(this.appliedIndex)
  }

  /** A snapshot takes the place of the state and, where the log does not agree with it, of the log. */
  adoptSnapshot(snapshot: SnapshotMeta): void {
    this.restoring = null
    this.incoming = null
    if (this.log.termAt(snapshot.index) !== snapshot.term) this.#replaceLog(snapshot)
    this.snapshot = snapshot
    this.commitIndex = Math.max(this.commitIndex, snapshot.index)
    this.dispatchedIndex = snapshot.index
    this.appliedIndex = snapshot.index
    this.freshness.onApplied(snapshot.index)
    this.unappliedBytes = 0
    for (let at = snapshot.index + 1; at <= this.log.lastIndex; at++) this.#countUnapplied(at, 1)
    const final = this.configurations.commit(this.commitIndex)
    if (final !== undefined) this.outbox.emit({ kind: 'configurationChanged', ...final, committed: true })
  }

  /** Makes the leader's list of peers agree with the configuration in force. */
  syncProgress(leader: Leader): void {
    const { index, configuration } = this.configurations.latest
    for (const server of configuration.servers) {
      if (server.id === this.id) continue
      const known = leader.progressById.get(server.id)
      if (known === undefined) leader.progressById.set(server.id, this.#newPeer(server.id))
      else known.removedAt = null
    }
    for (const progress of leader.progressById.values()) {
      const isGone = !configuration.servers.some((server) => server.id === progress.id)
      if (isGone) progress.removedAt ??= index
    }
  }

  #newPeer(id: ServerId): Progress {
    return newProgress(id, this.log.lastIndex, this.nowMs)
  }

  #replaceLog(snapshot: SnapshotMeta): void {
    this.log.reset(snapshot.index, snapshot.term)
    this.outbox.writeReset({ index: snapshot.index, term: snapshot.term })
    const { configuration, configurationIndex: index } = snapshot
    this.configurations.reset({ index, configuration })
    this.outbox.emit({ kind: 'configurationChanged', configuration, index, committed: true })
  }

  #onConfiguration(): void {
    const { index, configuration } = this.configurations.latest
    if (this.#role.kind === 'leader') this.syncProgress(this.#role)
    const committed = index <= this.commitIndex
    this.outbox.emit({ kind: 'configurationChanged', configuration, index, committed })
  }

  #countUnapplied(index: number, sign: 1 | -1): void {
    const entry = this.log.entry(index)
    if (entry !== undefined && (sign === 1 || index > this.appliedIndex)) {
      this.unappliedBytes += sign * entryBytes(entry)
    }
  }

  #newFollower(leader: ServerId | null): Follower {
    const timeoutMs = this.drawTimeout()
    return { kind: 'follower', leader, timeoutMs, electionAtMs: this.nowMs + timeoutMs }
  }

  #setHardState(hardState: HardState): void {
    this.#term = hardState.term
    this.#votedFor = hardState.votedFor
    this.outbox.writeHardState(hardState)
  }

  #endLeadership(leader: Leader, nextTerm: number): void {
    const freshMs = leaderFreshMs(this, leader, this.nowMs)
    if (freshMs !== null) this.freshness.hold(freshMs)
    for (const request of leader.rounds.end()) {
      this.outbox.emit({ kind: 'readRefused', request, reason: 'leadershipLost' })
    }
    if (leader.transfer === null) return
    const ok = leader.transfer.isSent && nextTerm > this.#term
    const reason = ok ? '' : 'The leadership was lost before it was handed over'
    this.outbox.emit({ kind: 'transferEnded', ok, reason })
  }

  #emitRole(): void {
    const { kind: role } = this.#role
    const { term, leader } = this
    const told = this.#told
    if (told.role === role && told.term === term && told.leader === leader) return
    this.#told = { role, term, leader }
    this.outbox.emit({ kind: 'roleChanged', role, term, leader })
  }
}

/** What an entry holds besides its place. */
export type EntryBody =
  | { readonly kind: 'command'; readonly data: Uint8Array }
  | { readonly kind: 'configuration'; readonly configuration: Configuration }
  | { readonly kind: 'noop' }

/**
 * The log that a restart begins with. Entries that the snapshot has overtaken without agreeing with it are void:
 * a crash came between the snapshot and the record that resets the log.
 */
function usableEntries(
  entries: readonly Entry[],
  base: { readonly index: number; readonly term: number },
): { readonly log: RaftLog; readonly isReset: boolean } {
  const first = entries[0]
  if (first === undefined) return { log: new RaftLog(base.index, base.term), isReset: base.index > 0 }
  assert(first.index <= base.index + 1, () => `entries ${base.index + 1}..${first.index - 1} are missing`)
  if (first.index === base.index + 1) {
    const log = new RaftLog(base.index, base.term)
    log.append(entries)
    return { log, isReset: false }
  }
  const log = new RaftLog(first.index, first.term)
  log.append(entries.slice(1))
  if (log.termAt(base.index) === base.term) return { log, isReset: false }
  return { log: new RaftLog(base.index, base.term), isReset: true }
}

/** An entry at its place. Field by field: a spread costs as much as the rest of an append. */
function entryOf(body: EntryBody, index: number, term: number): Entry {
  switch (body.kind) {
    case 'command':
      return { kind: 'command', data: body.data, index, term }
    case 'configuration':
      return { kind: 'configuration', configuration: body.configuration, index, term }
    case 'noop':
      return { kind: 'noop', index, term }
  }
}
