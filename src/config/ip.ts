// IP addresses for the configuration: literals in one spelling, the ranges that matter for choosing one.
import ipaddr from 'ipaddr.js'

/** One address of one interface of the machine, as the host tells it. */
export interface InterfaceAddress {
  readonly name: string
  readonly ip: string
  readonly family: 4 | 6
  readonly netmask: string
  readonly isLoopback: boolean
}

/** An IP literal in its usual spelling (brackets removed), or undefined when the text is none. */
export function normaliseIp(text: string): string | undefined {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return bare
  if (!bare.includes(':') || bare.includes('%') || !ipaddr.IPv6.isValid(bare)) return undefined
  const v6 = ipaddr.IPv6.parse(bare)
  return v6.isIPv4MappedAddress() ? v6.toIPv4Address().toString() : v6.toRFC5952String()
}

/** True for `0.0.0.0` and `::`, which stand for every address of the machine. */
export function isWildcard(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::'
}

/** True for an IPv6 literal. */
export function isV6(ip: string): boolean {
  return ip.includes(':')
}

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** Networks from their CIDR forms, separated by spaces. */
function networks(cidrs: string): readonly Network[] {
  return cidrs.split(' ').map((cidr) => ipaddr.parseCIDR(cidr))
}

/** RFC 1918, RFC 6598 and RFC 3927: what counts as a private IPv4 address when one has to be found. */
const privateV4 = networks('10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16')
const linkLocal = networks('169.254.0.0/16 fe80::/10')
const reserved = networks('0.0.0.0/8 127.0.0.0/8 240.0.0.0/4 ::1/128 ::/128 ff00::/8 224.0.0.0/4')
const specialV6 = networks('fc00::/7 fe80::/10 ::/127 ff00::/8 2001:db8::/32 2001::/23 100::/64')

/** Networks by the number of the RFC that sets them apart. */
const byRfc: Readonly<Record<string, readonly Network[]>> = {
  '1918': networks('10.0.0.0/8 172.16.0.0/12 192.168.0.0/16'),
  '3927': networks('169.254.0.0/16'),
  '4193': networks('fc00::/7'),
  '4291': linkLocal.slice(1),
  '6598': networks('100.64.0.0/10'),
  '6890': networks(
    '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 ' +
      '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 255.255.255.255/32 ' +
      '::1/128 ::/128 64:ff9b::/96 ::ffff:0:0/96 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10',
  ),
}

function isWithin(ip: string, ranges: readonly Network[]): boolean {
  const address = ipaddr.parse(ip)
  return ranges.some(([net, bits]) => net.kind() === address.kind() && address.match(net, bits))
}

/** True for an IPv4 address that is not routed on the internet and not the machine's own loopback. */
export function isPrivateV4(ip: string): boolean {
  return !isV6(ip) && isWithin(ip, privateV4)
}

/** True for an IPv6 address that is routed on the internet. */
export function isPublicV6(ip: string): boolean {
  return isV6(ip) && !isWithin(ip, specialV6)
}

/** True if a router may pass packets for this address on. */
export function isForwardable(ip: string): boolean {
  return !isWithin(ip, linkLocal) && !isWithin(ip, reserved)
}

/** True if an RFC sets the address apart; undefined when the RFC is not one that we know. */
export function isOfRfc(ip: string, rfc: string): boolean | undefined {
  const ranges = byRfc[rfc]
  return ranges === undefined ? undefined : isWithin(ip, ranges)
}

/** True if the address lies in a network; undefined when the text is no CIDR network. */
export function isInNetwork(ip: string, cidr: string): boolean | undefined {
  return ipaddr.isValidCIDR(cidr) ? isWithin(ip, networks(cidr)) : undefined
}

/** Bits of the network part of a netmask. */
export function prefixLength(netmask: string): number {
  return ipaddr.isValid(netmask) ? (ipaddr.parse(netmask).prefixLengthFromSubnetMask() ?? 0) : 0
}

/** The network that an interface's address lies in: `10.0.0.0/24`. */
export function networkOf(address: InterfaceAddress): string {
  const bits = prefixLength(address.netmask)
  const cidr = `${address.ip}/${bits}`
  const first = isV6(address.ip)
    ? ipaddr.IPv6.networkAddressFromCIDR(cidr).toRFC5952String()
    : ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()
  return `${first}/${bits}`
}

/** Orders addresses by family, then by number. */
export function compareIps(a: string, b: string): number {
  if (isV6(a) !== isV6(b)) return isV6(a) ? 1 : -1
  const left = ipaddr.parse(a).toByteArray()
  const right = ipaddr.parse(b).toByteArray()
  for (let i = 0; i < left.length; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
