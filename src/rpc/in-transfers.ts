// Messages that arrive in several frames, put together within limits.

import { readUint16, readUint32 } from './frames.ts'
import { transfersMax } from './out-queue.ts'

/** A whole message. */
export interface InMessage {
  readonly type: number
  readonly stream: number
  /** -1 for replies. */
  readonly channel: number
  readonly payload: Uint8Array
}

/** What a frame led to: a whole message, nothing yet, or a breach that ends the session. */
export type TransferOutcome = InMessage | undefined | 'malformed' | 'oversized' | 'tooMany'

/** One above the sender's own limit for each it may have cancelled a moment ago. */
const incompleteMax = transfersMax * 2

interface Transfer {
  readonly type: number
  readonly channel: number
  readonly total: number
  readonly parts: Uint8Array[]
  size: number
}

/** The incomplete messages of one session. Memory grows with what has arrived, never with what was announced. */
export class InTransfers {
  readonly #messageBytesMax: number
  readonly #transferByStream = new Map<number, Transfer>()

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax
  }

  /** Messages begun and not finished. */
  get size(): number {
    return this.#transferByStream.size
  }

  /** The first frame of a message: channel if it has one, total length, first chunk. */
  begin(type: number, stream: number, body: Uint8Array, hasChannel: boolean): TransferOutcome {
    const fixed = hasChannel ? 6 : 4
    if (body.length < fixed) return 'malformed'
    const channel = hasChannel ? readUint16(body, 0) : -1
    const total = readUint32(body, fixed - 4)
    if (total > this.#messageBytesMax) return 'oversized'
    // A copy: the read buffer may be much larger than this message, and the message may be kept for long.
    const chunk = body.slice(fixed)
    if (chunk.length > total || this.#transferByStream.has(stream)) return 'malformed'
    if (chunk.length === total) return { type, stream, channel, payload: chunk }
    if (chunk.length === 0) return 'malformed'
    if (this.#transferByStream.size >= incompleteMax) return 'tooMany'
    this.#transferByStream.set(stream, { type, channel, total, parts: [chunk], size: chunk.length })
    return undefined
  }

  /** A further frame. One of an unknown stream is what was refused or cancelled while it was on its way: ignored. */
  more(stream: number, body: Uint8Array): TransferOutcome {
    const transfer = this.#transferByStream.get(stream)
    if (!transfer) return undefined
    if (body.length === 0 || transfer.size + body.length > transfer.total) return 'malformed'
    transfer.parts.push(body.slice())
    transfer.size += body.length
    if (transfer.size < transfer.total) return undefined
    this.#transferByStream.delete(stream)
    return { type: transfer.type, stream, channel: transfer.channel, payload: join(transfer) }
  }

  /** Forgets an incomplete message. */
  drop(stream: number): void {
    this.#transferByStream.delete(stream)
  }
}

function join(transfer: Transfer): Uint8Array {
  const payload = new Uint8Array(transfer.total)
  let at = 0
  for (const part of transfer.parts) {
    payload.set(part, at)
    at += part.length
  }
  return payload
}
