// Encrypted streams: what RPC with mutual authentication relies on. Who is let in, and who is not.

import {
  type Host,
  HostError,
  type TlsClientOptions,
  type TlsServerOptions,
} from '../../../src/runtime/host.ts'
import {
  type ConformanceCase,
  type Recorder,
  type World,
  equal,
  ok,
  pattern,
  rejectsWith,
  sleep,
  within,
} from '../harness.ts'
import {
  type Certificates,
  echo,
  listening,
  mutual,
  mutualClient,
  mutualServer,
  readCertificates,
} from './tls-helpers.ts'
import { greets, serverHello } from './tls-records.ts'

/** The questions about encrypted streams. */
export function tlsCases(host: Host, world: World): readonly ConformanceCase[] {
  return [
    ...authenticating(host, world),
    ...refusing(host, world),
    ...versions(host, world),
    ...material(host, world),
  ]
}

const openServer = ({ server }: Certificates): TlsServerOptions => ({ identity: server, clients: 'anyone' })

function authenticating(host: Host, world: World): readonly ConformanceCase[] {
  return [
    {
      name: 'tls: both ends show certificates and bytes go there and back',
      run: mutual(host, world, async ({ certificates, accepted, connect, listener }) => {
        const client = await connect(mutualClient(certificates))
        const server = await within(host, 2000, accepted.promise)
        await echo(host, client, server)
        equal(client.connection.remote, listener.local, 'remote of the client')
        equal(server.connection.remote, client.connection.local, 'remote of the server')
      }),
    },
    {
      name: 'tls: each end reads the facts of the certificate of the other',
      run: mutual(host, world, async ({ certificates, accepted, connect }) => {
        const client = await connect(mutualClient(certificates))
        const { der: seen, ...facts } =
          (await within(host, 2000, accepted.promise)).connection.certificate ?? {}
        equal(facts, {
          isVerified: true,
          commonName: 'client.dc1.consul',
          dnsNames: ['client.dc1.consul'],
          uris: [],
        })
        ok(isCertificate(seen, certificates.client.cert), 'the server has the whole certificate')
        const { der, ...server } = client.connection.certificate ?? {}
        equal(server, {
          isVerified: true,
          commonName: 'server.dc1.consul',
          dnsNames: ['server.dc1.consul', 'localhost'],
          uris: ['spiffe://dc1.consul/server'],
        })
        ok(isCertificate(der, certificates.server.cert), 'the client has the whole certificate')
      }),
    },
    {
      name: 'tls: a server for anyone asks for no certificate',
      run: () =>
        listening(host, world, openServer, async ({ certificates, accepted, connect }) => {
          const client = await connect(mutualClient(certificates))
          const server = await within(host, 2000, accepted.promise)
          equal(server.connection.certificate, undefined, 'certificate of the client')
          await echo(host, client, server)
        }),
    },
    {
      name: 'tls: without a name the address is verified',
      run: mutual(host, world, async ({ certificates: { ca, client }, connect }) => {
        const { connection } = await connect({ identity: client, ca, verify: 'name' })
        equal(connection.certificate?.isVerified, true, 'verified')
      }),
    },
    {
      name: 'tls: a bundle of authorities trusts each of them, on both ends',
      run: () =>
        listening(
          host,
          world,
          ({ ca, rogueCa, server }) => ({ identity: server, clients: { ca: rogueCa + ca } }),
          async ({ certificates, accepted, connect }) => {
            const { ca, rogueCa } = certificates
            const client = await connect({ ...mutualClient(certificates), ca: rogueCa + ca })
            await echo(host, client, await within(host, 2000, accepted.promise))
          },
        ),
    },
    {
      name: 'tls: the chain alone is verified on demand, whatever the name',
      run: mutual(host, world, async ({ certificates, accepted, connect }) => {
        const client = await connect({
          ...mutualClient(certificates),
          serverName: 'other.dc1.consul',
          verify: 'chain',
        })
        equal(client.connection.certificate?.isVerified, true, 'verified')
        await echo(host, client, await within(host, 2000, accepted.promise))
      }),
    },
    {
      name: 'tls: nothing is verified on demand, and the certificate says so',
      run: mutual(host, world, async ({ certificates, accepted, connect }) => {
        const { client, rogueCa } = certificates
        const one = await connect({ identity: client, ca: rogueCa, verify: 'nothing' })
        equal(one.connection.certificate?.isVerified, false, 'verified')
        await echo(host, one, await within(host, 2000, accepted.promise))
      }),
    },
    {
      name: 'tls: a connection can come from a chosen local address',
      run: mutual(host, world, async ({ certificates, listener, accepted }) => {
        const options = { timeoutMs: 2000, localIp: '127.0.0.91' }
        const client = await host.tls.connect(listener.local, options, mutualClient(certificates))
        equal((await within(host, 2000, accepted.promise)).connection.remote.ip, '127.0.0.91', 'remote')
        client.destroy()
      }),
    },
  ]
}

/** Whether DER bytes are what stands in PEM text. */
function isCertificate(der: Uint8Array | undefined, pem: string): boolean {
  const wanted = Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, '')), (one) => one.charCodeAt(0))
  return der !== undefined && der.length === wanted.length && der.every((byte, i) => byte === wanted[i])
}

function refusing(host: Host, world: World): readonly ConformanceCase[] {
  /** A server's certificate that the client refuses. */
  const refused = (
    code: string,
    change: (certificates: Certificates) => Partial<TlsClientOptions>,
  ): (() => Promise<void>) =>
    mutual(host, world, async ({ certificates, connect }) => {
      const error = await rejectsWith(
        code,
        connect({ ...mutualClient(certificates), ...change(certificates) }),
      )
      ok(/^Cannot connect with TLS to [\d.:]+: [a-z]/.test(error.message), `a sentence: ${error.message}`)
    })
  /** A client that the server does not let in. It may learn so only after its own part of the handshake. */
  const shutOut = (
    change: (certificates: Certificates) => Pick<TlsClientOptions, 'identity'>,
  ): (() => Promise<void>) =>
    mutual(host, world, async ({ certificates, connect, count }) => {
      const { ca } = certificates
      const tls = { ca, verify: 'name', serverName: 'server.dc1.consul', ...change(certificates) } as const
      const outcome = await connect(tls).catch((error: unknown) => error)
      if (outcome instanceof Error) ok(outcome instanceof HostError, `a HostError: ${String(outcome)}`)
      else {
        const client = outcome as Recorder
        client.connection.write(pattern(10))
        await within(host, 2000, Promise.race([client.closed.promise, client.ended.promise]))
      }
      await sleep(host, 50)
      equal(count(), 0, 'connections handed over')
    })
  return [
    {
      name: 'tls: a server of another authority is refused',
      run: refused('ERR_TLS_CERT_UNTRUSTED', ({ rogueCa }) => ({ ca: rogueCa })),
    },
    {
      name: 'tls: a server of another authority is refused when only the chain counts',
      run: refused('ERR_TLS_CERT_UNTRUSTED', ({ rogueCa }) => ({ ca: rogueCa, verify: 'chain' })),
    },
    {
      name: 'tls: a server of an authority of our own is refused without it',
      run: mutual(host, world, async ({ certificates, connect }) => {
        const { ca: _, ...tls } = mutualClient(certificates)
        await rejectsWith('ERR_TLS_CERT_UNTRUSTED', connect(tls))
      }),
    },
    {
      name: 'tls: a server with another name is refused',
      run: refused('ERR_TLS_CERT_ALTNAME_INVALID', () => ({ serverName: 'server.dc2.consul' })),
    },
    {
      name: 'tls: a server with another address is refused',
      run: refused('ERR_TLS_CERT_ALTNAME_INVALID', () => ({ serverName: '127.0.0.92' })),
    },
    { name: 'tls: a client without a certificate is refused', run: shutOut(() => ({})) },
    {
      name: 'tls: a client of another authority is refused',
      run: shutOut(({ rogue }) => ({ identity: rogue })),
    },
    {
      name: 'tls: a client that speaks no TLS is refused',
      run: mutual(host, world, async ({ listener, count }) => {
        const client = await greets(host, listener.local, pattern(600))
        await within(host, 2000, Promise.race([client.closed.promise, client.ended.promise]))
        client.connection.destroy()
        equal(count(), 0, 'connections handed over')
      }),
    },
    { name: 'tls: a server that speaks no TLS is refused', run: () => plainServer(host, world) },
    {
      name: 'tls: a server that never answers is ETIMEDOUT in time',
      async run() {
        const certificates = await readCertificates(host, world)
        const listener = await host.tcp.listen({ ip: world.ip, port: 0 }, (one) => one.handle(ignoring))
        const startMs = host.clock.nowMs()
        const tls = mutualClient(certificates)
        await rejectsWith('ETIMEDOUT', host.tls.connect(listener.local, { timeoutMs: 200 }, tls))
        ok(host.clock.nowMs() - startMs < 1500, '200 ms are kept')
        await listener.close()
      },
    },
    {
      name: 'tls: a client that does not begin its handshake is cut off',
      isSlow: true,
      run: mutual(host, world, async ({ listener, count }) => {
        const client = await greets(host, listener.local, new Uint8Array())
        await within(host, 15_000, Promise.race([client.closed.promise, client.ended.promise]))
        client.connection.destroy()
        equal(count(), 0, 'connections handed over')
      }),
    },
    {
      name: 'tls: a port where nobody listens is ECONNREFUSED, a taken one EADDRINUSE',
      run: mutual(host, world, async ({ certificates, listener, connect }) => {
        const again = host.tls.listen(listener.local, mutualServer(certificates), () => {})
        await rejectsWith('EADDRINUSE', again)
        await listener.close()
        await rejectsWith('ECONNREFUSED', connect(mutualClient(certificates)))
      }),
    },
  ]
}

const ignoring = { onData() {}, onClose() {} }

async function plainServer(host: Host, world: World): Promise<void> {
  const certificates = await readCertificates(host, world)
  const listener = await host.tcp.listen({ ip: world.ip, port: 0 }, (connection) => {
    connection.handle({ ...ignoring, onData: () => void connection.write(pattern(600)) })
  })
  const connecting = host.tls.connect(listener.local, { timeoutMs: 2000 }, mutualClient(certificates))
  await rejectsWith('ERR_TLS_HANDSHAKE', connecting)
  await listener.close()
}

function versions(host: Host, world: World): readonly ConformanceCase[] {
  return [
    {
      name: 'tls: a client of TLS 1.1 is refused, one of TLS 1.2 is answered',
      run: () =>
        listening(host, world, openServer, async ({ listener: { local } }) => {
          equal(await serverHello(host, local, 'TLSv1.1'), 'alert', 'answer to TLS 1.1')
          equal(await serverHello(host, local, 'TLSv1.2'), 'hello', 'answer to TLS 1.2')
        }),
    },
    {
      name: 'tls: a server can ask for TLS 1.3',
      run: () =>
        listening(
          host,
          world,
          (certificates) => ({ ...openServer(certificates), minVersion: 'TLSv1.3' }),
          async ({ certificates, listener, accepted, connect }) => {
            equal(await serverHello(host, listener.local, 'TLSv1.2'), 'alert', 'answer to TLS 1.2')
            const client = await connect({ ...mutualClient(certificates), minVersion: 'TLSv1.3' })
            await echo(host, client, await within(host, 2000, accepted.promise))
          },
        ),
    },
  ]
}

function material(host: Host, world: World): readonly ConformanceCase[] {
  const listens = async (
    change: (certificates: Certificates) => Partial<TlsServerOptions>,
  ): Promise<unknown> => {
    const certificates = await readCertificates(host, world)
    const tls = { ...mutualServer(certificates), ...change(certificates) }
    return host.tls.listen({ ip: world.ip, port: 0 }, tls, () => {})
  }
  return [
    {
      name: 'tls: a certificate, a key or an authority that is none is refused with a sentence',
      async run() {
        const wrong: readonly [RegExp, Parameters<typeof listens>[0]][] = [
          [/no certificate in PEM/, ({ server }) => ({ identity: { ...server, cert: 'none' } })],
          [/certificate cannot be read/, ({ server }) => ({ identity: { ...server, cert: emptyPem } })],
          [/key cannot be read/, ({ server }) => ({ identity: { ...server, key: 'none' } })],
          [/key is not that of/, ({ server, client }) => ({ identity: { ...server, key: client.key } })],
          [/authorities holds? no certificate/, () => ({ clients: { ca: '' } })],
        ]
        for (const [reason, change] of wrong) {
          const error = await rejectsWith('ERR_TLS_MATERIAL', listens(change))
          ok(reason.test(error.message), `the reason is given: ${error.message}`)
        }
      },
    },
    {
      name: 'tls: an environment that takes verification away is refused',
      async run() {
        const certificates = await readCertificates(host, world)
        const name = 'NODE_TLS_REJECT_UNAUTHORIZED'
        process.env[name] = '0'
        try {
          const code = 'ERR_TLS_UNSAFE_ENVIRONMENT'
          await rejectsWith(
            code,
            listens(() => ({})),
          )
          const to = { ip: world.ip, port: 1 }
          await rejectsWith(code, host.tls.connect(to, { timeoutMs: 500 }, mutualClient(certificates)))
          await rejectsWith(code, host.http.fetch(`https://${world.ip}:1/`, {}))
        } finally {
          delete process.env[name]
        }
      },
    },
  ]
}

const emptyPem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
