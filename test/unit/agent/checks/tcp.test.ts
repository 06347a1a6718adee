import { createServer, type Server } from 'node:net'
import { describe, expect, it } from 'vitest'

import { connectFirst, split } from '../../../../src/agent/checks/dial.ts'
import type { CheckOutcome } from '../../../../src/model/definition.ts'
import type { TcpConnection } from '../../../../src/runtime/host.ts'
import { nodeHost } from '../../../../src/runtime/node.ts'
import { ip, runOnce } from './bench.ts'

async function listening(use: (port: number) => Promise<void>): Promise<void> {
  const server: Server = createServer((socket) => socket.on('error', () => undefined))
  await new Promise<void>((resolve) => void server.listen(0, ip, resolve))
  await use((server.address() as { port: number }).port)
  server.close()
}

function tcp(address: string): Promise<CheckOutcome> {
  return runOnce({ type: 'tcp', address, tls: null, intervalMs: 20, timeoutMs: 1000 })
}

describe('a TCP check', () => {
  it('passes when a connection can be made', () =>
    listening(async (port) => {
      expect(await tcp(`${ip}:${port}`)).toEqual({
        status: 'passing',
        output: `TCP connect ${ip}:${port}: Success`,
      })
    }))

  it('says why there is none', async () => {
    expect(await tcp(`${ip}:1`)).toEqual({
      status: 'critical',
      output: `dial tcp ${ip}:1: connect: connection refused`,
    })
    expect((await tcp(ip)).output).toBe(`dial tcp: address ${ip}: missing port in address`)
    expect((await tcp('localhost:1')).output).toMatch(
      /^dial tcp (127\.0\.0\.1|\[::1\]):1: connect: connection refused$/,
    )
  })
})

describe('several addresses', () => {
  const clock = nodeHost().clock
  const addresses = ['192.0.2.1', '192.0.2.2'].map((one) => ({ ip: one, port: 1 }))
  const signal = new AbortController().signal
  const connection = { handle: () => undefined, destroy: () => undefined } as unknown as TcpConnection

  it('are tried one beside the other when the first is silent', async () => {
    const tried: string[] = []
    const found = await connectFirst({
      clock,
      addresses,
      signal,
      connect(to) {
        tried.push(to.ip)
        return to.ip === '192.0.2.1'
          ? new Promise<TcpConnection>(() => undefined)
          : Promise.resolve(connection)
      },
    })
    expect(found).toBe(connection)
    expect(tried).toEqual(['192.0.2.1', '192.0.2.2'])
  })

  it('fail with the first failure when all fail', async () => {
    const failing = connectFirst({
      clock,
      addresses,
      signal,
      connect: (to) => Promise.reject(new Error(to.ip)),
    })
    await expect(failing).rejects.toThrow('192.0.2.1')
  })

  it('are given up when nobody waits any more', async () => {
    const abort = new AbortController()
    const waiting = connectFirst({
      clock,
      addresses,
      signal: abort.signal,
      connect: () => new Promise<TcpConnection>(() => undefined),
    })
    abort.abort(new Error('over'))
    await expect(waiting).rejects.toThrow('over')
  })
})

describe('an address', () => {
  it('is split at its last colon', () => {
    expect(split('web:80')).toEqual({ name: 'web', port: 80 })
    expect(split('[::1]:80')).toEqual({ name: '::1', port: 80 })
    expect(split(':80')).toEqual({ name: '', port: 80 })
  })

  it('needs a port', () => {
    expect(() => split('web')).toThrow('address web: missing port in address')
    expect(() => split('::1:80')).toThrow('address ::1:80: too many colons in address')
    expect(() => split('web:x')).toThrow('address x: invalid port')
  })
})
