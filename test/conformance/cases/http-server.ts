// The HTTP server, spoken to over raw streams: what clients of the API may rely on.

import type { HttpHandler, HttpPeer, HttpServer, Host } from '../../../src/runtime/host.ts'
import type { Address } from '../../../src/model/address.ts'
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

function localOf(server: HttpServer): Address {
  if ('unixPath' in server.local) throw new Error('this server listens on a unix socket')
  return server.local
}

/** Serves with `handler` while `use` runs. */
async function serving(
  host: Host,
  ip: string,
  handler: HttpHandler,
  use: (at: Address, url: string) => Promise<void>,
): Promise<void> {
  const server = await host.http.serve({ ip, port: 0 }, handler)
  const at = localOf(server)
  try {
    await use(at, `http://${at.ip.includes(':') ? `[${at.ip}]` : at.ip}:${at.port}`)
  } finally {
    await within(host, 3000, server.close(0))
  }
}

/** Sends bytes on a new connection. */
async function sendRaw(host: Host, at: Address, request: string | Uint8Array): Promise<Recorder> {
  const client = new Recorder(await host.tcp.connect(at, { timeoutMs: 2000 }))
  client.connection.write(typeof request === 'string' ? utf8(request) : request)
  return client
}

/** Sends a request that closes the connection, and returns the whole answer. */
async function askRaw(host: Host, at: Address, request: string): Promise<string> {
  const client = await sendRaw(host, at, request)
  await within(host, 5000, Promise.race([client.ended.promise, client.closed.promise]))
  client.connection.destroy()
  return client.text
}

const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
const getLast = (path: string): string => get(path, 'Connection: close\r\n')

/** The questions about serving HTTP. */
export function httpServerCases(host: Host, world: World): readonly ConformanceCase[] {
  return [
    ...requests(host, world),
    ...responses(host, world),
    ...connections(host, world),
    ...endings(host, world),
    ...listening(host, world),
  ]
}

function requests(host: Host, { ip }: World): readonly ConformanceCase[] {
  return [
    {
      name: 'http server: method, path and query arrive as sent',
      run: () =>
        serving(
          host,
          ip,
          (request) =>
            new Response(`${request.method} ${new URL(request.url).pathname}${new URL(request.url).search}`),
          async (at) => {
            for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS']) {
              const lines = `${method} /v1/kv/a%20b/c?raw&dc=d%2f1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
              const answer = await askRaw(host, at, lines)
              ok(
                answer.endsWith(`\r\n\r\n${method} /v1/kv/a%20b/c?raw&dc=d%2f1`),
                `answer to ${method}: ${answer}`,
              )
            }
          },
        ),
    },
    {
      name: 'http server: request headers arrive',
      run: () =>
        serving(
          host,
          ip,
          (request) => new Response(`[${request.headers.get('x-consul-token')}]`),
          async (at) => {
            const answer = await askRaw(
              host,
              at,
              get('/', 'X-Consul-Token: se cret\r\nConnection: close\r\n'),
            )
            ok(answer.endsWith('[se cret]'), answer)
          },
        ),
    },
    {
      name: 'http server: the handler knows the peer',
      async run() {
        const seen = deferred<HttpPeer>()
        await serving(
          host,
          ip,
          (_, from) => {
            seen.resolve({ ip: from.ip, port: from.port })
            return new Response('x')
          },
          async (at) => {
            const client = await sendRaw(host, at, get('/'))
            equal(await within(host, 2000, seen.promise), client.connection.local, 'peer')
            client.connection.destroy()
          },
        )
      },
    },
    {
      name: 'http server: the peer is known after a wait too',
      async run() {
        const seen = deferred<HttpPeer>()
        await serving(
          host,
          ip,
          async (_, from) => {
            await sleep(host, 20)
            seen.resolve({ ip: from.ip, port: from.port })
            return new Response('x')
          },
          async (at) => {
            const client = await sendRaw(host, at, get('/'))
            equal(await within(host, 2000, seen.promise), client.connection.local, 'peer')
            client.connection.destroy()
          },
        )
      },
    },
    {
      name: 'http server: a body of any bytes arrives whole',
      run: () =>
        serving(host, ip, echo, async (_, url) => {
          for (const size of [0, 1, 1000, 600_000]) {
            const response = await host.http.fetch(url, { method: 'PUT', body: pattern(size) })
            equal(new Uint8Array(await response.arrayBuffer()), pattern(size), `body of ${size}`)
          }
        }),
    },
    {
      name: 'http server: a chunked body arrives whole',
      run: () =>
        serving(host, ip, echo, async (at) => {
          const head = 'PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n'
          const answer = await askRaw(host, at, `${head}3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n`)
          ok(answer.endsWith('abcdefg'), answer)
        }),
    },
    {
      name: 'http server: Expect: 100-continue is answered',
      run: () =>
        serving(host, ip, echo, async (at) => {
          const head = 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n'
          const client = await sendRaw(host, at, head)
          await until(host, '100 is there', () => client.text.startsWith('HTTP/1.1 100'))
          client.connection.write(utf8('abc'))
          await until(host, 'the answer is there', () => client.text.endsWith('abc'))
          client.connection.destroy()
        }),
    },
    {
      name: 'http server: 30 KB of headers are accepted',
      run: () =>
        serving(
          host,
          ip,
          (request) => new Response(String(request.headers.get('x-big')?.length)),
          async (at) => {
            const answer = await askRaw(
              host,
              at,
              get('/', `X-Big: ${'v'.repeat(30_000)}\r\nConnection: close\r\n`),
            )
            ok(answer.endsWith('30000'), answer.slice(0, 200))
          },
        ),
    },
    {
      name: 'http server: endless headers are refused',
      run: () =>
        serving(host, ip, echo, async (at) => {
          const answer = await askRaw(host, at, get('/', `X-Big: ${'v'.repeat(2_000_000)}\r\n`))
          ok(answer === '' || /^HTTP\/1.1 4/.test(answer), answer.slice(0, 100))
        }),
    },
    {
      name: 'http server: garbage is refused and harms nobody else',
      run: () =>
        serving(host, ip, echo, async (at, url) => {
          const answer = await askRaw(host, at, '\u0000\u0001garbage\r\n\r\n\r\n')
          ok(answer === '' || /^HTTP\/1.1 4/.test(answer), answer.slice(0, 100))
          equal(await (await host.http.fetch(url, { method: 'PUT', body: 'x' })).text(), 'x')
        }),
    },
  ]
}

const echo: HttpHandler = async (request) => new Response(new Uint8Array(await request.arrayBuffer()))

function streamOf(parts: readonly Uint8Array[], waitMs: number, host: Host): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    async pull(controller) {
      const part = parts[at++]
      if (part === undefined) return controller.close()
      if (waitMs > 0) await sleep(host, waitMs)
      controller.enqueue(part)
    },
  })
}

function responses(host: Host, { ip }: World): readonly ConformanceCase[] {
  return [
    {
      name: 'http server: status and headers go out as given',
      run: () =>
        serving(
          host,
          ip,
          () =>
            new Response('no', {
              status: 429,
              headers: { 'X-Consul-Index': '12', 'content-type': 'text/plain' },
            }),
          async (_, url) => {
            const response = await host.http.fetch(url, {})
            equal([response.status, response.headers.get('x-consul-index')], [429, '12'])
            equal(response.headers.get('content-type'), 'text/plain', 'content-type')
          },
        ),
    },
    {
      name: 'http server: a text has a Content-Length',
      run: () =>
        serving(
          host,
          ip,
          () => new Response('häh'),
          async (at) => {
            const answer = await askRaw(host, at, getLast('/'))
            ok(/\r\ncontent-length: 4\r\n/i.test(answer), answer)
          },
        ),
    },
    {
      name: 'http server: HEAD has the headers of GET and no body',
      run: () =>
        serving(
          host,
          ip,
          () => new Response('12345', { headers: { 'x-a': 'b' } }),
          async (at) => {
            const answer = await askRaw(host, at, getLast('/').replace('GET', 'HEAD'))
            ok(/\r\nx-a: b\r\n/i.test(answer), answer)
            ok(answer.endsWith('\r\n\r\n'), answer)
          },
        ),
    },
    {
      name: 'http server: no body is fine',
      run: () =>
        serving(
          host,
          ip,
          () => new Response(null, { status: 200 }),
          async (at) => {
            const answer = await askRaw(host, at, getLast('/'))
            ok(/^HTTP\/1.1 200/.test(answer) && /\r\ncontent-length: 0\r\n/i.test(answer), answer)
          },
        ),
    },
    {
      name: 'http server: a stream arrives part by part',
      async run() {
        const parts = [utf8('one,'), utf8('two,'), utf8('three')]
        await serving(
          host,
          ip,
          () => new Response(streamOf(parts, 60, host)),
          async (at) => {
            const client = await sendRaw(host, at, getLast('/'))
            await until(host, 'the first part is there', () => client.text.includes('one,'))
            ok(!client.text.includes('three'), 'the last part comes later')
            await within(host, 3000, client.ended.promise)
            ok(client.text.includes('three'), client.text)
            client.connection.destroy()
          },
        )
      },
    },
    {
      name: 'http server: headers of a silent stream go out at once',
      async run() {
        const stream = new ReadableStream<Uint8Array>({ start() {} })
        const headers = { 'content-type': 'text/event-stream' }
        await serving(
          host,
          ip,
          () => new Response(stream, { headers }),
          async (at) => {
            const client = await sendRaw(host, at, get('/'))
            await until(host, 'the headers are there', () => client.text.includes('\r\n\r\n'))
            client.connection.destroy()
          },
        )
      },
    },
    {
      name: 'http server: a stream of 10 MB arrives whole',
      async run() {
        const parts = [...Array(160).keys()].map((i) => pattern(65_536, i))
        await serving(
          host,
          ip,
          () => new Response(streamOf(parts, 0, host)),
          async (_, url) => {
            const response = await host.http.fetch(url, {})
            const bytes = new Uint8Array(await response.arrayBuffer())
            equal(bytes.length, 160 * 65_536, 'length')
            equal(bytes[65_536 * 159 + 5], parts[159]?.[5], 'a byte of the last part')
          },
        )
      },
    },
    {
      name: 'http server: a handler that fails is a 500 without details',
      run: () =>
        serving(
          host,
          ip,
          async () => {
            await sleep(host, 1)
            throw new Error('the secret reason')
          },
          async (at) => {
            const answer = await askRaw(host, at, getLast('/'))
            ok(/^HTTP\/1.1 500/.test(answer) && !answer.includes('secret'), answer)
          },
        ),
    },
    {
      name: 'http server: a handler that throws at once is a 500 without details',
      run: () =>
        serving(
          host,
          ip,
          () => {
            throw new Error('the secret reason')
          },
          async (at) => {
            const answer = await askRaw(host, at, getLast('/'))
            ok(/^HTTP\/1.1 500/.test(answer) && !answer.includes('secret'), answer)
          },
        ),
    },
  ]
}

function connections(host: Host, { ip }: World): readonly ConformanceCase[] {
  const path: HttpHandler = (request) => new Response(`<${new URL(request.url).pathname}>`)
  return [
    {
      name: 'http server: a connection serves one request after the other',
      run: () =>
        serving(host, ip, path, async (at) => {
          const client = await sendRaw(host, at, get('/1'))
          await until(host, 'the first answer is there', () => client.text.includes('</1>'))
          client.connection.write(utf8(get('/2')))
          await until(host, 'the second answer is there', () => client.text.includes('</2>'))
          client.connection.destroy()
        }),
    },
    {
      name: 'http server: pipelined requests are answered in order',
      run: () =>
        serving(
          host,
          ip,
          async (request) => {
            await sleep(host, request.url.endsWith('1') ? 40 : 1)
            return path(request, { ip: '', port: 0 })
          },
          async (at) => {
            const client = await sendRaw(host, at, get('/1') + get('/2') + get('/3'))
            await until(host, 'the last answer is there', () => client.text.includes('</3>'))
            const order = [...client.text.matchAll(/<\/(\d)>/g)].map((match) => match[1])
            equal(order, ['1', '2', '3'], 'order')
            client.connection.destroy()
          },
        ),
    },
    {
      name: 'http server: Connection: close closes',
      run: () =>
        serving(host, ip, path, async (at) => {
          ok((await askRaw(host, at, getLast('/1'))).endsWith('</1>'), 'the answer is whole')
        }),
    },
    {
      name: 'http server: HTTP/1.0 is answered and closed',
      run: () =>
        serving(host, ip, path, async (at) => {
          ok(
            (await askRaw(host, at, 'GET /1 HTTP/1.0\r\nHost: x\r\n\r\n')).includes('</1>'),
            'the answer is whole',
          )
        }),
    },
    {
      name: 'http server: an unread body does not stand before the next request',
      run: () =>
        serving(host, ip, path, async (at) => {
          const body = 'b'.repeat(100_000)
          const put = `PUT /1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
          const client = await sendRaw(host, at, put + get('/2'))
          await until(host, 'the second answer is there', () => client.text.includes('</2>'))
          client.connection.destroy()
        }),
    },
    {
      name: 'http server: a client that half-closes gets its answer',
      run: () =>
        serving(
          host,
          ip,
          async (request) => {
            await sleep(host, 50)
            return path(request, { ip: '', port: 0 })
          },
          async (at) => {
            const client = await sendRaw(host, at, getLast('/1'))
            client.connection.end()
            await within(host, 3000, Promise.race([client.ended.promise, client.closed.promise]))
            ok(client.text.endsWith('</1>'), `the answer is whole: ${client.text}`)
            client.connection.destroy()
          },
        ),
    },
  ]
}

function endings(host: Host, { ip }: World): readonly ConformanceCase[] {
  return [
    {
      name: 'http server: request.signal aborts when the client is gone',
      async run() {
        const gone = deferred<number>()
        await serving(
          host,
          ip,
          async (request) => {
            await new Promise<void>((resolve) => request.signal.addEventListener('abort', () => resolve()))
            gone.resolve(host.clock.nowMs())
            return new Response('late')
          },
          async (at) => {
            const client = await sendRaw(host, at, get('/'))
            await sleep(host, 50)
            const startMs = host.clock.nowMs()
            client.connection.destroy()
            ok((await within(host, 2000, gone.promise)) - startMs < 500, 'within 500 ms')
          },
        )
      },
    },
    {
      name: 'http server: request.signal stays quiet when all is well',
      async run() {
        let aborts = 0
        await serving(
          host,
          ip,
          (request) => {
            request.signal.addEventListener('abort', () => void aborts++)
            return new Response('x')
          },
          async (_, url) => {
            for (let i = 0; i < 3; i++) await (await host.http.fetch(url, {})).text()
            await sleep(host, 30)
            equal(aborts, 0, 'aborts')
          },
        )
      },
    },
    {
      name: 'http server: a stream is cancelled when the client is gone',
      async run() {
        const cancelled = deferred()
        const stream = (): ReadableStream<Uint8Array> =>
          new ReadableStream({
            start: (controller) => controller.enqueue(utf8('first')),
            cancel: () => cancelled.resolve(),
          })
        await serving(
          host,
          ip,
          () => new Response(stream()),
          async (at) => {
            const client = await sendRaw(host, at, get('/'))
            await until(host, 'the first part is there', () => client.text.includes('first'))
            client.connection.destroy()
            await within(host, 2000, cancelled.promise)
          },
        )
      },
    },
    {
      name: 'http server: an answer that begins after 12 s of silence arrives',
      isSlow: true,
      run: () =>
        serving(
          host,
          ip,
          async () => {
            await sleep(host, 12_500)
            return new Response('at last')
          },
          async (at) => {
            const client = await sendRaw(host, at, getLast('/'))
            await within(host, 20_000, Promise.race([client.ended.promise, client.closed.promise]))
            ok(client.text.endsWith('at last'), `answer: ${client.text}`)
            client.connection.destroy()
          },
        ),
    },
    {
      name: 'http server: a stream with 12 s between its parts arrives',
      isSlow: true,
      run: () =>
        serving(
          host,
          ip,
          () => new Response(streamOf([utf8('first'), utf8('second')], 12_500, host)),
          async (at) => {
            const client = await sendRaw(host, at, getLast('/'))
            await within(host, 28_000, Promise.race([client.ended.promise, client.closed.promise]))
            ok(client.text.includes('second'), `answer: ${client.text}`)
            client.connection.destroy()
          },
        ),
    },
    {
      name: 'http server: close cuts what is still open after its grace',
      async run() {
        const server = await host.http.serve({ ip, port: 0 }, () => new Promise<Response>(() => {}))
        const client = await sendRaw(host, localOf(server), get('/'))
        await sleep(host, 30)
        await within(host, 2000, server.close(50))
        await within(host, 2000, Promise.race([client.ended.promise, client.closed.promise]))
        client.connection.destroy()
      },
    },
    {
      name: 'http server: close lets a running answer end in its grace',
      async run() {
        const server = await host.http.serve({ ip, port: 0 }, async () => {
          await sleep(host, 100)
          return new Response('done')
        })
        const client = await sendRaw(host, localOf(server), get('/'))
        await sleep(host, 30)
        await within(host, 2000, server.close(1500))
        await until(host, 'the answer is there', () => client.text.includes('done'))
        client.connection.destroy()
        await rejectsWith('ECONNREFUSED', host.tcp.connect(localOf(server), { timeoutMs: 1000 }))
      },
    },
  ]
}

function listening(host: Host, world: World): readonly ConformanceCase[] {
  const { ip } = world
  const hello: HttpHandler = (_, from) => new Response(`hello ${from.ip}`)
  return [
    {
      name: 'http server: a taken port is EADDRINUSE',
      run: () =>
        serving(host, ip, hello, async (at) => {
          await rejectsWith('EADDRINUSE', host.http.serve(at, hello))
        }),
    },
    {
      name: 'http server: an address of another machine is EADDRNOTAVAIL',
      run: async () =>
        void (await rejectsWith('EADDRNOTAVAIL', host.http.serve({ ip: '192.0.2.7', port: 0 }, hello))),
    },
    {
      name: 'http server: v6 works',
      async run() {
        await serving(host, world.ip6 ?? ip, hello, async (at, url) => {
          equal(await (await host.http.fetch(url, {})).text(), `hello ${at.ip}`)
        })
      },
    },
    {
      name: 'http server: a unix socket serves, with its mode, and tells no ip',
      async run() {
        const unixPath = `${world.directory}/http.sock`
        const server = await host.http.serve({ unixPath, mode: 0o600 }, hello)
        equal((await host.files.stat(unixPath)).mode, 0o600, 'mode')
        equal(server.local, { unixPath, mode: 0o600 }, 'local')
        const response = await host.http.fetch('http://unix/x', { unixPath })
        equal(await response.text(), 'hello ')
        await server.close(0)
      },
    },
  ]
}
