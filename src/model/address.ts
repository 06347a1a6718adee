// Where something listens. Parsing and formatting of socket addresses for people and for the wire.

/** An IP literal (v4, or v6 without brackets or zone) and a port. */
export interface Address {
  readonly ip: string
  readonly port: number
}

/** `10.0.0.1:8301`, `[fd00::1]:8301`. */
export function formatAddress(address: Address): string {
  return address.ip.includes(':') ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`
}

/** True if both name the same socket. Literals are compared as text: they are normalised where they enter. */
export function isSameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && a.ip === b.ip
}
