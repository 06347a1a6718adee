// `operator raft list-peers`, `remove-peer` and `transfer-leader`.
import type { RaftServerShape } from '../../http/client/shapes.ts'
import type { Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { tell, wantsJson } from '../format.ts'
import { renderJson, renderTable } from '../output.ts'

/** Runs `operator raft list-peers`. */
export async function listPeers(context: Context): Promise<number> {
  const isJson = wantsJson(context.flags)
  return attempt(context, 'Error getting peers: Failed to retrieve raft configuration', async () => {
    const client = await context.client()
    const { Servers } = await client.raftConfiguration({ stale: context.flags.bool('stale') })
    context.print(isJson ? renderJson(Servers) : table(Servers))
    return 0
  })
}

function table(servers: readonly RaftServerShape[]): string {
  const header = [
    'Node',
    'ID',
    'Address',
    'State',
    'Voter',
    'RaftProtocol',
    'Commit Index',
    'Trails Leader By',
  ]
  const leaderIndex = servers.find(({ Leader }) => Leader)?.LastIndex
  const rows = servers.map((server) => [
    server.Node,
    server.ID,
    server.Address,
    server.Leader ? 'leader' : 'follower',
    String(server.Voter),
    server.ProtocolVersion,
    server.LastIndex > 0 ? String(server.LastIndex) : '-',
    trail(server, leaderIndex),
  ])
  return renderTable([header, ...rows])
}

function trail({ Leader, LastIndex }: RaftServerShape, leaderIndex: number | undefined): string {
  // 0 is said of a server of which the one that was asked does not know: with -stale one that does not lead. Servers of the
  // reference say nothing.
  if (Leader || leaderIndex === undefined || !(leaderIndex > 0 && LastIndex > 0)) return '-'
  return `${Math.max(0, leaderIndex - LastIndex)} commits`
}

/** Runs `operator raft remove-peer`. */
export async function removePeer(context: Context): Promise<number> {
  const { flags } = context
  const [address, id] = [flags.string('address') ?? '', flags.string('id') ?? '']
  const fault =
    address === '' && id === ''
      ? 'an address or id is required for the peer to remove'
      : address !== '' && id !== ''
        ? 'cannot give both an address and id'
        : null
  if (fault !== null) {
    context.complain(`Error removing peer: ${fault}`)
    return 1
  }
  return attempt(context, 'Error removing peer', async () => {
    const client = await context.client()
    await client.raftRemovePeer({ ...(id === '' ? { address } : { id }), force: flags.bool('force') })
    if (id === '')
      tell(context, `Removed peer with address "${address}"`, { Address: address, Removed: true })
    else tell(context, `Removed peer with id "${id}"`, { ID: id, Removed: true })
    return 0
  })
}

/** Runs `operator raft transfer-leader`. */
export async function transferLeader(context: Context): Promise<number> {
  const id = context.flags.string('id') ?? ''
  return attempt(context, 'Error transferring leadership', async () => {
    const client = await context.client()
    const isDone = await client.raftTransferLeader(id === '' ? {} : { id })
    tell(context, isDone ? 'Success' : null, { Success: isDone })
    if (!isDone) context.complain('The leadership was not taken over in time; the leader goes on as before')
    return isDone ? 0 : 1
  })
}
