// Local inputs: what the driver has finished, and what clients and operators want (paper 8; thesis 3.10, 4, 6).
import { sorted } from './configuration.ts'
import type { Core } from './core.ts'
import { onCandidatePersisted, onLeaderUnreachable, standForPreVote } from './election.ts'
import type { RaftInput } from './events.ts'
import { advanceCommit, onChangeServer, onPropose } from './leader.ts'
import type { Configuration } from './message.ts'
import { isSoleVoter } from './quorum.ts'
import {
  checkSnapshotDue,
  onSnapshotChunkRead,
  onSnapshotChunkUnreadable,
  onSnapshotChunkWritten,
  onSnapshotRejected,
  onSnapshotRestored,
  onSnapshotTaken,
} from './snapshot.ts'
import { onTransferLeadership } from './transfer.ts'

/** What comes from the driver, but for deadlines and messages. */
export type LocalInput = Exclude<RaftInput, { readonly kind: 'wake' | 'received' }>

type Request = Extract<LocalInput, { kind: 'propose' | 'readIndex' | 'transferLeadership' | 'changeServer' }>
type SnapshotInput = Extract<LocalInput, { kind: `snapshot${string}` }>

/** What the driver says: what has finished, and what it wants. */
export function onLocal(core: Core, input: LocalInput): void {
  switch (input.kind) {
    case 'persisted':
      return onPersisted(core, input.write)
    case 'applied':
      core.onApplied(input.index)
      return checkSnapshotDue(core)
    case 'bootstrap':
      return onBootstrap(core, input.configuration)
    case 'leaderUnreachable':
      return onLeaderUnreachable(core, input.leader)
    default:
      return isRequest(input) ? onRequest(core, input) : onSnapshotInput(core, input)
  }
}

function onPersisted(core: Core, write: number): void {
  core.outbox.onPersisted(write)
  if (core.role.kind === 'leader') advanceCommit(core, core.role)
  else if (core.role.kind === 'candidate') onCandidatePersisted(core, core.role)
}

function isRequest(input: Request | SnapshotInput): input is Request {
  return !input.kind.startsWith('snapshot')
}

/** Requests that only a leader can serve. */
function onRequest(core: Core, input: Request): void {
  if (core.role.kind !== 'leader') return refuseRequest(core, input)
  switch (input.kind) {
    case 'propose':
      return onPropose(core, core.role, input.proposals)
    case 'readIndex':
      return core.role.rounds.wait(input.request)
    case 'transferLeadership':
      return onTransferLeadership(core, core.role, input.to)
    case 'changeServer':
      return onChangeServer(core, core.role, input.request, input.change)
  }
}

function refuseRequest(core: Core, input: Request): void {
  const reason = 'notLeader'
  switch (input.kind) {
    case 'propose':
      for (const { request } of input.proposals)
        core.outbox.emit({ kind: 'proposalRefused', request, reason })
      return
    case 'readIndex':
      return core.outbox.emit({ kind: 'readRefused', request: input.request, reason })
    case 'transferLeadership':
      return core.outbox.emit({ kind: 'transferEnded', ok: false, reason: 'This server is not the leader' })
    case 'changeServer':
      return core.outbox.emit({ kind: 'proposalRefused', request: input.request, reason })
  }
}

function onSnapshotInput(core: Core, input: SnapshotInput): void {
  const { role } = core
  switch (input.kind) {
    case 'snapshotTaken':
      return onSnapshotTaken(core, input.snapshot)
    case 'snapshotChunkRead':
      if (role.kind === 'leader') onSnapshotChunkRead(core, role, input)
      return
    case 'snapshotChunkUnreadable':
      if (role.kind === 'leader') onSnapshotChunkUnreadable(core, role, input.to, input.snapshotIndex)
      return
    case 'snapshotChunkWritten':
      return onSnapshotChunkWritten(core, input.snapshotIndex, input.offset)
    case 'snapshotRestored':
      return onSnapshotRestored(core, input.snapshot)
    case 'snapshotRejected':
      return onSnapshotRejected(core, input.snapshotIndex)
  }
}

/**
 * The first start of a cluster: the same entry 1 on every server that is in it. One server is elected at once, of
 * several one stands after a short random time.
 */
function onBootstrap(core: Core, configuration: Configuration): void {
  const isFresh = core.log.lastIndex === 0 && core.term === 0 && core.votedFor === null
  if (!isFresh) return
  core.becomeFollower(1, null)
  core.putEntries([
    { kind: 'configuration', index: 1, term: 1, configuration: sorted(configuration.servers) },
  ])
  if (isSoleVoter(configuration, core.id)) {
    standForPreVote(core)
  } else if (core.role.kind === 'follower') {
    const delayMs = core.random.between(0, Math.floor(core.timing.electionTimeoutMs / 2))
    core.role.electionAtMs = core.nowMs + delayMs
  }
}
