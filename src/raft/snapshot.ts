// Snapshots: when one is due, what may go once it is there, and how one reaches a peer (paper 7).
import type { Core } from './core.ts'
import type { RaftInput } from './events.ts'
import { hearLeader } from './follower.ts'
import type { InstallSnapshot, InstallSnapshotReply, ServerId, SnapshotMeta } from './message.ts'
import { becomeSnapshot } from './progress.ts'
import type { Progress, ProgressState } from './progress.ts'
import type { Leader } from './roles.ts'

type Sending = Extract<ProgressState, { kind: 'snapshot' }>

/** Asks for a snapshot when enough was applied since the last one; once per threshold, so a failed one is tried again. */
export function checkSnapshotDue(core: Core): void {
  const size = core.snapshot?.size ?? 0
  const bytes = core.bytesSinceSnapshot
  // By entries only when they are worth it: else a large state that changes a little is written again and again.
  const isDueByEntries = core.appliedIndex >= core.snapshotDueIndex && bytes >= size
  const isDue = isDueByEntries || bytes >= Math.max(core.limits.snapshotLogBytes, size)
  if (isDue && core.restoring === null) requestSnapshot(core)
}

/** Asks for a snapshot of what is applied. */
export function requestSnapshot(core: Core): void {
  core.snapshotDueIndex = core.appliedIndex + core.limits.snapshotEntries
  core.bytesSinceSnapshot = 0
  core.outbox.emit({ kind: 'snapshotDue' })
}

/** The driver has written a snapshot: the log behind it may go (paper 7). */
export function onSnapshotTaken(core: Core, snapshot: SnapshotMeta): void {
  if (snapshot.index <= (core.snapshot?.index ?? 0) || snapshot.index > core.appliedIndex) return
  core.previousSnapshotIndex = core.snapshot?.index ?? 0
  core.snapshot = snapshot
  core.snapshotDueIndex = Math.max(core.snapshotDueIndex, snapshot.index + core.limits.snapshotEntries)
  compact(core)
  if (core.role.kind === 'leader') wakeProbes(core.role)
}

/** Peers that wait for a snapshot are probes (replication.ts): their next refusal gets it. */
function wakeProbes(leader: Leader): void {
  for (const progress of leader.progressById.values()) {
    if (progress.state.kind === 'probe') progress.isHeartbeatDue = true
  }
}

/** Drops what is behind the snapshot but for what somebody may need. */
export function compact(core: Core): void {
  const index = compactableIndex(core)
  if (index <= core.compactedIndex) return
  core.compactedIndex = index
  core.log.dropThrough(index)
  core.outbox.emit({ kind: 'compact', index })
}

/** Slow followers may need some entries; a server alone needs those behind its older snapshot if the newer is damaged. */
function compactableIndex(core: Core): number {
  if (core.snapshot === null) return 0
  if (core.isAlone) return core.previousSnapshotIndex
  const { trailingEntries: entries, trailingBytes: bytes } = core.limits
  return core.log.trailingBase(core.snapshot.index, { entries, bytes })
}

/** Leader: asks for the next chunk, or sends the last word again when no answer has come for long. */
export function continueTransfer(core: Core, progress: Progress, state: Sending): void {
  if (state.isReading || core.nowMs - state.sentAtMs < core.timing.electionTimeoutMs) return
  const { snapshot, offset } = state
  const length = Math.min(core.limits.snapshotChunkBytes, snapshot.size - offset)
  if (length === 0) {
    sendChunk(core, progress.id, state, new Uint8Array(0))
    return
  }
  state.isReading = true
  core.outbox.emit({ kind: 'readSnapshotChunk', to: progress.id, snapshot, offset, length })
}

function sendChunk(core: Core, to: ServerId, state: Sending, data: Uint8Array): void {
  const { snapshot, offset } = state
  state.sentAtMs = core.nowMs
  const done = offset + data.length === snapshot.size
  core.outbox.send(to, { kind: 'installSnapshot', term: core.term, snapshot, offset, data, done })
}

/** Leader: a chunk was read. It is dropped if the transfer has moved on meanwhile. */
export function onSnapshotChunkRead(
  core: Core,
  leader: Leader,
  input: Extract<RaftInput, { kind: 'snapshotChunkRead' }>,
): void {
  const state = leader.progressById.get(input.to)?.state
  if (state?.kind !== 'snapshot' || state.snapshot.index !== input.snapshot.index) return
  state.isReading = false
  const isWanted = state.offset === input.offset && input.data.length > 0
  if (isWanted && input.offset + input.data.length <= state.snapshot.size) {
    sendChunk(core, input.to, state, input.data)
  }
}

/** Leader: the snapshot is gone or damaged. The transfer begins anew with the latest one, or the next. */
export function onSnapshotChunkUnreadable(
  core: Core,
  leader: Leader,
  to: ServerId,
  snapshotIndex: number,
): void {
  const progress = leader.progressById.get(to)
  if (progress?.state.kind !== 'snapshot' || progress.state.snapshot.index !== snapshotIndex) return
  if (core.snapshot !== null) becomeSnapshot(progress, core.snapshot)
  if (core.snapshot?.index !== snapshotIndex) return
  // The latest one itself cannot be read: not again before a timeout has passed, and then perhaps a new one.
  requestSnapshot(core)
  if (progress.state.kind === 'snapshot') progress.state.sentAtMs = core.nowMs
}

/** Leader: the follower says which byte it wants next. */
export function onTransferReply(core: Core, progress: Progress, reply: InstallSnapshotReply): void {
  const { state } = progress
  if (state.kind !== 'snapshot' || state.snapshot.index !== reply.snapshotIndex) return
  if (reply.offset > state.snapshot.size) return
  state.offset = reply.offset
  // With everything there the follower restores: ask again later. Otherwise the next chunk goes out now.
  state.sentAtMs = reply.offset === state.snapshot.size ? core.nowMs : -Infinity
}

/** Follower: a chunk (paper 7, figure 13). Written in order; any other offset is answered by the one wanted. */
export function onInstallSnapshot(core: Core, from: ServerId, message: InstallSnapshot): void {
  if (!hearLeader(core, from)) return
  const { snapshot, offset, data } = message
  if (snapshot.index <= core.commitIndex) {
    core.outbox.sendWhenDurable(from, transferReply(core, snapshot, { offset: snapshot.size, done: true }))
    return
  }
  const end = offset + data.length
  if (end > snapshot.size || message.done !== (end === snapshot.size)) {
    return core.reject(
      'badEntries',
      from,
      `chunk ${offset} to ${end} of a snapshot of ${snapshot.size} bytes`,
    )
  }
  if (core.restoring === null) return onChunk(core, from, message)
  if (isSameSnapshot(core.restoring, snapshot)) replyOffset(core, from, snapshot, snapshot.size)
}

function onChunk(core: Core, from: ServerId, message: InstallSnapshot): void {
  const { snapshot, offset, data } = message
  if (core.incoming?.isWriting === true) return
  if (core.incoming === null || !isSameSnapshot(core.incoming.snapshot, snapshot)) {
    core.incoming = { snapshot, offset: 0, isWriting: false }
  }
  if (core.incoming.offset !== offset || data.length === 0) {
    return replyOffset(core, from, snapshot, core.incoming.offset)
  }
  core.incoming.isWriting = true
  core.outbox.emit({ kind: 'writeSnapshotChunk', snapshot, offset, data })
}

function isSameSnapshot(a: SnapshotMeta, b: SnapshotMeta): boolean {
  return a.index === b.index && a.term === b.term && a.size === b.size
}

/** Follower: a chunk is written; `offset` is where it ends. */
export function onSnapshotChunkWritten(core: Core, snapshotIndex: number, offset: number): void {
  const { incoming } = core
  if (incoming === null || incoming.snapshot.index !== snapshotIndex || !incoming.isWriting) return
  incoming.isWriting = false
  incoming.offset = offset
  const { snapshot } = incoming
  if (snapshot.index <= core.commitIndex) {
    core.incoming = null
    return
  }
  if (core.leader !== null && core.leader !== core.id) replyOffset(core, core.leader, snapshot, offset)
  if (offset < snapshot.size) return
  core.incoming = null
  core.restoring = snapshot
  core.outbox.emit({ kind: 'restoreSnapshot', snapshot })
}

/** Follower: the snapshot is durable and the state store holds it; both change at once (paper 7). */
export function onSnapshotRestored(core: Core, snapshot: SnapshotMeta): void {
  if (core.restoring === null || !isSameSnapshot(core.restoring, snapshot)) return
  core.adoptSnapshot(snapshot)
  compact(core)
  core.dispatch()
  if (core.leader === null || core.leader === core.id) return
  core.outbox.sendWhenDurable(
    core.leader,
    transferReply(core, snapshot, { offset: snapshot.size, done: true }),
  )
}

/** Follower: the snapshot was damaged; the next one begins at its first byte. */
export function onSnapshotRejected(core: Core, snapshotIndex: number): void {
  if (core.restoring?.index === snapshotIndex) {
    const snapshot = core.restoring
    core.restoring = null
    core.dispatch()
    if (core.leader !== null && core.leader !== core.id) replyOffset(core, core.leader, snapshot, 0)
  }
  if (core.incoming?.snapshot.index === snapshotIndex) core.incoming = null
}

function replyOffset(core: Core, to: ServerId, snapshot: SnapshotMeta, offset: number): void {
  core.outbox.sendWithHardState(to, transferReply(core, snapshot, { offset, done: false }))
}

function transferReply(
  core: Core,
  snapshot: SnapshotMeta,
  at: { readonly offset: number; readonly done: boolean },
): InstallSnapshotReply {
  return { kind: 'installSnapshotReply', term: core.term, snapshotIndex: snapshot.index, ...at }
}
