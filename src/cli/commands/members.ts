// `members`: who is in the cluster, as one agent knows it.
import type { MemberShape } from '../../http/client/shapes.ts'
import type { Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { wantsJson } from '../format.ts'
import { painter, renderJson, renderTable, type Colour } from '../output.ts'

/** Exit code when no member matches. */
const nothingFound = 2

const statusWords: readonly string[] = ['none', 'alive', 'leaving', 'left', 'failed']

/** Runs `members`. */
export async function members(context: Context): Promise<number> {
  const { flags } = context
  const isJson = wantsJson(flags)
  const pattern = statusPattern(flags.string('status') ?? '.*')
  if (typeof pattern === 'string') {
    context.complain(pattern)
    return 1
  }
  const segment = flags.string('segment') ?? '_all'
  return attempt(context, 'Error retrieving members', async () => {
    const client = await context.client()
    const filter = flags.string('filter')
    const wan = flags.bool('wan')
    const all = await client.agentMembers({ wan, segment, ...(filter !== undefined && { filter }) })
    const found = all
      .filter((member) => pattern.test(statusOf(member)))
      .toSorted((a, b) => compare(segmentOf(a), segmentOf(b)) || compare(a.Name, b.Name))
    if (isJson) context.print(renderJson(found))
    if (found.length === 0) return nothingFound
    if (!isJson) context.print(flags.bool('detailed') ? detailed(context, found) : summary(context, found))
    return 0
  })
}

/** The regular expression, or the sentence why it is none. */
function statusPattern(text: string): RegExp | string {
  try {
    return new RegExp(text)
  } catch (error) {
    return `Failed to compile status regexp: ${error instanceof Error ? error.message : String(error)}`
  }
}

function statusOf({ Status }: MemberShape): string {
  return statusWords[Status] ?? 'unknown'
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Servers are in every segment. */
function segmentOf({ Tags }: MemberShape): string {
  return Tags['segment'] || (Tags['role'] === 'consul' ? '<all>' : '<default>')
}

function addressOf({ Addr, Port }: MemberShape): string {
  return Addr.includes(':') ? `[${Addr}]:${Port}` : `${Addr}:${Port}`
}

const typeByRole: Readonly<Record<string, string>> = { consul: 'server', node: 'client' }

function summary(context: Context, found: readonly MemberShape[]): string {
  const header = ['Node', 'Address', 'Status', 'Type', 'Build', 'Protocol', 'DC', 'Partition', 'Segment']
  const rows = found.map((member) => {
    const { Name, Tags } = member
    const type = typeByRole[Tags['role'] ?? ''] ?? 'unknown'
    const build = (Tags['build'] ?? '').split(':', 1)[0] ?? ''
    return [
      Name,
      addressOf(member),
      statusOf(member),
      type,
      build,
      Tags['vsn'] ?? '',
      Tags['dc'] ?? '',
      Tags['ap'] ?? 'default',
      segmentOf(member),
    ]
  })
  return renderTable([header, ...rows], paintStatus(context))
}

function detailed(context: Context, found: readonly MemberShape[]): string {
  const rows = found.map((member) => {
    const shown = { ...member.Tags, segment: segmentOf(member) }
    const tags = Object.entries(shown).map(([key, value]) => `${key}=${value}`)
    return [member.Name, addressOf(member), statusOf(member), tags.toSorted().join(',')]
  })
  return renderTable([['Node', 'Address', 'Status', 'Tags'], ...rows], paintStatus(context))
}

const colourByStatus: Readonly<Record<string, Colour>> = {
  alive: 'green',
  leaving: 'yellow',
  left: 'grey',
  failed: 'red',
}

function paintStatus(context: Context): (cell: string, row: number, column: number) => string {
  const paint = painter(context.host)
  return (cell, row, column) => {
    const colour = row > 0 && column === 2 ? colourByStatus[cell] : undefined
    return colour === undefined ? cell : paint(colour, cell)
  }
}
