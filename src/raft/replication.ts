// How a leader's log reaches its peers: pipelined appends, probes, heartbeats (paper 5.3; thesis 10.2.2).
import type { Core } from './core.ts'
import { echoFor } from './lease.ts'
import { entryBytes } from './log.ts'
import type { Entry } from './message.ts'
import { becomeProbe, becomeSnapshot } from './progress.ts'
import type { Progress, ProgressState } from './progress.ts'
import type { Leader } from './roles.ts'
import { continueTransfer, requestSnapshot } from './snapshot.ts'

/** Sends to every peer what it may be sent now, and what is due. Runs once at the end of each step of a leader. */
export function replicate(core: Core, leader: Leader): void {
  for (const progress of leader.progressById.values()) {
    if (!sendByState(core, leader, progress) && isWordDue(core, progress))
      sendAppend(core, leader, progress, [])
    progress.isHeartbeatDue = false
    // A removed server was told up to the commit of its removal; from now on it is nobody's peer (thesis 4.2.2).
    const isGone = progress.removedAt !== null && progress.removedAt <= core.commitIndex
    if (isGone) leader.progressById.delete(progress.id)
  }
}

/** Returns true if anything was sent that serves as a heartbeat. */
function sendByState(core: Core, leader: Leader, progress: Progress): boolean {
  if (progress.state.kind !== 'snapshot' && core.log.termAt(progress.nextIndex - 1) === undefined) {
    findStart(core, progress)
  }
  const { state } = progress
  switch (state.kind) {
    case 'probe':
      if (state.isSent && !progress.isHeartbeatDue) return true
      state.isSent = true
      sendAppend(core, leader, progress, [])
      return true
    case 'replicate':
      return sendWindow(core, leader, progress, state)
    case 'snapshot':
      continueTransfer(core, progress, state)
      return false
  }
}

/** What the peer needs next is not in the log in memory. */
function findStart(core: Core, progress: Progress): void {
  const { log, snapshot } = core
  if (progress.nextIndex > log.lastIndex) {
    becomeProbe(progress, log.lastIndex + 1)
  } else if (snapshot !== null && snapshot.index >= log.baseIndex) {
    becomeSnapshot(progress, snapshot)
  } else {
    // A server that was alone has kept no entries: it writes a snapshot first. The next heartbeat asks again.
    requestSnapshot(core)
    becomeProbe(progress, log.lastIndex + 1)
    progress.state = { kind: 'probe', isSent: true }
  }
}

/** Fills the window: entries follow each other without waiting for replies. */
function sendWindow(
  core: Core,
  leader: Leader,
  progress: Progress,
  state: Extract<ProgressState, { kind: 'replicate' }>,
): boolean {
  const { appendBytesMax, appendsInFlightMax } = core.limits
  let isSent = false
  while (
    progress.nextIndex <= core.log.lastIndex &&
    state.inFlight.length < appendsInFlightMax &&
    (state.bytes < appendBytesMax || state.inFlight.length === 0)
  ) {
    const entries = core.log.batch(progress.nextIndex, appendBytesMax)
    sendAppend(core, leader, progress, entries)
    let bytes = 0
    for (const entry of entries) bytes += entryBytes(entry)
    progress.nextIndex += entries.length
    state.inFlight.push({ lastIndex: progress.nextIndex - 1, bytes })
    state.bytes += bytes
    isSent = true
  }
  return isSent
}

/**
 * A heartbeat is due, or the peer could apply more than it knows. While entries that are not committed are on their way
 * to it the next ones carry the commit index, or else their answer brings us here again: under load no message tells
 * of it alone.
 */
function isWordDue(core: Core, progress: Progress): boolean {
  if (progress.isHeartbeatDue) return true
  const { state } = progress
  if (state.kind !== 'replicate' || progress.commitSent >= core.commitIndex) return false
  const last = state.inFlight.at(-1)
  return last === undefined || last.lastIndex <= core.commitIndex || progress.removedAt !== null
}

function sendAppend(core: Core, leader: Leader, progress: Progress, entries: readonly Entry[]): void {
  const { state } = progress
  const prevIndex = state.kind === 'snapshot' ? state.snapshot.index : progress.nextIndex - 1
  const prevTerm = state.kind === 'snapshot' ? state.snapshot.term : (core.log.termAt(prevIndex) ?? 0)
  progress.commitSent = core.commitIndex
  core.outbox.send(progress.id, {
    kind: 'appendEntries',
    term: core.term,
    prevIndex,
    prevTerm,
    entries,
    commitIndex: core.commitIndex,
    readRound: leader.rounds.current,
    // Entries are the same for all peers, and encoded once for them: an echo would set them apart.
    echo: entries.length === 0 || progress.isHeartbeatDue ? echoFor(core, leader, progress) : 0,
  })
}
