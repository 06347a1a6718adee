import { describe, expect, it } from 'vitest'

import type { TcpConnection } from '../../../src/runtime/host.ts'
import {
  exchange,
  type ExchangeListener,
  listenExchanges,
  type OnExchange,
} from '../../../src/rpc/exchange.ts'
import { FakeNet } from './fake-net.ts'

const at = { ip: '10.0.0.2', port: 8301 }
const options = { timeoutMs: 5000, limitBytes: 1_000_000 }

async function listening(
  onExchange: OnExchange = (bytes) => Promise.resolve(bytes.slice().reverse()),
): Promise<{ readonly net: FakeNet; readonly listener: ExchangeListener }> {
  const net = new FakeNet()
  return { net, listener: await listenExchanges(net.host('10.0.0.2'), at, 1_000_000, onExchange) }
}

async function raw(net: FakeNet): Promise<TcpConnection> {
  const connecting = net.tcp('10.0.0.9').connect(at, { timeoutMs: 1000 })
  await net.run(5)
  const connection = await connecting
  connection.handle({ onData: () => {}, onClose: () => {} })
  return connection
}

describe('exchange', () => {
  it('brings the answer and leaves no connection and no timer', async () => {
    const { net, listener } = await listening()
    const asked = exchange(net.host('10.0.0.1'), at, new Uint8Array([1, 2, 3]), options)
    await net.run(20)
    expect(await asked).toEqual({ ok: true, value: new Uint8Array([3, 2, 1]) })
    expect(net.connections.every((connection) => connection.isClosed)).toBe(true)
    expect(net.pending).toBe(0)
    expect(listener.statistics.answered).toBe(1)
  })

  it('carries large blocks both ways', async () => {
    const { net } = await listening((bytes) => Promise.resolve(bytes))
    const bytes = new Uint8Array(1_000_000).map((_, i) => i % 253)
    const asked = exchange(net.host('10.0.0.1'), at, bytes, options)
    await net.run(100)
    const result = await asked
    expect(result.ok && Buffer.compare(result.value, bytes)).toBe(0)
  })

  it('carries an empty block', async () => {
    const { net } = await listening()
    const asked = exchange(net.host('10.0.0.1'), at, new Uint8Array(0), options)
    await net.run(20)
    expect(await asked).toEqual({ ok: true, value: new Uint8Array(0) })
  })

  it('says so when nothing listens', async () => {
    const { net } = await listening()
    const asked = exchange(net.host('10.0.0.1'), { ...at, port: 1 }, new Uint8Array(1), options)
    await net.run(20)
    expect(await asked).toMatchObject({ error: { code: 'refusedConnection', sent: false } })
  })

  it('fails at its deadline', async () => {
    const { net } = await listening(() => new Promise(() => {}))
    const asked = exchange(net.host('10.0.0.1'), at, new Uint8Array(1), options)
    await net.run(5100)
    expect(await asked).toMatchObject({ error: { code: 'timeout', sent: true } })
    expect(net.connections.every((connection) => connection.isClosed)).toBe(true)
  })

  it('fails as closed when the handler rejects', async () => {
    const { net, listener } = await listening(() => Promise.reject(new Error('no')))
    const asked = exchange(net.host('10.0.0.1'), at, new Uint8Array(1), options)
    await net.run(20)
    expect(await asked).toMatchObject({ error: { code: 'closed', sent: true } })
    expect(listener.statistics.rejected).toBe(1)
  })

  it('refuses an answer past its limit', async () => {
    const { net } = await listening((bytes) => Promise.resolve(bytes))
    const asked = exchange(net.host('10.0.0.1'), at, new Uint8Array(100), { ...options, limitBytes: 99 })
    await net.run(20)
    expect(await asked).toMatchObject({ error: { code: 'closed' } })
  })
})

describe('the listener', () => {
  it('cuts a block that announces more than the limit', async () => {
    const { net, listener } = await listening()
    const connection = await raw(net)
    connection.write(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'))
    await net.run(10)
    expect(listener.statistics.oversized).toBe(1)
    expect(net.connections.every((each) => each.isClosed)).toBe(true)
  })

  it('cuts bytes after the block', async () => {
    const { net, listener } = await listening()
    const connection = await raw(net)
    connection.write(new Uint8Array([0, 0, 0, 1, 5, 6]))
    await net.run(10)
    expect(listener.statistics.oversized).toBe(1)
  })

  it('cuts one that ends early', async () => {
    const { net, listener } = await listening()
    const connection = await raw(net)
    connection.write(new Uint8Array([0, 0, 0, 9, 5]))
    connection.end()
    await net.run(10)
    expect(listener.statistics.truncated).toBe(1)
  })

  it('cuts one that sends nothing, and one that sends too slowly', async () => {
    const { net, listener } = await listening()
    await raw(net)
    const slow = await raw(net)
    slow.write(new Uint8Array([0, 0, 1, 0]))
    await net.run(10_010)
    expect(listener.statistics.timedOut).toBe(2)
    const drip = await raw(net)
    drip.write(new Uint8Array([0, 0, 1, 0]))
    for (let i = 0; i < 7; i++) {
      await net.run(9000)
      drip.write(new Uint8Array(1))
    }
    expect(listener.statistics.timedOut).toBe(3)
    expect(net.pending).toBe(0)
  })

  it('serves a limited number at once', async () => {
    const { net, listener } = await listening()
    for (let i = 0; i < 257; i++) void net.tcp('10.0.0.9').connect(at, { timeoutMs: 1000 })
    await net.run(10)
    expect(listener.statistics).toMatchObject({ accepted: 256, surplus: 1 })
    await listener.close()
    await net.run(10)
    expect(net.connections.every((connection) => connection.isClosed)).toBe(true)
  })
})
