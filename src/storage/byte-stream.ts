// Streams of bytes as asynchronous iterables: read by count, sent through the platform's gzip, with back-pressure.
import { joined } from '../lib/bytes.ts'
import type { Window } from './file-window.ts'

/** Bytes that come in pieces of any size. */
export type Bytes = AsyncIterable<Uint8Array>

/** Reads a stream by count. Rejects as the stream does. */
export class ByteStream {
  readonly #pieces: AsyncIterator<Uint8Array>
  #piece: Uint8Array = new Uint8Array(0)

  constructor(bytes: Bytes) {
    this.#pieces = bytes[Symbol.asyncIterator]()
  }

  /** Up to `length` bytes, one at least; none at the end. A view that stays as it is. */
  async some(length: number): Promise<Uint8Array> {
    while (this.#piece.length === 0) {
      const next = await this.#pieces.next()
      if (next.done === true) return new Uint8Array(0)
      this.#piece = next.value
    }
    const taken = this.#piece.subarray(0, length)
    this.#piece = this.#piece.subarray(taken.length)
    return taken
  }

  /** Exactly `length` bytes, or fewer at the end. */
  async exactly(length: number): Promise<Uint8Array> {
    const first = await this.some(length)
    if (first.length === length) return first
    const parts = [first]
    let size = first.length
    while (size < length) {
      const part = await this.some(length - size)
      if (part.length === 0) break
      parts.push(part)
      size += part.length
    }
    return joined(parts, size)
  }

  /** Reads no more. */
  async close(): Promise<void> {
    await this.#pieces.return?.()
  }
}

/** A part of a stream as a window, which only goes forward. `onBytes` sees all that passes. */
export class StreamWindow implements Window {
  readonly path: string
  readonly size: number
  readonly #stream: ByteStream
  readonly #onBytes: (bytes: Uint8Array) => void
  #at = 0

  constructor(stream: ByteStream, size: number, options: StreamWindowOptions) {
    this.#stream = stream
    this.size = size
    this.path = options.path
    this.#onBytes = options.onBytes
  }

  async at(offset: number, length: number): Promise<Uint8Array> {
    if (offset !== this.#at) throw new Error(`a stream is read from front to back, not at ${offset}`)
    const bytes = await this.#stream.exactly(Math.min(length, this.size - offset))
    this.#at += bytes.length
    this.#onBytes(bytes)
    return bytes
  }

  /** Reads what nobody has asked for, to the window's end; false if the stream ended before it. */
  async drain(): Promise<boolean> {
    while (this.#at < this.size) {
      const bytes = await this.#stream.some(this.size - this.#at)
      if (bytes.length === 0) return false
      this.#at += bytes.length
      this.#onBytes(bytes)
    }
    return true
  }
}

/** What a window of a stream is told. */
export interface StreamWindowOptions {
  readonly path: string
  readonly onBytes: (bytes: Uint8Array) => void
}

/** Pieces given to the platform at once: its work on one may hold up the loop. */
const pieceBytes = 64 * 1024

/** The gzip form, as it is made. */
export function gzip(bytes: Bytes): Bytes {
  return through(bytes, new CompressionStream('gzip'))
}

/** What a gzip stream holds, as it comes. Rejects when it is cut or damaged. */
export function gunzip(bytes: Bytes): Bytes {
  return through(bytes, new DecompressionStream('gzip'))
}

interface Transform {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<BufferSource>
}

async function* through(bytes: Bytes, transform: Transform): AsyncGenerator<Uint8Array> {
  const reader = transform.readable.getReader()
  const writer = transform.writable.getWriter()
  // Both ends tell of a failure; the reader's is the one that counts.
  reader.closed.catch(() => undefined)
  writer.closed.catch(() => undefined)
  const failure: { cause?: Error } = {}
  const feeding = feed(bytes, writer).catch((error: unknown) => {
    failure.cause ??= errorOf(error)
  })
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      yield value
    }
    await feeding
  } catch (error) {
    // A source that fails aborts the writer: its own words say more.
    throw failure.cause ?? error
  } finally {
    await reader.cancel().catch(() => undefined)
    await feeding
  }
  if (failure.cause !== undefined) throw failure.cause
}

async function feed(bytes: Bytes, writer: WritableStreamDefaultWriter<BufferSource>): Promise<void> {
  try {
    for await (const piece of bytes) {
      for (let at = 0; at < piece.length; at += pieceBytes) {
        await writer.ready
        await writer.write(piece.slice(at, at + pieceBytes))
      }
    }
    await writer.close()
  } catch (error) {
    await writer.abort(error).catch(() => undefined)
    throw error
  }
}

/** What was thrown, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
