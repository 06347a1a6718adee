// Elections: who stands, who votes, who has won (paper 5.2, 5.4.1; thesis 4.2.3, 9.6).
import type { Core } from './core.ts'
import { isUpToDate } from './log.ts'
import type { RequestVote, RequestVoteReply, ServerId } from './message.ts'
import { voteResult, voterIds } from './quorum.ts'
import type { Candidate, PreCandidate } from './roles.ts'

/**
 * True while this server must not help to replace a leader (thesis 4.2.3, 6.4.1): it leads itself, or it has heard a
 * leader within an election timeout. When the driver says that the leader cannot be reached, it is enough that the
 * lease which our last reply gave it has ended, with a margin for clocks that run apart.
 */
export function hasLiveLeader(core: Core): boolean {
  if (core.role.kind === 'leader') return true
  const { electionTimeoutMs } = core.timing
  return core.nowMs - core.heardMs < (core.isLeaderUnreachable ? leaseEndMs(core) : electionTimeoutMs)
}

/** How long after its last word a leader's lease has ended for certain. */
function leaseEndMs(core: Core): number {
  const { electionTimeoutMs, leaseMs } = core.timing
  return Math.floor((electionTimeoutMs + leaseMs) / 2)
}

/** The election timeout has passed (paper 5.2). */
export function onElectionTimeout(core: Core): void {
  if (!core.isPromotable) {
    core.becomeFollower(core.term, null)
    return
  }
  standForPreVote(core)
}

/** Asks the others whether they would vote (thesis 9.6). A server of one is elected at once. */
export function standForPreVote(core: Core): void {
  core.becomePreCandidate()
  sendVoteRequests(core, { isPreVote: true, isTransfer: false })
  settlePreVote(core)
}

/** Stands for election in a new term. Requests go out when term and own vote are durable. */
export function stand(core: Core, isTransfer: boolean): void {
  core.becomeCandidate()
  sendVoteRequests(core, { isPreVote: false, isTransfer })
}

function sendVoteRequests(
  core: Core,
  kind: { readonly isPreVote: boolean; readonly isTransfer: boolean },
): void {
  const message: RequestVote = {
    kind: 'requestVote',
    term: kind.isPreVote ? core.term + 1 : core.term,
    lastIndex: core.log.lastIndex,
    lastTerm: core.log.lastTerm,
    ...kind,
  }
  for (const id of voterIds(core.configuration)) {
    if (id === core.id) continue
    if (kind.isPreVote) core.outbox.send(id, message)
    else core.outbox.sendWhenDurable(id, message)
  }
}

/**
 * Decides on a vote of the present term, or on a pre-vote for a later one (paper 5.2, 5.4.1).
 *
 * A vote given is durable before it is told. A pre-vote leaves no trace.
 */
export function onRequestVote(core: Core, from: ServerId, message: RequestVote): void {
  const isTermFree = core.votedFor === from || (core.votedFor === null && core.leader === null)
  const canVote = isTermFree || (message.isPreVote && message.term > core.term)
  const granted = canVote && isUpToDate(message, core.log)
  if (!granted) {
    const reply = voteReply(core.term, message.isPreVote, false)
    core.outbox.sendWithHardState(from, reply)
    return
  }
  if (message.isPreVote) {
    core.outbox.sendWithHardState(from, voteReply(message.term, true, true))
    yieldTo(core, from)
    return
  }
  core.becomeFollower(core.term, null)
  core.vote(from)
  core.outbox.sendWhenDurable(from, voteReply(core.term, false, true))
}

/** Two that ask for pre-votes at the same moment would split the vote: the one with the lower id lets go. */
function yieldTo(core: Core, rival: ServerId): void {
  if (core.role.kind === 'preCandidate' && rival > core.id) core.becomeFollower(core.term, null)
}

/** A vote request from behind, or one that would disturb a live leader. */
export function refuseVote(core: Core, from: ServerId, message: RequestVote): void {
  core.outbox.sendWithHardState(from, voteReply(core.term, message.isPreVote, false))
}

function voteReply(term: number, isPreVote: boolean, granted: boolean): RequestVoteReply {
  return { kind: 'requestVoteReply', term, isPreVote, granted }
}

/** Counts a pre-vote. */
export function onPreVoteReply(
  core: Core,
  role: PreCandidate,
  from: ServerId,
  reply: RequestVoteReply,
): void {
  if (!reply.isPreVote || (reply.granted && reply.term !== core.term + 1)) return
  role.votes.set(from, reply.granted)
  settlePreVote(core)
}

function settlePreVote(core: Core): void {
  if (core.role.kind !== 'preCandidate') return
  const result = voteResult(core.configuration, core.role.votes)
  if (result === 'won') stand(core, false)
  else if (result === 'lost') core.becomeFollower(core.term, null)
}

/** Counts a vote (paper 5.2): a second one of the same server changes nothing. */
export function onVoteReply(core: Core, role: Candidate, from: ServerId, reply: RequestVoteReply): void {
  if (reply.isPreVote) return
  if (!role.votes.has(from)) role.votes.set(from, reply.granted)
  settleVote(core, role)
}

/** A write is durable: the own vote may count now. */
export function onCandidatePersisted(core: Core, role: Candidate): void {
  if (!core.outbox.isHardStateDurable) return
  role.votes.set(core.id, true)
  settleVote(core, role)
}

function settleVote(core: Core, role: Candidate): void {
  const result = voteResult(core.configuration, role.votes)
  if (result === 'won') core.becomeLeader()
  else if (result === 'lost') core.becomeFollower(core.term, null)
}

/** The driver says that the leader cannot be reached: stand as soon as its lease must have ended. */
export function onLeaderUnreachable(core: Core, leader: ServerId): void {
  const { role } = core
  if (role.kind !== 'follower' || role.leader !== leader) return
  core.isLeaderUnreachable = true
  const fromMs = Math.max(core.nowMs, core.heardMs + leaseEndMs(core))
  const delayMs = core.random.between(0, Math.floor(core.timing.electionTimeoutMs / 5))
  role.electionAtMs = Math.min(role.electionAtMs, fromMs + delayMs)
}
