// Hostile bytes at the sessions: nothing throws, nothing grows, and honest peers are served all the while.
import { expect, it } from 'vitest'

import { seededRandom } from '../../src/lib/random.ts'
import { limits } from '../../src/model/limits.ts'
import { listenExchanges } from '../../src/rpc/exchange.ts'
import { frameType } from '../../src/rpc/frames.ts'
import { encodeGreeting } from '../../src/rpc/handshake.ts'
import { createRpc, type Rpc } from '../../src/rpc/rpc.ts'
import { FakeNet } from '../unit/rpc/fake-net.ts'

const at = { ip: '10.0.0.2', port: 8300 }
const random = seededRandom(20_261_122)
const versions = { min: 1, max: 1 }
const none = new Uint8Array(0)

function noise(size: number): Uint8Array {
  return new Uint8Array(size).map(() => random.below(256))
}

/** A frame with a plausible header and any body. */
function plausibleFrame(): Uint8Array {
  const body = noise(random.chance(900) ? random.below(40) : random.below(5000))
  const frame = new Uint8Array(9 + body.length)
  const view = new DataView(frame.buffer)
  view.setUint32(0, random.chance(980) ? body.length + 5 : random.below(200_000))
  view.setUint8(4, 1 + random.below(12))
  view.setUint32(5, random.below(6))
  frame.set(body, 9)
  if (body.length >= 6 && random.chance(700)) view.setUint32(11, random.below(body.length * 2))
  return frame
}

function agent(net: FakeNet, ip: string): Rpc {
  return createRpc(net.host(ip), {
    hello: none,
    limits: { ...limits, frameBytesMax: 1_000_000 },
    onCall: (_channel, payload) => Promise.resolve(payload),
    onPost: () => {},
  })
}

it('serves honest peers while others send noise', async () => {
  const net = new FakeNet()
  const far = agent(net, '10.0.0.2')
  await far.listen(at)
  const near = agent(net, '10.0.0.1')
  for (let i = 0; i < 400; i++) {
    const connecting = net.tcp('10.0.0.9').connect(at, { timeoutMs: 100 })
    await net.run(3)
    const connection = await connecting
    connection.handle({ onData: () => {}, onClose: () => {} })
    if (random.chance(700)) connection.write(encodeGreeting('hello', { versions, version: 0, hello: none }))
    for (let n = random.below(20); n >= 0; n--)
      connection.write(random.chance(800) ? plausibleFrame() : noise(200))
    await net.run(3)
    if (random.chance(500)) connection.destroy()
    const answer = near.call(at, 1, new Uint8Array([i]), { deadlineMs: net.clock.nowMs() + 100 })
    await net.run(10)
    expect((await answer).ok).toBe(true)
  }
  await net.run(200_000)
  expect(far.statistics.sessionsIn).toBeLessThanOrEqual(1)
  await Promise.all([near.close(), far.close(), net.run(1000)])
  expect(net.pending).toBe(0)
}, 60_000)

it('survives a listener that answers with noise', async () => {
  const net = new FakeNet()
  const evil = { ip: '10.0.0.3', port: 1 }
  await net.tcp(evil.ip).listen(evil, (connection) => {
    connection.handle({
      onData: () => {
        if (random.chance(700))
          connection.write(encodeGreeting('welcome', { versions, version: 1, hello: none }))
        for (let n = random.below(10); n >= 0; n--)
          connection.write(random.chance(800) ? plausibleFrame() : noise(200))
      },
      onClose: () => {},
    })
  })
  const near = agent(net, '10.0.0.1')
  for (let i = 0; i < 400; i++) {
    const answer = near.call(evil, 1, noise(20), { deadlineMs: net.clock.nowMs() + 50 })
    near.post(evil, 1, noise(20))
    await net.run(60)
    await answer
  }
  await Promise.all([near.close(), net.run(1000)])
  expect(net.connections.every((connection) => connection.isClosed)).toBe(true)
}, 60_000)

it('does not let a peer hold more than a few incomplete messages', async () => {
  const net = new FakeNet()
  const far = agent(net, '10.0.0.2')
  await far.listen(at)
  const connecting = net.tcp('10.0.0.9').connect(at, { timeoutMs: 100 })
  await net.run(3)
  const connection = await connecting
  connection.handle({ onData: () => {}, onClose: () => {} })
  connection.write(encodeGreeting('hello', { versions, version: 0, hello: none }))
  for (let stream = 1; stream <= 20; stream++) {
    const frame = new Uint8Array(16)
    const view = new DataView(frame.buffer)
    view.setUint32(0, 12)
    view.setUint8(4, frameType.post)
    view.setUint32(5, stream)
    view.setUint32(11, 900_000)
    connection.write(frame)
  }
  await net.run(10)
  expect(far.statistics.closes.tooManyTransfers).toBe(1)
})

it('counts noise at the exchange listener and answers none of it', async () => {
  const net = new FakeNet()
  const listener = await listenExchanges(net.host(at.ip), at, 10_000, (bytes) => Promise.resolve(bytes))
  for (let i = 0; i < 300; i++) {
    const connecting = net.tcp('10.0.0.9').connect(at, { timeoutMs: 100 })
    await net.run(3)
    const connection = await connecting
    connection.handle({ onData: () => {}, onClose: () => {} })
    connection.write(noise(1 + random.below(300)))
    if (random.chance(500)) connection.end()
    await net.run(3)
  }
  await net.run(70_000)
  expect(listener.statistics.answered).toBe(0)
  expect(net.connections.every((connection) => connection.isClosed)).toBe(true)
  expect(net.pending).toBe(0)
})
