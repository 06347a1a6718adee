// A deterministic network in memory with its own clock: the Tcp and Clock ports, nothing of ours.

import { type Address, formatAddress } from '../../../src/model/address.ts'
import {
  type Clock,
  HostError,
  type Tcp,
  type TcpConnection,
  type TcpHandlers,
  type TcpListener,
} from '../../../src/runtime/host.ts'

interface Event {
  readonly atMs: number
  readonly number: number
  readonly run: () => void
}

/** Bytes in flight per direction before `write` says wait. */
const highWaterBytes = 64 * 1024

/** One world: a clock, and streams between any addresses in it. */
export class FakeNet {
  readonly latencyMs: number
  #nowMs = 1000
  #events: Event[] = []
  #number = 0
  readonly #accepts = new Map<string, (connection: TcpConnection) => void>()
  readonly #silent = new Set<string>()
  readonly connections: FakeConnection[] = []
  #port = 50_000

  constructor(latencyMs = 1) {
    this.latencyMs = latencyMs
  }

  readonly clock: Clock = {
    nowMs: () => this.#nowMs,
    nowMicros: () => this.#nowMs * 1000,
    wallMs: () => this.#nowMs,
    wakeAt: (atMs, wake) => this.at(atMs, wake),
    soon: (task) => void this.at(this.#nowMs, task),
  }

  /** The Tcp port of a host with this address. */
  tcp(ip: string): Tcp {
    return {
      connect: (to, options) => this.#connect(ip, to, options.timeoutMs),
      listen: (at, onConnection) => this.#listen(at, onConnection),
    }
  }

  /** Both ports, as the code under test takes them. */
  host(ip: string): { readonly tcp: Tcp; readonly clock: Clock } {
    return { tcp: this.tcp(ip), clock: this.clock }
  }

  /** From now on nothing reaches this address, and nobody is told. */
  silence(ip: string, isSilent = true): void {
    if (isSilent) this.#silent.add(ip)
    else this.#silent.delete(ip)
  }

  isSilent(ip: string): boolean {
    return this.#silent.has(ip)
  }

  /** Runs `run` at a time; returns what cancels it. */
  at(atMs: number, run: () => void): () => void {
    const event = { atMs: Math.max(atMs, this.#nowMs), number: this.#number++, run }
    this.#events.push(event)
    return () => {
      this.#events = this.#events.filter((other) => other !== event)
    }
  }

  /** Wake-ups and deliveries that are still to come. */
  get pending(): number {
    return this.#events.length
  }

  /** Lets this much time pass. */
  async run(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settle()
    for (;;) {
      this.#events.sort((a, b) => a.atMs - b.atMs || a.number - b.number)
      const event = this.#events[0]
      if (!event || event.atMs > endMs) break
      this.#events.shift()
      this.#nowMs = event.atMs
      event.run()
      await settle()
    }
    this.#nowMs = endMs
  }

  async #listen(at: Address, onConnection: (connection: TcpConnection) => void): Promise<TcpListener> {
    const local = { ip: at.ip, port: at.port === 0 ? this.#port++ : at.port }
    const key = formatAddress(local)
    if (this.#accepts.has(key)) throw new HostError('EADDRINUSE', `Cannot listen on TCP ${key}`)
    this.#accepts.set(key, onConnection)
    return {
      local,
      close: async () => {
        this.#accepts.delete(key)
      },
    }
  }

  #connect(ip: string, to: Address, timeoutMs: number): Promise<TcpConnection> {
    return new Promise((resolve, reject) => {
      if (this.isSilent(to.ip) || this.isSilent(ip)) {
        this.at(this.#nowMs + timeoutMs, () =>
          reject(new HostError('ETIMEDOUT', 'Cannot connect: timed out')),
        )
        return
      }
      this.at(this.#nowMs + this.latencyMs * 2, () => {
        const accept = this.#accepts.get(formatAddress(to))
        if (!accept) {
          reject(new HostError('ECONNREFUSED', 'Cannot connect: connection refused'))
          return
        }
        const local = { ip, port: this.#port++ }
        const near = new FakeConnection(this, local, to)
        const far = new FakeConnection(this, to, local)
        near.other = far
        far.other = near
        this.connections.push(near, far)
        accept(far)
        resolve(near)
      })
    })
  }
}

/** One end of a stream. */
export class FakeConnection implements TcpConnection {
  readonly local: Address
  readonly remote: Address
  other: FakeConnection | undefined
  /** Every write, as the code under test made it. */
  readonly writes: Uint8Array[] = []
  readonly #net: FakeNet
  #handlers: TcpHandlers | undefined
  readonly #inbox: (Uint8Array | 'end')[] = []
  #inFlightBytes = 0
  #isPaused = false
  #isEnded = false
  #isClosed = false
  #needsDrain = false

  constructor(net: FakeNet, local: Address, remote: Address) {
    this.#net = net
    this.local = local
    this.remote = remote
  }

  get queuedBytes(): number {
    return this.#inFlightBytes
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  handle(handlers: TcpHandlers): void {
    this.#handlers = handlers
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isEnded || this.#isClosed) return false
    this.writes.push(bytes)
    this.#inFlightBytes += bytes.length
    this.#carry(bytes.slice())
    if (this.#inFlightBytes < highWaterBytes) return true
    this.#needsDrain = true
    return false
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#net.at(this.#net.clock.nowMs(), () => this.#read())
  }

  end(): void {
    if (this.#isEnded || this.#isClosed) return
    this.#isEnded = true
    this.#carry('end')
  }

  destroy(): void {
    if (this.#isClosed) return
    this.#close()
    if (this.#net.isSilent(this.remote.ip) || this.#net.isSilent(this.local.ip)) return
    const { other } = this
    this.#net.at(this.#net.clock.nowMs() + this.#net.latencyMs, () => other?.reset())
  }

  /** The peer's connection is gone. */
  reset(): void {
    this.#close(new HostError('ECONNRESET', 'connection reset by the peer'))
  }

  #close(error?: HostError): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#net.at(this.#net.clock.nowMs(), () => this.#handlers?.onClose(error))
  }

  #carry(what: Uint8Array | 'end'): void {
    if (this.#net.isSilent(this.remote.ip) || this.#net.isSilent(this.local.ip)) return
    this.#net.at(this.#net.clock.nowMs() + this.#net.latencyMs, () => this.other?.deliver(what))
  }

  /** Something has arrived. */
  deliver(what: Uint8Array | 'end'): void {
    this.#inbox.push(what)
    this.#read()
  }

  #read(): void {
    while (!this.#isPaused && !this.#isClosed) {
      const what = this.#inbox.shift()
      if (what === undefined) return
      if (what === 'end') this.#handlers?.onEnd?.()
      else {
        this.#handlers?.onData(what)
        this.other?.acknowledge(what.length)
      }
    }
  }

  /** The peer has read so many bytes. */
  acknowledge(bytes: number): void {
    this.#inFlightBytes -= bytes
    if (!this.#needsDrain || this.#inFlightBytes > 0) return
    this.#needsDrain = false
    this.#net.at(this.#net.clock.nowMs(), () => {
      if (!this.#isClosed) this.#handlers?.onDrain?.()
    })
  }
}

/** Lets promises that can go on do so. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}
