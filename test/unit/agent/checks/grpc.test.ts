import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { readFileSync } from 'node:fs'
import { createServer as createTcpServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { decodeServing, encodeRequest } from '../../../../src/agent/checks/grpc-message.ts'
import type { CheckOutcome, CheckTls } from '../../../../src/model/definition.ts'
import { ip, runOnce } from './bench.ts'

const certificates = new URL('../../../conformance/certificates/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, certificates), 'utf8')

const grpcType = { ':status': 200, 'content-type': 'application/grpc' }

function say(stream: ServerHttp2Stream, bytes: readonly number[]): void {
  stream.respond(grpcType, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(Uint8Array.from(bytes))
}

const answers: Readonly<Record<string, (stream: ServerHttp2Stream) => void>> = {
  '': (stream) => say(stream, [0, 0, 0, 0, 2, 8, 1]),
  not: (stream) => say(stream, [0, 0, 0, 0, 2, 8, 2]),
  garbage: (stream) => say(stream, [0, 0, 0, 0, 3, 255, 255, 255]),
  unknown: (stream) =>
    stream.respond(
      { ...grpcType, 'grpc-status': '5', 'grpc-message': 'unknown%20service' },
      { endStream: true },
    ),
  html: (stream) => {
    stream.respond({ ':status': 404, 'content-type': 'text/html' })
    stream.end('<html>')
  },
  huge: (stream) => {
    stream.respond(grpcType)
    stream.end(new Uint8Array(1_000_000))
  },
  silent: () => undefined,
  cut: (stream) => stream.session?.destroy(),
}

function onStream(stream: ServerHttp2Stream): void {
  const parts: Buffer[] = []
  stream.on('error', () => undefined)
  stream.on('data', (bytes: Buffer) => parts.push(bytes))
  stream.on('end', () => answers[Buffer.concat(parts).subarray(7).toString()]?.(stream))
}

const plain = createServer()
const secure = createSecureServer({ cert: read('server.pem'), key: read('server.key.pem') })
const silent = createTcpServer((socket) => socket.on('error', () => undefined))
const chatty = createTcpServer((socket) => {
  socket.on('error', () => undefined)
  socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
})
const at = (server: Server | Http2Server): string => `${ip}:${(server.address() as { port: number }).port}`

beforeAll(async () => {
  for (const server of [plain, secure]) server.on('stream', onStream).on('sessionError', () => undefined)
  for (const server of [plain, secure, silent, chatty])
    await new Promise<void>((resolve) => void server.listen(0, ip, resolve))
})

afterAll(() => {
  for (const server of [plain, secure, silent, chatty]) server.close()
})

function grpc(address: string, service = '', tls: CheckTls | null = null): Promise<CheckOutcome> {
  return runOnce({ type: 'grpc', address, service, tls, intervalMs: 30, timeoutMs: 300 })
}

function h2ping(address: string, tls: CheckTls | null = null): Promise<CheckOutcome> {
  return runOnce({ type: 'h2ping', address, tls, intervalMs: 30, timeoutMs: 300 })
}

const trusting: CheckTls = { skipVerify: true, serverName: '' }

describe('a gRPC check', () => {
  it('passes when the service is serving', async () => {
    expect(await grpc(at(plain))).toEqual({ status: 'passing', output: `gRPC check ${at(plain)}: success` })
  })

  it.each([
    ['not', "gRPC application didn't report service healthy"],
    ['unknown', 'rpc error: code = NotFound desc = unknown service'],
    ['garbage', 'rpc error: code = Internal desc = grpc: failed to unmarshal the received message'],
    [
      'html',
      'rpc error: code = Unimplemented desc = Not Found: HTTP status code 404; transport: received the unexpected content-type "text/html"',
    ],
    ['silent', 'rpc error: code = DeadlineExceeded desc = context deadline exceeded'],
    ['cut', 'rpc error: code = Unavailable desc = transport is closing'],
  ])('is critical when the answer is %s', async (service, output) => {
    expect(await grpc(at(plain), service)).toEqual({ status: 'critical', output })
  })

  it('does not read an answer that is far too large', async () => {
    expect((await grpc(at(plain), 'huge')).output).toMatch(/^rpc error: code = ResourceExhausted /)
  })

  it('says why there is no connection', async () => {
    const start = 'rpc error: code = Unavailable desc = connection error: desc = "transport:'
    const refused = `dial tcp ${ip}:1: connect: connection refused`
    expect((await grpc(`${ip}:1`)).output).toBe(`${start} Error while dialing ${refused}"`)
    expect((await grpc('nohost')).output).toBe(
      `${start} Error while dialing dial tcp: address nohost: missing port in address"`,
    )
    expect((await grpc(at(secure), '', { skipVerify: false, serverName: '' })).output).toBe(
      `${start} authentication handshake failed: x509: certificate signed by unknown authority"`,
    )
  })

  it('speaks TLS', async () => {
    expect(await grpc(at(secure), '', trusting)).toMatchObject({ status: 'passing' })
  })

  it('is critical when the server speaks something else', async () => {
    expect((await grpc(at(chatty))).output).toMatch(/^rpc error: code = Unavailable desc = /)
  })
})

describe('messages of gRPC', () => {
  it('name the service', () => {
    expect(encodeRequest('')).toEqual(new Uint8Array(5))
    expect([...encodeRequest('not')]).toEqual([0, 0, 0, 0, 5, 10, 3, 110, 111, 116])
    expect(encodeRequest('x'.repeat(300)).subarray(0, 8)).toEqual(
      Uint8Array.from([0, 0, 0, 1, 47, 10, 0xac, 2]),
    )
  })

  it.each([
    ['serving', [0, 0, 0, 0, 2, 8, 1], 'serving'],
    ['nothing said', [0, 0, 0, 0, 0], 'other'],
    ['other fields before', [0, 0, 0, 0, 6, 18, 2, 1, 1, 8, 1], 'serving'],
    ['compressed', [1, 0, 0, 0, 2, 8, 1], null],
    ['too short', [0, 0, 0, 0, 3, 8, 1], null],
    ['no frame', [0, 0], null],
    ['a number without end', [0, 0, 0, 0, 12, 8, ...Array.from({ length: 11 }, () => 255)], null],
    ['a field cut off', [0, 0, 0, 0, 2, 18, 9], null],
  ] as const)('are understood: %s', (_, bytes, wanted) => {
    expect(decodeServing(Uint8Array.from(bytes))).toBe(wanted)
  })
})

describe('an HTTP/2 ping', () => {
  it('passes when the answer comes back, in clear and with TLS', async () => {
    const well = { status: 'passing', output: 'HTTP2 ping was successful' }
    expect(await h2ping(at(plain))).toEqual(well)
    expect(await h2ping(at(secure), trusting)).toEqual(well)
  })

  it('is critical when nothing or nonsense comes back', async () => {
    expect((await h2ping(at(silent))).output).toBe('HTTP2 ping failed: context deadline exceeded')
    expect((await h2ping(at(chatty))).output).toBe('HTTP2 ping failed: the server does not speak HTTP/2')
    expect((await h2ping(`${ip}:1`)).output).toBe(
      `Failed to dial to ${ip}:1: dial tcp ${ip}:1: connect: connection refused`,
    )
    expect((await h2ping(at(secure), { skipVerify: false, serverName: '' })).output).toBe(
      `Failed to dial to ${at(secure)}: x509: certificate signed by unknown authority`,
    )
  })
})
