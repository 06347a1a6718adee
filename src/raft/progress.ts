// What a leader knows of one peer, and how fast it may send to it (etcd's tracker: probe, replicate, snapshot).
import type { RaftLog } from './log.ts'
import type { AppendEntriesReply, ServerId, SnapshotMeta } from './message.ts'

/** How entries reach a peer. */
export type ProgressState =
  /** The place where the logs agree is not known: one empty append at a time. */
  | { readonly kind: 'probe'; isSent: boolean }
  /** Pipelined: `nextIndex` runs ahead of the replies. */
  | { readonly kind: 'replicate'; readonly inFlight: { lastIndex: number; bytes: number }[]; bytes: number }
  /** The entries it needs are gone: chunk by chunk. `isReading`: the driver has been asked for the chunk. */
  | {
      readonly kind: 'snapshot'
      readonly snapshot: SnapshotMeta
      offset: number
      isReading: boolean
      sentAtMs: number
    }

/** One peer, as its leader sees it. */
export interface Progress {
  readonly id: ServerId
  state: ProgressState
  /** Last index known to match and to be durable there; only grows, but for a peer that lost its disk. */
  matchIndex: number
  /** Next index to send; always above `matchIndex`. */
  nextIndex: number
  /** Last word from it. */
  contactMs: number
  /** Highest round it has confirmed (thesis 6.4). */
  ackedRound: number
  /** The round when `matchIndex` last grew: refusals of earlier rounds are old news. */
  matchRound: number
  /** Its last mark of time (freshness.ts), and the last that may be echoed without a lease; 0: none. */
  mark: number
  confirmedMark: number
  /** A mark that may be echoed once a round has been confirmed. */
  awaited: { readonly round: number; readonly mark: number } | null
  /** Commit index it was last told. */
  commitSent: number
  /** It must be sent something in this step. */
  isHeartbeatDue: boolean
  /** A learner's round of catching up (thesis 4.2.1), or null when it has caught up or is a voter. */
  catchUp: { targetIndex: number; startMs: number } | null
  /** Index of the configuration that removed it: it still receives that entry. */
  removedAt: number | null
}

/** What is known of a peer at the start of a leadership, or when it is added. */
export function newProgress(id: ServerId, lastIndex: number, nowMs: number): Progress {
  return {
    id,
    state: { kind: 'replicate', inFlight: [], bytes: 0 },
    matchIndex: 0,
    nextIndex: lastIndex + 1,
    contactMs: nowMs,
    ackedRound: 0,
    matchRound: 0,
    mark: 0,
    confirmedMark: 0,
    awaited: null,
    commitSent: 0,
    isHeartbeatDue: true,
    catchUp: { targetIndex: lastIndex, startMs: nowMs },
    removedAt: null,
  }
}

/** Begins to look for the place where the logs agree. */
export function becomeProbe(progress: Progress, nextIndex: number): void {
  progress.nextIndex = Math.max(nextIndex, progress.matchIndex + 1)
  progress.state = { kind: 'probe', isSent: false }
}

/** Begins to pipeline behind what is known to match. */
function becomeReplicate(progress: Progress): void {
  progress.nextIndex = progress.matchIndex + 1
  progress.state = { kind: 'replicate', inFlight: [], bytes: 0 }
}

/** Begins a transfer. */
export function becomeSnapshot(progress: Progress, snapshot: SnapshotMeta): void {
  progress.nextIndex = snapshot.index + 1
  progress.state = { kind: 'snapshot', snapshot, offset: 0, isReading: false, sentAtMs: -Infinity }
}

/** An acknowledgement up to `matchIndex`, within the log. Returns true if something new is known. */
export function onMatch(progress: Progress, matchIndex: number, round: number): boolean {
  const isNews = matchIndex > progress.matchIndex
  if (isNews) {
    progress.matchIndex = matchIndex
    progress.matchRound = round
    progress.nextIndex = Math.max(progress.nextIndex, matchIndex + 1)
  }
  const { state } = progress
  switch (state.kind) {
    case 'probe':
      progress.state = { kind: 'replicate', inFlight: [], bytes: 0 }
      break
    case 'replicate':
      freeInFlight(state, matchIndex)
      break
    case 'snapshot':
      if (progress.matchIndex >= state.snapshot.index) becomeReplicate(progress)
      break
  }
  return isNews
}

function freeInFlight(state: Extract<ProgressState, { kind: 'replicate' }>, matchIndex: number): void {
  let freed = 0
  for (const item of state.inFlight) {
    if (item.lastIndex > matchIndex) break
    state.bytes -= item.bytes
    freed += 1
  }
  if (freed > 0) state.inFlight.splice(0, freed)
}

/**
 * Where to go on after a refused append (paper 5.3, last paragraphs: one step per term in conflict).
 *
 * @returns the next index to try, or undefined if the refusal is old news
 * Bounds: O(log n). State: not touched.
 */
export function backOff(progress: Progress, reply: AppendEntriesReply, log: RaftLog): number | undefined {
  const { state } = progress
  if (state.kind === 'snapshot') return undefined
  if (state.kind === 'probe' && reply.matchIndex !== progress.nextIndex - 1) return undefined
  if (reply.matchIndex <= progress.matchIndex) {
    // Either old news, or the peer has lost its disk; only a refusal of a later round tells them apart.
    return reply.readRound > progress.matchRound ? Math.max(1, reply.conflictIndex) : undefined
  }
  if (reply.conflictTerm > 0) {
    const end = log.firstIndexOfTerm(reply.conflictTerm + 1)
    const isTermKnown = end - 1 > log.baseIndex && log.termAt(end - 1) === reply.conflictTerm
    if (isTermKnown) return Math.max(1, Math.min(end, reply.matchIndex))
  }
  return Math.max(1, Math.min(reply.conflictIndex, reply.matchIndex))
}
