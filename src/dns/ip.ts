// IP literals: family, bytes, the hexadecimal form of `.addr` names, and reverse names.
import ipaddr from 'ipaddr.js'

/** The family of a literal, or 0 when the text is none (a host name, or empty). */
export function ipFamily(text: string): 4 | 6 | 0 {
  if (text.includes(':')) return !text.includes('%') && ipaddr.IPv6.isValid(text) ? 6 : 0
  return ipv4Number(text) < 0 ? 0 : 4
}

/** An IPv4 literal as a number, or -1. */
export function ipv4Number(text: string): number {
  let value = 0
  let octet = -1
  let dots = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 46) {
      if (octet < 0 || ++dots > 3) return -1
      value = value * 256 + octet
      octet = -1
    } else {
      const digit = code - 48
      if (digit < 0 || digit > 9 || octet === 0) return -1
      octet = octet < 0 ? digit : octet * 10 + digit
      if (octet > 255) return -1
    }
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : -1
}

/** The sixteen bytes of an IPv6 literal that is known to be one. */
export function ipv6Bytes(text: string): readonly number[] {
  return ipaddr.IPv6.parse(text).toByteArray()
}

/** 8 or 32 hexadecimal digits of a literal. */
export function ipToHex(text: string): string {
  const v4 = ipv4Number(text)
  if (v4 >= 0) return v4.toString(16).padStart(8, '0')
  return ipv6Bytes(text)
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}

/** The literal that 8 or 32 hexadecimal digits stand for; undefined for other lengths, null for other characters. */
export function hexToIp(hex: string): string | undefined | null {
  if (hex.length !== 8 && hex.length !== 32) return undefined
  if (!/^[0-9a-f]*$/.test(hex)) return null
  return bytesToIp(hex.match(/../g)?.map((pair) => parseInt(pair, 16)) ?? [])
}

/** The literal of a reverse name's labels (lower case), or undefined when they are not those of one address. */
export function reverseToIp(labels: readonly string[]): string | undefined {
  const zone = labels.slice(-2).join('.')
  const parts = labels.slice(0, -2).reverse()
  if (zone === 'in-addr.arpa' && parts.length === 4) {
    const ip = parts.join('.')
    return ipv4Number(ip) < 0 ? undefined : ip
  }
  if (zone !== 'ip6.arpa' || parts.length !== 32 || parts.some((digit) => !/^[0-9a-f]$/.test(digit)))
    return undefined
  return hexToIp(parts.join('')) ?? undefined
}

/** The literal of 4 or 16 bytes. */
export function bytesToIp(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0))
  return new ipaddr.IPv6(groups).toRFC5952String()
}
