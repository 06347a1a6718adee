// One upstream DNS server as configured: an address or a name, with a port or not.
import { err, ok, type Result } from '../lib/result.ts'
import { normaliseIp } from './ip.ts'

const unspecified: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** `ip:port`, `[ipv6]:port` or `name:port`; the error is a sentence. */
export function readRecursor(word: string): Result<string, string> {
  const match = /^(?:\[([^\]]+)\]|([^\s:]+)):(\d{1,5})$/.exec(word)
  const host = match?.[1] ?? match?.[2] ?? word
  const port = match?.[3] ?? '53'
  const ip = normaliseIp(host)
  if (ip === undefined) {
    return isHostName(host)
      ? ok(`${host}:${port}`)
      : err(`A recursor must be an IP address or a host name, with a port or not, not "${word}"`)
  }
  if (unspecified.has(ip)) return err(`A recursor must be an address of one machine, not "${word}"`)
  return ok(`${ip.includes(':') ? `[${ip}]` : ip}:${port}`)
}

/** With a letter, so that it cannot be a mistyped address. */
function isHostName(text: string): boolean {
  return /^(?=.*[a-z])[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i.test(text)
}
