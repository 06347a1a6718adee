// `catalog datacenters`, `catalog nodes` and `catalog services`.
import type { ReadQuery } from '../../http/client/requests.ts'
import type { NodeShape } from '../../http/client/shapes.ts'
import type { Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { wantsJson } from '../format.ts'
import { renderJson, renderTable } from '../output.ts'

/** Runs `catalog datacenters`. */
export async function datacenters(context: Context): Promise<number> {
  const isJson = wantsJson(context.flags)
  return attempt(context, 'Error listing datacenters', async () => {
    const names = await (await context.client()).catalogDatacenters()
    if (isJson) context.print(renderJson(names))
    else for (const name of names) context.print(name)
    return 0
  })
}

/** Runs `catalog nodes`. */
export async function nodes(context: Context): Promise<number> {
  const isJson = wantsJson(context.flags)
  const about = context.flags.string('service') === undefined ? 'nodes' : 'nodes for service'
  return attempt(context, `Error listing ${about}`, async () => {
    const found = await findNodes(context)
    if (isJson) context.print(renderJson(found))
    else if (found.length === 0) {
      context.complain('No nodes match the given query - try expanding your search.')
    } else context.print(context.flags.bool('detailed') ? detailedNodes(found) : nodeTable(found))
    return 0
  })
}

type NodeRow = Pick<NodeShape, 'Node' | 'ID' | 'Address' | 'Datacenter' | 'TaggedAddresses' | 'Meta'>

async function findNodes(context: Context): Promise<readonly NodeRow[]> {
  const { flags } = context
  const client = await context.client()
  const service = flags.string('service')
  if (service === undefined) return (await client.catalogNodes(readQuery(context))).value
  const { value } = await client.catalogService(service, readQuery(context))
  const byId = new Map(value.map((instance) => [instance.ID || instance.Node, instance]))
  return [...byId.values()].map((instance) => ({ ...instance, Meta: instance.NodeMeta }))
}

function readQuery({ flags }: Context): ReadQuery {
  const near = flags.string('near')
  const filter = flags.string('filter')
  const pairs = flags.list('node-meta').map((text): [string, string] => {
    const at = text.indexOf('=')
    return [text.slice(0, at), text.slice(at + 1)]
  })
  return {
    stale: flags.bool('stale'),
    ...(near !== undefined && near !== '' && { near }),
    ...(filter !== undefined && filter !== '' && { filter }),
    ...(pairs.length > 0 && { nodeMeta: Object.fromEntries(pairs) }),
  }
}

/** Characters of a node id that are enough to tell nodes apart. */
const shortIdLength = 8

function nodeTable(found: readonly NodeRow[]): string {
  const rows = found.map(({ Node, ID, Address, Datacenter }) => [
    Node,
    ID.slice(0, shortIdLength),
    Address,
    Datacenter,
  ])
  return renderTable([['Node', 'ID', 'Address', 'DC'], ...rows])
}

function detailedNodes(found: readonly NodeRow[]): string {
  const rows = found.map(({ Node, ID, Address, Datacenter, TaggedAddresses, Meta }) => [
    Node,
    ID,
    Address,
    Datacenter,
    pairsOf(TaggedAddresses),
    pairsOf(Meta),
  ])
  return renderTable([['Node', 'ID', 'Address', 'DC', 'TaggedAddresses', 'Meta'], ...rows])
}

function pairsOf(record: Readonly<Record<string, string>> | null): string {
  return Object.entries(record ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join(', ')
}

/** Runs `catalog services`. */
export async function services(context: Context): Promise<number> {
  const isJson = wantsJson(context.flags)
  return attempt(context, 'Error listing services', async () => {
    const found = await findServices(context)
    if (isJson) {
      context.print(renderJson(found))
      return 0
    }
    const names = Object.keys(found).toSorted()
    if (names.length === 0) {
      context.complain('No services match the given query - try expanding your search.')
    } else if (context.flags.bool('tags')) {
      context.print(renderTable(names.map((name) => [name, (found[name] ?? []).toSorted().join(',')])))
    } else context.print(names.join('\n'))
    return 0
  })
}

async function findServices(context: Context): Promise<Readonly<Record<string, readonly string[]>>> {
  const client = await context.client()
  const node = context.flags.string('node')
  if (node === undefined) return (await client.catalogServices(readQuery(context))).value
  const { value } = await client.catalogNode(node, readQuery(context))
  const found: Record<string, readonly string[]> = {}
  for (const { Service, Tags } of Object.values(value?.Services ?? {})) {
    found[Service] = [...new Set([...(found[Service] ?? []), ...(Tags ?? [])])]
  }
  return found
}
