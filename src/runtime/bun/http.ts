// HTTP on Bun: its server and its fetch.

import { formatAddress } from '../../model/address.ts'
import type { Http, HttpFetchOptions, HttpHandler, HttpListen, HttpPeer, HttpServer } from '../host.ts'
import { plainIp } from '../node/address.ts'
import { hostError, listenError } from '../node/errors.ts'
import { type BunServeOptions, type BunServer, bunApi } from './api.ts'

/** Bun's longest. It ends connections that send nothing; one with a request under way is exempt. */
const idleTimeoutSeconds = 255

/** A request body above this is refused with 413; smaller limits are the application's. */
const bodyBytesMax = 1024 * 1024 * 1024

/** How often a server that closes looks for connections that have become idle. */
const sweepIntervalMs = 20

/** Serves HTTP on Bun's server. Errors: HostError. */
export async function serveHttp(at: HttpListen, handler: HttpHandler): Promise<HttpServer> {
  const options: BunServeOptions = {
    ...('unixPath' in at ? { unix: at.unixPath } : { hostname: at.ip, port: at.port }),
    idleTimeout: idleTimeoutSeconds,
    maxRequestBodySize: bodyBytesMax,
    development: false,
    // Without this a second server could share the port when `development` is off.
    reusePort: false,
    fetch(request, server) {
      // Blocking queries are silent for longer than any timeout that Bun offers.
      server.timeout(request, 0)
      return handler(request, new BunPeer(request, server))
    },
    error: () => new Response('Internal Server Error', { status: 500 }),
  }
  let server: BunServer
  try {
    server = bunApi().serve(options)
  } catch (error) {
    const where = 'unixPath' in at ? at.unixPath : formatAddress(at)
    throw listenError(`serve HTTP on ${where}`, error)
  }
  if ('unixPath' in at && at.mode !== undefined) {
    const { chmodSync } = await import('node:fs')
    chmodSync(at.unixPath, at.mode)
  }
  return {
    local: 'unixPath' in at ? at : { ip: at.ip, port: server.port ?? at.port },
    close: (graceMs) => close(server, graceMs),
  }
}

async function close(server: BunServer, graceMs: number): Promise<void> {
  const cut = setTimeout(() => void server.stop(true), graceMs)
  const sweep = setInterval(() => server.closeIdleConnections(), sweepIntervalMs)
  await server.stop()
  clearTimeout(cut)
  clearInterval(sweep)
}

/** The other end of a request, asked for only when someone wants to know. */
class BunPeer implements HttpPeer {
  readonly #request: Request
  readonly #server: BunServer
  #found: { readonly address: string; readonly port: number } | undefined

  constructor(request: Request, server: BunServer) {
    this.#request = request
    this.#server = server
  }

  get ip(): string {
    return plainIp(this.#find().address)
  }

  get port(): number {
    return this.#find().port
  }

  #find(): { readonly address: string; readonly port: number } {
    this.#found ??= this.#server.requestIP(this.#request) ?? { address: '', port: 0 }
    return this.#found
  }
}

type BunRequestInit = RequestInit & { readonly unix?: string; readonly timeout?: boolean }

/**
 * Requests by Bun's fetch; https by `base`, whose rules for certificates are the same on all runtimes. So is http where
 * the environment takes verification away: a redirect may lead to https.
 */
export function bunFetch(base: Http): Http['fetch'] {
  const isUnsafe = process.env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0'
  return (url, options) =>
    isUnsafe || /^\s*https:/i.test(url) ? base.fetch(url, options) : fetchHttp(url, options)
}

/** Requests by Bun's fetch, without its time limit of five minutes. */
async function fetchHttp(url: string, options: HttpFetchOptions): Promise<Response> {
  const { unixPath, signal, body, keepAlive, tls: _, ...rest } = options
  const init: BunRequestInit = {
    ...rest,
    timeout: false,
    // The server is told too: Bun sends no word of it by itself.
    ...(keepAlive === undefined
      ? {}
      : { keepalive: false, headers: { ...rest.headers, connection: 'close' } }),
    ...(signal === undefined ? {} : { signal }),
    ...(body instanceof ReadableStream ? { duplex: 'half', redirect: 'manual' as const } : {}),
    // Bun takes any bytes; the type of the platform's fetch excludes shared memory.
    ...(body === undefined ? {} : { body: body as string }),
    ...(unixPath === undefined ? {} : { unix: unixPath }),
  }
  try {
    return await fetch(url, init)
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    throw hostError(`request ${url}`, error)
  }
}
