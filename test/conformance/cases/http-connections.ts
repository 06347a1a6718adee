// The HTTP server's connections: their reuse, their ends, and where it listens.

import type { HttpHandler, Host } from '../../../src/runtime/host.ts'
import {
  type ConformanceCase,
  type World,
  deferred,
  equal,
  ok,
  rejectsWith,
  sleep,
  until,
  utf8,
  within,
} from '../harness.ts'
import { askRaw, get, getLast, localOf, sendRaw, serving, streamOf } from './http-helpers.ts'

/** The questions about connections of the HTTP server. */
export function httpConnectionCases(host: Host, world: World): readonly ConformanceCase[] {
  return [...connections(host, world), ...endings(host, world), ...listening(host, world)]
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
      name: 'http server: a client that ends its side has gone',
      async run() {
        const gone = deferred()
        const handler: HttpHandler = async (request) => {
          await new Promise<void>((resolve) => request.signal.addEventListener('abort', () => resolve()))
          gone.resolve()
          return new Response('late')
        }
        await serving(host, ip, handler, async (at) => {
          const client = await sendRaw(host, at, getLast('/1'))
          await sleep(host, 20)
          client.connection.end()
          await within(host, 2000, gone.promise)
          client.connection.destroy()
        })
      },
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
      name: 'http server: a stream that pauses for 6 s twice arrives',
      isSlow: true,
      run: () =>
        serving(
          host,
          ip,
          () => new Response(streamOf([utf8('first'), utf8('second')], 6_300, host)),
          async (at) => {
            const client = await sendRaw(host, at, getLast('/'))
            await within(host, 20_000, Promise.race([client.ended.promise, client.closed.promise]))
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
