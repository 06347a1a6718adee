// What a caller may set, and the times that sessions keep.

import type { Address } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { Host } from '../runtime/host.ts'
import type { CloseReason } from './failure.ts'
import type { VersionRange } from './handshake.ts'
import type { RpcPeer } from './session-state.ts'
import type { RpcStatistics } from './statistics.ts'

/** The limits that sessions keep to. */
export type RpcLimits = Pick<
  Limits,
  'frameBytesMax' | 'requestsPerSessionMax' | 'sessionsPerPeerMax' | 'sessionQueueBytesMax'
>

/** Times, all in milliseconds. */
export interface RpcTiming {
  readonly connectTimeoutMs: number
  readonly handshakeTimeoutMs: number
  /** An open session is pinged when one direction was quiet for so long. */
  readonly keepaliveMs: number
  /** … and earlier when something was sent and nothing at all came back. */
  readonly unansweredMs: number
  /** Anything must arrive within this after a ping. */
  readonly pongTimeoutMs: number
  /** An accepted session that sends nothing for so long, not even pings, is cut. */
  readonly silenceMsMax: number
  /** A session that nobody used for so long is closed. */
  readonly idleMsMax: number
  /** Posts do not connect again for this time after a failed attempt; it doubles up to the second. */
  readonly backoffMsMin: number
  readonly backoffMsMax: number
  /** How long `close` waits for what is queued to go out. */
  readonly closeGraceMs: number
}

/** The times of a real agent. */
export const rpcTiming: RpcTiming = {
  connectTimeoutMs: 5000,
  handshakeTimeoutMs: 5000,
  keepaliveMs: 30_000,
  unansweredMs: 5000,
  pongTimeoutMs: 10_000,
  silenceMsMax: 90_000,
  idleMsMax: 300_000,
  backoffMsMin: 50,
  backoffMsMax: 1000,
  closeGraceMs: 500,
}

/** Options of `createRpc`. */
export interface RpcOptions {
  /** Who we are, for the peer's eyes: at most 4096 bytes, opaque here. */
  readonly hello: Uint8Array
  readonly limits: RpcLimits
  /** Wire versions spoken; those of this build unless a test says otherwise. */
  readonly versions?: VersionRange
  readonly timing?: Partial<RpcTiming>
  /** Local address to connect from. */
  readonly localIp?: string
  /** Answers a request. A rejection reaches the caller as `remote` with the error's message. */
  onCall(channel: number, payload: Uint8Array, from: RpcPeer, signal: AbortSignal): Promise<Uint8Array>
  /** Takes a one-way message. */
  onPost(channel: number, payload: Uint8Array, from: RpcPeer): void
  /** A session that we had opened broke, or could not be opened. Not called for idle ones and our own closing. */
  onSessionClosed?(to: Address, reason: CloseReason): void
  /** A peer that had a session with us is gone from it, for whatever reason but our own closing. */
  onPeerGone?(peer: RpcPeer, reason: CloseReason): void
}

/** What all sessions of one agent share. */
export interface RpcContext {
  readonly host: Pick<Host, 'tcp' | 'clock'>
  readonly options: RpcOptions
  readonly timing: RpcTiming
  readonly versions: VersionRange
  readonly statistics: RpcStatistics
}

/** Options of a call. */
export interface CallOptions {
  /** By the host's clock; `Infinity` for none. */
  readonly deadlineMs: number
  readonly signal?: AbortSignal
}
