// `services export` and `services exported-services`: what the entry `exported-services` says. No other cluster reads it yet.
import type { Client } from '../../http/client.ts'
import type { ConfigEntryShape } from '../../http/client/shapes.ts'
import { type Context, UsageError } from '../command.ts'
import { attempt } from '../failure.ts'
import { tell, wantsJson } from '../format.ts'
import { renderJson, renderTable } from '../output.ts'

const key = { Kind: 'exported-services', Name: 'default' }

/** Runs `services export`. */
export async function exportService(context: Context): Promise<number> {
  const name = context.flags.string('name') ?? ''
  if (name === '') throw new UsageError('Missing the required -name flag')
  const peers = peersOf(context)
  return attempt(context, `Error exporting service ${JSON.stringify(name)}`, async () => {
    const outcome = await addConsumers(await context.client(), name, peers)
    if (outcome === 'lost') {
      context.complain('Configuration entry could not be atomically updated, please try again')
      return 1
    }
    const to = JSON.stringify(peers.join(','))
    const document = { Service: name, Peers: peers, Written: outcome === 'written' }
    tell(context, `Successfully exported service ${JSON.stringify(name)} to cluster peers ${to}`, document)
    context.complain('The export is kept as a configuration entry; there are no peers yet that would read it')
    return 0
  })
}

function peersOf({ flags }: Context): readonly string[] {
  if ((flags.string('consumer-partitions') ?? '') !== '') {
    throw new UsageError('Cannot use -consumer-partitions: partitions are a Consul Enterprise feature')
  }
  const names = flags.string('consumer-peers') ?? ''
  if (names === '') throw new UsageError('Missing the required -consumer-peers flag')
  return [...new Set(names.split(',').map((name) => name.trim()))]
}

/** How often another's write may come in between. */
const triesMax = 10

/** Puts the consumers into the entry that there is; `known` if they are all in it. Rejects as the client does. */
async function addConsumers(
  client: Client,
  name: string,
  peers: readonly string[],
): Promise<'written' | 'known' | 'lost'> {
  for (let tries = 0; tries < triesMax; tries++) {
    const { value: entry } = await client.configGet(key.Kind, key.Name)
    const services = withConsumers(servicesIn(entry), name, peers)
    if (services === null) return 'known'
    const changed = { ...entry, ...key, Services: services }
    if (await client.configSet(changed, { cas: entry?.ModifyIndex ?? 0 })) return 'written'
  }
  return 'lost'
}

/** A service in the entry. */
interface Exported {
  readonly Name: string
  readonly Consumers: readonly { readonly Peer?: string }[] | null
}

function servicesIn(entry: ConfigEntryShape | null): readonly Exported[] {
  return (entry?.['Services'] ?? []) as readonly Exported[]
}

/** The services with these consumers of one; null if nothing is new. */
function withConsumers(
  services: readonly Exported[],
  name: string,
  peers: readonly string[],
): readonly Exported[] | null {
  const at = services.findIndex(({ Name }) => Name === name)
  const known = services[at] ?? { Name: name, Consumers: null }
  const consumers = known.Consumers ?? []
  const added = peers.filter((peer) => !consumers.some(({ Peer }) => Peer === peer))
  if (added.length === 0) return null
  const changed = { ...known, Consumers: [...consumers, ...added.map((Peer) => ({ Peer }))] }
  return at < 0 ? [...services, changed] : services.with(at, changed)
}

/** Runs `services exported-services`. */
export async function exportedServices(context: Context): Promise<number> {
  const { flags } = context
  const isJson = wantsJson(flags)
  return attempt(context, 'Error listing exported services', async () => {
    const client = await context.client()
    const filter = flags.string('filter') ?? ''
    const stale = flags.bool('stale')
    const { value } = await client.exportedServices({ stale, ...(filter !== '' && { filter }) })
    if (isJson) context.print(renderJson(value))
    else if (value.length === 0) context.complain('No exported services found')
    else {
      const rows = value.map(({ Service, Consumers }) => [Service, Consumers.Peers.join(', ')])
      context.print(renderTable([['Service', 'Consumer Peers'], ...rows]))
    }
    return 0
  })
}
