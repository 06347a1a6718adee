// What the questions about TLS share: certificates, options made of them, and pairs of connections.

import type {
  Host,
  TlsClientOptions,
  TlsConnection,
  TlsIdentity,
  TlsListener,
  TlsServerOptions,
} from '../../../src/runtime/host.ts'
import {
  type Deferred,
  Recorder,
  Skip,
  type World,
  deferred,
  equal,
  pattern,
  text,
  until,
  within,
} from '../harness.ts'

/** The certificates of test/conformance/certificates. `server`, `second` and `client` are from `ca`, `rogue` is not. */
export interface Certificates {
  readonly ca: string
  readonly rogueCa: string
  readonly server: TlsIdentity
  readonly second: TlsIdentity
  readonly client: TlsIdentity
  readonly rogue: TlsIdentity
}

/** Reads the certificates. */
export async function readCertificates(host: Host, { certificates }: World): Promise<Certificates> {
  if (certificates === undefined) throw new Skip('no certificates here')
  const read = async (name: string): Promise<string> =>
    text(await host.files.read(`${certificates}/${name}.pem`))
  const identity = async (name: string): Promise<TlsIdentity> => ({
    cert: await read(name),
    key: await read(`${name}.key`),
  })
  return {
    ca: await read('ca'),
    rogueCa: await read('rogue-ca'),
    server: await identity('server'),
    second: await identity('second'),
    client: await identity('client'),
    rogue: await identity('rogue'),
  }
}

/** A server that asks for certificates of `ca`. */
export function mutualServer({ server, ca }: Certificates): TlsServerOptions {
  return { identity: server, clients: { ca } }
}

/** A client that such a server takes, and that verifies everything. */
export function mutualClient({ client, ca }: Certificates): TlsClientOptions {
  return { identity: client, ca, verify: 'name', serverName: 'server.dc1.consul' }
}

/** A listener, and what happens on it. */
export interface Listening {
  readonly certificates: Certificates
  readonly listener: TlsListener
  readonly accepted: Deferred<Recorder<TlsConnection>>
  /** Connections that were handed over. */
  readonly count: () => number
  readonly connect: (tls: TlsClientOptions) => Promise<Recorder<TlsConnection>>
}

/** Listens while `use` runs; all connections are closed after it. */
export async function listening(
  host: Host,
  world: World,
  options: (certificates: Certificates) => TlsServerOptions,
  use: (one: Listening) => Promise<void>,
): Promise<void> {
  const certificates = await readCertificates(host, world)
  const accepted = deferred<Recorder<TlsConnection>>()
  const open: Recorder<TlsConnection>[] = []
  let count = 0
  const listener = await host.tls.listen({ ip: world.ip, port: 0 }, options(certificates), (connection) => {
    count++
    const recorder = new Recorder(connection)
    open.push(recorder)
    accepted.resolve(recorder)
  })
  const connect = async (tls: TlsClientOptions): Promise<Recorder<TlsConnection>> => {
    const client = new Recorder(await host.tls.connect(listener.local, { timeoutMs: 5000 }, tls))
    open.push(client)
    return client
  }
  try {
    await use({ certificates, listener, accepted, connect, count: () => count })
  } finally {
    for (const one of open) one.connection.destroy()
    await within(host, 3000, Promise.all(open.map((one) => one.closed.promise)))
    await listener.close()
  }
}

/** A case with a server that asks for certificates. */
export function mutual(
  host: Host,
  world: World,
  use: (one: Listening) => Promise<void>,
): () => Promise<void> {
  return () => listening(host, world, mutualServer, use)
}

/** Fails unless bytes go both ways. */
export async function echo(host: Host, client: Recorder<TlsConnection>, server: Recorder): Promise<void> {
  client.connection.write(pattern(1000))
  await until(host, 'the bytes are there', () => server.bytesSeen === 1000)
  equal(server.bytes, pattern(1000), 'bytes at the server')
  server.connection.write(pattern(500, 3))
  await until(host, 'the answer is there', () => client.bytesSeen === 500)
  equal(client.bytes, pattern(500, 3), 'bytes at the client')
}
