// The listeners over real sockets of this machine; the time limits over a network in memory.
import { connect } from 'node:net'

import { expect, it } from 'vitest'

import { type DnsServer, serveDns } from '../../../src/dns/server.ts'
import type { Answerer } from '../../../src/dns/answer.ts'
import type { TcpConnection } from '../../../src/runtime/host.ts'
import { nodeHost } from '../../../src/runtime/node.ts'
import { asking, decode, questionPacket, stateOf, viewOf } from './catalog-view.ts'
import { connected, inMemory } from './memory-server.ts'

const ask = asking(viewOf({ dc1: stateOf([{ node: 'foo', address: '10.0.0.1' }]) }))
const answerer = { now: () => null, ask }
const question = questionPacket('foo.node.consul', 'A')

function framed(packet: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([packet.length >> 8, packet.length & 255]), packet])
}

async function listening(): Promise<DnsServer> {
  return serveDns(nodeHost(), [{ ip: '127.0.0.1', port: 0 }], answerer)
}

it('answers datagrams', async () => {
  const server = await listening()
  const answered = new Promise<Uint8Array>((resolve) => {
    void nodeHost()
      .udp.bind({ ip: '127.0.0.1', port: 0 }, (bytes) => resolve(bytes))
      .then((socket) => socket.send(question, server.locals[0]?.udp ?? { ip: '', port: 0 }))
  })
  expect(decode(await answered).answers?.length).toBe(1)
  await server.close()
})

it('answers several questions on one connection, whole and in pieces, and ends when the client does', async () => {
  const server = await listening()
  const all = Buffer.concat(Array.from({ length: 200 }, () => framed(question)))
  const received = await new Promise<Buffer>((resolve, reject) => {
    const parts: Buffer[] = []
    const socket = connect(server.locals[0]?.tcp.port ?? 0, '127.0.0.1', () => {
      socket.write(all.subarray(0, 5))
      setImmediate(() => socket.end(all.subarray(5)))
    })
    socket.on('data', (bytes) => parts.push(bytes))
    socket.on('end', () => resolve(Buffer.concat(parts)))
    socket.on('error', reject)
  })
  const size = 2 + received.readUInt16BE(0)
  expect(received.length).toBe(size * 200)
  expect(server.statistics.tcpQueries).toBe(200)
  await server.close()
})

it('frees the port that it had when another is taken', async () => {
  const host = nodeHost()
  const taken = await host.tcp.listen({ ip: '127.0.0.1', port: 0 }, () => {})
  const free = await host.udp.bind({ ip: '127.0.0.1', port: 0 }, () => {})
  const first = free.local
  await free.close()
  await expect(serveDns(host, [first, taken.local], answerer)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  const again = await host.udp.bind(first, () => {})
  await Promise.all([again.close(), taken.close()])
})

it('answers from the address that was asked, behind a wildcard too', async () => {
  const own = ['127.0.0.1', '127.0.90.7', '192.0.2.77']
  const server = await serveDns(nodeHost(), [{ ip: '0.0.0.0', port: 0 }], answerer, own)
  const port = server.locals[0]?.udp.port ?? 0
  for (const ip of ['127.0.0.1', '127.0.90.7']) {
    const from = await new Promise<string>((resolve) => {
      void nodeHost()
        .udp.bind({ ip: '127.0.0.1', port: 0 }, (_bytes, sender) => resolve(sender.ip))
        .then((socket) => socket.send(question, { ip, port }))
    })
    expect(from).toBe(ip)
  }
  await server.close()
})

it('cuts a connection that sends what is no question', async () => {
  const server = await listening()
  const socket = connect(server.locals[0]?.tcp.port ?? 0, '127.0.0.1', () =>
    socket.write(new Uint8Array([0, 0])),
  )
  await new Promise((resolve) => socket.once('close', resolve).on('error', () => {}))
  await server.close()
})

it('cuts connections that ask nothing, and leaves no wake-up', async () => {
  const { net, server } = await inMemory(answerer)
  const connection = await connected(net)
  const received: Uint8Array[] = []
  connection.handle({ onData: (bytes) => received.push(bytes), onClose: () => {} })
  await net.run(8000)
  connection.write(framed(question))
  await net.run(5)
  expect(received.length).toBe(1)
  for (let i = 0; i < 7; i++) {
    connection.write(new Uint8Array([1]))
    await net.run(2000)
  }
  expect(server.statistics.idleConnections).toBe(1)
  expect(net.connections.every((each) => each.isClosed)).toBe(true)
  expect(net.pending).toBe(0)
  await server.close()
})

it('takes no more connections than it has room for, and new ones when others have gone', async () => {
  const { net, server } = await inMemory(answerer)
  const open: TcpConnection[] = []
  for (let i = 0; i < 1030; i++) {
    const connection = await connected(net)
    connection.handle({ onData: () => {}, onClose: () => {} })
    open.push(connection)
  }
  await net.run(10)
  expect(server.statistics.refusedConnections).toBe(6)
  for (const connection of open.slice(0, 10)) connection.destroy()
  await net.run(10)
  const late = await connected(net)
  let received = 0
  late.handle({ onData: (bytes) => (received += bytes.length), onClose: () => {} })
  late.write(framed(question))
  await net.run(10)
  expect(received).toBeGreaterThan(12)
  await server.close()
})

it('reads nothing more from a client that has too many questions under way, and goes on afterwards', async () => {
  const waiting: (() => void)[] = []
  const slow: Answerer = {
    now: () => null,
    ask: (packet) => new Promise((resolve) => waiting.push(() => resolve(packet))),
  }
  const { net, server } = await inMemory(slow)
  const connection = await connected(net)
  let received = 0
  connection.handle({ onData: (bytes) => (received += bytes.length), onClose: () => {} })
  for (let i = 0; i < 200; i++) connection.write(framed(question))
  await net.run(20)
  expect(server.statistics.tcpQueries).toBe(64)
  while (waiting.length > 0) {
    for (const answer of waiting.splice(0)) answer()
    await net.run(10)
  }
  expect(received).toBe(200 * (question.length + 2))
  await server.close()
})
