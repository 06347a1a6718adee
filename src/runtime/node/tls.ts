// Encrypted streams over node:tls, and HTTPS on them. On all three runtimes (DESIGN.md, decision 10).

import type { Server, TLSSocket } from 'node:tls'

import { type Address, formatAddress } from '../../model/address.ts'
import type {
  HttpHandler,
  HttpServer,
  PeerCertificate,
  TcpConnectOptions,
  Tls,
  TlsClientOptions,
  TlsConnection,
  TlsListener,
  TlsReplaceable,
  TlsServerOptions,
} from '../host.ts'
import { plainIp } from './address.ts'
import { certificateFacts } from './certificate.ts'
import { callHandler, hostErrorOf, listenError, passOnBugs, tlsError } from './errors.ts'
import { HttpsConnections } from './https-connections.ts'
import { NodeTcpConnection, backlog, keepAliveDelayMs, whenOpen } from './tcp.ts'
import { type ServerSettings, clientSettings, serverSettings } from './tls-options.ts'

/** How long a client may take for its handshake. */
const handshakeTimeoutMs = 10_000

/** Encrypted streams and HTTPS of the base host. */
export function nodeTls(): Tls {
  return { connect, listen, serveHttp }
}

async function connect(
  to: Address,
  dialing: TcpConnectOptions,
  options: TlsClientOptions,
): Promise<TlsConnection> {
  const action = `connect with TLS to ${formatAddress(to)}`
  const tls = await import('node:tls')
  const settings = {
    ...(await clientSettings(action, options, to.ip)),
    host: to.ip,
    port: to.port,
    ...(dialing.localIp === undefined ? {} : { localAddress: dialing.localIp }),
    allowHalfOpen: true,
  }
  const socket = tls.connect(settings)
  await whenOpen(socket, 'secureConnect', dialing, (error) => tlsError(action, error))
  const isVerified = options.verify !== 'nothing'
  if (isVerified && !socket.authorized) {
    socket.destroy()
    throw hostErrorOf('ERR_TLS_CERT_UNTRUSTED', action)
  }
  return new NodeTlsConnection(socket, isVerified)
}

async function listen(
  at: Address,
  options: TlsServerOptions,
  onConnection: (connection: TlsConnection) => void,
): Promise<TlsListener> {
  const action = `listen with TLS on ${formatAddress(at)}`
  return listenSecure({ action, at, options }, (socket) =>
    onConnection(new NodeTlsConnection(socket, options.clients !== 'anyone')),
  )
}

/** Serves HTTPS: a server of node:http that is given the connections of a TLS listener. */
async function serveHttp(
  at: Address,
  options: TlsServerOptions,
  handler: HttpHandler,
): Promise<HttpServer & TlsReplaceable> {
  const action = `serve HTTPS on ${formatAddress(at)}`
  const connections = await HttpsConnections.make(handler)
  const listener = await listenSecure({ action, at, options }, (socket) => connections.add(socket))
  return {
    local: listener.local,
    replaceTls: (tls) => listener.replaceTls(tls),
    async close(graceMs) {
      await listener.close()
      await connections.close(graceMs)
    },
  }
}

interface Listening {
  readonly action: string
  readonly at: Address
  readonly options: TlsServerOptions
}

async function listenSecure(
  { action, at, options }: Listening,
  onSocket: (socket: TLSSocket) => void,
): Promise<TlsListener> {
  const [{ createServer }, crypto] = await Promise.all([import('node:tls'), import('node:crypto')])
  const read = (tls: TlsServerOptions): ServerSettings => serverSettings(action, crypto, tls)
  const settings = read(options)
  const server = createServer(
    { ...settings, allowHalfOpen: true, handshakeTimeout: handshakeTimeoutMs },
    (socket) => {
      // The server has refused all others before; this is the second lock on that door.
      if ((settings.requestCert && !socket.authorized) || !server.listening) socket.destroy()
      else callHandler(() => onSocket(socket))
    },
  )
  // One that fails, or is too late, is left open by the server when somebody listens here.
  server.on('tlsClientError', (_, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(action, error)))
    server.listen({ host: at.ip, port: at.port, backlog, exclusive: true }, resolve)
  })
  server.removeAllListeners('error')
  server.on('error', passOnBugs)
  return {
    local: localOf(server, at),
    replaceTls(tls) {
      const next = read(tls)
      if (next.requestCert !== settings.requestCert)
        throw hostErrorOf(
          'EINVAL',
          `${action}: a running server cannot change whether it asks for certificates`,
        )
      server.setSecureContext(next)
    },
    close() {
      if (server.listening) server.close()
      return Promise.resolve()
    },
  }
}

function localOf(server: Server, at: Address): Address {
  const address = server.address()
  if (address === null || typeof address === 'string') return at
  return { ip: plainIp(address.address), port: address.port }
}

class NodeTlsConnection extends NodeTcpConnection implements TlsConnection {
  readonly certificate?: PeerCertificate

  constructor(socket: TLSSocket, isVerified: boolean) {
    super(socket)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveDelayMs)
    const { raw } = socket.getPeerCertificate() as { readonly raw?: Uint8Array }
    if (raw !== undefined) this.certificate = certificateFacts(raw, isVerified)
  }
}
