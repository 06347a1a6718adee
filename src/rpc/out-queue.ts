// What a session still has to send, and in which order: short messages first, long ones in turns, chunk by chunk.
// Posts of one channel keep their order; everything else may overtake.

import { chunkBytesMax, type FrameType, frameHeaderBytes, frameType, writeFrameHeader } from './frames.ts'

/** A message on its way out. The queue writes the last three fields, its owner reads them. */
export interface OutMessage {
  readonly type: FrameType
  readonly stream: number
  /** Of requests and posts; -1 for all others. */
  readonly channel: number
  readonly payload: Uint8Array
  /** Bytes of the payload given to the connection. */
  sentBytes: number
  /** True when the last byte was given to the connection: the peer may have the message. */
  isComplete: boolean
  /** True when it was taken back. */
  isDropped: boolean
}

/** Long messages that are sent in turns; the rest waits. The receiver holds no more than this many incomplete ones. */
export const transfersMax = 4

/** Bookkeeping of a message, counted with its payload: a flood of empty messages has a limit too. */
const overheadBytes = 32

/** A message to send. */
export function outMessage(type: FrameType, stream: number, payload: Uint8Array, channel = -1): OutMessage {
  return { type, stream, channel, payload, sentBytes: 0, isComplete: false, isDropped: false }
}

/** Bytes of a message's fixed fields in its first frame. */
function fixedBytesOf(type: FrameType): number {
  if (type === frameType.request || type === frameType.post) return 6
  return type === frameType.reply ? 4 : 0
}

interface Piece {
  readonly message: OutMessage
  readonly from: number
  readonly to: number
}

/** The queue of one session. */
export class OutQueue {
  #short: OutMessage[] = []
  #shortHead = 0
  /** Long messages in turns. */
  readonly #active: OutMessage[] = []
  /** Long messages that wait for a turn. */
  readonly #waiting: OutMessage[] = []
  /** Per channel with a long post under way: the posts that must stay behind it. */
  readonly #behindByChannel = new Map<number, OutMessage[]>()
  #bytes = 0

  /** Bytes that are not yet given to the connection. */
  get bytes(): number {
    return this.#bytes
  }

  /** True when there is nothing to send. */
  get isEmpty(): boolean {
    return this.#shortHead === this.#short.length && this.#active.length === 0
  }

  /** Queues a message. Limits are the caller's business. */
  push(message: OutMessage): void {
    this.#bytes += message.payload.length + overheadBytes
    if (message.type === frameType.post) {
      const behind = this.#behindByChannel.get(message.channel)
      if (behind) {
        behind.push(message)
        return
      }
    }
    this.#place(message)
  }

  /** Takes a request or reply back. What was sent of it stays sent (`sentBytes`). */
  drop(message: OutMessage): void {
    if (message.isComplete || message.isDropped) return
    message.isDropped = true
    this.#bytes -= message.payload.length - message.sentBytes + overheadBytes
    removeFrom(this.#active, message)
    removeFrom(this.#waiting, message)
    this.#refill()
  }

  /** Empties the queue; returns how many posts were lost. */
  clear(): number {
    const all = [...this.#short.slice(this.#shortHead), ...this.#active, ...this.#waiting]
    for (const behind of this.#behindByChannel.values()) all.push(...behind)
    this.#short = []
    this.#shortHead = 0
    this.#active.length = 0
    this.#waiting.length = 0
    this.#behindByChannel.clear()
    this.#bytes = 0
    return all.filter((message) => message.type === frameType.post).length
  }

  /** The next frames as one piece of about `bytesMax`, or undefined when there is nothing to send. */
  take(bytesMax: number): Uint8Array | undefined {
    const pieces: Piece[] = []
    let size = 0
    while (size < bytesMax) {
      const message = this.#shiftShort()
      if (!message) break
      size += this.#cut(pieces, message)
    }
    // At least one turn for the long ones, however many short ones there are.
    do {
      const message = this.#active.shift()
      if (!message) break
      size += this.#cut(pieces, message)
      if (message.isComplete) this.#onLongComplete(message)
      else this.#active.push(message)
    } while (size < bytesMax)
    return pieces.length === 0 ? undefined : encodePieces(pieces, size)
  }

  #place(message: OutMessage): void {
    if (message.payload.length <= chunkBytesMax) {
      this.#short.push(message)
      return
    }
    if (message.type === frameType.post) this.#behindByChannel.set(message.channel, [])
    this.#waiting.push(message)
    this.#refill()
  }

  #refill(): void {
    while (this.#active.length < transfersMax) {
      const next = this.#waiting.shift()
      if (!next) return
      this.#active.push(next)
    }
  }

  #shiftShort(): OutMessage | undefined {
    while (this.#shortHead < this.#short.length) {
      const message = this.#short[this.#shortHead++]
      if (this.#shortHead === this.#short.length) {
        this.#short = []
        this.#shortHead = 0
      }
      if (message && !message.isDropped) return message
    }
    return undefined
  }

  /** Adds the message's next chunk; returns the bytes of its frame. */
  #cut(pieces: Piece[], message: OutMessage): number {
    const from = message.sentBytes
    const to = Math.min(from + chunkBytesMax, message.payload.length)
    pieces.push({ message, from, to })
    message.sentBytes = to
    message.isComplete = to === message.payload.length
    this.#bytes -= to - from + (message.isComplete ? overheadBytes : 0)
    return frameHeaderBytes + (from === 0 ? fixedBytesOf(message.type) : 0) + to - from
  }

  #onLongComplete(message: OutMessage): void {
    const behind = this.#behindByChannel.get(message.channel)
    if (message.type === frameType.post && behind) {
      this.#behindByChannel.delete(message.channel)
      this.#release(behind)
    }
    this.#refill()
  }

  /** Sends on what stood behind a long post, up to the next long one. */
  #release(behind: readonly OutMessage[]): void {
    for (const [i, message] of behind.entries()) {
      this.#place(message)
      const lane = this.#behindByChannel.get(message.channel)
      if (lane) {
        lane.push(...behind.slice(i + 1))
        return
      }
    }
  }
}

function removeFrom(list: OutMessage[], message: OutMessage): void {
  const at = list.indexOf(message)
  if (at >= 0) list.splice(at, 1)
}

function encodePieces(pieces: readonly Piece[], size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const { message, from, to } of pieces) {
    const isFirst = from === 0
    const bodyBytes = to - from + (isFirst ? fixedBytesOf(message.type) : 0)
    const type = isFirst ? message.type : frameType.more
    at = writeFrameHeader(view, at, { type, stream: message.stream, bodyBytes })
    if (isFirst) at = writeFixed(view, at, message)
    bytes.set(
      from === 0 && to === message.payload.length ? message.payload : message.payload.subarray(from, to),
      at,
    )
    at += to - from
  }
  return bytes
}

function writeFixed(view: DataView, start: number, message: OutMessage): number {
  let at = start
  const fixed = fixedBytesOf(message.type)
  if (fixed === 6) {
    view.setUint16(at, message.channel)
    at += 2
  }
  if (fixed > 0) {
    view.setUint32(at, message.payload.length)
    at += 4
  }
  return at
}
