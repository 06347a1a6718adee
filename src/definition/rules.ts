// What the agent allows in definitions, and the rules that are small.
import { utf8Length } from '../lib/bytes.ts'
import type { TextMap, Weights } from '../model/catalog.ts'

/** What the agent allows. */
export interface DefinitionRules {
  /** Bytes of output that are kept of a check (`check_output_max_size`). */
  readonly outputBytesMax: number
  /** Where checks that run programs may come from. */
  readonly scripts: 'nowhere' | 'files' | 'anywhere'
  /** Ports for sidecars that name none (`ports.sidecar_min_port`, `ports.sidecar_max_port`). */
  readonly sidecarPorts: PortRange
}

/** Ports, both ends included. */
export interface PortRange {
  readonly min: number
  readonly max: number
}

/** Limits of meta data. */
export const metaLimits = { pairsMax: 64, keyCharactersMax: 128, valueCharactersMax: 512 } as const

const metaKey = /^[A-Za-z0-9_-]+$/

/** What is wrong with meta data, in the reference's words; null if nothing is. */
export function metaFault(meta: TextMap): string | null {
  const pairs = Object.entries(meta)
  if (pairs.length > metaLimits.pairsMax) {
    return `Node metadata cannot contain more than ${metaLimits.pairsMax} key/value pairs`
  }
  for (const [key, value] of pairs) {
    const reason = pairFault(key, value)
    if (reason !== null) return `Couldn't load metadata pair ('${key}', '${value}'): ${reason}`
  }
  return null
}

function pairFault(key: string, value: string): string | null {
  if (key === '') return 'Key cannot be blank'
  if (!metaKey.test(key)) return 'Key contains invalid characters'
  const { keyCharactersMax, valueCharactersMax } = metaLimits
  if (key.length > keyCharactersMax) return `Key is too long (limit: ${keyCharactersMax} characters)`
  if (key.startsWith('consul-')) return "Key prefix 'consul-' is reserved for internal use"
  return value.length > valueCharactersMax
    ? `Value is too long (limit: ${valueCharactersMax} characters)`
    : null
}

/**
 * Bytes of an ID of a service or a check. URLs name them, in up to three characters for a byte, and runtimes take 16 KiB
 * of a request's head: what is longer could be registered and never deregistered.
 */
export const idBytesMax = 4096

/** What is wrong with an ID; null if nothing is. */
export function idFault(what: 'Service' | 'Check', id: string): string | null {
  const bytes = utf8Length(id)
  return bytes > idBytesMax ? `${what} ID is too long (${bytes} bytes, limit: ${idBytesMax})` : null
}

/** What is wrong with weights, in the reference's words; null if nothing is. */
export function weightsFault({ passing, warning }: Weights): string | null {
  if (passing < 1) return 'Passing must be greater than 0'
  if (warning < 0) return 'Warning must be greater or equal than 0'
  if (passing > 65_535 || warning > 65_535) return 'DNS Weight must be between 0 and 65535'
  return null
}

/** Addresses that name no host, as the reference lists them. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::' || address === '[::]'
}

/** Several faults in one text, as the reference prints them. */
export function errorsOccurred(faults: readonly string[]): string {
  const count = faults.length === 1 ? '1 error' : `${faults.length} errors`
  return `${count} occurred:\n${faults.map((each) => `\t* ${each}\n`).join('')}\n`
}
