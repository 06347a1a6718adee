import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/model/limits.ts'
import type { RpcOptions } from '../../../src/rpc/config.ts'
import { createRpc } from '../../../src/rpc/rpc.ts'
import { at, pair, soon, string, text, tiny } from './pair.ts'

describe('call', () => {
  it('connects, greets and brings the answer', async () => {
    const { net, near } = await pair()
    const answer = near.call(at, 1, text('who'), soon(net))
    await net.run(10)
    const result = await answer
    expect(result.ok && string(result.value)).toBe('near')
    expect(near.isConnected(at)).toBe(true)
  })

  it('keeps answers with their calls when they come in any order', async () => {
    const waiting = new Map<string, () => void>()
    const { net, near } = await pair(
      {},
      {
        onCall: (_c, payload) =>
          new Promise((resolve) => waiting.set(string(payload), () => resolve(payload))),
      },
    )
    const calls = ['a', 'b', 'c'].map((name) => near.call(at, 1, text(name), soon(net)))
    await net.run(10)
    for (const name of ['c', 'a', 'b']) waiting.get(name)?.()
    await net.run(10)
    const results = await Promise.all(calls)
    expect(results.map((result) => result.ok && string(result.value))).toEqual(['a', 'b', 'c'])
  })

  it('uses one session for many calls', async () => {
    const { net, near, far } = await pair()
    const calls = Array.from({ length: 50 }, (_, i) => near.call(at, 1, text(`n${i}`), soon(net)))
    await net.run(20)
    await Promise.all(calls)
    expect(far.statistics.accepts).toBe(1)
    expect(near.statistics.connects).toBe(1)
  })

  it('brings the rejection of the handler as `remote`', async () => {
    const { net, near } = await pair()
    const answer = near.call(at, 1, text('fail'), soon(net))
    await net.run(10)
    expect(await answer).toEqual({
      ok: false,
      error: { code: 'remote', message: 'it went wrong', sent: true },
    })
  })

  it('carries requests and answers of many chunks', async () => {
    const { net, near } = await pair()
    const request = new Uint8Array(1_000_001).map((_, i) => i % 251)
    const answer = near.call(at, 1, request, soon(net))
    await net.run(200)
    const result = await answer
    expect(result.ok && Buffer.compare(result.value, request)).toBe(0)
  })

  it('fails as unreachable when nothing listens, and was not sent', async () => {
    const { net, near, closed } = await pair()
    const answer = near.call({ ip: '10.0.0.2', port: 1 }, 1, text('x'), soon(net))
    await net.run(10)
    const result = await answer
    expect(!result.ok && [result.error.code, result.error.sent]).toEqual(['unreachable', false])
    expect(closed).toEqual(['10.0.0.2:1 connectFailed'])
  })

  it('fails at its deadline while it connects, and was not sent', async () => {
    const { net, near } = await pair()
    net.silence('10.0.0.2')
    const answer = near.call(at, 1, text('x'), soon(net, 700))
    await net.run(699)
    expect(near.statistics.failures.timeout).toBeUndefined()
    await net.run(2)
    const result = await answer
    expect(!result.ok && [result.error.code, result.error.sent]).toEqual(['timeout', false])
  })

  it('fails at its deadline when the handler is slow, was sent, and the handler is told', async () => {
    const { net, near, signals } = await pair()
    const answer = near.call(at, 1, text('never'), soon(net, 100))
    await net.run(110)
    const result = await answer
    expect(!result.ok && [result.error.code, result.error.sent]).toEqual(['timeout', true])
    expect(signals[0]?.aborted).toBe(true)
  })

  it('ends with the signal of the caller, and the handler is told', async () => {
    const { net, near, signals } = await pair()
    const controller = new AbortController()
    const answer = near.call(at, 1, text('never'), { ...soon(net), signal: controller.signal })
    await net.run(20)
    controller.abort()
    await net.run(5)
    const result = await answer
    expect(!result.ok && [result.error.code, result.error.sent]).toEqual(['cancelled', true])
    expect(signals[0]?.aborted).toBe(true)
  })

  it('takes back a request that was still queued', async () => {
    const { net, near, far } = await pair()
    const controller = new AbortController()
    const answer = near.call(at, 1, text('x'), { ...soon(net), signal: controller.signal })
    controller.abort()
    await net.run(20)
    const result = await answer
    expect(!result.ok && [result.error.code, result.error.sent]).toEqual(['cancelled', false])
    expect(far.statistics.requestsHandled).toBe(0)
  })

  it('fails as closed when the peer dies, with `sent` for what it had', async () => {
    const { net, near, closed } = await pair()
    const answer = near.call(at, 1, text('never'), soon(net))
    await net.run(20)
    for (const connection of net.connections) if (connection.local.ip === '10.0.0.2') connection.destroy()
    await net.run(5)
    const result = await answer
    expect(!result.ok && [result.error.code, result.error.sent]).toEqual(['closed', true])
    expect(closed).toEqual(['10.0.0.2:8300 connectionLost'])
  })

  it('is abandoned when the caller dies: the handler is told', async () => {
    const { net, near, signals } = await pair()
    void near.call(at, 1, text('never'), soon(net))
    await net.run(20)
    net.connections[0]?.destroy()
    await net.run(5)
    expect(signals[0]?.aborted).toBe(true)
  })

  it('connects again after the session broke', async () => {
    const { net, near } = await pair()
    const first = near.call(at, 1, text('a'), soon(net))
    await net.run(10)
    await first
    net.connections[1]?.destroy()
    await net.run(10)
    const second = near.call(at, 1, text('b'), soon(net))
    await net.run(10)
    expect((await second).ok).toBe(true)
    expect(near.statistics.connects).toBe(2)
  })
})

describe('limits', () => {
  it('refuses a call past the requests of a session, and was not sent', async () => {
    const { net, near } = await pair({ limits: tiny })
    const calls = Array.from({ length: 5 }, () => near.call(at, 1, text('never'), soon(net, 50)))
    await net.run(100)
    const results = await Promise.all(calls)
    expect(results.map((result) => !result.ok && result.error.code)).toEqual([
      'timeout',
      'timeout',
      'timeout',
      'timeout',
      'overloaded',
    ])
    expect(results.at(-1)).toMatchObject({ error: { sent: false } })
  })

  it('answers `overloaded` when the peer sends more than it may', async () => {
    const { net, near, far } = await pair({}, { limits: tiny })
    const calls = Array.from({ length: 5 }, () => near.call(at, 1, text('never'), soon(net, 50)))
    await net.run(100)
    const results = await Promise.all(calls)
    expect(results.at(-1)).toMatchObject({ error: { code: 'overloaded', sent: false } })
    expect(far.statistics.requestsRefused).toBe(1)
  })

  it('refuses a request and an answer that are larger than a frame may be', async () => {
    const small = { ...limits, frameBytesMax: 2_000_000 }
    const { net, near } = await pair({ limits: small }, { limits: small })
    const tooLarge = near.call(at, 1, new Uint8Array(2_000_001), soon(net))
    const answer = near.call(at, 1, text('big'), soon(net))
    await net.run(50)
    expect(await tooLarge).toMatchObject({ error: { code: 'overloaded', sent: false } })
    expect(await answer).toMatchObject({ error: { code: 'overloaded', sent: true } })
  })

  it('drops posts when the queue is full, and refuses calls', async () => {
    const small = { ...limits, sessionQueueBytesMax: 1000 }
    const { net, near, posts } = await pair({ limits: small })
    expect(near.post(at, 1, new Uint8Array(600))).toBe(true)
    expect(near.post(at, 1, new Uint8Array(600))).toBe(true)
    expect(near.post(at, 1, new Uint8Array(600))).toBe(false)
    const call = near.call(at, 1, new Uint8Array(600), soon(net))
    await net.run(20)
    expect(await call).toMatchObject({ error: { code: 'overloaded', sent: false } })
    expect(posts.length).toBe(2)
    expect(near.statistics.postsDropped).toBe(1)
  })

  it('closes sessions past those that an address may have, with a sentence', async () => {
    const { net, far } = await pair({}, { limits: tiny })
    const others = [1, 2, 3].map(() =>
      createRpc(net.host('10.0.0.9'), {
        hello: text('other'),
        limits,
        onCall: () => Promise.reject(new Error('not asked')),
        onPost: () => {},
      }),
    )
    const calls = others.map((other) => other.call(at, 1, text('x'), soon(net)))
    await net.run(50)
    const results = await Promise.all(calls)
    expect(results.map((result) => result.ok)).toEqual([true, true, false])
    expect(results[2]).toMatchObject({ error: { code: 'overloaded', sent: false } })
    expect(far.statistics.sessionsIn).toBe(2)
    await Promise.all([...others.map((other) => other.close()), net.run(2000)])
    expect(far.statistics.sessionsIn).toBe(0)
  })

  it('stops reading from a peer that does not read its answers', async () => {
    const small = { ...limits, sessionQueueBytesMax: 100_000 }
    const { net, near, far } = await pair({}, { limits: small })
    const first = near.call(at, 1, text('x'), soon(net))
    await net.run(10)
    await first
    net.connections[0]?.pause()
    const calls = Array.from({ length: 20 }, () => near.call(at, 1, new Uint8Array(50_000), soon(net, 500)))
    await net.run(400)
    expect(net.connections[1]?.isPaused).toBe(true)
    const handled = far.statistics.requestsHandled
    expect(handled).toBeLessThan(20)
    net.connections[0]?.resume()
    await net.run(90)
    const results = await Promise.all(calls)
    expect(results.every((result) => result.ok || result.error.code === 'overloaded')).toBe(true)
    expect(net.connections[1]?.isPaused).toBe(false)
  })
})

describe('post', () => {
  it('arrives in order, also the first that make the connection', async () => {
    const { net, near, posts } = await pair()
    for (let i = 0; i < 20; i++) expect(near.post(at, 3, text(`p${i}`))).toBe(true)
    await net.run(20)
    for (let i = 20; i < 30; i++) near.post(at, 3, text(`p${i}`))
    await net.run(20)
    expect(posts.map((post) => post.text)).toEqual(Array.from({ length: 30 }, (_, i) => `p${i}`))
    expect(string(posts[0]?.from.hello ?? text(''))).toBe('near')
  })

  it('keeps the order of a channel behind a long one, and lets other channels pass', async () => {
    const { net, near, posts } = await pair()
    const long = new Uint8Array(2_000_000)
    long.set(text('long'))
    near.post(at, 1, long)
    near.post(at, 1, text('after'))
    near.post(at, 2, text('heartbeat'))
    await net.run(500)
    expect(posts.map((post) => post.text.replace(/\0.*/su, ''))).toEqual(['heartbeat', 'long', 'after'])
  })

  it('goes out in one write per turn', async () => {
    const { net, near } = await pair()
    const first = near.call(at, 1, text('x'), soon(net))
    await net.run(10)
    await first
    const before = net.connections[0]?.writes.length ?? 0
    for (let i = 0; i < 100; i++) near.post(at, 1, text(`p${i}`))
    await net.run(10)
    expect((net.connections[0]?.writes.length ?? 0) - before).toBe(1)
  })

  it('does not dial an unreachable address again before the backoff is over', async () => {
    const { net, near } = await pair()
    const nowhere = { ip: '10.0.0.2', port: 1 }
    expect(near.post(nowhere, 1, text('a'))).toBe(true)
    await net.run(10)
    expect(near.post(nowhere, 1, text('b'))).toBe(false)
    expect(near.statistics.connects).toBe(1)
    await net.run(50)
    expect(near.post(nowhere, 1, text('c'))).toBe(true)
    await net.run(10)
    await net.run(50)
    expect(near.post(nowhere, 1, text('d'))).toBe(false)
    expect(near.statistics.postsDropped).toBe(4)
  })
})

describe('the other end', () => {
  it('is refused with both ranges when no version is in common', async () => {
    const { net, near, closed } = await pair(
      { versions: { min: 1, max: 2 } },
      { versions: { min: 5, max: 6 } },
    )
    const answer = near.call(at, 1, text('x'), soon(net))
    await net.run(50)
    const result = await answer
    expect(!result.ok && result.error).toMatchObject({ code: 'refusedVersion', sent: false })
    expect(!result.ok && result.error.message).toContain('this agent speaks 5 to 6, the peer speaks 1 to 2')
    expect(closed).toEqual(['10.0.0.2:8300 versionRefused'])
    await net.run(2000)
    expect(net.connections.every((connection) => connection.isClosed)).toBe(true)
    expect(net.pending).toBe(0)
  })

  it('speaks the newest version in common', async () => {
    const seen: number[] = []
    const { net, near } = await pair(
      { versions: { min: 1, max: 3 } },
      { versions: { min: 2, max: 9 }, onPost: (_c, _p, from) => seen.push(from.version) },
    )
    near.post(at, 1, text('x'))
    await net.run(20)
    expect(seen).toEqual([3])
  })

  it('is not one of us: unreachable', async () => {
    const { net, near } = await pair()
    const web = { ip: '10.0.0.3', port: 80 }
    await net.tcp('10.0.0.3').listen(web, (connection) => {
      connection.handle({
        onData: () => connection.write(text('HTTP/1.1 400 Bad Request\r\n\r\n')),
        onClose: () => {},
      })
    })
    const answer = near.call(web, 1, text('x'), soon(net))
    await net.run(50)
    expect(await answer).toMatchObject({ error: { code: 'unreachable', sent: false } })
    expect(near.statistics.closes.foreignProtocol).toBe(1)
  })

  it('never greets: cut after the handshake deadline', async () => {
    const { net, near, far } = await pair()
    const mute = { ip: '10.0.0.3', port: 1 }
    await net.tcp('10.0.0.3').listen(mute, (connection) => {
      connection.handle({ onData: () => {}, onClose: () => {} })
    })
    const answer = near.call(mute, 1, text('x'), soon(net, 60_000))
    const connecting = net.tcp('10.0.0.4').connect(at, { timeoutMs: 1000 })
    await net.run(20)
    const loris = await connecting
    loris.handle({ onData: () => {}, onClose: () => {} })
    for (let i = 0; i < 6; i++) {
      loris.write(new Uint8Array([i === 2 ? 1 : 0]))
      await net.run(1000)
    }
    expect(await answer).toMatchObject({ error: { code: 'unreachable', sent: false } })
    expect(far.statistics.closes.handshakeTimeout).toBe(1)
    expect(far.statistics.sessionsIn).toBe(0)
  })

  it('falls silent: calls fail and the session is closed soon after', async () => {
    const { net, near, closed } = await pair()
    const first = near.call(at, 1, text('x'), soon(net))
    await net.run(10)
    await first
    net.silence('10.0.0.2')
    const answer = near.call(at, 1, text('x'), soon(net, 3000))
    await net.run(3010)
    expect(await answer).toMatchObject({ error: { code: 'timeout', sent: true } })
    await net.run(10_010)
    expect(closed).toEqual(['10.0.0.2:8300 silentPeer'])
    expect(near.isConnected(at)).toBe(false)
  })

  it('is pinged while a call waits for long, and the session lives', async () => {
    const { net, near, far } = await pair()
    const answer = near.call(at, 1, text('never'), soon(net, 600_000))
    await net.run(599_000)
    expect(near.isConnected(at)).toBe(true)
    expect(far.statistics.sessionsIn).toBe(1)
    await net.run(2000)
    expect(await answer).toMatchObject({ error: { code: 'timeout' } })
  })

  it('is left alone: the session is closed after some minutes on both ends', async () => {
    const { net, near, far, closed } = await pair()
    near.post(at, 1, text('x'))
    await net.run(290_000)
    expect(near.isConnected(at)).toBe(true)
    await net.run(20_000)
    expect(near.isConnected(at)).toBe(false)
    expect(far.statistics.sessionsIn).toBe(0)
    expect(closed).toEqual([])
    expect(net.pending).toBe(0)
  })

  it('vanishes without a word: an accepted session is cut', async () => {
    const { net, near, far } = await pair()
    near.post(at, 1, text('x'))
    await net.run(20)
    net.silence('10.0.0.1')
    await net.run(91_000)
    expect(far.statistics.closes.silentPeer).toBe(1)
  })
})

describe('close', () => {
  it('sends what is queued, fails calls, and leaves no connection and no timer', async () => {
    const { net, near, far, posts, signals } = await pair()
    const first = near.call(at, 1, text('x'), soon(net))
    await net.run(10)
    await first
    const call = near.call(at, 1, text('never'), soon(net))
    await net.run(10)
    near.post(at, 1, text('last'))
    const closing = near.close()
    await net.run(20)
    await closing
    expect(await call).toMatchObject({ error: { code: 'closed', sent: true } })
    expect(posts.map((post) => post.text)).toEqual(['last'])
    expect(signals[1]?.aborted).toBe(true)
    const closingFar = far.close()
    await net.run(20)
    await closingFar
    expect(net.connections.every((connection) => connection.isClosed)).toBe(true)
    expect(net.pending).toBe(0)
  })

  it('tells callers of a closing peer', async () => {
    const { net, near, far } = await pair()
    const call = near.call(at, 1, text('never'), soon(net))
    await net.run(10)
    const closing = far.close()
    await net.run(20)
    await closing
    expect(await call).toMatchObject({
      error: { code: 'remote', message: 'The agent is closing', sent: true },
    })
    expect(await near.call(at, 1, text('x'), soon(net, -1))).toMatchObject({ error: { code: 'timeout' } })
  })

  it('cuts a peer that does not end', async () => {
    const { net, near } = await pair()
    near.post(at, 1, text('x'))
    await net.run(20)
    net.silence('10.0.0.2')
    const closing = near.close()
    await net.run(600)
    await closing
    expect(net.connections[0]?.isClosed).toBe(true)
    expect(await near.call(at, 1, text('x'), soon(net))).toMatchObject({
      error: { code: 'closed', sent: false },
    })
    expect(near.post(at, 1, text('x'))).toBe(false)
  })
})

describe('a peer that is gone', () => {
  it('is told with its hello, but not when this end closes', async () => {
    const gone: string[] = []
    const onPeerGone: RpcOptions['onPeerGone'] = (peer) => gone.push(string(peer.hello))
    const { net, near, far } = await pair({}, { onPeerGone })
    void near.call(at, 1, text('echo'), soon(net))
    await net.run(10)
    void near.close()
    await net.run(1000)
    expect(gone).toEqual(['near'])
    void far.close()
    await net.run(1000)
    expect(gone).toEqual(['near'])
  })
})
