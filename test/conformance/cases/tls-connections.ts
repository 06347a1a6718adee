// Encrypted streams that stand: what goes over them, how they end, and what replaced certificates change.

import type { Address } from '../../../src/model/address.ts'
import type { Host, TlsConnection } from '../../../src/runtime/host.ts'
import {
  type ConformanceCase,
  type Recorder,
  Skip,
  type World,
  equal,
  ok,
  pattern,
  rejectsWith,
  sleep,
  until,
  within,
} from '../harness.ts'
import { type Certificates, echo, mutual, mutualClient, mutualServer } from './tls-helpers.ts'

/** The questions about encrypted streams that have had their handshake. */
export function tlsConnectionCases(host: Host, world: World): readonly ConformanceCase[] {
  return [...replacing(host, world), ...transferring(host, world)]
}

function replacing(host: Host, world: World): readonly ConformanceCase[] {
  const nameOf = (client: Recorder<TlsConnection>): string | undefined =>
    client.connection.certificate?.commonName
  return [
    {
      name: 'tls: a replaced certificate is shown to new connections, and open ones live on',
      run: mutual(host, world, async ({ certificates, listener, accepted, connect }) => {
        const before = await connect(mutualClient(certificates))
        const server = await within(host, 2000, accepted.promise)
        listener.replaceTls({ ...mutualServer(certificates), identity: certificates.second })
        const after = await connect(mutualClient(certificates))
        equal([nameOf(before), nameOf(after)], ['server.dc1.consul', 'second.dc1.consul'], 'names')
        await echo(host, before, server)
      }),
    },
    {
      name: 'tls: replaced authorities decide about new connections',
      run: mutual(host, world, async ({ certificates, listener, accepted, connect, count }) => {
        await connect(mutualClient(certificates))
        await within(host, 2000, accepted.promise)
        listener.replaceTls({ identity: certificates.server, clients: { ca: certificates.rogueCa } })
        const old = await connect(mutualClient(certificates)).catch(() => undefined)
        if (old) await within(host, 2000, Promise.race([old.closed.promise, old.ended.promise]))
        equal(count(), 1, 'connections handed over')
        await connect({ ...mutualClient(certificates), identity: certificates.rogue })
        await until(host, 'the other authority is trusted', () => count() === 2)
      }),
    },
    {
      name: 'tls: a session from before the replacement is not taken up again',
      run: mutual(host, world, async ({ certificates, listener, accepted, count }) => {
        // Bun and Deno tell of the session with the first bytes.
        void accepted.promise.then((server) => server.connection.write(pattern(1)))
        const session = await sessionWith(host, listener.local, certificates)
        if (session === undefined) throw new Skip('the client of this runtime hands out no session')
        equal(count(), 1, 'connections handed over')
        listener.replaceTls({ identity: certificates.server, clients: { ca: certificates.rogueCa } })
        await sessionWith(host, listener.local, certificates, session)
        equal(count(), 1, 'connections handed over')
      }),
    },
    {
      name: 'tls: a replacement that cannot serve changes nothing',
      run: mutual(host, world, async ({ certificates, listener, connect }) => {
        const { server, second } = certificates
        const broken = { ...mutualServer(certificates), identity: { cert: second.cert, key: server.key } }
        await rejectsWith(
          'ERR_TLS_MATERIAL',
          Promise.resolve().then(() => listener.replaceTls(broken)),
        )
        const open = { identity: second, clients: 'anyone' } as const
        await rejectsWith(
          'EINVAL',
          Promise.resolve().then(() => listener.replaceTls(open)),
        )
        equal(nameOf(await connect(mutualClient(certificates))), 'server.dc1.consul', 'name')
      }),
    },
  ]
}

/** The session that a server gives to a client of the runtime's own, which may bring one; ours never does. */
async function sessionWith(
  host: Host,
  { ip, port }: Address,
  { client, ca }: Certificates,
  session?: Uint8Array,
): Promise<Uint8Array | undefined> {
  const tls = await import('node:tls')
  const more = session === undefined ? {} : { session: Buffer.from(session) }
  const socket = tls.connect({ host: ip, port, ca, ...client, servername: 'localhost', ...more })
  let given: Uint8Array | undefined
  socket.on('session', (one: Uint8Array) => (given ??= one))
  socket.on('error', () => {})
  socket.resume()
  await sleep(host, 150)
  socket.destroy()
  return given
}

function transferring(host: Host, world: World): readonly ConformanceCase[] {
  return [
    {
      name: 'tls: 20 MB arrive in order under back-pressure',
      run: mutual(host, world, async ({ certificates, accepted, connect }) => {
        const client = await connect(mutualClient(certificates))
        const server = await within(host, 2000, accepted.promise)
        let stops = 0
        server.onData = () => {
          if (++stops % 50 !== 0) return
          server.connection.pause()
          host.clock.wakeAt(host.clock.nowMs() + 2, () => server.connection.resume())
        }
        const sent = pattern(20 * 1024 * 1024)
        let waits = 0
        for (let at = 0; at < sent.length; at += 256 * 1024) {
          const { drains } = client
          if (client.connection.write(sent.slice(at, at + 256 * 1024))) continue
          waits++
          await until(host, 'the queue is drained', () => client.drains > drains)
        }
        client.connection.end()
        await within(host, 20_000, server.ended.promise)
        equal(server.bytesSeen, sent.length, 'length')
        const { bytes } = server
        ok(
          sent.every((byte, i) => byte === bytes[i]),
          'the bytes are the ones sent',
        )
        ok(waits > 0, 'the writer had to wait')
      }),
    },
    {
      name: 'tls: the server can answer after the client has ended',
      run: mutual(host, world, async ({ certificates, accepted, connect }) => {
        const client = await connect(mutualClient(certificates))
        const server = await within(host, 2000, accepted.promise)
        client.connection.write(pattern(10))
        client.connection.end()
        await within(host, 2000, server.ended.promise)
        await sleep(host, 20)
        server.connection.write(pattern(300_000))
        server.connection.end()
        await within(host, 2000, client.ended.promise)
        equal(client.bytesSeen, 300_000, 'answer')
        const closes = Promise.all([client.closed.promise, server.closed.promise])
        equal(await within(host, 2000, closes), [undefined, undefined], 'errors')
      }),
    },
    {
      name: 'tls: bytes sent before the handlers are set are not lost',
      run: mutual(host, world, async ({ certificates, accepted, connect }) => {
        void accepted.promise.then((server) => server.connection.write(pattern(100)))
        const client = await connect(mutualClient(certificates))
        await until(host, 'the greeting is there', () => client.bytesSeen === 100)
      }),
    },
    {
      name: 'tls: destroy closes both ends, each told exactly once',
      run: mutual(host, world, async ({ certificates, accepted, connect }) => {
        const client = await connect(mutualClient(certificates))
        const server = await within(host, 2000, accepted.promise)
        client.connection.destroy()
        await within(host, 2000, Promise.race([server.closed.promise, server.ended.promise]))
        server.connection.destroy()
        await within(host, 2000, Promise.all([client.closed.promise, server.closed.promise]))
        await sleep(host, 20)
        equal([client.closes, server.closes], [1, 1], 'closes')
      }),
    },
    {
      name: 'tls: a closed listener refuses, and its connections live on',
      run: mutual(host, world, async ({ certificates, listener, accepted, connect }) => {
        const client = await connect(mutualClient(certificates))
        const server = await within(host, 2000, accepted.promise)
        await listener.close()
        await rejectsWith('ECONNREFUSED', connect(mutualClient(certificates)))
        await echo(host, client, server)
      }),
    },
    {
      name: 'tls: 50 connections at once',
      run: mutual(host, world, async ({ certificates, connect, count }) => {
        const tls = mutualClient(certificates)
        await Promise.all(Array.from({ length: 50 }, () => connect(tls)))
        await until(host, 'all are accepted', () => count() === 50)
      }),
    },
  ]
}
