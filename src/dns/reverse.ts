// Reverse lookups: the node, else the service, that has an address in our datacenter.
import { reverseToIp } from './ip.ts'
import { headerBytes } from './query.ts'
import { isName, type Lookup } from './lookup.ts'
import { plain } from './node.ts'
import { rcode, type Reply, type Rr, rrType } from './types.ts'

/** True of a packet whose question is for a name under `arpa`. Nothing is made: each packet is looked at. */
export function isReverse(packet: Uint8Array): boolean {
  let last = headerBytes
  for (let at = headerBytes; ;) {
    const length = packet[at] ?? 0
    if (length === 0 || length > 63) break
    last = at
    at += 1 + length
  }
  return (
    packet[last] === arpa.length && arpa.every((letter, i) => ((packet[last + 1 + i] ?? 0) | 0x20) === letter)
  )
}

/** In lower case. */
const arpa: readonly number[] = [0x61, 0x72, 0x70, 0x61]

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
