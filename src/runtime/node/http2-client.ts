// Single requests over node:http2, on all three runtimes. Its `ping` is not used: that ends the process on Deno.

import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import type { Socket } from 'node:net'

import { joined } from '../../lib/bytes.ts'
import {
  HostError,
  type Http2,
  type Http2Answer,
  type Http2CallOptions,
  type TlsClientOptions,
} from '../host.ts'
import { plainBytes } from './address.ts'
import { errorCode, hostErrorOf, tlsError } from './errors.ts'
import { type ClientSettings, clientSettings } from './tls-options.ts'

/** Frames of headers that may come in one answer, as node:http2 counts them. */
const headerPairsMax = 128
/** MiB that one connection may use. */
const sessionMemoryMax = 2

const defaultTls: TlsClientOptions = { verify: 'name' }

/** HTTP/2 of the base host. */
export function nodeHttp2(): Http2 {
  return { call }
}

async function call(url: string, options: Http2CallOptions): Promise<Http2Answer> {
  const action = `request ${url} over HTTP/2`
  const at = parse(url, action)
  const isSecure = at.protocol === 'https:'
  const host = at.hostname.replace(/^\[|\]$/g, '')
  const settings = isSecure ? await clientSettings(action, options.tls ?? defaultTls, host) : null
  const port = Number(at.port) || (isSecure ? 443 : 80)
  const [{ connect }, dial] = await Promise.all([import('node:http2'), dialer({ host, port }, settings)])
  options.signal?.throwIfAborted()
  const socket = dial()
  const session = connect(at.origin, {
    createConnection: () => socket,
    maxHeaderListPairs: headerPairsMax,
    maxSessionMemory: sessionMemoryMax,
    settings: { enablePush: false },
  })
  try {
    return await answerOf(session, at.pathname + at.search, { ...options, action })
  } finally {
    session.destroy()
    // Bun leaves an attempt to connect under way.
    socket.destroy()
  }
}

/** What begins a connection; with TLS if there are settings for it. */
async function dialer(
  to: { readonly host: string; readonly port: number },
  settings: ClientSettings | null,
): Promise<() => Socket> {
  if (settings === null) {
    const { connect } = await import('node:net')
    return () => connect(to)
  }
  const { connect } = await import('node:tls')
  const { servername, ...rest } = settings
  // Deno makes a URL of it, even of ''.
  const named = servername === '' ? {} : { servername }
  return () => connect({ ...to, ...rest, ...named, ALPNProtocols: ['h2'] })
}

function parse(url: string, action: string): URL {
  try {
    return new URL(url)
  } catch (error) {
    throw hostErrorOf('ERR_INVALID_URL', action, error)
  }
}

type Call = Http2CallOptions & { readonly action: string }

function answerOf(session: ClientHttp2Session, path: string, options: Call): Promise<Http2Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Http2Answer>()
  const { signal, action } = options
  const abort = (): void => reject(signal?.reason)
  signal?.addEventListener('abort', abort)
  // Both may fail, in either order; the session knows the true reason, so it has a turn's precedence.
  session.on('error', (error) => reject(failure(action, error)))
  session.on('close', () => setTimeout(() => reject(hostErrorOf('ECONNRESET', action)), 0))
  const stream = session.request({ ':method': options.method, ':path': path, ...options.headers })
  stream.on('error', (error) => setTimeout(() => reject(failure(action, error)), 0))
  new Answer(stream, options, (outcome) => {
    if (outcome instanceof HostError) setTimeout(() => reject(outcome), 0)
    else resolve(outcome)
  })
  stream.end(options.body)
  return promise.finally(() => signal?.removeEventListener('abort', abort))
}

/** Puts together what comes on one stream. */
class Answer {
  readonly #options: Call
  readonly #parts: Uint8Array[] = []
  #bytes = 0
  #headers: IncomingHttpHeaders | undefined
  #trailers: IncomingHttpHeaders = {}
  #isTooLarge = false

  constructor(stream: ClientHttp2Stream, options: Call, onEnd: (outcome: Http2Answer | HostError) => void) {
    this.#options = options
    stream.on('response', (headers) => void (this.#headers = headers))
    stream.on('trailers', (trailers) => void (this.#trailers = trailers))
    stream.on('data', (bytes: Uint8Array) => {
      this.#bytes += bytes.length
      if (this.#bytes > options.bodyBytesMax) {
        this.#isTooLarge = true
        stream.destroy()
      } else this.#parts.push(plainBytes(bytes).slice())
    })
    stream.once('close', () => onEnd(this.#outcome(stream.rstCode ?? 0)))
  }

  #outcome(rstCode: number): Http2Answer | HostError {
    const { action, bodyBytesMax } = this.#options
    if (this.#isTooLarge) {
      const text = `Cannot ${action}: the answer has more than ${bodyBytesMax} bytes`
      return new HostError('ERR_HTTP2_TOO_LARGE', text)
    }
    const headers = this.#headers
    if (headers === undefined || rstCode !== 0) return hostErrorOf('ECONNRESET', action)
    return {
      status: Number(headers[':status'] ?? 0),
      headers: plain(headers),
      trailers: plain(this.#trailers),
      body: joined(this.#parts, this.#bytes),
    }
  }
}

function plain(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || name.startsWith(':')
      ? []
      : [[name, Array.isArray(value) ? value.join(', ') : String(value)]],
  )
  return Object.fromEntries(entries) as Record<string, string>
}

function failure(action: string, error: unknown): HostError {
  const code = errorCode(error)
  if (!code.startsWith('ERR_HTTP2_')) return tlsError(action, error)
  if (code === 'ERR_HTTP2_STREAM_CANCEL') return hostErrorOf('ECONNRESET', action, error)
  return new HostError('ERR_HTTP2_PROTOCOL', `Cannot ${action}: the other side does not speak HTTP/2`, error)
}
