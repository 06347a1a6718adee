// Reverse lookups: the node, else the service, that has an address in our datacenter.
import { reverseToIp } from './ip.ts'
import { isName, type Lookup } from './lookup.ts'
import { plain } from './node.ts'
import { rcode, type Reply, type Rr, rrType } from './types.ts'

/** The answer, or undefined when the address is not ours or the question is another than for names. */
export async function lookUpReverse(lookup: Lookup): Promise<Reply | undefined> {
  if (lookup.type !== rrType.PTR && lookup.type !== rrType.ANY) return undefined
  const ip = reverseToIp(lookup.labels)
  if (ip === undefined) return undefined
  const target = await nameOf(lookup, ip)
  if (target === undefined || !isName(target)) return undefined
  const record: Rr = { type: rrType.PTR, name: lookup.name, ttl: 0, target }
  return { rcode: rcode.noError, isOurs: true, answers: [plain(record)], authorities: [] }
}

async function nameOf(lookup: Lookup, ip: string): Promise<string | undefined> {
  const { view, zone } = lookup
  const nodes = await view.read({ kind: 'nodesByAddress', ip }, '')
  const node = nodes.ok ? nodes.value[0] : undefined
  if (node) return `${node.name}.node.${view.datacenter}.${zone}`
  const services = await view.read({ kind: 'servicesByAddress', ip }, '')
  const service = services.ok ? services.value[0]?.service : undefined
  return service && `${service.service}.service.${view.datacenter}.${zone}`
}
