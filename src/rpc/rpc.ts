// Sessions between agents: requests with answers, and one-way messages, over framed and multiplexed streams.
// Bytes in, bytes out: what they mean is codec's and agent's business. Decisions are in DESIGN.md.

import { assert } from '../lib/assert.ts'
import { err, type Result } from '../lib/result.ts'
import { type Address, formatAddress } from '../model/address.ts'
import { wireVersions } from '../model/version.ts'
import type { Host, TcpConnection, TcpListener } from '../runtime/host.ts'
import { type CallOptions, type RpcContext, type RpcOptions, rpcTiming } from './config.ts'
import { type CloseReason, failure, type RpcFailure, type RpcFailureCode } from './failure.ts'
import { helloBytesMax } from './handshake.ts'
import { IncomingSession } from './incoming.ts'
import { OutgoingSession } from './outgoing.ts'
import { count, newStatistics, type RpcStatistics } from './statistics.ts'

/** All sessions of one agent. */
export interface Rpc {
  /** Accepts sessions at an address; may be called for several. Rejects with HostError. */
  listen(at: Address): Promise<Address>
  /** Sends a request and waits for its answer; connects first if need be. Never rejects. */
  call(
    to: Address,
    channel: number,
    payload: Uint8Array,
    options: CallOptions,
  ): Promise<Result<Uint8Array, RpcFailure>>
  /**
   * Sends a one-way message, in order with the others of its channel to this address.
   *
   * @returns false when it was dropped: the queue is full, or the address was unreachable a moment ago. True is no
   *   promise that it arrives.
   */
  post(to: Address, channel: number, payload: Uint8Array): boolean
  /** True when an open session to this address exists. */
  isConnected(to: Address): boolean
  /** Ends all sessions: calls fail, what is queued goes out within a grace time. */
  close(): Promise<void>
  readonly statistics: Readonly<RpcStatistics>
}

/** Addresses whose backoff is remembered. */
const backoffsMax = 1024

interface Backoff {
  readonly failures: number
  readonly notBeforeMs: number
}

/** Makes the sessions of an agent; nothing is opened yet. */
export function createRpc(host: Pick<Host, 'tcp' | 'clock'>, options: RpcOptions): Rpc {
  return new RpcNode(host, options)
}

class RpcNode implements Rpc {
  readonly statistics: RpcStatistics = newStatistics()
  readonly #context: RpcContext
  readonly #listeners: TcpListener[] = []
  readonly #outgoingByAddress = new Map<string, OutgoingSession>()
  readonly #incoming = new Set<IncomingSession>()
  readonly #incomingCountByIp = new Map<string, number>()
  readonly #backoffByAddress = new Map<string, Backoff>()
  #isClosed = false

  constructor(host: Pick<Host, 'tcp' | 'clock'>, options: RpcOptions) {
    assert(options.hello.length <= helloBytesMax, 'the hello payload is too long')
    const timing = { ...rpcTiming, ...options.timing }
    const versions = options.versions ?? wireVersions
    this.#context = { host, options, timing, versions, statistics: this.statistics }
  }

  async listen(at: Address): Promise<Address> {
    const listener = await this.#context.host.tcp.listen(at, (connection) => this.#onConnection(connection))
    if (this.#isClosed) await listener.close()
    else this.#listeners.push(listener)
    return listener.local
  }

  async call(
    to: Address,
    channel: number,
    payload: Uint8Array,
    options: CallOptions,
  ): Promise<Result<Uint8Array, RpcFailure>> {
    this.statistics.calls++
    const refusal = this.#refusal(payload, options)
    if (refusal) {
      count(this.statistics.failures, refusal.code)
      return err(refusal)
    }
    const result = await this.#session(to).call(channel, payload, options)
    if (!result.ok) count(this.statistics.failures, result.error.code)
    return result
  }

  post(to: Address, channel: number, payload: Uint8Array): boolean {
    this.statistics.posts++
    const { limits } = this.#context.options
    const isSent =
      !this.#isClosed &&
      payload.length <= limits.frameBytesMax &&
      this.#mayPost(to) &&
      this.#session(to).post(channel, payload)
    if (!isSent) this.statistics.postsDropped++
    return isSent
  }

  isConnected(to: Address): boolean {
    return this.#outgoingByAddress.get(formatAddress(to))?.isOpen ?? false
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const sessions = [...this.#outgoingByAddress.values(), ...this.#incoming]
    const ended = Promise.all(sessions.map((session) => session.end()))
    await Promise.all(this.#listeners.map((listener) => listener.close()))
    await this.#withGrace(ended, sessions)
  }

  /** Waits for the sessions' ends, and cuts those that take too long. */
  async #withGrace(ended: Promise<unknown>, sessions: readonly { cut(): void }[]): Promise<void> {
    const { clock } = this.#context.host
    const cancel = clock.wakeAt(clock.nowMs() + this.#context.timing.closeGraceMs, () => {
      for (const session of sessions) session.cut()
    })
    await ended
    cancel()
  }

  /** Why a call is not even tried. */
  #refusal(payload: Uint8Array, options: CallOptions): RpcFailure | undefined {
    const refuse = (code: RpcFailureCode, message: string): RpcFailure => failure(code, message, false)
    if (this.#isClosed) return refuse('closed', 'This agent is closing')
    if (options.signal?.aborted) return refuse('cancelled', 'The request was cancelled')
    if (options.deadlineMs <= this.#context.host.clock.nowMs())
      return refuse('timeout', 'The deadline has passed before the request was sent')
    const { frameBytesMax } = this.#context.options.limits
    if (payload.length <= frameBytesMax) return undefined
    return refuse(
      'overloaded',
      `The request has ${payload.length} bytes, more than the limit of ${frameBytesMax}`,
    )
  }

  /** Posts wait out the backoff of an address; a session that exists is always used. */
  #mayPost(to: Address): boolean {
    const key = formatAddress(to)
    if (this.#outgoingByAddress.has(key)) return true
    const backoff = this.#backoffByAddress.get(key)
    return !backoff || this.#context.host.clock.nowMs() >= backoff.notBeforeMs
  }

  #session(to: Address): OutgoingSession {
    const key = formatAddress(to)
    const existing = this.#outgoingByAddress.get(key)
    if (existing) return existing
    const session = new OutgoingSession(to, this.#context, (closed, reason) =>
      this.#onOutgoingClosed(closed, reason),
    )
    this.#outgoingByAddress.set(key, session)
    this.statistics.sessionsOut = this.#outgoingByAddress.size
    return session
  }

  #onOutgoingClosed(session: OutgoingSession, reason: CloseReason): void {
    const key = formatAddress(session.to)
    this.#outgoingByAddress.delete(key)
    this.statistics.sessionsOut = this.#outgoingByAddress.size
    this.#noteBackoff(key, session.hasOpened)
    if (reason !== 'idle' && reason !== 'closing') this.#context.options.onSessionClosed?.(session.to, reason)
  }

  /** A session that never opened makes posts wait; one that had opened may be dialled again at once. */
  #noteBackoff(key: string, hasOpened: boolean): void {
    const earlier = this.#backoffByAddress.get(key)
    this.#backoffByAddress.delete(key)
    if (hasOpened) return
    const { backoffMsMin, backoffMsMax } = this.#context.timing
    const failures = (earlier?.failures ?? 0) + 1
    const waitMs = Math.min(backoffMsMin * 2 ** Math.min(failures - 1, 16), backoffMsMax)
    this.#backoffByAddress.set(key, { failures, notBeforeMs: this.#context.host.clock.nowMs() + waitMs })
    if (this.#backoffByAddress.size <= backoffsMax) return
    const [oldest] = this.#backoffByAddress.keys()
    if (oldest !== undefined) this.#backoffByAddress.delete(oldest)
  }

  #onConnection(connection: TcpConnection): void {
    if (this.#isClosed) {
      connection.destroy()
      return
    }
    const { ip } = connection.remote
    const sessions = this.#incomingCountByIp.get(ip) ?? 0
    const isSurplus = sessions >= this.#context.options.limits.sessionsPerPeerMax
    this.statistics.accepts++
    if (!isSurplus) this.#incomingCountByIp.set(ip, sessions + 1)
    const session = new IncomingSession(connection, this.#context, isSurplus, (closed) => {
      if (!this.#incoming.delete(closed)) return
      this.#onIncomingClosed(ip)
    })
    // A surplus session has already ended here.
    if (!isSurplus) this.#incoming.add(session)
    this.statistics.sessionsIn = this.#incoming.size
  }

  #onIncomingClosed(ip: string): void {
    this.statistics.sessionsIn = this.#incoming.size
    const left = (this.#incomingCountByIp.get(ip) ?? 1) - 1
    if (left > 0) this.#incomingCountByIp.set(ip, left)
    else this.#incomingCountByIp.delete(ip)
  }
}
