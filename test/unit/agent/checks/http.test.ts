import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { readFileSync } from 'node:fs'
import { createServer as createTcpServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { CheckDefinition, CheckOutcome, CheckRun } from '../../../../src/model/definition.ts'
import { ip, runOnce } from './bench.ts'

type HttpRun = Extract<CheckRun, { readonly type: 'http' }>

const certificates = new URL('../../../conformance/certificates/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, certificates), 'utf8')

let connections = 0

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? ''
  const status = Number(path.slice(1))
  if (status > 0) response.writeHead(status).end('hello')
  else if (path === '/numbers') response.end(Array.from({ length: 500 }, (_, i) => `${i}\n`).join(''))
  else if (path === '/loop') response.writeHead(302, { location: '/loop' }).end()
  else if (path === '/once') response.writeHead(302, { location: '/200' }).end()
  else if (path === '/elsewhere') response.writeHead(302, { location: 'file:///etc/passwd' }).end()
  else if (path === '/short')
    response.writeHead(200, { 'content-length': '100' }).write('abc', () => response.destroy())
  else if (path === '/endless') endless(response)
  else if (path === '/echo') echo(request, response)
}

function endless(response: ServerResponse): void {
  const piece = Buffer.alloc(65_536, 'x')
  const more = (): void => void (response.destroyed || response.write(piece, more))
  more()
}

/** A server that begins with some bytes and goes on with others for ever. */
async function flooding(first: string, then: string): Promise<{ url: string; close: () => void }> {
  const flood = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    socket.write(first)
    const more = (): void => void (socket.destroyed || socket.write(then, () => void setImmediate(more)))
    more()
  })
  await new Promise<void>((resolve) => void flood.listen(0, ip, resolve))
  const { port } = flood.address() as { port: number }
  return { url: `http://${ip}:${port}/`, close: () => void flood.close() }
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  const { headers } = request
  let body = ''
  request.on('data', (bytes) => (body += bytes))
  request.on('end', () => response.end(JSON.stringify({ method: request.method, headers, body })))
}

const server = createServer(answer)
const secure = createTlsServer({ cert: read('server.pem'), key: read('server.key.pem') }, answer)
let url = ''
let secureUrl = ''

beforeAll(async () => {
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => void server.listen(0, ip, resolve))
  await new Promise<void>((resolve) => void secure.listen(0, ip, resolve))
  url = `http://${ip}:${(server.address() as { port: number }).port}`
  secureUrl = `https://${ip}:${(secure.address() as { port: number }).port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
  secure.closeAllConnections()
  secure.close()
})

function http(
  at: string,
  run: Partial<HttpRun> = {},
  changes: Partial<CheckDefinition> = {},
): Promise<CheckOutcome> {
  const whole: HttpRun = {
    type: 'http',
    url: at,
    method: 'GET',
    headers: {},
    body: '',
    followsRedirects: true,
    tls: { skipVerify: false, serverName: '' },
    intervalMs: 30,
    timeoutMs: 2000,
    ...run,
  }
  return runOnce(whole, changes)
}

describe('an HTTP check', () => {
  it.each([
    [200, 'passing', '200 OK'],
    [299, 'passing', '299 unknown'],
    [429, 'warning', '429 Too Many Requests'],
    [404, 'critical', '404 Not Found'],
    [500, 'critical', '500 Internal Server Error'],
  ] as const)('takes %i for %s', async (status, wanted, line) => {
    expect(await http(`${url}/${status}`)).toEqual({
      status: wanted,
      output: `HTTP GET ${url}/${status}: ${line} Output: hello`,
    })
  })

  it('sends method, headers and body, and says who it is', async () => {
    const { output } = await http(`${url}/echo`, {
      method: 'PUT',
      headers: { 'X-Foo': ['a', 'b'], Host: ['h.example'] },
      body: 'bb',
    })
    const sent = JSON.parse(output.replace(/^.*? Output: /, '')) as object
    expect(sent).toMatchObject({
      method: 'PUT',
      body: 'bb',
      headers: {
        host: 'h.example',
        'user-agent': 'Consul Health Check',
        accept: 'text/plain, text/*, */*',
        'x-foo': 'a, b',
        'content-length': '2',
      },
    })
  })

  it('lets its own headers take the place of ours', async () => {
    const { output } = await http(`${url}/echo`, { headers: { 'User-Agent': ['mine'], ACCEPT: ['a/b'] } })
    expect(output).toContain('"user-agent":"mine"')
    expect(output).toContain('"accept":"a/b"')
  })

  it('keeps the last bytes of the body', async () => {
    const { output } = await http(`${url}/numbers`, {}, { outputBytesMax: 30 })
    expect(output).toBe(`HTTP GET ${url}/numbers: 200 OK Output: 2\n493\n494\n495\n496\n497\n498\n499\n`)
  })

  it('follows redirects, unless it is told not to', async () => {
    expect(await http(`${url}/once`)).toMatchObject({ status: 'passing' })
    expect(await http(`${url}/once`, { followsRedirects: false })).toMatchObject({ status: 'critical' })
  })

  it('uses a new connection for each run', async () => {
    const before = connections
    await http(`${url}/200`)
    await http(`${url}/200`)
    expect(connections).toBe(before + 2)
  })
})

describe('an HTTP check of something hostile', () => {
  it('ends a body that never ends', async () => {
    const found = await http(`${url}/endless`)
    expect(found.status).toBe('passing')
    expect(found.output).toHaveLength(`HTTP GET ${url}/endless: 200 OK Output: `.length + 4096)
  })

  it('takes a body that breaks off as far as it came', async () => {
    expect(await http(`${url}/short`)).toEqual({
      status: 'passing',
      output: `HTTP GET ${url}/short: 200 OK Output: abc`,
    })
  })

  it('does not follow redirects in a circle, nor to what is no HTTP', async () => {
    expect(await http(`${url}/loop`)).toEqual({
      status: 'critical',
      output: `Get "${url}/loop": stopped after 10 redirects`,
    })
    expect((await http(`${url}/elsewhere`)).output).toContain('unsupported protocol scheme "file"')
  })

  it('does not wait for an answer for longer than its timeout', async () => {
    expect(await http(`${url}/never`, { timeoutMs: 100 })).toEqual({
      status: 'critical',
      output: `Get "${url}/never": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    })
  })

  it('says why there is no connection', async () => {
    expect((await http(`http://${ip}:1/`)).output).toBe(
      `Get "http://${ip}:1/": dial tcp ${ip}:1: connect: connection refused`,
    )
    expect((await http('foo://x/')).output).toBe('Get "foo://x/": unsupported protocol scheme "foo"')
    expect((await http('http://127.0.0.1:99999/')).output).toBe(
      'Get "http://127.0.0.1:99999/": dial tcp: address 99999: invalid port',
    )
  })

  it('does not believe a certificate of an unknown authority, unless it is told to', async () => {
    expect((await http(`${secureUrl}/200`)).output).toBe(
      `Get "${secureUrl}/200": x509: certificate signed by unknown authority`,
    )
    const trusting = await http(`${secureUrl}/200`, { tls: { skipVerify: true, serverName: '' } })
    expect(trusting.status).toBe('passing')
  })

  it('ends a body of countless pieces, and headers without end', async () => {
    const [pieces, headers] = await Promise.all([
      flooding('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\ny\r\n'.repeat(1000)),
      flooding('HTTP/1.1 200 OK\r\n', `X-A: ${'y'.repeat(5000)}\r\n`),
    ])
    const found = await http(pieces.url, { timeoutMs: 10_000 })
    expect(found).toMatchObject({ status: 'passing' })
    expect(found.output).toMatch(/ Output: y{4096}$/)
    expect((await http(headers.url)).output).toBe(
      `Get "${headers.url}": the headers of the answer are too large`,
    )
    pieces.close()
    headers.close()
  })

  it('says that a server speaks something else', async () => {
    const other = await flooding('SSH-2.0-OpenSSH_9.2\r\n', 'x')
    expect((await http(other.url)).output).toBe(`Get "${other.url}": malformed HTTP response`)
    other.close()
  })

  it('says that a server without TLS has none', async () => {
    const { output } = await http(`${url.replace('http', 'https')}/200`)
    expect(output).toMatch(/^Get "https:.*": tls: first record does not look like a TLS handshake$/)
  })
})
