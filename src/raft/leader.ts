// The leader: proposals, replies, commit, check-quorum, reads, membership (paper 5.3, 5.4.2; thesis 4, 6).
import { changed } from './configuration.ts'
import type { Core } from './core.ts'
import type { Proposal, ProposalRefusal, ServerChange } from './events.ts'
import type { AppendEntriesReply, Entry, InstallSnapshotReply, ServerId } from './message.ts'
import { confirmMarks } from './lease.ts'
import { backOff, becomeProbe, onMatch } from './progress.ts'
import type { Progress } from './progress.ts'
import { isSoleVoter, isVoter, quorumValue } from './quorum.ts'
import { replicate } from './replication.ts'
import type { Leader } from './roles.ts'
import { onTransferReply } from './snapshot.ts'
import { abandonOverdueTransfer, bestSuccessor, continueHandOver } from './transfer.ts'

/** Ends every step of a leader: reads, hand-over, replication. */
export function finishLeader(core: Core, leader: Leader): void {
  serveReads(core, leader)
  continueHandOver(core, leader)
  replicate(core, leader)
  if (leader.heartbeatAtMs === Infinity && leader.progressById.size > 0) {
    leader.tickedAtMs = core.nowMs
    leader.heartbeatAtMs = core.nowMs + core.timing.heartbeatMs
  }
}

/** The heartbeat is due: check the quorum, then tell every peer that this leader lives (paper 5.2; thesis 6.2). */
export function onHeartbeatDue(core: Core, leader: Leader): void {
  // After a pause of the process the replies may still wait in its sockets: it gets one more heartbeat to hear them.
  const wasPaused = core.nowMs - leader.tickedAtMs > 3 * core.timing.heartbeatMs
  if (!wasPaused && hasLostQuorum(core, leader)) {
    core.becomeFollower(core.term, null)
    return
  }
  abandonOverdueTransfer(core, leader)
  leader.tickedAtMs = core.nowMs
  leader.heartbeatAtMs = leader.progressById.size === 0 ? Infinity : core.nowMs + core.timing.heartbeatMs
  leader.rounds.begin(core.nowMs)
  for (const progress of leader.progressById.values()) progress.isHeartbeatDue = true
  if (isSoleVoter(core.configuration, core.id)) confirmRounds(core, leader)
}

/** Thesis 6.2: a leader steps down if an election timeout passes without a word from a majority. */
function hasLostQuorum(core: Core, leader: Leader): boolean {
  const contactMs = quorumValue(core.configuration, (id) =>
    id === core.id ? core.nowMs : (leader.progressById.get(id)?.contactMs ?? 0),
  )
  return core.nowMs - contactMs >= core.timing.electionTimeoutMs
}

/** Appends proposals; all of one step share one write (group commit). */
export function onPropose(core: Core, leader: Leader, proposals: readonly Proposal[]): void {
  let count = core.log.lastIndex - core.appliedIndex
  let bytes = core.unappliedBytes
  const accepted: Proposal[] = []
  for (const proposal of proposals) {
    const reason = proposalRefusal(core, leader, { proposal, count, bytes })
    if (reason === undefined) {
      accepted.push(proposal)
      count += 1
      bytes += proposal.data.length
    } else {
      core.outbox.emit({ kind: 'proposalRefused', request: proposal.request, reason })
    }
  }
  const entries = core.appendOwn(accepted.map(({ data }) => ({ kind: 'command', data })))
  let at = 0
  for (const entry of entries) accept(core, accepted[at++]?.request ?? 0, entry)
}

function proposalRefusal(
  core: Core,
  leader: Leader,
  at: { readonly proposal: Proposal; readonly count: number; readonly bytes: number },
): ProposalRefusal | undefined {
  if (leader.transfer !== null) return 'transferring'
  if (at.proposal.data.length > core.limits.entryBytesMax) return 'tooLarge'
  const isFull = at.count >= core.limits.proposalsMax || at.bytes >= core.limits.proposalsBytesMax
  return isFull ? 'overloaded' : undefined
}

function accept(core: Core, request: number, entry: Entry): void {
  core.outbox.emit({ kind: 'proposalAccepted', request, index: entry.index, term: entry.term })
}

/** Changes one server (thesis 4.1), when the last change and the own noop are committed. */
export function onChangeServer(core: Core, leader: Leader, request: number, change: ServerChange): void {
  const refuse = (reason: ProposalRefusal): void =>
    core.outbox.emit({ kind: 'proposalRefused', request, reason })
  if (leader.transfer !== null) return refuse('transferring')
  const isSettled =
    core.commitIndex >= leader.noopIndex && core.configurations.latest.index <= core.commitIndex
  if (!isSettled) return refuse('changeInProgress')
  const next = changed(core.configuration, change)
  if (!next.ok) return refuse(next.error)
  const [entry] = core.appendOwn([{ kind: 'configuration', configuration: next.value }])
  if (entry !== undefined) accept(core, request, entry)
}

/** The answer to an append: progress, or where to go on. */
export function onAppendEntriesReply(
  core: Core,
  leader: Leader,
  from: ServerId,
  reply: AppendEntriesReply,
): void {
  const progress = leader.progressById.get(from)
  if (progress === undefined)
    return core.reject('unknownSender', from, 'a reply from a server that is no peer')
  if (reply.readRound > leader.rounds.current || (reply.ok && reply.matchIndex > core.log.lastIndex)) {
    return core.reject('badEntries', from, `acknowledged ${reply.matchIndex} of ${core.log.lastIndex}`)
  }
  progress.contactMs = core.nowMs
  progress.ackedRound = Math.max(progress.ackedRound, reply.readRound)
  if (reply.mark !== 0) noteMark(progress, reply.mark)
  if (reply.ok) {
    onAcknowledged(core, leader, progress, reply.matchIndex)
  } else {
    onRefused(core, progress, reply)
  }
  if (core.role === leader) confirmRounds(core, leader)
}

/** A follower whose first mark this is knows nothing of the age of its state until it hears it again. */
function noteMark(progress: Progress, mark: number): void {
  if (progress.mark === 0) progress.isHeartbeatDue = true
  progress.mark = mark
}

function onRefused(core: Core, progress: Progress, reply: AppendEntriesReply): void {
  const nextIndex = backOff(progress, reply, core.log)
  if (nextIndex === undefined) return
  progress.matchIndex = Math.min(progress.matchIndex, nextIndex - 1)
  becomeProbe(progress, nextIndex)
}

/** The answer to a chunk of a snapshot. */
export function onInstallSnapshotReply(
  core: Core,
  leader: Leader,
  from: ServerId,
  reply: InstallSnapshotReply,
): void {
  const progress = leader.progressById.get(from)
  if (progress === undefined)
    return core.reject('unknownSender', from, 'a reply from a server that is no peer')
  progress.contactMs = core.nowMs
  if (reply.done && reply.snapshotIndex <= core.commitIndex) {
    onAcknowledged(core, leader, progress, reply.snapshotIndex)
  } else {
    onTransferReply(core, progress, reply)
  }
}

function onAcknowledged(core: Core, leader: Leader, progress: Progress, matchIndex: number): void {
  onMatch(progress, matchIndex, leader.rounds.current)
  noteCatchUp(core, progress)
  advanceCommit(core, leader)
}

/** Thesis 4.2.1: caught up when one round of replication took less than an election timeout. */
function noteCatchUp(core: Core, progress: Progress): void {
  const { catchUp } = progress
  if (catchUp === null || progress.matchIndex < catchUp.targetIndex) return
  if (core.nowMs - catchUp.startMs >= core.timing.electionTimeoutMs) {
    progress.catchUp = { targetIndex: core.log.lastIndex, startMs: core.nowMs }
    return
  }
  progress.catchUp = null
  const isLearner = core.configuration.servers.some(
    (server) => server.id === progress.id && server.suffrage === 'learner',
  )
  if (isLearner) core.outbox.emit({ kind: 'learnerCaughtUp', id: progress.id })
}

/**
 * Commits what a majority has on disk (paper 5.3), if it is of the own term (paper 5.4.2). The leader counts
 * itself up to what is durable here (thesis 10.2.1: it may write in parallel with replicating).
 */
export function advanceCommit(core: Core, leader: Leader): void {
  const index = quorumValue(core.configuration, (id) =>
    id === core.id ? core.outbox.durableIndex : (leader.progressById.get(id)?.matchIndex ?? 0),
  )
  if (index <= core.commitIndex || core.log.termAt(index) !== core.term) return
  core.commitTo(index)
  const { index: configurationIndex, configuration } = core.configurations.committed
  const isLatest = configurationIndex === core.configurations.latest.index
  if (isLatest && !isVoter(configuration, core.id)) abdicate(core, leader)
}

/** Thesis 4.2.2: a leader that is no longer a voter steps down once that is committed, and names a successor. */
function abdicate(core: Core, leader: Leader): void {
  replicate(core, leader)
  const successor = bestSuccessor(core, leader)
  if (successor !== undefined) core.outbox.send(successor, { kind: 'timeoutNow', term: core.term })
  core.becomeFollower(core.term, null)
}

/** Reads join the next round as soon as no round is under way and the own noop is committed (thesis 6.4). */
function serveReads(core: Core, leader: Leader): void {
  const { rounds } = leader
  if (!rounds.hasWaiting || rounds.hasBatch || core.commitIndex < leader.noopIndex) return
  rounds.begin(core.nowMs)
  rounds.join(core.commitIndex)
  for (const progress of leader.progressById.values()) {
    if (isVoter(core.configuration, progress.id)) progress.isHeartbeatDue = true
  }
  if (isSoleVoter(core.configuration, core.id)) confirmRounds(core, leader)
}

function confirmRounds(core: Core, leader: Leader): void {
  const { rounds } = leader
  const round = quorumValue(core.configuration, (id) =>
    id === core.id ? rounds.current : (leader.progressById.get(id)?.ackedRound ?? 0),
  )
  const batch = rounds.confirm(round)
  confirmMarks(leader)
  if (batch === undefined) return
  for (const request of batch.requests) core.outbox.emit({ kind: 'readReady', request, index: batch.index })
}
