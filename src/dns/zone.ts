// The zone itself: SOA and NS.
import type { CatalogNode } from '../model/catalog.ts'
import { addressRecord, nodeAddress } from './addresses.ts'
import { answered, type Lookup, readError, soaRecord } from './lookup.ts'
import { isServing } from './service.ts'
import { type Answer, type Reply, type Rr, rrType } from './types.ts'

/** Name servers that are told, drawn by lot. */
const serversMax = 3

/** Answers SOA and NS, which every name of the zone has in common. */
export async function lookUpZone(lookup: Lookup): Promise<Reply> {
  const { view, random, config } = lookup
  // Which servers are told is drawn here.
  lookup.trace.let()
  const read = await view.read(
    { kind: 'serviceNodes', service: 'consul', tags: [], nodeMeta: {}, near: '', connect: false },
    '',
  )
  if (!read.ok) return readError(lookup, read.error)
  const nodes = read.value.filter((each) => isServing(each, config.onlyPassing)).map(({ node }) => node)
  // A name server's name must be a host name.
  const named = nodes.filter(
    (node) => /^[a-z0-9-]{1,63}$/i.test(node.name) && nodeAddress(node, 0, false) !== '',
  )
  const told = random
    .shuffle(named)
    .slice(0, serversMax)
    .map((node) => server(lookup, node))
  if (lookup.type === rrType.NS) return answered(lookup, told)
  const extra = told.flatMap((each) => each.extra)
  const soa = answered(lookup, [{ record: soaRecord(lookup), extra }])
  return { ...soa, authorities: told.map((each) => each.record) }
}

function server(lookup: Lookup, node: CatalogNode): Answer {
  const { zone, view, config } = lookup
  const ttl = config.nodeTtlSeconds
  const target = `${node.name}.node.${view.datacenter}.${zone}`.toLowerCase()
  const addresses = ([4, 6] as const).map((family) => nodeAddress(node, family, false))
  const extra: readonly Rr[] = addresses.filter((ip) => ip !== '').map((ip) => addressRecord(target, ttl, ip))
  return { record: { type: rrType.NS, name: zone, ttl, target }, extra }
}
