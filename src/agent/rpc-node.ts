// The agent's sessions with others: greets, decodes requests and hands them to their places.
import { decodeHello, encodeHello, type Hello } from '../codec/hello-codec.ts'
import { decodeRequest, encodeReply } from '../codec/request-codec.ts'
import type { Address } from '../model/address.ts'
import { requestError } from '../model/errors.ts'
import type { Limits } from '../model/limits.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import { createRpc, type Rpc } from '../rpc/rpc.ts'
import type { RpcPeer } from '../rpc/session-state.ts'
import type { Host } from '../runtime/host.ts'
import { channels } from './channels.ts'
import { EncodedReplies } from './encoded-replies.ts'
import type { Metrics } from './metrics.ts'

/** Where requests and messages go. Set once the agent is composed. */
export interface RpcHandlers {
  request(request: RpcRequest, signal: AbortSignal): Promise<RpcReply>
  raftMessage(bytes: Uint8Array, from: string): void
  sessionClosed(to: Address): void
  /** A member of our datacenter ended its session with us. */
  peerGone(name: string): void
}

/** What the sessions are made of. */
export interface RpcNodeOptions {
  readonly host: Pick<Host, 'tcp' | 'clock'>
  readonly hello: Hello
  readonly limits: Limits
  /** `limits.rpc_handshake_timeout`. */
  readonly handshakeTimeoutMs: number
  readonly metrics: Metrics
  readonly handlers: () => RpcHandlers
}

/** Makes the sessions of an agent. */
export function createRpcNode(options: RpcNodeOptions): Rpc {
  const helloByPeer = new WeakMap<RpcPeer, Hello | null>()
  const context = { ...options, replies: new EncodedReplies() }
  const helloOf = (peer: RpcPeer): Hello | null => {
    const known = helloByPeer.get(peer)
    if (known !== undefined) return known
    const decoded = decodeHello(peer.hello)
    const hello = decoded.ok ? decoded.value : null
    helloByPeer.set(peer, hello)
    return hello
  }
  return createRpc(options.host, {
    hello: encodeHello(options.hello),
    limits: options.limits,
    timing: { handshakeTimeoutMs: options.handshakeTimeoutMs },
    onCall: (channel, payload, _from, signal) => onCall(context, channel, payload, signal),
    onPost(channel, payload, from) {
      const hello = helloOf(from)
      if (channel === channels.raft && hello !== null && hello.datacenter === options.hello.datacenter) {
        options.handlers().raftMessage(payload, hello.id)
      } else options.metrics.count('rpc.rejected.post')
    },
    onSessionClosed: (to) => options.handlers().sessionClosed(to),
    onPeerGone(peer) {
      const hello = helloOf(peer)
      if (hello !== null && hello.datacenter === options.hello.datacenter)
        options.handlers().peerGone(hello.name)
    },
  })
}

async function onCall(
  options: RpcNodeOptions & { readonly replies: EncodedReplies },
  channel: number,
  payload: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const request = decodeRequest(payload)
  if (channel !== channels.request || !request.ok) {
    options.metrics.count('rpc.request_error')
    const detail = request.ok ? `unknown channel ${channel}` : request.error.detail
    return encodeReply({ kind: 'refused', error: requestError('badRequest', `Malformed request: ${detail}`) })
  }
  options.metrics.count('rpc.request')
  return options.replies.encode(await options.handlers().request(request.value, signal))
}
