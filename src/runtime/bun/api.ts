// The part of Bun's interface that this host reads, in the shapes it relies on. Its names are Bun's, not ours.

/** A datagram socket of Bun. */
export interface BunUdpSocket {
  readonly hostname: string
  readonly port: number
  readonly fd: number
  send(bytes: Uint8Array, port: number, address: string): boolean
  /** Bytes, port and address of each, one after the other; returns how many were sent. */
  sendMany(datagrams: readonly (Uint8Array | number | string)[]): number
  close(): void
}

/** What happens on a datagram socket. */
export interface BunUdpHandler {
  data(socket: BunUdpSocket, bytes: Uint8Array, port: number, address: string): void
  /** Called with the error alone, unlike that of streams and unlike Bun's own types. */
  error(error: Error): void
}

/** A stream socket of Bun. `write` returns how many bytes the system took, -1 when it is closed. */
export interface BunSocket<Data> {
  data: Data
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  write(bytes: Uint8Array, offset?: number, length?: number): number
  end(): void
  close(): void
  terminate(): void
  shutdown(): void
  pause(): void
  resume(): void
  setNoDelay(isOn: boolean): void
  setKeepAlive(isOn: boolean, delayMs: number): void
}

/** What happens on a stream socket. */
export interface BunSocketHandler<Data> {
  readonly binaryType: 'uint8array'
  open?(socket: BunSocket<Data>): void
  data(socket: BunSocket<Data>, bytes: Uint8Array): void
  drain(socket: BunSocket<Data>): void
  end(socket: BunSocket<Data>): void
  close(socket: BunSocket<Data>, error?: Error): void
  error(socket: BunSocket<Data>, error: Error): void
  connectError?(socket: BunSocket<Data>, error: Error): void
}

/** A listening stream socket of Bun. */
export interface BunListener {
  readonly hostname: string
  readonly port: number
  stop(closesActive?: boolean): void
}

/** A running HTTP server of Bun. */
export interface BunServer {
  readonly hostname: string | undefined
  readonly port: number | undefined
  requestIP(request: Request): { readonly address: string; readonly port: number } | null
  timeout(request: Request, seconds: number): void
  stop(closesActive?: boolean): Promise<void>
  closeIdleConnections(): number
}

/** How to serve HTTP. */
export interface BunServeOptions {
  readonly hostname?: string
  readonly port?: number
  readonly unix?: string
  readonly idleTimeout: number
  readonly maxRequestBodySize: number
  readonly development: boolean
  readonly reusePort: boolean
  fetch(request: Request, server: BunServer): Response | Promise<Response>
  error(error: unknown): Response
}

interface BunNamespace {
  udpSocket(options: {
    readonly hostname: string
    readonly port: number
    readonly binaryType: 'uint8array'
    /** 16: SO_REUSEADDR. Not documented: it is what Bun's node:dgram passes on for `reuseAddr`. */
    readonly flags?: number
    readonly socket: BunUdpHandler
  }): Promise<BunUdpSocket>
  udpSocket(options: {
    readonly hostname: string
    readonly connect: { readonly hostname: string; readonly port: number }
  }): Promise<BunUdpSocket>
  listen<Data>(options: {
    readonly hostname: string
    readonly port: number
    readonly allowHalfOpen: boolean
    readonly exclusive: boolean
    readonly socket: BunSocketHandler<Data>
  }): BunListener
  connect<Data>(options: {
    readonly hostname: string
    readonly port: number
    readonly allowHalfOpen: boolean
    readonly socket: BunSocketHandler<Data>
  }): Promise<BunSocket<Data>>
  serve(options: BunServeOptions): BunServer
  readonly stdin: { bytes(): Promise<Uint8Array> }
  gc(isFull: boolean): void
  shrink(): void
  /** `setJITPolicy` multiplies the thresholds at which code is compiled. */
  readonly unsafe: { setJITPolicy(scale: number): void }
}

/** The runtime's global. */
declare const Bun: BunNamespace

/** Bun's interface. Only used where the program runs on Bun. */
export function bunApi(): BunNamespace {
  return Bun
}
