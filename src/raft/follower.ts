// The follower's half of replication: the consistency check, and acknowledging only what is durable (paper 5.3).
import type { Core } from './core.ts'
import { stand } from './election.ts'
import type { AppendEntries, AppendEntriesReply, ServerId, TimeoutNow } from './message.ts'

/**
 * Notes a word of the leader of the present term and follows it (paper 5.2).
 *
 * @returns false if this term has another leader already, which only a broken peer can bring about
 */
export function hearLeader(core: Core, from: ServerId): boolean {
  const { role } = core
  if (role.kind === 'leader' || (role.kind === 'follower' && role.leader !== null && role.leader !== from)) {
    core.reject('notLeader', from, `term ${core.term} is led by ${core.leader ?? ''}`)
    return false
  }
  if (role.kind === 'follower' && role.leader === from) {
    role.electionAtMs = core.nowMs + role.timeoutMs
  } else {
    core.becomeFollower(core.term, from)
  }
  core.isLeaderUnreachable = false
  core.heardMs = core.nowMs
  core.contactMs = core.nowMs
  return true
}

/**
 * Takes in entries, or a heartbeat (paper 5.3, figure 2 "AppendEntries RPC").
 *
 * The reply claims only what is known to match and is durable here, also when nothing is new.
 */
export function onAppendEntries(core: Core, from: ServerId, message: AppendEntries): void {
  if (!hearLeader(core, from)) return
  const fault = faultOf(message)
  if (fault !== undefined) return core.reject('badEntries', from, fault)
  core.freshness.onWord(message, core.appliedIndex)
  const fresh = behindCommit(core, message)
  if (core.log.termAt(fresh.prevIndex) !== fresh.prevTerm) {
    core.outbox.sendWithHardState(from, refusal(core, message))
    return
  }
  const conflict = fresh.entries.findIndex((entry) => core.log.termAt(entry.index) !== entry.term)
  if (conflict >= 0) core.putEntries(fresh.entries.slice(conflict))
  const matchIndex = fresh.prevIndex + fresh.entries.length
  core.commitTo(Math.min(message.commitIndex, matchIndex))
  if (conflict >= 0) {
    core.outbox.sendWhenDurable(from, acknowledgement(core, message, matchIndex))
  } else {
    const durableIndex = Math.min(matchIndex, core.outbox.durableIndex)
    core.outbox.sendWithHardState(from, acknowledgement(core, message, durableIndex))
  }
}

/** What is wrong with an append whatever the log holds: gaps, or terms that fall or come from the future. */
function faultOf(message: AppendEntries): string | undefined {
  let index = message.prevIndex
  let term = message.prevTerm
  for (const entry of message.entries) {
    index += 1
    if (entry.index !== index) return `entry ${entry.index} stands where ${index} belongs`
    if (entry.term < term) return `the term falls from ${term} to ${entry.term} at ${index}`
    term = entry.term
  }
  return term > message.term ? `entry ${index} is of term ${term}, its leader of ${message.term}` : undefined
}

/** The part of an append behind the commit index: what is committed matches every leader's log (paper 5.4.3). */
function behindCommit(
  core: Core,
  message: AppendEntries,
): Pick<AppendEntries, 'prevIndex' | 'prevTerm' | 'entries'> {
  const known = core.commitIndex - message.prevIndex
  if (known <= 0) return message
  return {
    prevIndex: core.commitIndex,
    prevTerm: core.log.termAt(core.commitIndex) ?? 0,
    entries: message.entries.slice(known),
  }
}

function acknowledgement(core: Core, message: AppendEntries, matchIndex: number): AppendEntriesReply {
  const { readRound } = message
  return {
    kind: 'appendEntriesReply',
    term: core.term,
    ok: true,
    matchIndex,
    conflictIndex: 0,
    conflictTerm: 0,
    readRound,
    mark: core.freshness.mark(core.nowMs),
  }
}

/** Paper 5.3, last paragraphs: the conflicting term and its first index, or the end of a shorter log. */
function refusal(core: Core, message: AppendEntries): AppendEntriesReply {
  const conflictTerm = core.log.termAt(message.prevIndex) ?? 0
  const isShort = message.prevIndex > core.log.lastIndex
  return {
    kind: 'appendEntriesReply',
    term: core.term,
    ok: false,
    matchIndex: message.prevIndex,
    conflictIndex: isShort ? core.log.lastIndex + 1 : core.log.firstIndexOfTerm(conflictTerm),
    conflictTerm: isShort ? 0 : conflictTerm,
    readRound: message.readRound,
    mark: core.freshness.mark(core.nowMs),
  }
}

/** An append or a snapshot of an earlier term: the sender learns the present one and steps down (paper 5.1). */
export function refuseLeader(
  core: Core,
  from: ServerId,
  message: { readonly kind: string; readonly term: number },
): void {
  core.reject('staleTerm', from, `${message.kind} of term ${message.term} in term ${core.term}`)
  core.outbox.sendWithHardState(from, {
    kind: 'appendEntriesReply',
    term: core.term,
    ok: false,
    matchIndex: 0,
    conflictIndex: 0,
    conflictTerm: 0,
    readRound: 0,
    mark: 0,
  })
}

/** The leader hands over: stand at once (thesis 3.10). */
export function onTimeoutNow(core: Core, from: ServerId, message: TimeoutNow): void {
  if (core.role.kind !== 'follower' || core.role.leader !== from) {
    return core.reject('notLeader', from, `timeoutNow of term ${message.term}`)
  }
  if (core.isPromotable) stand(core, true)
}
