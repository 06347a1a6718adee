// What checks print. The words are the reference's where it has some, because alerts and people look for them.
import { formatDuration } from '../../lib/durations.ts'
import { joined } from '../../lib/bytes.ts'
import type { CheckOutcome } from '../../model/definition.ts'
import { HostError } from '../../runtime/host.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

/** A failed run. */
export function critical(output: string): CheckOutcome {
  return { status: 'critical', output }
}

/** `1.5s`, from milliseconds. */
export function durationText(ms: number): string {
  return formatDuration(ms * 1_000_000)
}

/** What a run says that took too long. */
export function timedOutText(timeoutMs: number): string {
  return `Timed out (${durationText(timeoutMs)}) running check`
}

/** Bytes as text; what is no UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** A program's output, of which the last bytes were kept. */
export function capturedText(kept: Uint8Array, totalBytes: number): string {
  const text = textOf(kept)
  return kept.length < totalBytes ? `Captured ${kept.length} of ${totalBytes} bytes\n...\n${text}` : text
}

/** The words of a TTL check's owner, of which the first bytes are kept. */
export function cutNote(note: string, bytesMax: number): string {
  // A character has three bytes at most for each code unit.
  if (note.length * 3 <= bytesMax) return note
  const bytes = encoder.encode(note)
  if (bytes.length <= bytesMax) return note
  return `${textOf(bytes.subarray(0, bytesMax))} ... (captured ${bytesMax} of ${bytes.length} bytes)`
}

/** The last bytes of what may be endless. */
export class Tail {
  readonly #bytesMax: number
  readonly #parts: Uint8Array[] = []
  #partsBytes = 0
  /** Bytes that were added in all. */
  total = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Adds bytes; they must not change afterwards. */
  add(bytes: Uint8Array): void {
    this.total += bytes.length
    const from = bytes.length - this.#bytesMax
    this.#parts.push(from > 0 ? bytes.slice(from) : bytes)
    this.#partsBytes += Math.min(bytes.length, this.#bytesMax)
    // Many small parts are put together now and then, so that parts never outnumber bytes by much.
    if (this.#partsBytes > 2 * this.#bytesMax + 4096) this.#shrink()
  }

  /** What is left of it. */
  bytes(): Uint8Array {
    this.#shrink()
    return this.#parts[0] ?? new Uint8Array()
  }

  #shrink(): void {
    const all = joined(this.#parts, this.#partsBytes)
    const last = all.length > this.#bytesMax ? all.slice(all.length - this.#bytesMax) : all
    this.#parts.splice(0, this.#parts.length, last)
    this.#partsBytes = last.length
  }
}

/** The reasons of failed connections, in the reference's words. */
const connectReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  EADDRNOTAVAIL: 'connect: cannot assign requested address',
  EACCES: 'connect: permission denied',
  EMFILE: 'socket: too many open files',
  ETIMEDOUT: 'i/o timeout',
}

/** The reasons of failed handshakes. */
const tlsReasons: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_UNTRUSTED: 'x509: certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'x509: certificate has expired or is not yet valid',
}

/**
 * Why a connection could not be made or used.
 *
 * @param target `ip:port` or `name:port`
 */
export function failureText(error: unknown, network: 'tcp' | 'udp', target: string): string {
  if (!(error instanceof HostError)) return error instanceof Error ? error.message : String(error)
  const { code } = error
  if (code === 'ENOTFOUND') return `dial ${network}: lookup ${target.replace(/:\d+$/, '')}: no such host`
  const connectReason = connectReasons[code]
  if (connectReason !== undefined) return `dial ${network} ${target}: ${connectReason}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `x509: certificate is not valid for ${target.replace(/:\d+$/, '')}`
  }
  if (code === 'ECONNRESET') return `read ${network} ${target}: connection reset by peer`
  if (code === 'ERR_TLS_HANDSHAKE') return handshakeText(error.message)
  if (headersTooLarge.has(code)) return 'the headers of the answer are too large'
  if (code.startsWith('HPE_') || code === 'Malformed_HTTP_Response') return 'malformed HTTP response'
  return tlsReasons[code] ?? error.message
}

/** The runtimes' codes for it. */
const headersTooLarge: ReadonlySet<string> = new Set(['HPE_HEADER_OVERFLOW', 'ResponseHeadersTooLarge'])

/** What the runtimes say when something else than TLS came back. */
const noTls = /eproto|wrong version number|packet length too long|record layer failure/

function handshakeText(message: string): string {
  const words = /\(([^()]*)\)$/.exec(message)?.[1] ?? ''
  if (noTls.test(words)) return 'tls: first record does not look like a TLS handshake'
  const [, alert] = /^tlsv1 alert (.*)$/.exec(words) ?? []
  return alert === undefined ? `tls: handshake failed: ${words}` : `remote error: tls: ${alert}`
}
