// What operators do with the servers of the Raft configuration: take one out, hand the leadership over, let one leave.
// All of it runs on the leader.
import { err, ok, type Result } from '../lib/result.ts'
import { formatAddress } from '../model/address.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { ServerEntry } from '../raft/message.ts'
import type { Actions } from './actions.ts'
import { keepsQuorum, majorityOf, votersOf } from './autopilot-changes.ts'
import type { RaftNode } from './raft-node.ts'

/** What the actions need. */
export interface PeerActionOptions {
  readonly selfId: string
  readonly raft: PeerRaft
  /** True if a server answers Raft now. */
  readonly isLive: (id: string) => boolean
  /** A server was removed by an operator: it is not taken in again at once. */
  readonly onRemoved: (id: string) => void
}

/** What the actions use of Raft. */
export interface PeerRaft extends Pick<RaftNode, 'addressOf' | 'changeServer' | 'transferLeadership'> {
  readonly machine: Pick<RaftNode['machine'], 'configuration'>
}

type PeerActions = Pick<Actions, 'removePeer' | 'transferLeader' | 'checkLeave'>

/** The actions on servers. */
export function createPeerActions(options: PeerActionOptions): PeerActions {
  return {
    removePeer: (args) => removePeer(options, args),
    transferLeader: ({ id }) => transferLeader(options, id),
    checkLeave: ({ id }) => Promise.resolve(checkLeave(options, id)),
  }
}

function refused(message: string): Result<never, RequestError> {
  return err(requestError('refused', message))
}

function notFound(kind: 'id' | 'address', value: string): Result<never, RequestError> {
  return refused(`${kind} ${JSON.stringify(value)} was not found in the Raft configuration`)
}

function serverBy(raft: PeerRaft, kind: 'id' | 'address', value: string): ServerEntry | undefined {
  return raft.machine.configuration.servers.find((server) =>
    kind === 'id' ? server.id === value : [server.address, addressText(raft, server)].includes(value),
  )
}

function addressText(raft: PeerRaft, server: ServerEntry): string {
  const address = raft.addressOf(server.id)
  return address === undefined ? server.address : formatAddress(address)
}

async function removePeer(
  options: PeerActionOptions,
  args: { readonly id: string; readonly address: string; readonly force: boolean },
): Promise<Result<null, RequestError>> {
  const { raft, isLive, onRemoved } = options
  const kind = args.address === '' ? 'id' : 'address'
  const server = serverBy(raft, kind, args[kind])
  if (server === undefined) return notFound(kind, args[kind])
  const { configuration } = raft.machine
  // The last voter is refused by Raft itself, whatever is forced.
  const isLast = votersOf(configuration).every((voter) => voter.id === server.id)
  if (!args.force && !isLast && !keepsQuorum(configuration, server.id, isLive)) {
    return refused(
      `Refused: without ${server.id}, ${quorumAfter(options, server.id)}; bring the others back first, or force it`,
    )
  }
  onRemoved(server.id)
  const removed = await raft.changeServer({ kind: 'remove', id: server.id })
  return removed.ok ? ok(null) : err(removed.error)
}

/** `only 1 of the 2 voters that are left would be there, and a majority is 2`. */
function quorumAfter({ raft, isLive }: PeerActionOptions, id: string): string {
  const others = votersOf(raft.machine.configuration).filter((voter) => voter.id !== id)
  const live = others.filter((voter) => isLive(voter.id)).length
  const voters = others.length === 1 ? '1 voter' : `${others.length} voters`
  return `only ${live} of the ${voters} that are left would be there, and a majority is ${majorityOf(others.length)}`
}

async function transferLeader(
  { selfId, raft }: PeerActionOptions,
  id: string,
): Promise<Result<boolean, RequestError>> {
  const voters = votersOf(raft.machine.configuration)
  if (id !== '') {
    if (serverBy(raft, 'id', id) === undefined) return notFound('id', id)
    if (id === selfId) return refused('Cannot transfer the leadership: this server has it already')
    if (!voters.some((voter) => voter.id === id))
      return refused(`Cannot transfer the leadership: server ${id} does not vote`)
  } else if (!voters.some((voter) => voter.id !== selfId)) {
    return refused('Cannot transfer the leadership: there is no other server that votes')
  }
  return ok(await raft.transferLeadership(id === '' ? null : id))
}

/** The only server of a cluster may always go, and so may one that does not vote. */
function checkLeave(options: PeerActionOptions, id: string): Result<null, RequestError> {
  const { configuration } = options.raft.machine
  if (votersOf(configuration).every((voter) => voter.id === id)) return checkLastVoter(options, id)
  if (keepsQuorum(configuration, id, options.isLive)) return ok(null)
  return refused(
    `Refused: after this leave, ${quorumAfter(options, id)}; bring the others back first, or force it`,
  )
}

/** Servers that do not vote never can when nobody is left who could make them voters. */
function checkLastVoter({ raft, isLive }: PeerActionOptions, id: string): Result<null, RequestError> {
  const { servers } = raft.machine.configuration
  if (!servers.some((server) => server.id !== id && isLive(server.id))) return ok(null)
  return refused(
    'Refused: after this leave, none of the servers that are left would vote; wait until one of them does, or force it',
  )
}
