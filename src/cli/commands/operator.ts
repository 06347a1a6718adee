// `operator raft list-peers`.
import type { RaftServerShape } from '../../http/client/shapes.ts'
import type { Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { wantsJson } from '../format.ts'
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
    String(server.LastIndex),
    trail(server, leaderIndex),
  ])
  return renderTable([header, ...rows])
}

function trail({ Leader, LastIndex }: RaftServerShape, leaderIndex: number | undefined): string {
  if (Leader || leaderIndex === undefined) return '-'
  return `${Math.max(0, leaderIndex - LastIndex)} commits`
}
