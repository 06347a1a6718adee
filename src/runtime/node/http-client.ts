// HTTP requests over node:http. Not the platform's fetch: that one gives up after 300 s of silence, and a blocking
// query may stay silent for ten minutes; it cannot use unix sockets either.

import type * as NodeHttp from 'node:http'
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http'

import type { HttpFetchOptions, TlsClientOptions } from '../host.ts'
import { bodyStream } from './body-stream.ts'
import { hostErrorOf, tlsError } from './errors.ts'
import { clientSettings } from './tls-options.ts'

/** Redirects that are followed before the request fails. */
const redirectsMax = 10

/** How long an idle connection is kept for the next request; below the common servers' own limits. */
const idleTimeoutMs = 4_000

/** No TLS session is taken up again: each connection verifies by itself. */
const poolOptions = { keepAlive: true, timeout: idleTimeoutMs, maxCachedSessions: 0 }

type HttpModule = Pick<typeof NodeHttp, 'request' | 'Agent'>
type Fetch = (url: string, options: HttpFetchOptions) => Promise<Response>

interface Exchange {
  readonly url: URL
  readonly method: string
  readonly options: HttpFetchOptions
}

/** The pools of connections: one for http, and for https one for each object of TLS options. */
type Agents = WeakMap<object, Agent>

/** Stands for http among the pools. */
const plain = {}

/** https without options of its own. */
const defaultTls: TlsClientOptions = { verify: 'name' }

/** A fetch without time limits of its own, with its own pools of connections. */
export function nodeFetch(): Fetch {
  const agents: Agents = new WeakMap()
  return async (url, options) => {
    let exchange: Exchange = { url: parse(url), method: options.method ?? 'GET', options }
    for (let redirects = 0; ; redirects++) {
      const message = await exchangeOnce(exchange, agents)
      const isFinal = options.redirect === 'manual' || options.body instanceof ReadableStream
      const next = isFinal ? undefined : redirected(exchange, message)
      if (next === undefined) return responseOf(exchange, message)
      message.resume()
      if (redirects === redirectsMax)
        throw hostErrorOf('ERR_TOO_MANY_REDIRECTS', `follow redirects of ${url}`)
      exchange = next
    }
  }
}

function parse(url: string): URL {
  try {
    return new URL(url)
  } catch (error) {
    throw hostErrorOf('ERR_INVALID_URL', `request ${url}`, error)
  }
}

async function exchangeOnce(exchange: Exchange, agents: Agents): Promise<IncomingMessage> {
  exchange.options.signal?.throwIfAborted()
  const { url, options } = exchange
  const isSecure = url.protocol === 'https:'
  const http: HttpModule = await (isSecure ? import('node:https') : import('node:http'))
  const tls = options.tls ?? defaultTls
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const settings = isSecure ? await clientSettings(`request ${url.href}`, tls, host) : {}
  let agent: Agent | false | undefined =
    options.keepAlive === false ? false : agents.get(isSecure ? tls : plain)
  if (agent === undefined) {
    agent = new http.Agent(poolOptions)
    agents.set(isSecure ? tls : plain, agent)
  }
  // A stream cannot be sent a second time: it gets a connection that nobody may have closed meanwhile.
  if (options.body instanceof ReadableStream) agent = new http.Agent({ ...poolOptions, keepAlive: false })
  const sending: Sending = { exchange, request: (more) => http.request(url, { ...more, ...settings, agent }) }
  try {
    return await send(sending)
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error
    return await send(sending)
  }
}

interface Sending {
  readonly exchange: Exchange
  readonly request: (options: RequestOptions) => ClientRequest
}

/** A pooled connection had been closed by the server before our request reached it. */
class StaleConnection extends Error {}

function send({ exchange, request: start }: Sending): Promise<IncomingMessage> {
  const { url, method, options } = exchange
  return new Promise((resolve, reject) => {
    const request = start(requestOptions(method, options))
    const { signal } = options
    const abort = (): void => {
      request.destroy()
      reject(signal?.reason ?? new Error('aborted'))
    }
    signal?.addEventListener('abort', abort, { once: true })
    const release = (): void => signal?.removeEventListener('abort', abort)
    // The pool's idle limit must not cut an exchange.
    request.on('socket', (socket) => socket.setTimeout(0))
    request.once('response', (message) => {
      message.once('close', release)
      resolve(message)
    })
    request.on('error', (error) => {
      release()
      const isStale = request.reusedSocket && (error as { code?: string }).code === 'ECONNRESET'
      reject(isStale ? new StaleConnection() : tlsError(`request ${url.href}`, error))
    })
    if (options.body instanceof ReadableStream) void sendStream(request, options.body)
    else request.end(options.body)
  })
}

/** Sends a body piece by piece, each when the connection has room. What breaks the request is told by its events. */
async function sendStream(request: ClientRequest, body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || request.destroyed) break
      if (!request.write(value)) await roomOf(request)
    }
    request.end()
  } catch (error) {
    request.destroy(error instanceof Error ? error : new Error(String(error)))
  }
  // Whoever makes the bytes may stop when nobody takes them any more.
  await reader.cancel().catch(() => undefined)
}

function roomOf(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      request.off('drain', finish)
      request.off('close', finish)
      resolve()
    }
    request.once('drain', finish)
    request.once('close', finish)
  })
}

function requestOptions(method: string, options: HttpFetchOptions): RequestOptions {
  const headers: Record<string, string> = { accept: '*/*', ...options.headers }
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  if (options.body instanceof ReadableStream) {
    if (!names.has('content-length')) headers['transfer-encoding'] = 'chunked'
  } else if (options.body !== undefined && !names.has('content-length')) {
    headers['content-length'] = String(Buffer.byteLength(options.body))
  } else if (options.body === undefined && (method === 'PUT' || method === 'POST')) {
    headers['content-length'] = '0'
  }
  return { method, headers, ...(options.unixPath === undefined ? {} : { socketPath: options.unixPath }) }
}

/** The next exchange of a redirect, or undefined when the answer is final. */
function redirected({ url, method, options }: Exchange, message: IncomingMessage): Exchange | undefined {
  const status = message.statusCode ?? 0
  const { location } = message.headers
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined
  const next = parse(new URL(location, url).href)
  const keepsMethod = status >= 307 || method === 'GET' || method === 'HEAD'
  if (keepsMethod) return { url: next, method, options }
  const { body: _, ...rest } = options
  return { url: next, method: 'GET', options: rest }
}

function responseOf({ method }: Exchange, message: IncomingMessage): Response {
  const headers = new Headers()
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    headers.append(message.rawHeaders[i] as string, message.rawHeaders[i + 1] as string)
  }
  const status = message.statusCode ?? 0
  const isEmpty = method === 'HEAD' || status === 204 || status === 205 || status === 304
  if (isEmpty) message.resume()
  return new Response(isEmpty ? null : bodyStream(message), {
    status,
    statusText: message.statusMessage ?? '',
    headers,
  })
}
