// The two messages of grpc.health.v1, in protobuf, within the frames of gRPC.

/** What a server says of a service. */
export type Serving = 'serving' | 'other'

/** Bytes before each message: a flag for compression, and the length. */
const headBytes = 5

/** `HealthCheckRequest { string service = 1 }` in its frame. */
export function encodeRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service)
  const field = name.length === 0 ? [] : [0x0a, ...varint(name.length)]
  const size = field.length + name.length
  const frame = new Uint8Array(headBytes + size)
  new DataView(frame.buffer).setUint32(1, size)
  frame.set(field, headBytes)
  frame.set(name, headBytes + field.length)
  return frame
}

/** The status of `HealthCheckResponse { ServingStatus status = 1 }`, or null if these bytes are no such message. */
export function decodeServing(frame: Uint8Array): Serving | null {
  if (frame.length < headBytes || frame[0] !== 0) return null
  const size = new DataView(frame.buffer, frame.byteOffset).getUint32(1)
  if (frame.length !== headBytes + size) return null
  const reader = new Reader(frame.subarray(headBytes))
  let status = 0
  while (!reader.isAtEnd) {
    const key = reader.varint()
    if (key === null) return null
    const value = reader.field(key % 8)
    if (value === null) return null
    if (key === 8) status = value
  }
  return status === 1 ? 'serving' : 'other'
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))]
}

/** Reads the fields of a message. */
class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** A number of at most ten bytes; null if it is cut off or too long. */
  varint(): number | null {
    let value = 0
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) return null
      value += (byte & 0x7f) * 2 ** (7 * i)
      if (byte < 0x80) return value
    }
    return null
  }

  /** The number of a field, or 0 for one that is skipped; null if it is cut off or of a kind that is none. */
  field(kind: number): number | null {
    if (kind === 0) return this.varint()
    if (kind === 1) return this.#skip(8)
    if (kind === 5) return this.#skip(4)
    if (kind !== 2) return null
    const size = this.varint()
    return size === null ? null : this.#skip(size)
  }

  #skip(size: number): number | null {
    this.#at += size
    return this.#at <= this.#bytes.length ? 0 : null
  }
}
