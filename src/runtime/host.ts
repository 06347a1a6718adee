// The ports: everything that lies outside the program, as one object of small interfaces. Types only.
// Real hosts are in node.ts, bun.ts and deno.ts; the simulated one in test/sim. The agent cannot tell them apart.

import type { Address } from '../model/address.ts'
import type { Files } from './host/files.ts'
import type { UnixDatagrams } from './host/unix-datagrams.ts'

/** Everything outside the program. Made once by `entry/` (or the simulator) and handed down. */
export interface Host {
  readonly runtime: 'node' | 'bun' | 'deno' | 'sim'
  readonly clock: Clock
  readonly entropy: Entropy
  readonly udp: Udp
  /** Null where the runtime has no means for it. */
  readonly unixDatagrams: UnixDatagrams | null
  readonly tcp: Tcp
  readonly tls: Tls
  readonly http: Http
  readonly http2: Http2
  readonly files: Files
  readonly processes: Processes
  readonly signals: Signals
  readonly names: Names
  readonly system: System
  readonly console: Console
}

/** A failure of the platform, turned into a value of one shape. `code` is the platform's (`ECONNREFUSED`, `ENOENT`). */
export class HostError extends Error {
  override readonly name = 'HostError'
  readonly code: string
  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** Time. `nowMs` is the only clock that protocols see. */
export interface Clock {
  /** Monotonic milliseconds, an integer. */
  nowMs(): number
  /** Monotonic microseconds, an integer; for round-trip times. */
  nowMicros(): number
  /** Milliseconds since 1970 by the system's clock; for people and TTL display, never for a protocol. */
  wallMs(): number
  /** Calls `wake` once, not before `nowMs() >= atMs`; returns what cancels it. A wake-up keeps the process alive. */
  wakeAt(atMs: number, wake: () => void): () => void
  /** Calls back once all that is ready to be read now was read: what belongs together goes on together. */
  soon(task: () => void): void
}

/** Bytes from the operating system's secure source; for ids and secrets, never for protocol choices. */
export interface Entropy {
  bytes(size: number): Uint8Array
}

/** Datagrams. */
export interface Udp {
  /** Binds a socket. Rejects with HostError (`EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`). */
  bind(
    at: Address,
    onPacket: (bytes: Uint8Array, from: Address) => void,
    options?: UdpBindOptions,
  ): Promise<UdpSocket>
  /**
   * Sends one datagram, which may be empty, and waits for the first that comes back from there; null if none has come
   * after `timeoutMs`, or when the signal aborts. Rejects with HostError when the system says that nobody is there
   * (`ECONNREFUSED`) or that there is no way to it.
   */
  exchange(to: Address, bytes: Uint8Array, options: UdpExchangeOptions): Promise<Uint8Array | null>
}

/** How to bind. */
export interface UdpBindOptions {
  /**
   * Others that are bound so may have the same port at the wildcard address, or at single ones: packets go to the one
   * that names their address, and what it sends comes from there. Hosts may refuse (`EADDRINUSE`).
   */
  readonly isShared?: boolean
}

/** How long to wait for an answer. */
export interface UdpExchangeOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** A bound datagram socket. Send errors are not reported: datagrams may be lost anyway. */
export interface UdpSocket {
  readonly local: Address
  send(bytes: Uint8Array, to: Address): void
  /** Nobody binds the same address any more, as others may as long as it `isShared`; where the runtime has the means. */
  stopSharing(): Promise<void>
  close(): Promise<void>
}

/** Streams. */
export interface Tcp {
  /** Connects. Rejects with HostError (`ECONNREFUSED`, `ETIMEDOUT`, …) at the latest after `timeoutMs`. */
  connect(to: Address, options: TcpConnectOptions): Promise<TcpConnection>
  /** Listens. `onConnection` must set the handlers in the same turn. Rejects with HostError. */
  listen(at: Address, onConnection: (connection: TcpConnection) => void): Promise<TcpListener>
}

/** How to connect. */
export interface TcpConnectOptions {
  readonly timeoutMs: number
  /** The local address to connect from; absent lets the system choose. */
  readonly localIp?: string
  /**
   * Gives the attempt up; it rejects with the signal's reason. With a signal, nothing of an attempt that failed or took too
   * long goes on in the system either, on any runtime.
   */
  readonly signal?: AbortSignal
}

/** A listening stream socket. Closing it leaves accepted connections open. */
export interface TcpListener {
  readonly local: Address
  close(): Promise<void>
}

/** A stream in both directions. No data is lost before `handle` is called in the turn that delivered the connection. */
export interface TcpConnection {
  readonly remote: Address
  readonly local: Address
  /** Sets the handlers, once. `onClose` is called exactly once, with the error if there was one. */
  handle(handlers: TcpHandlers): void
  /** Queues bytes. Returns false when the queue is over the high-water mark: wait for `onDrain`. */
  write(bytes: Uint8Array): boolean
  /** Bytes queued and not yet given to the system. */
  readonly queuedBytes: number
  /** Stops and resumes reading, for back-pressure. */
  pause(): void
  resume(): void
  /** Sends what is queued, then the end of the stream; reading goes on until the peer ends too. */
  end(): void
  /** Closes at once and drops what is queued. */
  destroy(): void
}

/** What happens on a stream. */
export interface TcpHandlers {
  onData(bytes: Uint8Array): void
  onDrain?(): void
  /** The peer has sent its end; our direction stays open until `end` or `destroy`. */
  onEnd?(): void
  onClose(error?: HostError): void
}

/**
 * Encrypted streams and HTTPS: for encrypted RPC with mutual authentication, and the HTTPS API.
 *
 * Everything is PEM text, checked when it is first used: what cannot serve is `ERR_TLS_MATERIAL`. The same object of
 * options is read only once; new certificates come as a new object. A failed handshake is `ERR_TLS_HANDSHAKE`; a peer
 * whose certificate is refused is `ERR_TLS_CERT_UNTRUSTED`, `ERR_TLS_CERT_ALTNAME_INVALID` or `CERT_HAS_EXPIRED`.
 * While the environment has NODE_TLS_REJECT_UNAUTHORIZED=0 all calls are refused (`ERR_TLS_UNSAFE_ENVIRONMENT`).
 */
export interface Tls {
  /**
   * Connects; `timeoutMs` includes the handshake. Rejects with HostError. That the server refuses our certificate may
   * only show after that (TLS 1.3), as an end or a close of the connection.
   */
  connect(to: Address, options: TcpConnectOptions, tls: TlsClientOptions): Promise<TlsConnection>
  /**
   * Listens. `onConnection` is called after a good handshake, and must set the handlers in the same turn; a peer that
   * takes too long for it is cut off. Rejects with HostError.
   */
  listen(
    at: Address,
    tls: TlsServerOptions,
    onConnection: (connection: TlsConnection) => void,
  ): Promise<TlsListener>
  /** Serves HTTPS, else like `Http.serve`. */
  serveHttp(at: Address, tls: TlsServerOptions, handler: HttpHandler): Promise<HttpServer & TlsReplaceable>
}

/** Who one is: the certificate, with those between it and the authority after it, and its key. */
export interface TlsIdentity {
  readonly cert: string
  readonly key: string
}

/** The oldest version of the protocol that is spoken. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** How to be a client. */
export interface TlsClientOptions {
  /** Shown when the server asks for one. */
  readonly identity?: TlsIdentity
  /** The authorities that the server's certificate must come from; absent: those that the runtime brings. */
  readonly ca?: string
  /** What is verified: the chain and the name in the certificate, the chain alone, or nothing. */
  readonly verify: 'name' | 'chain' | 'nothing'
  /** The name that is asked for and verified; absent: the address connected to, or the URL's host. */
  readonly serverName?: string
  /** Absent: TLS 1.2. */
  readonly minVersion?: TlsVersion
  /** Protocols that are offered (`h2`), best first. Only for `Tls.connect`. */
  readonly alpn?: readonly string[]
}

/** How to be a server. */
export interface TlsServerOptions {
  readonly identity: TlsIdentity
  /** `anyone`: no certificate is asked for. Else each client must show one that these authorities signed. */
  readonly clients: 'anyone' | { readonly ca: string }
  /** Absent: TLS 1.2. */
  readonly minVersion?: TlsVersion
}

/** A server whose certificates can be replaced while it runs. */
export interface TlsReplaceable {
  /**
   * New connections get these options, and no session of before is taken up again; open connections stay. Throws
   * HostError, and the old options stay in force.
   */
  replaceTls(tls: TlsServerOptions): void
}

/** A listening socket for encrypted streams. */
export type TlsListener = TcpListener & TlsReplaceable

/** An encrypted stream. `end` and `onEnd` are TLS's own ends, so that each direction ends alone here too. */
export interface TlsConnection extends TcpConnection {
  /** What the peer has shown; absent on a server that does not ask for it. */
  readonly certificate?: PeerCertificate
}

/** Facts of a peer's certificate. */
export interface PeerCertificate {
  /** Whether its chain was verified. With `verify: 'nothing'` it is false, and nothing here can be believed. */
  readonly isVerified: boolean
  /** The subject's common name, or ''. */
  readonly commonName: string
  /** Alternative names of type DNS and URI. */
  readonly dnsNames: readonly string[]
  readonly uris: readonly string[]
  /** The whole certificate. */
  readonly der: Uint8Array
}

/** HTTP in and out. */
export interface Http {
  /**
   * Serves HTTP/1.1 on an address, or on a unix socket. A response may take 10 minutes and more to begin
   * (blocking queries); `request.signal` aborts when the client has gone, which includes a client that has ended
   * its side of the connection. Headers of a streamed body may wait for its first bytes. Rejects with HostError.
   */
  serve(at: HttpListen, handler: HttpHandler): Promise<HttpServer>
  /**
   * A client request with the semantics of the platform's fetch, but without any time limit of its own; unix sockets
   * through `options.unixPath`; https by the rules of `Tls`. Rejects with HostError, or with the signal's reason.
   */
  fetch(url: string, options: HttpFetchOptions): Promise<Response>
}

/** Where an HTTP server listens. */
export type HttpListen = Address | { readonly unixPath: string; readonly mode?: number }

/** Answers one request. A rejection becomes a 500 without details. */
export type HttpHandler = (request: Request, from: HttpPeer) => Response | Promise<Response>

/** Who sent a request: the connection's other end; `ip` is '' on a unix socket. */
export interface HttpPeer {
  readonly ip: string
  readonly port: number
}

/** A running HTTP server. */
export interface HttpServer {
  readonly local: HttpListen
  /** Stops listening; `graceMs` later open connections are cut. */
  close(graceMs: number): Promise<void>
}

/** Options of an HTTP request. */
export interface HttpFetchOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** A stream is sent as it comes, in chunks, and only once: such a request follows no redirect. */
  readonly body?: Uint8Array | string | ReadableStream<Uint8Array>
  readonly signal?: AbortSignal
  readonly unixPath?: string
  readonly redirect?: 'follow' | 'manual'
  /** For https; absent: name and chain are verified. Connections are pooled for each object of options. */
  readonly tls?: TlsClientOptions
  /** False: the request has a connection of its own, which ends with it. */
  readonly keepAlive?: false
}

/** HTTP/2 out: what a call of gRPC needs. */
export interface Http2 {
  /**
   * Sends one request over a connection of its own and reads the whole answer. `http:` URLs are spoken to in clear, with
   * prior knowledge. Rejects with HostError (`ERR_HTTP2_PROTOCOL` when the other side does not speak it,
   * `ERR_HTTP2_TOO_LARGE` past `bodyBytesMax`, `ECONNRESET` when it closes without an answer), or with the signal's
   * reason.
   */
  call(url: string, options: Http2CallOptions): Promise<Http2Answer>
}

/** A request over HTTP/2. */
export interface Http2CallOptions {
  readonly method: string
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly bodyBytesMax: number
  readonly signal?: AbortSignal
  /** For https; absent: name and chain are verified. */
  readonly tls?: TlsClientOptions
}

/** An answer over HTTP/2. Names are in small letters; those that come twice are joined by commas. */
export interface Http2Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly trailers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Child processes. */
export interface Processes {
  /** Runs a program to its end. On timeout or abort the whole process group is killed. */
  run(command: readonly string[], options: ProcessOptions): Promise<ProcessResult>
  /**
   * Starts a program and hands out its control, for children that live long (`lock`, `watch` handlers). It leads a
   * process group of its own, unless it inherits an input that is a terminal: then it stays in the terminal's session.
   */
  start(command: readonly string[], options: ProcessOptions): Promise<ChildProcess>
}

/** How to run a program. */
export interface ProcessOptions {
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly stdin?: Uint8Array | 'inherit'
  /**
   * 'inherit' passes the child's output through; else `outputBytesMax` bytes are kept. One that writes far more is
   * read slowly, so that it has to wait.
   */
  readonly output?: 'inherit' | 'capture'
  readonly outputBytesMax?: number
  /** Which bytes are kept when there are more; absent: the first. */
  readonly outputKept?: 'first' | 'last'
  /** What is left of the program's group when it has ended, and holds its output open, is killed. */
  readonly endsGroup?: boolean
  /** Is given all captured output as it comes; the bytes are its own. The program waits for a promise it returns. */
  readonly onOutput?: (bytes: Uint8Array) => Promise<void> | undefined
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** How a program ended. */
export interface ProcessResult {
  /** Exit status, or null when a signal ended it. */
  readonly code: number | null
  readonly signal: string | null
  /** stdout and stderr interleaved, cut to `outputBytesMax`; `outputBytes` is what was written in all. */
  readonly output: Uint8Array
  readonly outputBytes: number
  readonly timedOut: boolean
}

/** A running child. */
export interface ChildProcess {
  readonly pid: number
  /** Signals the child and its group, if it leads one; nothing once the child has ended. */
  kill(signal: SignalName): void
  readonly ended: Promise<ProcessResult>
}

/** The signals that the program reacts to. */
export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGUSR1' | 'SIGKILL' | 'SIGQUIT'

/** Signals sent to this process. */
export interface Signals {
  /** Calls `handler` on each signal in place of the default action; returns what removes it. */
  on(signal: SignalName, handler: () => void): () => void
}

/** Name lookup by the system's resolver. */
export interface Names {
  /** All addresses of a host name, as literals; empty when the name is unknown. */
  lookup(name: string): Promise<readonly string[]>
}

/** The machine and this process. */
export interface System {
  hostname(): string
  /** Addresses of the machine's interfaces, in the system's order. */
  interfaces(): readonly NetworkInterface[]
  readonly pid: number
  /** Arguments after the program's own name. */
  readonly args: readonly string[]
  /** The name the program was called by (last path element), for the `consul` link. */
  readonly programName: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** `linux`, `darwin`, `windows`; `amd64`, `arm64`: in the reference's words. */
  readonly os: string
  readonly arch: string
  readonly cpuCount: number
  readonly runtimeVersion: string
  /** Watches for so long what the processor does, and tells it as a profile in the JSON of V8 (`.cpuprofile`). */
  profile(durationMs: number, signal: AbortSignal): Promise<string>
  /** Resident and heap bytes of this process, and CPU microseconds used so far. */
  usage(): { readonly residentBytes: number; readonly heapBytes: number; readonly cpuMicros: number }
  /**
   * Says that the start is over: what runs from now on runs for long. The runtime may begin to optimise it, and give
   * back what the start used. A hint; called once.
   */
  settled(): void
  /** Says that a time of load is over: the runtime may give back what it used. A hint; may take some ten milliseconds. */
  rested(): void
  /** Ends the process. */
  exit(code: number): never
}

/** One address of one interface. */
export interface NetworkInterface {
  readonly name: string
  readonly ip: string
  readonly family: 4 | 6
  readonly netmask: string
  readonly isLoopback: boolean
  readonly scopeId?: number
}

/** Standard input and output. */
export interface Console {
  out(text: string | Uint8Array): void
  err(text: string): void
  readStdin(): Promise<Uint8Array>
  readonly isTerminal: boolean
}
