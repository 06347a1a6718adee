// Socket addresses between the platform's forms and ours: no zones, no v4 addresses in v6 clothes.

/** A literal as the protocols use it: without zone, and v4 where the socket shows `::ffff:1.2.3.4`. */
export function plainIp(ip: string): string {
  if (ip.indexOf(':') < 0) return ip
  const zone = ip.indexOf('%')
  const bare = zone < 0 ? ip : ip.slice(0, zone)
  return bare.startsWith('::ffff:') && bare.indexOf('.') > 0 ? bare.slice(7) : bare
}

/** True for an IPv6 literal. */
export function isIpv6(ip: string): boolean {
  return ip.indexOf(':') >= 0
}

/** The bytes of a Buffer as a plain Uint8Array, without a copy; a Buffer's `slice` would mean something else. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
