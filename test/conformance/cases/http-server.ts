// The HTTP server, spoken to over raw streams: what clients of the API may rely on.

import type { HttpHandler, HttpPeer, Host } from '../../../src/runtime/host.ts'
import {
  type ConformanceCase,
  type World,
  deferred,
  equal,
  ok,
  pattern,
  sleep,
  until,
  utf8,
  within,
} from '../harness.ts'
import { askRaw, get, getLast, sendRaw, serving, streamOf } from './http-helpers.ts'

/** The questions about serving HTTP. */
export function httpServerCases(host: Host, world: World): readonly ConformanceCase[] {
  return [...requests(host, world), ...responses(host, world)]
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
      name: 'http server: 12 KB of headers are accepted',
      run: () =>
        serving(
          host,
          ip,
          (request) => new Response(String(request.headers.get('x-big')?.length)),
          async (at) => {
            const answer = await askRaw(
              host,
              at,
              get('/', `X-Big: ${'v'.repeat(12_000)}\r\nConnection: close\r\n`),
            )
            ok(answer.endsWith('12000'), answer.slice(0, 200))
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
