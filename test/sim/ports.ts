// Which sockets conflict, and which ports are free.
import type { Address } from '../../src/model/address.ts'

/** First port that the system chooses by itself. */
const ephemeralFirst = 32_768

/** True if a socket bound to `bound` receives what is sent to `ip`. */
export function claims(bound: string, ip: string): boolean {
  return bound === ip || bound === '::' || (bound === '0.0.0.0' && !ip.includes(':'))
}

/** The port to bind: the one asked for, or a free one for 0; undefined if it is taken. */
export function choosePort(bound: ReadonlySet<{ readonly local: Address }>, at: Address): number | undefined {
  const isTaken = (port: number): boolean => {
    for (const { local } of bound) {
      if (local.port === port && (claims(local.ip, at.ip) || claims(at.ip, local.ip))) return true
    }
    return false
  }
  if (at.port !== 0) return isTaken(at.port) ? undefined : at.port
  for (let port = ephemeralFirst; port < 65_536; port++) if (!isTaken(port)) return port
  return undefined
}
