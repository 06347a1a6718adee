// Streams on Bun's own sockets: unbuffered, so the queue, its drain and the order of the ends are kept here.

import { type Address, formatAddress } from '../../model/address.ts'
import type { HostError, Tcp, TcpConnectOptions, TcpConnection, TcpHandlers, TcpListener } from '../host.ts'
import { isIpv6, plainIp } from '../node/address.ts'
import { hostError, hostErrorOf, listenError, passOnBugs } from '../node/errors.ts'
import { type BunSocket, type BunSocketHandler, bunApi } from './api.ts'

/** Idle time before the system asks a silent peer whether it is still there. */
const keepAliveDelayMs = 30_000

/** Queued bytes from which on `write` asks its caller to wait. */
const queuedBytesHigh = 64 * 1024

type Socket = BunSocket<BunConnection | undefined>

/** Streams on Bun; `base` connects where Bun cannot: from a chosen local address. */
export function bunTcp(base: Tcp): Tcp {
  return {
    connect: (to, options) =>
      options.localIp === undefined && options.signal === undefined
        ? connect(to, options)
        : base.connect(to, options),
    listen,
  }
}

/** The events of all sockets, sent on to the connection that a socket carries. */
const events: BunSocketHandler<BunConnection | undefined> = {
  binaryType: 'uint8array',
  data: (socket, bytes) => socket.data?.onData(bytes),
  drain: (socket) => socket.data?.onDrain(),
  end: (socket) => socket.data?.onEnd(),
  close: (socket, error) => socket.data?.onClose(error),
  error(socket, error) {
    passOnBugs(error)
    socket.data?.onError(error)
  },
}

function connect(to: Address, { timeoutMs }: TcpConnectOptions): Promise<TcpConnection> {
  const action = `connect to ${formatAddress(to)}`
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reject(hostErrorOf('ETIMEDOUT', action))
    }, timeoutMs)
    const open = (socket: Socket): void => {
      clearTimeout(timer)
      // Bun cannot stop an attempt; one that succeeds after all is closed again.
      if (isLate) return socket.terminate()
      const connection = new BunConnection(socket)
      socket.data = connection
      resolve(connection)
    }
    const socket = { ...events, open, connectError() {} }
    bunApi()
      .connect<BunConnection | undefined>({ hostname: to.ip, port: to.port, allowHalfOpen: true, socket })
      .catch((error: unknown) => {
        clearTimeout(timer)
        void refusal(to, error).then((cause) => reject(hostError(action, cause)))
      })
  })
}

/**
 * The true reason of a failed attempt. Bun calls each of them ECONNREFUSED; a datagram socket that is connected to
 * the same place sends nothing, and fails with the code of the system when there is no way there.
 */
async function refusal({ ip, port }: Address, error: unknown): Promise<unknown> {
  try {
    const hostname = isIpv6(ip) ? '::' : '0.0.0.0'
    const probe = await bunApi().udpSocket({ hostname, connect: { hostname: ip, port } })
    probe.close()
    return error
  } catch (cause) {
    return cause
  }
}

function listen(at: Address, onConnection: (connection: TcpConnection) => void): Promise<TcpListener> {
  const open = (socket: Socket): void => {
    const connection = new BunConnection(socket)
    socket.data = connection
    onConnection(connection)
  }
  try {
    const listener = bunApi().listen({
      hostname: at.ip,
      port: at.port,
      allowHalfOpen: true,
      exclusive: true,
      socket: { ...events, open },
    })
    return Promise.resolve({
      local: { ip: at.ip, port: listener.port },
      close() {
        listener.stop()
        return Promise.resolve()
      },
    })
  } catch (error) {
    return Promise.reject(listenError(`listen on TCP ${formatAddress(at)}`, error))
  }
}

class BunConnection implements TcpConnection {
  readonly remote: Address
  readonly local: Address
  readonly #socket: Socket
  #handlers: TcpHandlers | undefined
  /** What came before the handlers were set or while reading was paused. */
  #held: Uint8Array[] = []
  /** Bytes that the system has not taken yet; the first array is partly sent. */
  #queue: Uint8Array[] = []
  #sentOfFirst = 0
  #queuedBytes = 0
  #awaitsDrain = false
  #isPaused = false
  /** Our direction: open, to be ended once the queue is empty, ended. */
  #ours: 'open' | 'ending' | 'ended' = 'open'
  /** The peer's direction: open, ended, and ended and told. */
  #theirs: 'open' | 'ended' | 'told' = 'open'
  #isDestroyed = false
  #isClosed = false
  #isCloseTold = false
  #error: HostError | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.remote = { ip: plainIp(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 }
    this.local = { ip: plainIp(socket.localAddress ?? ''), port: socket.localPort ?? 0 }
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveDelayMs)
  }

  handle(handlers: TcpHandlers): void {
    this.#handlers = handlers
    if (this.#held.length > 0 || this.#theirs === 'ended' || this.#isClosed)
      queueMicrotask(() => this.#tell())
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ours !== 'open' || this.#isClosed) return false
    const sent = this.#queue.length === 0 ? Math.max(this.#socket.write(bytes), 0) : 0
    if (sent < bytes.length) {
      this.#queue.push(sent === 0 ? bytes : bytes.subarray(sent))
      this.#queuedBytes += bytes.length - sent
    }
    if (this.#queuedBytes < queuedBytesHigh) return true
    this.#awaitsDrain = true
    return false
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  pause(): void {
    if (this.#isPaused || this.#isClosed) return
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    if (!this.#isClosed) this.#socket.resume()
    if (this.#held.length > 0 || this.#theirs === 'ended' || this.#isClosed)
      queueMicrotask(() => this.#tell())
  }

  end(): void {
    if (this.#ours !== 'open') return
    this.#ours = 'ending'
    if (this.#queue.length === 0) this.#sendEnd()
  }

  destroy(): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.#ours = 'ended'
    this.#dropQueue()
    this.#held = []
    if (!this.#isClosed) this.#socket.close()
  }

  onData(bytes: Uint8Array): void {
    if (this.#isDestroyed) return
    if (this.#handlers === undefined || this.#isPaused || this.#held.length > 0) this.#held.push(bytes)
    else this.#handlers.onData(bytes)
  }

  onDrain(): void {
    for (;;) {
      const first = this.#queue[0]
      if (first === undefined) break
      const sent = this.#socket.write(first, this.#sentOfFirst, first.length - this.#sentOfFirst)
      if (sent <= 0) return
      this.#queuedBytes -= sent
      this.#sentOfFirst += sent
      if (this.#sentOfFirst < first.length) return
      this.#queue.shift()
      this.#sentOfFirst = 0
    }
    if (this.#ours === 'ending') this.#sendEnd()
    if (!this.#awaitsDrain || this.#ours !== 'open') return
    this.#awaitsDrain = false
    this.#handlers?.onDrain?.()
  }

  onEnd(): void {
    if (this.#theirs === 'open') this.#theirs = 'ended'
    this.#tell()
    if (this.#ours === 'ended' && !this.#isClosed) this.#socket.close()
  }

  onError(error: Error): void {
    this.#error ??= hostError(`use the connection with ${formatAddress(this.remote)}`, error)
  }

  onClose(error: Error | undefined): void {
    // After our own end Bun closes on the peer's end without telling of it.
    if (error !== undefined) this.onError(error)
    else if (this.#theirs === 'open' && this.#ours === 'ended' && !this.#isDestroyed) this.#theirs = 'ended'
    this.#isClosed = true
    this.#dropQueue()
    // Bun calls this inside `destroy` and `end`; their caller hears of it when it is done, as on Node.
    queueMicrotask(() => this.#tell())
  }

  #sendEnd(): void {
    this.#ours = 'ended'
    if (this.#isClosed) return
    if (this.#theirs === 'open') this.#socket.shutdown()
    else this.#socket.close()
  }

  /** Tells, in their order, what has come and not been told: bytes, the peer's end, the close. */
  #tell(): void {
    const handlers = this.#handlers
    if (handlers === undefined) return
    while (this.#held.length > 0 && !this.#isPaused) {
      const bytes = this.#held.shift()
      if (bytes !== undefined) handlers.onData(bytes)
    }
    // A paused reader hears of the end after it has read all; of a close that it asked for at once.
    if (this.#held.length > 0) return
    if (this.#theirs === 'ended' && !this.#isDestroyed) {
      this.#theirs = 'told'
      handlers.onEnd?.()
    }
    if (!this.#isClosed || this.#isCloseTold) return
    this.#isCloseTold = true
    handlers.onClose(this.#error)
  }

  #dropQueue(): void {
    this.#queue = []
    this.#sentOfFirst = 0
    this.#queuedBytes = 0
  }
}
