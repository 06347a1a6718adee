// Two agents on the fake net, for the tests of sessions.
import type { Address } from '../../../src/model/address.ts'
import { limits, type Limits } from '../../../src/model/limits.ts'
import type { RpcOptions } from '../../../src/rpc/config.ts'
import { createRpc, type Rpc } from '../../../src/rpc/rpc.ts'
import type { RpcPeer } from '../../../src/rpc/session-state.ts'
import { FakeNet } from './fake-net.ts'

/** Where `far` listens. */
export const at: Address = { ip: '10.0.0.2', port: 8300 }
/** UTF-8. */
export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
/** UTF-8, back. */
export const string = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** The two agents and what happened to them. */
export interface Pair {
  readonly net: FakeNet
  readonly near: Rpc
  readonly far: Rpc
  readonly posts: { channel: number; text: string; from: RpcPeer }[]
  readonly closed: string[]
  readonly signals: AbortSignal[]
}

/** Limits that are soon reached. */
export const tiny: Limits = { ...limits, requestsPerSessionMax: 4, sessionsPerPeerMax: 2 }

/** Two agents: `near` calls, `far` answers `echo`, `fail`, `never`, `big` or the sender's hello. */
export async function pair(
  nearOptions: Partial<RpcOptions> = {},
  farOptions: Partial<RpcOptions> = {},
): Promise<Pair> {
  const net = new FakeNet()
  const posts: Pair['posts'] = []
  const closed: string[] = []
  const signals: AbortSignal[] = []
  const near = createRpc(net.host('10.0.0.1'), {
    hello: text('near'),
    limits,
    onCall: () => Promise.reject(new Error('not asked')),
    onPost: () => {},
    onSessionClosed: (to, reason) => closed.push(`${to.ip}:${to.port} ${reason}`),
    ...nearOptions,
  })
  const far = createRpc(net.host('10.0.0.2'), {
    hello: text('far'),
    limits,
    onCall: (_channel, payload, from, signal) => {
      signals.push(signal)
      const request = string(payload.subarray(0, 16))
      if (request === 'fail') return Promise.reject(new Error('it went wrong'))
      if (request === 'never') return new Promise(() => {})
      if (request === 'big') return Promise.resolve(new Uint8Array(3_000_000).fill(7))
      if (request === 'who') return Promise.resolve(from.hello)
      return Promise.resolve(payload)
    },
    onPost: (channel, payload, from) => posts.push({ channel, text: string(payload.subarray(0, 16)), from }),
    ...farOptions,
  })
  await far.listen(at)
  return { net, near, far, posts, closed, signals }
}

/** A deadline in the near future. */
export const soon = (net: FakeNet, ms = 5000): { readonly deadlineMs: number } => ({
  deadlineMs: net.clock.nowMs() + ms,
})
