// An HTTP server over node:http that speaks Request and Response.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'

import { formatAddress } from '../../model/address.ts'
import type { HttpHandler, HttpListen, HttpPeer, HttpServer } from '../host.ts'
import { isIpv6, plainIp } from './address.ts'
import { bodyStream } from './body-stream.ts'
import { listenError } from './errors.ts'

/** Request line and headers together; a larger one is answered with 431. */
export const headerBytesMax: number = 64 * 1024

/** Time to send the headers of a request, and the whole of it: ends clients that hold connections open with nothing. */
export const headersTimeoutMs: number = 30_000
const requestTimeoutMs = 30 * 60_000

/** How long a connection may wait for its next request. */
export const keepAliveTimeoutMs: number = 120_000

/** How often a server that closes looks for connections that have become idle. */
const sweepIntervalMs = 20

/** Serves HTTP on Node's own server. Errors: HostError. */
export async function serveHttp(at: HttpListen, handler: HttpHandler): Promise<HttpServer> {
  const server = await httpServer(handler)
  const where = 'unixPath' in at ? at.unixPath : formatAddress(at)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(`serve HTTP on ${where}`, error)))
    if ('unixPath' in at) server.listen(at.unixPath, resolve)
    else server.listen({ host: at.ip, port: at.port, exclusive: true }, resolve)
  })
  server.removeAllListeners('error')
  server.on('error', () => {})
  if ('unixPath' in at) await setMode(at)
  return { local: localOf(server, at), close: (graceMs) => close(server, graceMs) }
}

/** A server of Node that is not listening yet. */
export async function httpServer(handler: HttpHandler): Promise<Server> {
  const { createServer } = await import('node:http')
  const server = createServer({
    maxHeaderSize: headerBytesMax,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    noDelay: true,
  })
  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    void answer(message, response, handler)
  })
  return server
}

async function setMode(at: { readonly unixPath: string; readonly mode?: number }): Promise<void> {
  if (at.mode === undefined) return
  const { promises } = await import('node:fs')
  await promises.chmod(at.unixPath, at.mode)
}

function localOf(server: Server, at: HttpListen): HttpListen {
  const address = server.address()
  if (address === null || typeof address === 'string') return at
  return { ip: plainIp(address.address), port: address.port }
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs)
    // A connection whose answer ends in the grace is idle from then on.
    const sweep = setInterval(() => server.closeIdleConnections(), sweepIntervalMs)
    server.close(() => {
      clearTimeout(cut)
      clearInterval(sweep)
      resolve()
    })
    server.closeIdleConnections()
  })
}

/** Answers one request; all failures end here. */
async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  handler: HttpHandler,
): Promise<void> {
  const gone = new AbortController()
  // A connection that breaks is told to the handler; there is nobody to answer.
  response.on('error', () => {})
  response.on('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  let request: Request
  try {
    request = requestOf(message, gone.signal)
  } catch {
    response.writeHead(400, { connection: 'close' }).end()
    return
  }
  try {
    await send(response, await handler(request, peerOf(message)))
  } catch {
    if (response.headersSent) response.destroy()
    else response.writeHead(500).end('Internal Server Error')
  }
  // A body that nobody wanted must not stand before the next request on this connection.
  if (!message.readableEnded && !message.destroyed) message.resume()
}

function peerOf(message: IncomingMessage): HttpPeer {
  const { remoteAddress, remotePort } = message.socket
  return { ip: plainIp(remoteAddress ?? ''), port: remotePort ?? 0 }
}

function requestOf(message: IncomingMessage, signal: AbortSignal): Request {
  const method = message.method ?? 'GET'
  const path = message.url ?? '/'
  const scheme = 'encrypted' in message.socket && message.socket.encrypted === true ? 'https' : 'http'
  const host = message.headers.host ?? localHost(message)
  const url = path.startsWith('/') ? `${scheme}://${host}${path}` : path
  const headers = new Headers()
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    headers.append(message.rawHeaders[i] as string, message.rawHeaders[i + 1] as string)
  }
  const init: RequestInit & { duplex?: 'half' } = { method, headers, signal }
  if (hasBody(message)) {
    init.body = bodyStream(message)
    init.duplex = 'half'
  }
  return new Request(url, init)
}

function localHost({ socket }: IncomingMessage): string {
  const ip = plainIp(socket.localAddress ?? 'localhost')
  return isIpv6(ip) ? `[${ip}]` : ip
}

function hasBody({ method, headers }: IncomingMessage): boolean {
  if (method === 'GET' || method === 'HEAD') return false
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

/**
 * Sends a response. A body that is all there within one turn gets a Content-Length; any other is streamed in
 * chunks, and its headers go out before its first byte is known.
 */
async function send(response: ServerResponse, answered: Response): Promise<void> {
  setHead(response, answered)
  if (answered.body === null) {
    if (!hasLength(response) && answered.status !== 204 && answered.status !== 304) {
      response.setHeader('content-length', 0)
    }
    response.end()
    return
  }
  const reader: Reader = answered.body.getReader()
  const stop = (): void => void reader.cancel().catch(() => {})
  response.once('close', stop)
  await sendBody(response, reader)
  response.off('close', stop)
}

function setHead(response: ServerResponse, answered: Response): void {
  response.statusCode = answered.status
  if (answered.statusText !== '') response.statusMessage = answered.statusText
  for (const [name, value] of answered.headers) {
    if (name === 'set-cookie') response.appendHeader(name, value)
    else response.setHeader(name, value)
  }
}

function hasLength(response: ServerResponse): boolean {
  return response.hasHeader('content-length') || response.hasHeader('transfer-encoding')
}

async function sendBody(response: ServerResponse, reader: Reader): Promise<void> {
  const reading = reader.read()
  const first = await soon(reading)
  if (first === undefined) {
    response.flushHeaders()
    await sendRest(response, reader, await reading)
    return
  }
  if (first.done) {
    response.end()
    return
  }
  const readingNext = reader.read()
  const next = await soon(readingNext)
  if (next?.done === true) {
    if (!hasLength(response)) response.setHeader('content-length', first.value.byteLength)
    response.end(first.value)
    return
  }
  response.write(first.value)
  await sendRest(response, reader, next ?? (await readingNext))
}

type Part = Awaited<ReturnType<Reader['read']>>

async function sendRest(response: ServerResponse, reader: Reader, first: Part): Promise<void> {
  for (let part = first; !part.done; part = await reader.read()) {
    if (response.destroyed) return
    if (!response.write(part.value)) await drained(response)
  }
  response.end()
}

/** The read's outcome if it is there within a turn of the loop, else undefined. */
function soon<T>(read: Promise<T>): Promise<T | undefined> {
  return Promise.race([read, new Promise<undefined>((resolve) => setImmediate(resolve, undefined))])
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
    if (response.destroyed) done()
  })
}
