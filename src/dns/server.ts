// DNS on sockets: datagrams, and streams of length-prefixed packets (RFC 1035 4.2, RFC 7766). What is said is answer.ts's.
import type { Address } from '../model/address.ts'
import type { Clock, Host, TcpConnection, TcpListener, UdpSocket } from '../runtime/host.ts'
import type { Answerer } from './answer.ts'

/** A running DNS server. */
export interface DnsServer {
  /** Where it listens, in the order asked for; UDP and TCP ports differ only where port 0 was asked for. */
  readonly locals: readonly { readonly udp: Address; readonly tcp: Address }[]
  readonly statistics: Readonly<DnsStatistics>
  /** Stops listening and cuts all connections. */
  close(): Promise<void>
}

/** The ports that it needs. */
export type DnsPorts = Pick<Host, 'tcp' | 'clock'> & { readonly udp: Pick<Host['udp'], 'bind'> }

/** Counters since the start. */
export interface DnsStatistics {
  udpQueries: number
  tcpQueries: number
  /** Questions past the number that may be under way at once. */
  dropped: number
  /** Connections past the limit, and those cut for silence. */
  refusedConnections: number
  idleConnections: number
}

/** Questions under way over UDP. Past it they are dropped: clients ask again. */
const udpPendingMax = 4096
/** Open connections. Past it new ones are closed. */
const connectionsMax = 1024
/** Questions under way on one connection. Past it nothing more is read from it. */
const tcpPendingMax = 64
/** A connection without a whole question for so long is closed (RFC 7766 6.2.3: seconds). */
const idleMsMax = 10_000
/** Addresses behind a wildcard with sockets of their own. */
const ownMax = 64
/** How often idle connections are looked for, while there are any. */
const sweepMs = 2000

/**
 * Serves DNS at all addresses, or rejects with HostError and listens nowhere.
 *
 * @param own the machine's addresses: behind a wildcard each has a socket of its own, so that an answer comes from where the
 *            question went to, as resolvers demand; the route may give another one
 */
export async function serveDns(
  host: DnsPorts,
  at: readonly Address[],
  answerer: Answerer,
  own: readonly string[] = [],
): Promise<DnsServer> {
  const server = new Server(host.clock, answerer)
  try {
    for (const address of at) await server.listen(host, address, ownBehind(address.ip, own))
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}

/** Which of the machine's addresses a wildcard stands for; `::` stands for both families. */
function ownBehind(ip: string, own: readonly string[]): readonly string[] {
  if (ip !== '0.0.0.0' && ip !== '::') return []
  return own.filter((each) => ip === '::' || !each.includes(':')).slice(0, ownMax)
}

class Server implements DnsServer {
  readonly locals: { readonly udp: Address; readonly tcp: Address }[] = []
  readonly statistics: DnsStatistics = {
    udpQueries: 0,
    tcpQueries: 0,
    dropped: 0,
    refusedConnections: 0,
    idleConnections: 0,
  }
  readonly #clock: Clock
  readonly #answerer: Answerer
  readonly #sockets: UdpSocket[] = []
  readonly #listeners: TcpListener[] = []
  readonly #connections = new Set<Connection>()
  #udpPending = 0
  #cancelSweep: (() => void) | undefined

  constructor(clock: Clock, answerer: Answerer) {
    this.#clock = clock
    this.#answerer = answerer
  }

  async listen(host: Pick<DnsPorts, 'udp' | 'tcp'>, at: Address, behind: readonly string[]): Promise<void> {
    const socket = await this.#bind(host, at, behind.length > 0)
    const listener = await host.tcp.listen(at, (connection) => this.#onConnection(connection))
    this.#listeners.push(listener)
    for (const ip of behind) {
      // One that cannot be had is served behind the wildcard, like those that come later.
      await this.#bind(host, { ip, port: socket.local.port }, true).catch(() => undefined)
    }
    // What lets our own sockets be side by side would let anybody's be there too, and take our questions.
    if (behind.length > 0) await Promise.all(this.#sockets.map((each) => each.stopSharing()))
    this.locals.push({ udp: socket.local, tcp: listener.local })
  }

  async #bind(host: Pick<DnsPorts, 'udp'>, at: Address, isShared: boolean): Promise<UdpSocket> {
    const onPacket = (bytes: Uint8Array, from: Address): void => this.#onPacket(bytes, from, socket)
    const socket = await host.udp.bind(at, onPacket, { isShared })
    this.#sockets.push(socket)
    return socket
  }

  async close(): Promise<void> {
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
    for (const connection of this.#connections) connection.destroy()
    await Promise.all([...this.#sockets, ...this.#listeners].map((each) => each.close()))
  }

  #onPacket(bytes: Uint8Array, from: Address, socket: UdpSocket): void {
    const now = this.#answerer.now(bytes, 'udp')
    if (now !== null) {
      this.statistics.udpQueries++
      socket.send(now, from)
      return
    }
    if (this.#udpPending >= udpPendingMax) {
      this.statistics.dropped++
      return
    }
    this.statistics.udpQueries++
    this.#udpPending++
    // A copy: the answer may take its time, and the buffer is the host's.
    this.#answerer.ask(bytes.slice(), 'udp', from).then(
      (reply) => {
        this.#udpPending--
        if (reply) socket.send(reply, from)
      },
      () => {
        this.#udpPending--
      },
    )
  }

  #onConnection(tcp: TcpConnection): void {
    if (this.#connections.size >= connectionsMax) {
      this.statistics.refusedConnections++
      tcp.destroy()
      return
    }
    const connection = new Connection(tcp, {
      clock: this.#clock,
      statistics: this.statistics,
      answerer: this.#answerer,
      onClose: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
    this.#cancelSweep ??= this.#clock.wakeAt(this.#clock.nowMs() + sweepMs, () => this.#sweep())
  }

  #sweep(): void {
    this.#cancelSweep = undefined
    const nowMs = this.#clock.nowMs()
    for (const connection of this.#connections) {
      if (nowMs - connection.activeMs < idleMsMax) continue
      this.statistics.idleConnections++
      connection.destroy()
    }
    if (this.#connections.size > 0)
      this.#cancelSweep = this.#clock.wakeAt(nowMs + sweepMs, () => this.#sweep())
  }
}

interface ConnectionContext {
  readonly clock: Clock
  readonly statistics: DnsStatistics
  readonly answerer: Answerer
  readonly onClose: () => void
}

/** One client's stream: questions one after the other, answers as they are ready (RFC 7766 6.2.1.1). */
class Connection {
  readonly #tcp: TcpConnection
  readonly #context: ConnectionContext
  #held = new Uint8Array(0)
  #pending = 0
  #isBlocked = false
  #isPaused = false
  #hasEnded = false
  #isClosed = false
  #activeMs: number

  constructor(tcp: TcpConnection, context: ConnectionContext) {
    this.#tcp = tcp
    this.#context = context
    this.#activeMs = context.clock.nowMs()
    tcp.handle({
      onData: (bytes) => this.#onData(bytes),
      onDrain: () => {
        this.#isBlocked = false
        this.#resume()
      },
      onEnd: () => {
        this.#hasEnded = true
        if (this.#pending === 0) tcp.end()
      },
      onClose: () => {
        this.#isClosed = true
        context.onClose()
      },
    })
  }

  /** When a whole question came last. */
  get activeMs(): number {
    return this.#activeMs
  }

  destroy(): void {
    this.#tcp.destroy()
  }

  #onData(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#held.length + bytes.length)
    joined.set(this.#held)
    joined.set(bytes, this.#held.length)
    this.#held = joined
    this.#read()
  }

  /** Takes whole questions off what has come, as far as more may be under way. */
  #read(): void {
    let at = 0
    while (this.#mayRead && this.#held.length - at >= 2) {
      const end = at + 2 + (((this.#held[at] ?? 0) << 8) | (this.#held[at + 1] ?? 0))
      if (end > this.#held.length) break
      this.#onPacket(this.#held.slice(at + 2, end))
      at = end
    }
    if (at > 0) this.#held = this.#held.slice(at)
    if (this.#mayRead || this.#isPaused) return
    this.#isPaused = true
    this.#tcp.pause()
  }

  get #mayRead(): boolean {
    return this.#pending < tcpPendingMax && !this.#isBlocked && !this.#isClosed
  }

  #onPacket(packet: Uint8Array): void {
    const { clock, statistics, answerer } = this.#context
    this.#activeMs = clock.nowMs()
    statistics.tcpQueries++
    const now = answerer.now(packet, 'tcp')
    if (now !== null) {
      this.#send(now)
      return
    }
    this.#pending++
    answerer.ask(packet, 'tcp', this.#tcp.remote).then(
      (reply) => this.#onReply(reply),
      () => this.#onReply(null),
    )
  }

  #onReply(reply: Uint8Array | null): void {
    this.#pending--
    if (this.#isClosed) return
    // No reply at all means that this is no client of DNS.
    if (!reply) {
      this.#tcp.destroy()
      return
    }
    this.#send(reply)
    if (this.#hasEnded && this.#pending === 0) this.#tcp.end()
    else this.#resume()
  }

  #send(reply: Uint8Array): void {
    const framed = new Uint8Array(2 + reply.length)
    framed.set([reply.length >> 8, reply.length & 0xff])
    framed.set(reply, 2)
    if (!this.#tcp.write(framed)) this.#isBlocked = true
  }

  #resume(): void {
    if (!this.#mayRead) return
    if (this.#isPaused) {
      this.#isPaused = false
      this.#tcp.resume()
    }
    this.#read()
  }
}
