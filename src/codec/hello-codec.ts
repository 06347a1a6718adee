// What an agent says of itself when a session begins: the opaque payload of rpc's handshake.
import type { Result } from '../lib/result.ts'
import { decodeCbor, encodeCbor, type CodecError } from './cbor.ts'
import { readShape, record, text } from './shapes.ts'

/** Who is at the other end of a session. */
export interface Hello {
  /** The agent's node ID. */
  readonly id: string
  readonly name: string
  readonly datacenter: string
}

const shape = record<Hello>({ id: text, name: text, datacenter: text })

/** Encodes a greeting; at most a few hundred bytes. */
export function encodeHello(hello: Hello): Uint8Array {
  return encodeCbor(hello).slice()
}

/** Decodes a greeting. Errors: a CodecError; never throws. */
export function decodeHello(bytes: Uint8Array): Result<Hello, CodecError> {
  const value = decodeCbor(bytes)
  return value.ok ? readShape(shape, value.value) : value
}
