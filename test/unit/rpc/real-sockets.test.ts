// The same sessions over real sockets of this machine.
import { expect, it } from 'vitest'

import { limits } from '../../../src/model/limits.ts'
import { exchange, listenExchanges } from '../../../src/rpc/exchange.ts'
import { createRpc } from '../../../src/rpc/rpc.ts'
import { nodeHost } from '../../../src/runtime/node.ts'

it('carries calls, long ones too, and posts, and closes cleanly', async () => {
  const host = nodeHost()
  const posts: number[] = []
  const options = {
    hello: new Uint8Array(0),
    limits,
    onCall: (_channel: number, payload: Uint8Array) => Promise.resolve(payload),
    onPost: (channel: number) => void posts.push(channel),
  }
  const far = createRpc(host, options)
  const near = createRpc(host, options)
  const at = await far.listen({ ip: '127.0.0.1', port: 0 })
  const deadlineMs = host.clock.nowMs() + 8000
  const long = new Uint8Array(7_000_000).map((_, i) => i % 249)
  near.post(at, 7, new Uint8Array(3))
  const [longAnswer, ...answers] = await Promise.all([
    near.call(at, 1, long, { deadlineMs }),
    ...Array.from({ length: 200 }, (_, i) => near.call(at, 1, new Uint8Array([i]), { deadlineMs })),
  ])
  expect(longAnswer?.ok && Buffer.compare(longAnswer.value, long)).toBe(0)
  expect(answers.every((answer, i) => answer.ok && answer.value[0] === i % 256)).toBe(true)
  expect(posts).toEqual([7])
  const refused = await near.call({ ip: '127.0.0.1', port: 1 }, 1, long, { deadlineMs })
  expect(refused).toMatchObject({ error: { code: 'unreachable', sent: false } })
  await Promise.all([near.close(), far.close()])
  expect([near.statistics.sessionsOut, far.statistics.sessionsIn]).toEqual([0, 0])
})

it('exchanges blocks', async () => {
  const host = nodeHost()
  const listener = await listenExchanges(host, { ip: '127.0.0.1', port: 0 }, 4_000_000, (bytes) =>
    Promise.resolve(bytes.slice().reverse()),
  )
  const bytes = new Uint8Array(3_000_000).map((_, i) => i % 241)
  const result = await exchange(host, listener.local, bytes, { timeoutMs: 5000, limitBytes: 4_000_000 })
  expect(result.ok && Buffer.compare(result.value, bytes.slice().reverse())).toBe(0)
  await listener.close()
})
