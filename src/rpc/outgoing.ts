// A session that we dialled: calls and posts go out, answers come back. One per address, reused until it breaks or idles.

import { err, type Result } from '../lib/result.ts'
import { type Address, formatAddress } from '../model/address.ts'
import type { TcpConnection } from '../runtime/host.ts'
import { Alarm } from './alarm.ts'
import { Calls } from './calls.ts'
import type { CallOptions, RpcContext } from './config.ts'
import { type CloseReason, failure, isBreach, type RpcFailure, type RpcFailureCode } from './failure.ts'
import { decodeFailure } from './failure-frame.ts'
import { type Frame, frameType } from './frames.ts'
import { decodeGreeting, decodeRefusal, encodeGreeting } from './handshake.ts'
import { InTransfers, type TransferOutcome } from './in-transfers.ts'
import { Link } from './link.ts'
import { OutQueue, outMessage } from './out-queue.ts'
import {
  connectingToHandshaking,
  handshakingToOpen,
  type Open,
  openToOpen,
  type SessionState,
  startConnecting,
  toClosed,
} from './session-state.ts'
import { count } from './statistics.ts'

/** Why calls fail when the session ends for a reason; else `closed`, or `unreachable` if it was never open. */
const codeByReason: Partial<Record<CloseReason, RpcFailureCode>> = {
  closing: 'closed',
  versionRefused: 'refusedVersion',
  tooManySessions: 'overloaded',
}

const foreignText = 'what answers there does not speak our protocol'

/** A dialled session. */
export class OutgoingSession {
  readonly to: Address
  readonly #context: RpcContext
  readonly #onClosed: (session: OutgoingSession, reason: CloseReason) => void
  readonly #queue = new OutQueue()
  readonly #calls = new Calls()
  readonly #transfers: InTransfers
  readonly #alarm: Alarm
  #state: SessionState = startConnecting()
  #ending: Link | undefined
  #hasOpened = false
  #lastUsedMs: number

  constructor(
    to: Address,
    context: RpcContext,
    onClosed: (session: OutgoingSession, reason: CloseReason) => void,
  ) {
    this.to = to
    this.#context = context
    this.#onClosed = onClosed
    this.#transfers = new InTransfers(context.options.limits.frameBytesMax)
    this.#alarm = new Alarm(context.host.clock, (nowMs) => this.#onWake(nowMs))
    this.#lastUsedMs = context.host.clock.nowMs()
    this.#connect()
  }

  /** True once both ends have greeted each other, until the end. */
  get isOpen(): boolean {
    return this.#state.kind === 'open'
  }

  /** True if it was ever open. */
  get hasOpened(): boolean {
    return this.#hasOpened
  }

  /** Sends a request and waits for its answer. */
  call(channel: number, payload: Uint8Array, options: CallOptions): Promise<Result<Uint8Array, RpcFailure>> {
    const { limits } = this.#context.options
    if (this.#calls.size >= limits.requestsPerSessionMax || !this.#hasRoom) {
      return Promise.resolve(err(failure('overloaded', `Too much is under way to ${this.#peerText}`, false)))
    }
    const message = outMessage(frameType.request, this.#calls.nextStream(), payload, channel)
    const answer = this.#calls.add(message, options, () => {
      this.#giveUp(message.stream, 'cancelled', 'The request was cancelled')
    })
    this.#send(message)
    this.#alarm.armBy(options.deadlineMs)
    return answer
  }

  /** Queues a one-way message; false when there is no room. */
  post(channel: number, payload: Uint8Array): boolean {
    if (!this.#hasRoom) return false
    this.#send(outMessage(frameType.post, this.#calls.nextStream(), payload, channel))
    return true
  }

  /** Ends the session in order: calls fail, queued posts go out. Resolves when the peer has ended too. */
  end(): Promise<void> {
    const state = this.#state
    if (state.kind !== 'open') {
      this.close('closing', 'this agent is closing')
      return Promise.resolve()
    }
    for (const stream of this.#calls.streams()) this.#giveUp(stream, 'closed', 'This agent is closing')
    this.#ending = state.link
    const ended = state.link.end()
    this.#finish('closing', 'this agent is closing')
    return ended.finally(() => this.#queue.clear())
  }

  /** Cuts a session whose `end` takes too long. */
  cut(): void {
    this.#ending?.close()
  }

  /** Ends the session at once. */
  close(reason: CloseReason, detail: string): void {
    const state = this.#state
    if (state.kind === 'closed') return
    if (state.kind !== 'connecting') state.link.close()
    const code = codeByReason[reason] ?? (this.#hasOpened ? 'closed' : 'unreachable')
    const text =
      code === 'closed'
        ? `The session with ${this.#peerText} ended: ${detail}`
        : this.#unreachable(reason, detail)
    const streams = this.#calls.streams()
    this.#finish(reason, detail)
    for (const stream of streams) this.#calls.fail(stream, { code, message: text })
    this.#context.statistics.postsDropped += this.#queue.clear()
  }

  /** The host's own sentence names the address already. */
  #unreachable(reason: CloseReason, detail: string): string {
    return reason === 'connectFailed' ? detail : `Cannot reach ${this.#peerText}: ${detail}`
  }

  get #peerText(): string {
    return formatAddress(this.to)
  }

  /** Past the limit nothing more is queued; one message may overshoot it, else long ones would never find room. */
  get #hasRoom(): boolean {
    return this.#queue.bytes < this.#context.options.limits.sessionQueueBytesMax
  }

  #send(message: ReturnType<typeof outMessage>): void {
    this.#lastUsedMs = this.#context.host.clock.nowMs()
    this.#queue.push(message)
    if (this.#state.kind === 'open') this.#state.link.flushSoon()
  }

  #connect(): void {
    const { host, timing, options } = this.#context
    this.#context.statistics.connects++
    const localIp = options.localIp === undefined ? {} : { localIp: options.localIp }
    host.tcp.connect(this.to, { timeoutMs: timing.connectTimeoutMs, ...localIp }).then(
      (connection) => this.#onConnected(connection),
      (error: unknown) => this.close('connectFailed', error instanceof Error ? error.message : String(error)),
    )
  }

  #onConnected(connection: TcpConnection): void {
    if (this.#state.kind !== 'connecting') {
      connection.destroy()
      return
    }
    const { host, statistics, timing, versions, options } = this.#context
    const queueBytesMax = Infinity
    const link = new Link(
      connection,
      { clock: host.clock, queue: this.#queue, statistics, queueBytesMax },
      {
        onFrame: (frame) => this.#onFrame(frame),
        onExpecting: (sinceMs) => {
          if (this.#state.kind !== 'closed') this.#alarm.armBy(sinceMs + timing.unansweredMs)
        },
        onGone: (reason, detail) => {
          const isForeign = this.#state.kind === 'handshaking' && isBreach(reason)
          if (isForeign) this.close('foreignProtocol', foreignText)
          else this.close(reason, detail)
        },
      },
    )
    const deadlineMs = host.clock.nowMs() + timing.handshakeTimeoutMs
    this.#state = connectingToHandshaking(this.#state, link, deadlineMs)
    this.#alarm.armBy(deadlineMs)
    link.writeNow(encodeGreeting('hello', { versions, version: 0, hello: options.hello }))
  }

  #onFrame(frame: Frame): boolean {
    if (this.#state.kind === 'handshaking') this.#onGreeting(frame)
    else if (this.#state.kind === 'open') this.#onMessage(frame)
    return this.#state.kind !== 'closed'
  }

  #onGreeting(frame: Frame): void {
    if (frame.type === frameType.refused) {
      const { code, sentence } = decodeRefusal(frame.body)
      this.close(code === 'version' ? 'versionRefused' : 'tooManySessions', sentence)
      return
    }
    const greeting = frame.type === frameType.welcome ? decodeGreeting(frame.body) : undefined
    const { min, max } = this.#context.versions
    if (!greeting || greeting.version < min || greeting.version > max || this.#state.kind !== 'handshaking') {
      this.close('foreignProtocol', foreignText)
      return
    }
    const peer = { address: this.to, hello: greeting.hello, version: greeting.version }
    const { link } = this.#state
    this.#state = handshakingToOpen(this.#state, peer)
    this.#hasOpened = true
    link.open()
    this.#rearm()
  }

  #onMessage(frame: Frame): void {
    const { type, stream, body } = frame
    switch (type) {
      case frameType.reply:
        if (this.#calls.has(stream)) this.#onTransfer(this.#transfers.begin(type, stream, body, false))
        return
      case frameType.more:
        this.#onTransfer(this.#transfers.more(stream, body))
        return
      case frameType.failure:
        this.#onFailure(stream, body)
        return
      case frameType.pong:
        return
      default:
        this.close('malformedFrame', 'the peer sent a frame that makes no sense here')
    }
  }

  #onTransfer(outcome: TransferOutcome): void {
    if (outcome === undefined) return
    if (outcome === 'malformed') this.close('malformedFrame', 'the peer sent a malformed frame')
    else if (outcome === 'oversized')
      this.close('oversizedFrame', 'the peer sent a message that is too large')
    else if (outcome === 'tooMany') this.close('tooManyTransfers', 'the peer began too many messages')
    else this.#calls.answer(outcome.stream, outcome.payload)
  }

  #onFailure(stream: number, body: Uint8Array): void {
    const { code, message, sent } = decodeFailure(body)
    this.#transfers.drop(stream)
    const call = this.#calls.fail(stream, { code, message, sent })
    if (call) this.#queue.drop(call.message)
  }

  /** Settles a call from our side, and tells the peer if it may have begun with it. */
  #giveUp(stream: number, code: RpcFailureCode, message: string): void {
    const call = this.#calls.fail(stream, { code, message })
    if (!call) return
    this.#transfers.drop(stream)
    this.#queue.drop(call.message)
    if (call.message.sentBytes > 0 || call.message.isComplete)
      this.#send(outMessage(frameType.cancel, stream, new Uint8Array(0)))
  }

  #onWake(nowMs: number): void {
    const expired = this.#calls.due(nowMs)
    for (const stream of expired)
      this.#giveUp(stream, 'timeout', `No answer from ${this.#peerText} within the deadline`)
    const state = this.#state
    if (state.kind === 'handshaking' && nowMs >= state.deadlineMs) {
      this.close('handshakeTimeout', 'the peer did not answer the greeting in time')
    } else if (state.kind === 'open') this.#watch(state, nowMs, expired.length > 0)
    this.#rearm()
  }

  /** Ends an open session that idles or whose peer is silent, and pings when it is time to know. */
  #watch(state: Open, nowMs: number, hasExpired: boolean): void {
    const { timing } = this.#context
    const { link } = state
    if (this.#calls.size === 0 && this.#queue.isEmpty && nowMs >= this.#lastUsedMs + timing.idleMsMax) {
      this.close('idle', 'nobody used the session')
      return
    }
    if (state.pingSentMs !== Infinity) {
      if (link.lastReceivedMs >= state.pingSentMs) this.#state = openToOpen(state, Infinity)
      else if (nowMs >= state.pingSentMs + timing.pongTimeoutMs) {
        this.close('silentPeer', 'the peer does not answer')
        return
      }
    }
    const isWorried = hasExpired && link.expectingSinceMs !== Infinity
    if (this.#state.kind === 'open' && (nowMs >= this.#pingAtMs(this.#state) || isWorried))
      this.#ping(this.#state, nowMs)
  }

  #ping(state: Open, nowMs: number): void {
    if (state.pingSentMs !== Infinity) return
    this.#state = openToOpen(state, nowMs)
    this.#queue.push(outMessage(frameType.ping, 0, new Uint8Array(0)))
    state.link.flushSoon()
  }

  #pingAtMs(state: Open): number {
    if (state.pingSentMs !== Infinity) return Infinity
    const { timing } = this.#context
    const quietAtMs = Math.min(state.link.lastReceivedMs, state.link.lastSentMs) + timing.keepaliveMs
    return Math.min(quietAtMs, state.link.expectingSinceMs + timing.unansweredMs)
  }

  #rearm(): void {
    const state = this.#state
    if (state.kind === 'closed') return
    this.#alarm.armBy(this.#calls.earliestMs())
    if (state.kind === 'handshaking') this.#alarm.armBy(state.deadlineMs)
    if (state.kind !== 'open') return
    const { timing } = this.#context
    this.#alarm.armBy(state.pingSentMs + timing.pongTimeoutMs)
    this.#alarm.armBy(this.#pingAtMs(state))
    if (this.#calls.size === 0) this.#alarm.armBy(this.#lastUsedMs + timing.idleMsMax)
  }

  #finish(reason: CloseReason, detail: string): void {
    this.#state = toClosed(this.#state, reason, detail)
    this.#alarm.stop()
    count(this.#context.statistics.closes, reason)
    this.#onClosed(this, reason)
  }
}
