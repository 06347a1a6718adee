// The connections of an HTTPS server. They come from a TLS listener, so that node:http does not know them all and can
// neither close them nor end those that wait too long: that is done here.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import type { HttpHandler } from '../host.ts'
import { headersTimeoutMs, httpServer, keepAliveTimeoutMs } from './http-server.ts'

/** All open connections of one server. */
export class HttpsConnections {
  readonly #server: Server
  /** Each with what ends it when no request comes; undefined while one is under way. */
  readonly #open = new Map<Socket, ReturnType<typeof setTimeout> | undefined>()
  #isClosing = false
  #onEmpty: (() => void) | undefined

  /** Makes the server that answers their requests. */
  static async make(handler: HttpHandler): Promise<HttpsConnections> {
    return new HttpsConnections(await httpServer(handler))
  }

  private constructor(server: Server) {
    this.#server = server
    // It never listens itself. Deno takes that for a server that closes, and cuts each connection after an answer.
    Object.defineProperty(server, 'listening', { value: true })
    server.prependListener('request', (message: IncomingMessage, response: ServerResponse) =>
      this.#onRequest(message.socket, response),
    )
  }

  /** Serves a connection that has just been made. */
  add(socket: Socket): void {
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.once('close', () => this.#onClose(socket))
    this.#waitForRequest(socket, headersTimeoutMs)
    this.#server.emit('connection', socket)
  }

  /** Ends the idle ones at once, those that become idle then, and all others `graceMs` later. */
  close(graceMs: number): Promise<void> {
    this.#isClosing = true
    for (const [socket, timer] of this.#open) if (timer !== undefined) socket.destroy()
    const cut = setTimeout(() => {
      for (const socket of this.#open.keys()) socket.destroy()
    }, graceMs)
    return new Promise((resolve) => {
      this.#onEmpty = () => {
        clearTimeout(cut)
        resolve()
      }
      if (this.#open.size === 0) this.#onEmpty()
    })
  }

  #onRequest(socket: Socket, response: ServerResponse): void {
    clearTimeout(this.#open.get(socket))
    this.#open.set(socket, undefined)
    if (this.#isClosing) response.setHeader('connection', 'close')
    response.once('close', () => {
      if (!this.#open.has(socket) || socket.destroyed) return
      if (this.#isClosing) socket.destroySoon()
      else this.#waitForRequest(socket, keepAliveTimeoutMs)
    })
  }

  #waitForRequest(socket: Socket, ms: number): void {
    clearTimeout(this.#open.get(socket))
    this.#open.set(
      socket,
      setTimeout(() => socket.destroy(), ms),
    )
  }

  #onClose(socket: Socket): void {
    clearTimeout(this.#open.get(socket))
    this.#open.delete(socket)
    if (this.#open.size === 0) this.#onEmpty?.()
  }
}
