// HTTP/2 out, against servers of node:http2 that this process runs itself: what gRPC health checks rely on.

import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'

import type { Host, Http2Answer, Http2CallOptions } from '../../../src/runtime/host.ts'
import { HostError } from '../../../src/runtime/host.ts'
import {
  type ConformanceCase,
  Recorder,
  Skip,
  type World,
  equal,
  ok,
  pattern,
  rejectsWith,
  sleep,
  within,
} from '../harness.ts'
import { readCertificates } from './tls-helpers.ts'

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void

interface Serving {
  readonly host: Host
  readonly world: World
}

/** What a server says to a gRPC call: status 200, a body, and the outcome in trailers. */
const unary: OnStream = (stream) => {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'fine' }))
  stream.end(pattern(7))
}

async function withServer<T extends Server | Http2Server>(
  server: T,
  world: World,
  use: (authority: string) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => void server.listen(0, world.ip, resolve))
  try {
    await use(`${world.ip}:${(server.address() as AddressInfo).port}`)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

/** A case with a server in clear. */
function serving(
  { host, world }: Serving,
  onStream: OnStream,
  use: (call: (options?: Partial<Http2CallOptions>) => Promise<Http2Answer>) => Promise<void>,
): () => Promise<void> {
  return async () => {
    needsProcesses(world)
    const { createServer } = await import('node:http2')
    const server = createServer()
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined)
      onStream(stream, headers)
    })
    server.on('sessionError', () => undefined)
    await withServer(server, world, (authority) =>
      use((options = {}) =>
        within(host, 5000, host.http2.call(`http://${authority}/a/B`, { ...post, ...options })),
      ),
    )
  }
}

/** The simulator has none, nor children of the system. */
function needsProcesses(world: World): void {
  if (!world.hasProcesses) throw new Skip('no HTTP/2 here')
}

const post: Http2CallOptions = {
  method: 'POST',
  headers: { 'content-type': 'application/grpc', te: 'trailers' },
  body: new Uint8Array([1, 2, 3]),
  bodyBytesMax: 1000,
}

/** The questions about HTTP/2. */
export function http2Cases(host: Host, world: World): readonly ConformanceCase[] {
  const at = { host, world }
  return [
    {
      name: 'http2: an answer has its status, headers, body and trailers',
      run: serving(at, unary, async (call) => {
        const { status, headers, trailers, body } = await call()
        equal(status, 200)
        equal(headers['content-type'], 'application/grpc')
        equal(trailers, { 'grpc-status': '0', 'grpc-message': 'fine' })
        equal(body, pattern(7))
      }),
    },
    {
      name: 'http2: method, path, headers and body go out',
      run: serving(at, echo, async (call) => {
        const { body } = await call({ headers: { 'x-a': 'b' } })
        equal(new TextDecoder().decode(body), 'POST /a/B b 1,2,3')
      }),
    },
    {
      name: 'http2: an answer of headers alone is whole',
      run: serving(
        at,
        (stream) => stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true }),
        async (call) => {
          const { headers, body } = await call()
          equal([headers['grpc-status'], body.length], ['5', 0])
        },
      ),
    },
    ...failing(at),
    ...overTls(at),
  ]
}

const echo: OnStream = (stream, headers) => {
  const parts: number[] = []
  stream.on('data', (bytes: Uint8Array) => parts.push(...bytes))
  stream.once('end', () => {
    stream.respond({ ':status': 200 })
    stream.end([headers[':method'], headers[':path'], headers['x-a'], parts.join(',')].join(' '))
  })
}

function failing(at: Serving): readonly ConformanceCase[] {
  const { host, world } = at
  return [
    {
      name: 'http2: a refused connection is ECONNREFUSED',
      async run() {
        needsProcesses(world)
        await rejectsWith('ECONNREFUSED', host.http2.call(`http://${world.ip}:9/`, post))
      },
    },
    {
      name: 'http2: a connection that ends without an answer is ECONNRESET',
      run: serving(
        at,
        (stream) => stream.session?.destroy(),
        async (call) => void (await rejectsWith('ECONNRESET', call())),
      ),
    },
    {
      name: 'http2: an answer that is too large is refused',
      run: serving(
        at,
        (stream) => {
          stream.respond({ ':status': 200 })
          stream.end(pattern(100_000))
        },
        async (call) => void (await rejectsWith('ERR_HTTP2_TOO_LARGE', call())),
      ),
    },
    {
      name: 'http2: a server that speaks something else is ERR_HTTP2_PROTOCOL',
      async run() {
        needsProcesses(world)
        const { createServer } = await import('node:net')
        const server = createServer((socket) =>
          socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'),
        )
        await withServer(server, world, async (authority) => {
          const call = within(host, 5000, host.http2.call(`http://${authority}/`, post))
          await rejectsWith(['ERR_HTTP2_PROTOCOL', 'ECONNRESET'], call)
        })
      },
    },
    {
      name: 'http2: an abort ends the wait with its reason',
      run: serving(
        at,
        () => undefined,
        async (call) => {
          const abort = new AbortController()
          const reason = new Error('enough')
          const calling = call({ signal: abort.signal }).then(
            () => undefined,
            (error: unknown) => error,
          )
          await sleep(host, 50)
          abort.abort(reason)
          ok((await calling) === reason, 'it rejects with the reason')
        },
      ),
    },
  ]
}

function overTls({ host, world }: Serving): readonly ConformanceCase[] {
  const calling = async (verify: 'name' | 'nothing', withCa: boolean): Promise<Http2Answer> => {
    needsProcesses(world)
    const certificates = await readCertificates(host, world)
    const { createSecureServer } = await import('node:http2')
    const server = createSecureServer({ cert: certificates.server.cert, key: certificates.server.key })
    server.on('stream', unary)
    server.on('sessionError', () => undefined)
    let answer: Http2Answer | undefined
    let failure: unknown
    await withServer(server, world, async (authority) => {
      const trust = withCa ? { ca: certificates.ca, serverName: 'localhost' } : {}
      const tls = { verify, ...trust }
      const call = host.http2.call(`https://${authority}/a`, { ...post, tls })
      answer = await within(host, 5000, call).catch((error: unknown) => {
        failure = error
        return undefined
      })
    })
    if (answer === undefined) throw failure instanceof HostError ? failure : new Error(String(failure))
    return answer
  }
  return [
    {
      name: 'http2: TLS with a certificate of a known authority works',
      run: async () => equal((await calling('name', true)).trailers['grpc-status'], '0'),
    },
    {
      name: 'http2: a certificate of an unknown authority is refused, unless nothing is verified',
      async run() {
        needsProcesses(world)
        await rejectsWith('ERR_TLS_CERT_UNTRUSTED', calling('name', false))
        equal((await calling('nothing', false)).status, 200)
      },
    },
    {
      name: 'tls: a protocol that is offered is agreed upon',
      async run() {
        needsProcesses(world)
        const { server: identity, ca } = await readCertificates(host, world)
        const { createServer } = await import('node:tls')
        const server = createServer({ ...identity, ALPNProtocols: ['h2'] }, (socket) =>
          socket.end(`agreed on ${socket.alpnProtocol}`),
        )
        await withServer(server, world, async (authority) => {
          const to = { ip: world.ip, port: Number(authority.split(':')[1]) }
          const tls = { ca, verify: 'name', serverName: 'localhost', alpn: ['h2', 'x'] } as const
          const client = new Recorder(await host.tls.connect(to, { timeoutMs: 5000 }, tls))
          await within(host, 5000, client.ended.promise)
          equal(client.text, 'agreed on h2')
          client.connection.destroy()
        })
      },
    },
  ]
}
