// Streams over node:net.

import type { Server, Socket } from 'node:net'

import { type Address, formatAddress } from '../../model/address.ts'
import type { HostError, Tcp, TcpConnectOptions, TcpConnection, TcpHandlers, TcpListener } from '../host.ts'
import { plainBytes, plainIp } from './address.ts'
import { callHandler, hostError, hostErrorOf, listenError, passOnBugs } from './errors.ts'

/** Idle time before the system asks a silent peer whether it is still there. */
export const keepAliveDelayMs: number = 30_000

/** Connections that the system holds for us until we accept them. */
export const backlog: number = 1024

/** Streams of the base host. */
export function nodeTcp(): Tcp {
  return { connect, listen }
}

async function connect(to: Address, options: TcpConnectOptions): Promise<TcpConnection> {
  const net = await import('node:net')
  const action = `connect to ${formatAddress(to)}`
  const socket = net.connect({
    host: to.ip,
    port: to.port,
    ...(options.localIp === undefined ? {} : { localAddress: options.localIp }),
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveDelayMs,
  })
  await whenOpen(socket, 'connect', options, (error) => hostError(action, error))
  return new NodeTcpConnection(socket)
}

/** Waits for the event that makes a socket usable. Else, or when the time is over or the signal aborts, destroys it and rejects. */
export function whenOpen(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  { timeoutMs, signal }: TcpConnectOptions,
  fail: (error: unknown) => HostError,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const release = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.off(event, onOpen).off('error', onError).off('close', onClose)
    }
    const stop = (error: unknown): void => {
      release()
      // Errors that follow the first one have nobody to go to.
      socket.on('error', () => {})
      socket.destroy()
      reject(error)
    }
    const onOpen = (): void => {
      release()
      resolve()
    }
    const onError = (error: unknown): void => stop(fail(error))
    const onClose = (): void => stop(fail({ code: 'ECONNRESET' }))
    const onAbort = (): void => stop(signal?.reason)
    const timer = setTimeout(() => stop(fail({ code: 'ETIMEDOUT' })), timeoutMs)
    if (signal?.aborted === true) return onAbort()
    signal?.addEventListener('abort', onAbort)
    socket.once(event, onOpen).once('error', onError).once('close', onClose)
  })
}

async function listen(at: Address, onConnection: (connection: TcpConnection) => void): Promise<TcpListener> {
  const { createServer } = await import('node:net')
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs },
    (socket) => callHandler(() => onConnection(new NodeTcpConnection(socket))),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(`listen on TCP ${formatAddress(at)}`, error)))
    server.listen({ host: at.ip, port: at.port, backlog, exclusive: true }, resolve)
  })
  server.removeAllListeners('error')
  // A failed accept (no descriptors left) must not end the program; the peer tries again.
  server.on('error', passOnBugs)
  return new NodeTcpListener(server)
}

class NodeTcpListener implements TcpListener {
  readonly local: Address
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
    const address = server.address()
    if (address === null || typeof address === 'string')
      throw hostErrorOf('EINVAL', 'read the listening address')
    this.local = { ip: plainIp(address.address), port: address.port }
  }

  close(): Promise<void> {
    // The callback of `close` waits for all accepted connections; the socket itself is closed at once.
    if (this.#server.listening) this.#server.close()
    return Promise.resolve()
  }
}

/** A connection over a socket of Node that is open. */
export class NodeTcpConnection implements TcpConnection {
  readonly remote: Address
  readonly local: Address
  readonly #socket: Socket
  #handlers: TcpHandlers | undefined
  #error: HostError | undefined
  #isClosed = false
  #isEnded = false

  constructor(socket: Socket) {
    this.#socket = socket
    this.remote = { ip: plainIp(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 }
    this.local = { ip: plainIp(socket.localAddress ?? ''), port: socket.localPort ?? 0 }
    socket.on('error', (error) => {
      passOnBugs(error)
      this.#error ??= hostError(`use the connection with ${formatAddress(this.remote)}`, error)
    })
    socket.once('close', () => {
      this.#isClosed = true
      callHandler(() => this.#handlers?.onClose(this.#error))
    })
  }

  handle(handlers: TcpHandlers): void {
    this.#handlers = handlers
    if (this.#isClosed) {
      queueMicrotask(() => handlers.onClose(this.#error))
      return
    }
    this.#socket.on('end', () => handlers.onEnd?.())
    this.#socket.on('drain', () => handlers.onDrain?.())
    this.#socket.on('data', (bytes: Uint8Array) => handlers.onData(plainBytes(bytes)))
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isEnded || this.#socket.destroyed) return false
    return this.#socket.write(bytes)
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    if (this.#handlers) this.#socket.resume()
  }

  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#socket.end()
  }

  destroy(): void {
    this.#isEnded = true
    this.#socket.destroy()
  }
}
