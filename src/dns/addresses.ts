// Which address of a node or an instance is told.
import type { CatalogNode, CatalogService, ServiceHealth } from '../model/catalog.ts'
import { ipFamily } from './ip.ts'
import { isName, type Lookup } from './lookup.ts'
import { type Rr, rrType } from './types.ts'

/** Address families that a question asks for; 0 stands for the main address of either. */
export type Family = 4 | 6 | 0

/** A record's type by the family of its address. */
export function addressRecord(name: string, ttl: number, ip: string): Rr {
  return { type: ipFamily(ip) === 6 ? rrType.AAAA : rrType.A, name, ttl, ip }
}

/** The families whose addresses answer a question of this type. */
export function familiesOf(type: number): readonly Family[] {
  if (type === rrType.A) return [4]
  if (type === rrType.AAAA) return [6]
  return type === rrType.ANY ? [4, 6] : []
}

/** Whether addresses for other datacenters are to be told. */
export function isTranslated(lookup: Lookup, datacenter: string): boolean {
  return lookup.config.translateWanAddrs && datacenter !== '' && datacenter !== lookup.view.datacenter
}

/** Tags of addresses in the order in which they are tried. */
function tagsOf(family: Family, isWan: boolean): readonly string[] {
  if (family === 0) return isWan ? ['wan'] : []
  const own = isWan ? `wan_ipv${family}` : `lan_ipv${family}`
  return isWan ? [own, 'wan'] : [own]
}

/** A node's address for a family: an IP literal of it, a host name, or '' when it has neither. */
export function nodeAddress(node: CatalogNode, family: Family, isWan: boolean): string {
  for (const tag of tagsOf(family, isWan)) {
    const tagged = Object.hasOwn(node.taggedAddresses, tag) ? (node.taggedAddresses[tag] ?? '') : ''
    if (tagged !== '' && fits(tagged, family)) return tagged
  }
  return fits(node.address, family) ? node.address : ''
}

/** An instance's own address for a family, like `nodeAddress`; `isOwn` is false when it has none of its own at all. */
export function serviceAddress(
  service: CatalogService,
  family: Family,
  isWan: boolean,
): { readonly address: string; readonly isOwn: boolean } {
  for (const tag of tagsOf(family, isWan)) {
    const tagged = Object.hasOwn(service.taggedAddresses, tag)
      ? (service.taggedAddresses[tag]?.address ?? '')
      : ''
    if (tagged !== '' && fits(tagged, family)) return { address: tagged, isOwn: true }
  }
  if (service.address === '') return { address: '', isOwn: false }
  return { address: fits(service.address, family) ? service.address : '', isOwn: true }
}

/** An instance's port: the WAN one where WAN addresses are told and it has one. */
export function servicePort(service: CatalogService, isWan: boolean): number {
  const wan =
    isWan && Object.hasOwn(service.taggedAddresses, 'wan') ? service.taggedAddresses['wan'] : undefined
  return wan && wan.address !== '' && wan.port !== 0 ? wan.port : service.port
}

/**
 * The address that an instance is reached at: an IP literal of the family, a host name, or ''.
 *
 * An instance whose address is the very name that is asked for is reached at its node.
 */
export function instanceAddress(
  lookup: Lookup,
  found: ServiceHealth,
  family: Family,
  isWan: boolean,
): string {
  const { address, isOwn } = serviceAddress(found.service, family, isWan)
  if (!isOwn || isAsked(lookup, address)) return nodeAddress(found.node, family, isWan)
  return address
}

/** Whether a host name is the one that was asked for. */
export function isAsked(lookup: Lookup, host: string): boolean {
  return host.length >= lookup.name.length && trimDot(host).toLowerCase() === lookup.labels.join('.')
}

/** Without the final dot. */
export function trimDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name
}

/** A host name, as opposed to an IP literal or something that cannot stand in a packet. */
export function isHostName(text: string): boolean {
  return text !== '' && ipFamily(text) === 0 && isName(trimDot(text))
}

/** True for a literal of the family, and for host names: those may lead to any. */
function fits(address: string, family: Family): boolean {
  const own = ipFamily(address)
  return own === 0 ? isHostName(address) : family === 0 || own === family
}
