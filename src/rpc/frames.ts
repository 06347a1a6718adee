// Frames: u32 length of what follows, u8 type, u32 stream, body. Big endian. Layouts are in DESIGN.md.

/** Types of frames. The handshake's three never change meaning in any wire version. */
export const frameType = {
  hello: 1,
  welcome: 2,
  refused: 3,
  request: 4,
  post: 5,
  reply: 6,
  failure: 7,
  more: 8,
  cancel: 9,
  ping: 10,
  pong: 11,
} as const

/** A frame's type on the wire. */
export type FrameType = (typeof frameType)[keyof typeof frameType]

/** A frame as read. `body` is a view into the read buffer: copy what is kept. */
export interface Frame {
  readonly type: number
  readonly stream: number
  readonly body: Uint8Array
}

/** Length, type and stream. */
export const frameHeaderBytes = 9

/** Bytes of a message that one frame carries; a longer message goes as several, so that others get in between. */
export const chunkBytesMax: number = 64 * 1024

/** Largest frame on the wire without its length field: a chunk with the longest fixed fields. */
export const frameLengthMax: number = chunkBytesMax + 16

/** Largest frame before the handshake is over. */
export const handshakeLengthMax = 8192

/** Writes length, type and stream at `at`; returns the offset behind them. */
export function writeFrameHeader(
  view: DataView,
  at: number,
  frame: { readonly type: FrameType; readonly stream: number; readonly bodyBytes: number },
): number {
  view.setUint32(at, frame.bodyBytes + 5)
  view.setUint8(at + 4, frame.type)
  view.setUint32(at + 5, frame.stream)
  return at + frameHeaderBytes
}

/** One whole frame. */
export function encodeFrame(type: FrameType, stream: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(frameHeaderBytes + body.length)
  writeFrameHeader(new DataView(bytes.buffer), 0, { type, stream, bodyBytes: body.length })
  bytes.set(body, frameHeaderBytes)
  return bytes
}

/** What a reader says about the stream: bytes used up, or why no more can be read. */
export type ReadOutcome = 'ok' | 'oversized' | 'malformed' | 'stopped'

/**
 * Cuts a stream of bytes into frames.
 *
 * State: holds at most one incomplete frame; its buffer grows with what has arrived, never with what was announced.
 */
export class FrameReader {
  #lengthMax: number
  #held = new Uint8Array(0)
  #heldBytes = 0

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax
  }

  /** Changes the limit, when the handshake is over. */
  set lengthMax(lengthMax: number) {
    this.#lengthMax = lengthMax
  }

  /** Takes in bytes and calls `onFrame` for each whole frame; a false from it stops the reading for good. */
  push(bytes: Uint8Array, onFrame: (frame: Frame) => boolean): ReadOutcome {
    if (this.#heldBytes === 0) return this.#parse(bytes, onFrame)
    this.#append(bytes)
    const joined = this.#held.subarray(0, this.#heldBytes)
    const needed = this.#missing(joined)
    if (needed === 'wait') return 'ok'
    this.#held = new Uint8Array(0)
    this.#heldBytes = 0
    return this.#parse(joined, onFrame)
  }

  /** Whether the held bytes are still no whole frame (and within the limit, which `parse` judges). */
  #missing(bytes: Uint8Array): 'wait' | 'parse' {
    if (bytes.length < 4) return 'wait'
    const length = readUint32(bytes, 0)
    if (length > this.#lengthMax || length < 5) return 'parse'
    return bytes.length < length + 4 ? 'wait' : 'parse'
  }

  #parse(bytes: Uint8Array, onFrame: (frame: Frame) => boolean): ReadOutcome {
    let at = 0
    while (bytes.length - at >= 4) {
      const length = readUint32(bytes, at)
      if (length > this.#lengthMax) return 'oversized'
      if (length < 5) return 'malformed'
      if (bytes.length - at - 4 < length) break
      const body = bytes.subarray(at + frameHeaderBytes, at + 4 + length)
      const frame = { type: bytes[at + 4] ?? 0, stream: readUint32(bytes, at + 5), body }
      at += 4 + length
      if (!onFrame(frame)) return 'stopped'
    }
    if (at < bytes.length) this.#append(bytes.subarray(at))
    return 'ok'
  }

  #append(bytes: Uint8Array): void {
    const size = this.#heldBytes + bytes.length
    if (size > this.#held.length) {
      const grown = new Uint8Array(Math.max(size, this.#held.length * 2))
      grown.set(this.#held.subarray(0, this.#heldBytes))
      this.#held = grown
    }
    this.#held.set(bytes, this.#heldBytes)
    this.#heldBytes = size
  }
}

/** Big-endian u32 at an offset that is known to lie within the bytes. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  )
}

/** Big-endian u16 at an offset that is known to lie within the bytes. */
export function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
