// The HTTP client: what health checks and the command line rely on.

import type { HttpHandler, Host } from '../../../src/runtime/host.ts'
import {
  type ConformanceCase,
  Recorder,
  type World,
  equal,
  ok,
  pattern,
  rejectsWith,
  sleep,
  until,
  utf8,
  within,
} from '../harness.ts'

async function serving(
  host: Host,
  ip: string,
  handler: HttpHandler,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const server = await host.http.serve({ ip, port: 0 }, handler)
  if ('unixPath' in server.local) throw new Error('not on a unix socket')
  try {
    await use(`http://${ip}:${server.local.port}`)
  } finally {
    await within(host, 3000, server.close(0))
  }
}

/** The questions about requesting over HTTP. */
export function httpClientCases(host: Host, world: World): readonly ConformanceCase[] {
  return [...asking(host, world), ...failing(host, world)]
}

function asking(host: Host, { ip }: World): readonly ConformanceCase[] {
  return [
    {
      name: 'http client: method, headers and body go out',
      run: () =>
        serving(
          host,
          ip,
          async (request) =>
            new Response(`${request.method} ${request.headers.get('x-a')} ${await request.text()}`),
          async (url) => {
            const response = await host.http.fetch(url, { method: 'PUT', headers: { 'X-A': 'b' }, body: 'c' })
            equal(await response.text(), 'PUT b c')
          },
        ),
    },
    {
      name: 'http client: a request may have a connection of its own, and sets the host that it names',
      run: () => {
        const ports = new Set<number>()
        return serving(
          host,
          ip,
          (request, from) => {
            ports.add(from.port)
            return new Response(`${request.headers.get('host')} ${request.headers.get('connection')}`)
          },
          async (url) => {
            const before = ports.size
            for (let i = 0; i < 3; i++) {
              const response = await host.http.fetch(url, {
                keepAlive: false,
                headers: { host: 'a.example' },
              })
              const sent = await response.text()
              // The simulator has no connections of HTTP.
              if (host.runtime !== 'sim') equal(sent, 'a.example close')
            }
            if (host.runtime !== 'sim') equal(ports.size - before, 3, 'connections')
          },
        )
      },
    },
    {
      name: 'http client: a stream goes out as it comes, and is asked for no more than there is room for',
      run: () => {
        const piece = pattern(50_000)
        let left = 200
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            if (left === 0) return controller.close()
            left--
            controller.enqueue(piece.slice())
          },
        })
        const handler: HttpHandler = async (request) => {
          const bytes = new Uint8Array(await request.arrayBuffer())
          const isWhole = bytes.every((byte, at) => byte === piece[at % piece.length])
          return new Response(`${bytes.length} ${isWhole}`)
        }
        return serving(host, ip, handler, async (url) => {
          const response = await host.http.fetch(url, { method: 'PUT', body })
          equal(await response.text(), '10000000 true')
        })
      },
    },
    {
      name: 'http client: bytes come back as they are',
      run: () =>
        serving(
          host,
          ip,
          () => new Response(pattern(100_000).slice()),
          async (url) => {
            const response = await host.http.fetch(url, {})
            equal(new Uint8Array(await response.arrayBuffer()), pattern(100_000))
          },
        ),
    },
    {
      name: 'http client: a body can be read part by part as it comes',
      run: () =>
        serving(
          host,
          ip,
          () =>
            new Response(
              new ReadableStream<Uint8Array>({
                async start(controller) {
                  controller.enqueue(utf8('first'))
                  await sleep(host, 300)
                  controller.enqueue(utf8('second'))
                  controller.close()
                },
              }),
            ),
          async (url) => {
            const startMs = host.clock.nowMs()
            const response = await host.http.fetch(url, {})
            const reader = response.body?.getReader()
            const part = await reader?.read()
            equal(part?.value, utf8('first'), 'first part')
            ok(host.clock.nowMs() - startMs < 250, 'the first part comes before the second')
            await reader?.cancel()
          },
        ),
    },
    {
      name: 'http client: 404 is an answer, not an error',
      run: () =>
        serving(
          host,
          ip,
          () => new Response('none', { status: 404 }),
          async (url) => {
            const response = await host.http.fetch(url, {})
            equal([response.status, response.ok, await response.text()], [404, false, 'none'])
          },
        ),
    },
    {
      name: 'http client: redirects are followed',
      run: () =>
        serving(
          host,
          ip,
          (request) =>
            request.url.endsWith('/to')
              ? new Response('arrived')
              : new Response(null, { status: 302, headers: { location: '/to' } }),
          async (url) => equal(await (await host.http.fetch(`${url}/from`, {})).text(), 'arrived'),
        ),
    },
    {
      name: 'http client: redirects are shown on demand',
      run: () =>
        serving(
          host,
          ip,
          () => new Response(null, { status: 307, headers: { location: '/to' } }),
          async (url) => {
            const response = await host.http.fetch(`${url}/from`, { redirect: 'manual' })
            equal([response.status, response.headers.get('location')], [307, '/to'])
          },
        ),
    },
    {
      name: 'http client: a server that closes idle connections is asked again',
      run: () =>
        serving(
          host,
          ip,
          () => new Response('x', { headers: { connection: 'close' } }),
          async (url) => {
            for (let i = 0; i < 5; i++) equal(await (await host.http.fetch(url, {})).text(), 'x')
          },
        ),
    },
  ]
}

function failing(host: Host, { ip }: World): readonly ConformanceCase[] {
  return [
    {
      name: 'http client: a port where nobody listens is ECONNREFUSED',
      async run() {
        const listener = await host.tcp.listen({ ip, port: 0 }, () => {})
        await listener.close()
        await rejectsWith('ECONNREFUSED', host.http.fetch(`http://${ip}:${listener.local.port}/`, {}))
      },
    },
    {
      name: 'http client: a server that breaks off is ECONNRESET',
      async run() {
        const listener = await host.tcp.listen({ ip, port: 0 }, (connection) => {
          const server = new Recorder(connection)
          server.onData = () => connection.destroy()
        })
        await rejectsWith(
          ['ECONNRESET', 'EPIPE'],
          within(host, 3000, host.http.fetch(`http://${ip}:${listener.local.port}/`, {})),
        )
        await listener.close()
      },
    },
    {
      name: 'http client: an address that is none is refused with a HostError',
      run: async () => void (await rejectsWith('ERR_INVALID_URL', host.http.fetch('nonsense', {}))),
    },
    {
      name: 'http client: an abort ends the wait for an answer, and the server sees it',
      async run() {
        let aborts = 0
        let hasBegun = false
        await serving(
          host,
          ip,
          async (request) => {
            request.signal.addEventListener('abort', () => void aborts++)
            hasBegun = true
            await sleep(host, 5000)
            return new Response('late')
          },
          async (url) => {
            const abort = new AbortController()
            const asking = host.http.fetch(url, { signal: abort.signal })
            await until(host, 'the server has begun', () => hasBegun)
            abort.abort(new Error('changed my mind'))
            const error = await asking.then(
              () => undefined,
              (reason: unknown) => reason,
            )
            ok(error instanceof Error && error.message === 'changed my mind', `reason: ${String(error)}`)
            await until(host, 'the server sees the abort', () => aborts === 1)
          },
        )
      },
    },
    {
      name: 'http client: an abort ends a body that is being read',
      run: () =>
        serving(
          host,
          ip,
          () =>
            new Response(new ReadableStream({ start: (controller) => controller.enqueue(utf8('first')) })),
          async (url) => {
            const abort = new AbortController()
            const response = await host.http.fetch(url, { signal: abort.signal })
            const reading = response.text().then(
              () => 'read',
              () => 'failed',
            )
            await sleep(host, 30)
            abort.abort()
            equal(await within(host, 2000, reading), 'failed', 'outcome')
          },
        ),
    },
    {
      name: 'http client: a signal that is already aborted sends nothing',
      async run() {
        let count = 0
        await serving(
          host,
          ip,
          () => {
            count++
            return new Response('x')
          },
          async (url) => {
            const asked = await host.http.fetch(url, { signal: AbortSignal.abort() }).catch(() => 'refused')
            equal([asked, count], ['refused', 0])
          },
        )
      },
    },
  ]
}
