// HTTPS: what the encrypted API, its clients and health checks rely on.

import type { Host, HttpHandler, TlsClientOptions, TlsServerOptions } from '../../../src/runtime/host.ts'
import {
  type ConformanceCase,
  Recorder,
  type World,
  deferred,
  equal,
  ok,
  pattern,
  rejectsWith,
  sleep,
  until,
  utf8,
  within,
} from '../harness.ts'
import { get, getLast, localOf } from './http-helpers.ts'
import { type Certificates, mutualClient, mutualServer, readCertificates } from './tls-helpers.ts'

interface Serving {
  readonly certificates: Certificates
  readonly url: string
  readonly replaceTls: (tls: TlsServerOptions) => void
  readonly close: (graceMs: number) => Promise<void>
  /** A connection that has had its handshake. */
  readonly connect: () => Promise<Recorder>
  /** The body of the answer to a GET. */
  readonly read: (tls?: TlsClientOptions) => Promise<string>
}

type Serve = (handler: HttpHandler, use: (one: Serving) => Promise<void>) => Promise<void>

/** The questions about HTTPS. */
export function httpsCases(host: Host, world: World): readonly ConformanceCase[] {
  const serve: Serve = (handler, use) => serving(host, world, handler, use)
  return [...trusting(serve), ...speaking(host, serve), ...closing(host, serve)]
}

/** Serves to clients with certificates while `use` runs. */
async function serving(
  host: Host,
  world: World,
  handler: HttpHandler,
  use: (one: Serving) => Promise<void>,
): Promise<void> {
  const certificates = await readCertificates(host, world)
  const server = await host.tls.serveHttp({ ip: world.ip, port: 0 }, mutualServer(certificates), handler)
  const at = localOf(server)
  const url = `https://${at.ip}:${at.port}/`
  try {
    await use({
      certificates,
      url,
      replaceTls: (tls) => server.replaceTls(tls),
      close: (graceMs) => server.close(graceMs),
      connect: async () =>
        new Recorder(await host.tls.connect(at, { timeoutMs: 2000 }, mutualClient(certificates))),
      read: async (tls) => (await host.http.fetch(url, tls === undefined ? {} : { tls })).text(),
    })
  } finally {
    await within(host, 3000, server.close(0))
  }
}

const hello: HttpHandler = () => new Response('hello')

/** How a client learns that the server refuses it. */
const shutOut: readonly string[] = ['ERR_TLS_HANDSHAKE', 'ECONNRESET', 'EPIPE']

function trusting(serve: Serve): readonly ConformanceCase[] {
  return [
    {
      name: 'https: a client with a certificate is answered, again and again',
      run: () =>
        serve(hello, async ({ certificates, read }) => {
          const tls = mutualClient(certificates)
          for (let i = 0; i < 5; i++) equal(await read(tls), 'hello')
        }),
    },
    {
      name: 'https: without a name the host of the URL is verified',
      run: () =>
        serve(hello, async ({ certificates: { client, ca }, read }) =>
          equal(await read({ identity: client, ca, verify: 'name' }), 'hello'),
        ),
    },
    {
      name: 'https: a client without a certificate is refused, also after one with it',
      run: () =>
        serve(hello, async ({ certificates, read }) => {
          const { identity: _, ...none } = mutualClient(certificates)
          equal(await read(mutualClient(certificates)), 'hello')
          await rejectsWith(shutOut, read(none))
        }),
    },
    {
      name: 'https: a client of another authority is refused',
      run: () =>
        serve(hello, async ({ certificates, read }) => {
          const tls = { ...mutualClient(certificates), identity: certificates.rogue }
          await rejectsWith(shutOut, read(tls))
        }),
    },
    {
      name: 'https: a server of another authority is refused, also after it was trusted',
      run: () =>
        serve(hello, async ({ certificates, read }) => {
          const tls = mutualClient(certificates)
          equal(await read(tls), 'hello')
          await rejectsWith('ERR_TLS_CERT_UNTRUSTED', read({ ...tls, ca: certificates.rogueCa }))
          await rejectsWith('ERR_TLS_CERT_UNTRUSTED', read())
        }),
    },
    {
      name: 'https: a server with another name is refused, also after it was not asked for',
      run: () =>
        serve(hello, async ({ certificates, read }) => {
          const tls = { ...mutualClient(certificates), serverName: 'other.dc1.consul' }
          equal(await read({ ...tls, verify: 'chain' }), 'hello')
          await rejectsWith('ERR_TLS_CERT_ALTNAME_INVALID', read(tls))
        }),
    },
    {
      name: 'https: nothing is verified on demand',
      run: () =>
        serve(hello, async ({ certificates: { client, rogueCa }, read }) =>
          equal(await read({ identity: client, ca: rogueCa, verify: 'nothing' }), 'hello'),
        ),
    },
    {
      name: 'https: replaced authorities decide about new connections',
      run: () =>
        serve(hello, async ({ certificates, replaceTls, read }) => {
          const { second, rogue, rogueCa } = certificates
          equal(await read(mutualClient(certificates)), 'hello')
          replaceTls({ identity: second, clients: { ca: rogueCa } })
          const tls = { ...mutualClient(certificates), serverName: 'second.dc1.consul' }
          await rejectsWith(shutOut, read(tls))
          equal(await read({ ...tls, identity: rogue }), 'hello')
        }),
    },
  ]
}

function speaking(host: Host, serve: Serve): readonly ConformanceCase[] {
  return [
    {
      name: 'https: method, URL, peer and body arrive',
      run: () =>
        serve(
          async (request, from) =>
            new Response(`${request.method} ${request.url} ${from.ip !== ''} ${await request.text()}`),
          async ({ certificates, url }) => {
            const tls = mutualClient(certificates)
            const response = await host.http.fetch(`${url}a?b=c`, { method: 'PUT', body: 'x', tls })
            equal(await response.text(), `PUT ${url}a?b=c true x`)
          },
        ),
    },
    {
      name: 'https: a connection is used again for the next request of the same options',
      run: () =>
        serve(
          (_, from) => new Response(String(from.port)),
          async ({ certificates, read }) => {
            const tls = mutualClient(certificates)
            const ports = [await read(tls), await read(tls), await read({ ...tls })]
            equal(
              [ports[1] === ports[0], ports[2] === ports[0]],
              [true, false],
              `same port (${ports.join()})`,
            )
          },
        ),
    },
    {
      name: 'https: large bodies go there and back',
      run: () =>
        serve(
          async (request) => new Response(await request.arrayBuffer()),
          async ({ certificates, url }) => {
            const tls = mutualClient(certificates)
            const body = pattern(4_000_000)
            const response = await host.http.fetch(url, { method: 'PUT', body, tls })
            const found = new Uint8Array(await response.arrayBuffer())
            equal(found.length, body.length, 'length')
            ok(
              found.every((byte, i) => byte === body[i]),
              'the bytes are the ones sent',
            )
          },
        ),
    },
    {
      name: 'https: a connection serves one request after the other, and Connection: close closes',
      run: () =>
        serve(hello, async ({ connect }) => {
          const client = await connect()
          client.connection.write(utf8(get('/1')))
          await until(host, 'the first answer is there', () => client.text.endsWith('hello'))
          client.connection.write(utf8(getLast('/2')))
          await within(host, 2000, Promise.race([client.ended.promise, client.closed.promise]))
          equal(client.text.match(/HTTP\/1.1 200/g)?.length, 2, 'answers')
          client.connection.destroy()
        }),
    },
    {
      name: 'https: a handler that throws is a 500',
      run: () =>
        serve(
          () => Promise.reject(new Error('secret')),
          async ({ certificates, url }) => {
            const response = await host.http.fetch(url, { tls: mutualClient(certificates) })
            equal([response.status, await response.text()], [500, 'Internal Server Error'])
          },
        ),
    },
    {
      name: 'https: an answer that begins after 12 s of silence arrives',
      isSlow: true,
      run: () =>
        serve(
          async () => {
            await sleep(host, 12_000)
            return new Response('late')
          },
          async ({ certificates, read }) => equal(await read(mutualClient(certificates)), 'late'),
        ),
    },
  ]
}

function closing(host: Host, serve: Serve): readonly ConformanceCase[] {
  return [
    {
      name: 'https: a client that goes away aborts the request',
      async run() {
        const [arrived, gone] = [deferred(), deferred()]
        await serve(
          async (request) => {
            request.signal.addEventListener('abort', () => gone.resolve())
            arrived.resolve()
            await gone.promise
            return new Response('')
          },
          async ({ connect }) => {
            const client = await connect()
            client.connection.write(utf8(get('/')))
            await within(host, 2000, arrived.promise)
            client.connection.destroy()
            await within(host, 2000, gone.promise)
          },
        )
      },
    },
    {
      name: 'https: a close ends idle connections at once and lets requests finish',
      run: () =>
        serve(
          async () => {
            await sleep(host, 200)
            return new Response('hello')
          },
          async ({ certificates, read, connect, close }) => {
            const idle = await connect()
            const reading = read(mutualClient(certificates))
            await sleep(host, 100)
            const startMs = host.clock.nowMs()
            const closed = close(3000)
            await within(host, 100, Promise.race([idle.closed.promise, idle.ended.promise]))
            equal(await reading, 'hello')
            await within(host, 2000, closed)
            ok(host.clock.nowMs() - startMs < 1500, 'it closes when the last answer is sent')
          },
        ),
    },
    {
      name: 'https: a close cuts requests when the grace is over',
      run: () =>
        serve(
          () => new Promise(() => {}),
          async ({ connect, close }) => {
            const client = await connect()
            client.connection.write(utf8(get('/')))
            await sleep(host, 50)
            await within(host, 2000, close(100))
            await within(host, 2000, Promise.race([client.closed.promise, client.ended.promise]))
            client.connection.destroy()
          },
        ),
    },
  ]
}
