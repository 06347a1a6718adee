// What the questions about serving HTTP share: a server for one question, and requests as raw bytes.

import type { Address } from '../../../src/model/address.ts'
import type { HttpHandler, HttpServer, Host } from '../../../src/runtime/host.ts'
import { Recorder, sleep, utf8, within } from '../harness.ts'

/** Where a server listens, which must be an address. */
export function localOf(server: HttpServer): Address {
  if ('unixPath' in server.local) throw new Error('this server listens on a unix socket')
  return server.local
}

/** Serves with `handler` while `use` runs. */
export async function serving(
  host: Host,
  ip: string,
  handler: HttpHandler,
  use: (at: Address, url: string) => Promise<void>,
): Promise<void> {
  const server = await host.http.serve({ ip, port: 0 }, handler)
  const at = localOf(server)
  try {
    await use(at, `http://${at.ip.includes(':') ? `[${at.ip}]` : at.ip}:${at.port}`)
  } finally {
    await within(host, 3000, server.close(0))
  }
}

/** Sends bytes on a new connection. */
export async function sendRaw(host: Host, at: Address, request: string | Uint8Array): Promise<Recorder> {
  const client = new Recorder(await host.tcp.connect(at, { timeoutMs: 2000 }))
  client.connection.write(typeof request === 'string' ? utf8(request) : request)
  return client
}

/** Sends a request that closes the connection, and returns the whole answer. */
export async function askRaw(host: Host, at: Address, request: string): Promise<string> {
  const client = await sendRaw(host, at, request)
  await within(host, 5000, Promise.race([client.ended.promise, client.closed.promise]))
  client.connection.destroy()
  return client.text
}

/** A request for a path, with more header lines. */
export const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
/** The last request of a connection. */
export const getLast = (path: string): string => get(path, 'Connection: close\r\n')

/** A stream of parts with a wait before each. */
export function streamOf(
  parts: readonly Uint8Array[],
  waitMs: number,
  host: Host,
): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    async pull(controller) {
      const part = parts[at++]
      if (part === undefined) return controller.close()
      if (waitMs > 0) await sleep(host, waitMs)
      controller.enqueue(part)
    },
  })
}
