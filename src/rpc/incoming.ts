// A session that we accepted: requests and posts come in, answers go back.

import type { TcpConnection } from '../runtime/host.ts'
import { Alarm } from './alarm.ts'
import type { RpcContext } from './config.ts'
import { type CloseReason, isBreach } from './failure.ts'
import { encodeFailure, type FailureKind } from './failure-frame.ts'
import { chunkBytesMax, type Frame, frameType } from './frames.ts'
import { commonVersion, decodeGreeting, encodeGreeting, encodeRefusal, versionRefusal } from './handshake.ts'
import { type InMessage, InTransfers, type TransferOutcome } from './in-transfers.ts'
import { Link } from './link.ts'
import { type OutMessage, OutQueue, outMessage } from './out-queue.ts'
import {
  handshakingToOpen,
  type RpcPeer,
  type SessionState,
  startAccepted,
  toClosed,
} from './session-state.ts'
import { count } from './statistics.ts'

const nothing = new Uint8Array(0)

/** An accepted session. */
export class IncomingSession {
  readonly #context: RpcContext
  readonly #onClosed: (session: IncomingSession) => void
  readonly #queue = new OutQueue()
  readonly #transfers: InTransfers
  readonly #alarm: Alarm
  /** Requests whose handler runs. */
  readonly #handlerByStream = new Map<number, AbortController>()
  /** Long answers on their way, to be stopped by a cancel. */
  readonly #longAnswers = new Map<number, OutMessage>()
  readonly #link: Link
  #state: SessionState

  /** `isSurplus`: the peer has too many sessions already; it is told so and cut. */
  constructor(
    connection: TcpConnection,
    context: RpcContext,
    isSurplus: boolean,
    onClosed: (session: IncomingSession) => void,
  ) {
    this.#context = context
    this.#onClosed = onClosed
    const { host, options, statistics, timing } = context
    this.#transfers = new InTransfers(options.limits.frameBytesMax)
    this.#alarm = new Alarm(host.clock, (nowMs) => this.#onWake(nowMs))
    this.#link = new Link(
      connection,
      {
        clock: host.clock,
        queue: this.#queue,
        statistics,
        queueBytesMax: options.limits.sessionQueueBytesMax,
      },
      {
        onFrame: (frame) => this.#onFrame(frame),
        onGone: (reason, detail) => {
          const isForeign = this.#state.kind === 'handshaking' && isBreach(reason)
          this.close(isForeign ? 'foreignProtocol' : reason, detail)
        },
      },
    )
    const deadlineMs = host.clock.nowMs() + timing.handshakeTimeoutMs
    this.#state = startAccepted(this.#link, deadlineMs)
    if (isSurplus) this.#refuse('tooManySessions', 'Too many sessions from this address')
    else this.#alarm.armBy(deadlineMs)
  }

  /** Ends the session in order: handlers are aborted, queued answers go out. Resolves when the peer has ended too. */
  end(): Promise<void> {
    if (this.#state.kind !== 'open') {
      this.close('closing', 'this agent is closing')
      return Promise.resolve()
    }
    for (const stream of this.#handlerByStream.keys())
      this.#queue.push(
        outMessage(frameType.failure, stream, encodeFailure('handler', 'The agent is closing')),
      )
    const ended = this.#link.end()
    this.#finish('closing', 'this agent is closing')
    return ended.finally(() => this.#queue.clear())
  }

  /** Cuts a session whose `end` takes too long. */
  cut(): void {
    this.#link.close()
  }

  /** Ends the session at once. */
  close(reason: CloseReason, detail: string): void {
    if (this.#state.kind === 'closed') return
    this.#link.close()
    this.#finish(reason, detail)
    this.#queue.clear()
  }

  #refuse(reason: 'versionRefused' | 'tooManySessions', sentence: string): void {
    this.#link.writeNow(encodeRefusal(reason === 'versionRefused' ? 'version' : 'overloaded', sentence))
    this.#link.closeSoftly()
    this.#finish(reason, sentence)
  }

  #onFrame(frame: Frame): boolean {
    if (this.#state.kind === 'handshaking') this.#onGreeting(frame)
    else if (this.#state.kind === 'open') this.#onMessage(frame, this.#state.peer)
    return this.#state.kind !== 'closed'
  }

  #onGreeting(frame: Frame): void {
    const greeting = frame.type === frameType.hello ? decodeGreeting(frame.body) : undefined
    if (!greeting) {
      this.close('foreignProtocol', 'the peer does not speak our protocol')
      return
    }
    const { versions, options } = this.#context
    const version = commonVersion(versions, greeting.versions)
    if (version === undefined) {
      this.#refuse('versionRefused', versionRefusal(versions, greeting.versions))
      return
    }
    const peer = { address: this.#link.connection.remote, hello: greeting.hello, version }
    this.#state = handshakingToOpen(this.#state, peer)
    this.#link.writeNow(encodeGreeting('welcome', { versions, version, hello: options.hello }))
    this.#link.open()
  }

  #onMessage(frame: Frame, peer: RpcPeer): void {
    const { type, stream, body } = frame
    switch (type) {
      case frameType.request:
      case frameType.post:
        this.#onTransfer(this.#transfers.begin(type, stream, body, true), peer)
        return
      case frameType.more:
        this.#onTransfer(this.#transfers.more(stream, body), peer)
        return
      case frameType.cancel:
        this.#onCancel(stream)
        return
      case frameType.ping:
        this.#answer(outMessage(frameType.pong, stream, nothing))
        return
      default:
        this.close('malformedFrame', 'the peer sent a frame that makes no sense here')
    }
  }

  #onTransfer(outcome: TransferOutcome, peer: RpcPeer): void {
    if (outcome === undefined) return
    if (outcome === 'malformed') this.close('malformedFrame', 'the peer sent a malformed frame')
    else if (outcome === 'oversized')
      this.close('oversizedFrame', 'the peer sent a message that is too large')
    else if (outcome === 'tooMany') this.close('tooManyTransfers', 'the peer began too many messages')
    else if (outcome.type === frameType.request) this.#onRequest(outcome, peer)
    else {
      this.#context.statistics.postsHandled++
      this.#context.options.onPost(outcome.channel, outcome.payload, peer)
    }
  }

  #onRequest(message: InMessage, peer: RpcPeer): void {
    const { stream, channel, payload } = message
    if (this.#handlerByStream.has(stream)) {
      this.close('malformedFrame', 'the peer used a stream twice')
      return
    }
    if (this.#handlerByStream.size >= this.#context.options.limits.requestsPerSessionMax) {
      this.#context.statistics.requestsRefused++
      this.#fail(stream, 'refused', 'Too many requests are under way in this session')
      return
    }
    const controller = new AbortController()
    this.#handlerByStream.set(stream, controller)
    this.#context.statistics.requestsHandled++
    this.#handle(channel, payload, peer, controller.signal).then(
      (answer) => this.#onAnswer(stream, controller, answer),
      (error: unknown) => this.#onRejected(stream, controller, error),
    )
  }

  /** The handler's promise, also where it throws before it returns one. */
  #handle(channel: number, payload: Uint8Array, peer: RpcPeer, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return this.#context.options.onCall(channel, payload, peer, signal)
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #onAnswer(stream: number, controller: AbortController, answer: Uint8Array): void {
    if (!this.#release(stream, controller)) return
    const { frameBytesMax, sessionQueueBytesMax } = this.#context.options.limits
    if (answer.length > frameBytesMax) {
      this.#fail(
        stream,
        'answerLost',
        `The answer has ${answer.length} bytes, more than the limit of ${frameBytesMax}`,
      )
      return
    }
    const queued = this.#queue.bytes
    if (queued > 0 && queued + answer.length > sessionQueueBytesMax * 2) {
      this.#fail(stream, 'answerLost', 'The session has too much to send: the answer was dropped')
      return
    }
    const message = outMessage(frameType.reply, stream, answer)
    if (answer.length > chunkBytesMax) this.#keepLong(message)
    this.#answer(message)
  }

  #onRejected(stream: number, controller: AbortController, error: unknown): void {
    if (!this.#release(stream, controller)) return
    this.#fail(stream, 'handler', error instanceof Error ? error.message : String(error))
  }

  /** False when nobody waits for this request any more. */
  #release(stream: number, controller: AbortController): boolean {
    if (this.#handlerByStream.get(stream) !== controller || this.#state.kind !== 'open') return false
    this.#handlerByStream.delete(stream)
    return true
  }

  #fail(stream: number, kind: FailureKind, sentence: string): void {
    this.#answer(outMessage(frameType.failure, stream, encodeFailure(kind, sentence)))
  }

  #answer(message: OutMessage): void {
    this.#queue.push(message)
    this.#link.flushSoon()
  }

  #keepLong(message: OutMessage): void {
    for (const [stream, earlier] of this.#longAnswers)
      if (earlier.isComplete) this.#longAnswers.delete(stream)
    this.#longAnswers.set(message.stream, message)
  }

  #onCancel(stream: number): void {
    this.#transfers.drop(stream)
    const answer = this.#longAnswers.get(stream)
    if (answer) this.#queue.drop(answer)
    this.#longAnswers.delete(stream)
    const controller = this.#handlerByStream.get(stream)
    this.#handlerByStream.delete(stream)
    controller?.abort()
  }

  #onWake(nowMs: number): void {
    const state = this.#state
    if (state.kind === 'handshaking') {
      if (nowMs >= state.deadlineMs) this.close('handshakeTimeout', 'no greeting came in time')
    } else if (state.kind === 'open' && nowMs >= this.#silentAtMs) {
      this.close('silentPeer', 'the peer sends nothing, not even pings')
    }
    if (this.#state.kind !== 'closed') this.#alarm.armBy(this.#silentAtMs)
  }

  get #silentAtMs(): number {
    return this.#link.lastReceivedMs + this.#context.timing.silenceMsMax
  }

  #finish(reason: CloseReason, detail: string): void {
    const peer = this.#state.kind === 'open' ? this.#state.peer : undefined
    this.#state = toClosed(this.#state, reason, detail)
    this.#alarm.stop()
    count(this.#context.statistics.closes, reason)
    const handlers = [...this.#handlerByStream.values()]
    this.#handlerByStream.clear()
    this.#longAnswers.clear()
    for (const controller of handlers) controller.abort()
    this.#onClosed(this)
    if (peer && reason !== 'closing') this.#context.options.onPeerGone?.(peer, reason)
  }
}
