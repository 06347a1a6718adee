// A connection that carries frames: reads them, sends what the queue holds, and knows when it last heard anything.
// It knows nothing of handshakes, calls or handlers.

import type { Clock, TcpConnection } from '../runtime/host.ts'
import type { CloseReason } from './failure.ts'
import { type Frame, FrameReader, frameLengthMax, handshakeLengthMax } from './frames.ts'
import type { OutQueue } from './out-queue.ts'
import type { RpcStatistics } from './statistics.ts'

/** Bytes handed to the connection at once; what a heartbeat may have to wait for. */
const batchBytesMax = 256 * 1024

/** How long a refused peer may take to read why. */
const lingerMs = 1000

/** What a link tells its session. */
export interface LinkEvents {
  /** A frame has come. False when it ended the session. */
  onFrame(frame: Frame): boolean
  /** Bytes were sent after a time in which everything was answered: an answer is expected from now on. */
  onExpecting?(sinceMs: number): void
  /** The connection is over, once, unless `close` was called before. */
  onGone(reason: CloseReason, detail: string): void
}

/** What a link needs of its session. */
export interface LinkContext {
  readonly clock: Pick<Clock, 'nowMs' | 'wakeAt' | 'soon'>
  readonly queue: OutQueue
  readonly statistics: RpcStatistics
  /** Queued bytes past which nothing more is read from the peer, until half of it has drained. */
  readonly queueBytesMax: number
}

/** A framed connection. */
export class Link {
  readonly connection: TcpConnection
  readonly #context: LinkContext
  readonly #events: LinkEvents
  readonly #reader = new FrameReader(handshakeLengthMax)
  #isPumping = false
  #isScheduled = false
  #isBlocked = false
  #isPaused = false
  #isClosed = false
  #isEnding = false
  #cancelLinger: (() => void) | undefined
  #onEnded: (() => void) | undefined
  #lastReceivedMs: number
  #lastSentMs: number
  /** When the first bytes were sent that nothing has followed from the peer; Infinity if none. */
  #expectingSinceMs = Infinity

  constructor(connection: TcpConnection, context: LinkContext, events: LinkEvents) {
    this.connection = connection
    this.#context = context
    this.#events = events
    this.#lastReceivedMs = context.clock.nowMs()
    this.#lastSentMs = this.#lastReceivedMs
    connection.handle({
      onData: (bytes) => this.#onData(bytes),
      onDrain: () => this.#onDrain(),
      onEnd: () => this.#onEnd(),
      onClose: (error) => {
        this.#cancelLinger?.()
        this.#gone('connectionLost', error?.message ?? 'the connection was closed')
      },
    })
  }

  get lastReceivedMs(): number {
    return this.#lastReceivedMs
  }

  get lastSentMs(): number {
    return this.#lastSentMs
  }

  get expectingSinceMs(): number {
    return this.#expectingSinceMs
  }

  /** Sends a frame of the handshake past the queue. */
  writeNow(bytes: Uint8Array): void {
    this.#sent(bytes.length)
    if (!this.connection.write(bytes)) this.#isBlocked = true
  }

  /** The handshake is over: full-sized frames are read, and the queue is sent. */
  open(): void {
    this.#isPumping = true
    this.#reader.lengthMax = frameLengthMax
    this.flushSoon()
  }

  /** Sends the queue at the end of this turn, so that what is queued in one turn goes out in one write. */
  flushSoon(): void {
    if (this.#context.queue.bytes > this.#context.queueBytesMax) this.#pauseReading()
    if (this.#isScheduled || this.#isBlocked || !this.#isPumping) return
    this.#isScheduled = true
    this.#context.clock.soon(this.#onSoon)
  }

  /** Sends all that is queued and the end of the stream; resolves when the peer has ended too or `close` is called. */
  end(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#isEnding = true
    this.#flush()
    return new Promise((resolve) => {
      this.#onEnded = resolve
    })
  }

  /** Closes at once, without `onGone`. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#isPumping = false
    this.connection.destroy()
    this.#onEnded?.()
  }

  /** Closes after what was written has gone out, or a second later: for a last sentence to the peer. */
  closeSoftly(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#isPumping = false
    this.connection.end()
    const { clock } = this.#context
    this.#cancelLinger = clock.wakeAt(clock.nowMs() + lingerMs, () => this.connection.destroy())
  }

  #onEnd(): void {
    if (this.#isClosed) this.connection.destroy()
    this.#gone('peerEnded', 'the peer closed the session')
  }

  #onData(bytes: Uint8Array): void {
    if (this.#isClosed) return
    this.#context.statistics.bytesIn += bytes.length
    this.#lastReceivedMs = this.#context.clock.nowMs()
    this.#expectingSinceMs = Infinity
    const outcome = this.#reader.push(bytes, (frame) => this.#events.onFrame(frame) && !this.#isClosed)
    if (outcome === 'oversized') this.#gone('oversizedFrame', 'the peer sent a frame that is too large')
    else if (outcome === 'malformed') this.#gone('malformedFrame', 'the peer sent a malformed frame')
  }

  readonly #onSoon = (): void => {
    this.#isScheduled = false
    this.#flush()
  }

  #flush(): void {
    if (this.#isClosed) return
    while (this.#isPumping && !this.#isBlocked) {
      const batch = this.#context.queue.take(batchBytesMax)
      if (!batch) break
      this.#sent(batch.length)
      if (!this.connection.write(batch)) this.#isBlocked = true
    }
    if (this.#isEnding && this.#context.queue.isEmpty) this.connection.end()
    if (this.#isPaused && this.#context.queue.bytes <= this.#context.queueBytesMax / 2) {
      this.#isPaused = false
      this.connection.resume()
    }
  }

  #sent(bytes: number): void {
    this.#context.statistics.bytesOut += bytes
    this.#lastSentMs = this.#context.clock.nowMs()
    if (this.#expectingSinceMs !== Infinity) return
    this.#expectingSinceMs = this.#lastSentMs
    this.#events.onExpecting?.(this.#lastSentMs)
  }

  #onDrain(): void {
    if (this.#isClosed) return
    this.#isBlocked = false
    this.#flush()
  }

  #pauseReading(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.connection.pause()
  }

  #gone(reason: CloseReason, detail: string): void {
    if (this.#isClosed) return
    this.close()
    this.#events.onGone(reason, detail)
  }
}
