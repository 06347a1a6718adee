// Answers for other agents, encoded: lists that many ask for, or wait for, are encoded once for all of them.
import { encodeReply } from '../codec/request-codec.ts'
import type { ReadMeta } from '../model/query.ts'
import type { RpcReply } from '../model/rpc.ts'

interface Encoded {
  /** What came with it. */
  readonly meta: ReadMeta
  /** Null until it is asked for a second time: most answers are not. */
  readonly bytes: Uint8Array | null
}

/** Answers kept at most, and bytes in all of them together; past either the oldest goes. */
const answersMax = 256
const bytesMax = 16 * 1024 * 1024

/** The encoder of one agent. */
export class EncodedReplies {
  /** By the value, which is shared by all that are answered with it. In the order they came. */
  readonly #encodedByValue = new Map<unknown, Encoded>()
  #bytes = 0

  /** Encodes an answer. The bytes must not be changed. */
  encode(reply: RpcReply): Uint8Array {
    if (reply.kind !== 'read' || !Array.isArray(reply.value) || reply.value.length === 0) {
      return encodeReply(reply)
    }
    const { meta, value } = reply
    const known = this.#encodedByValue.get(value)
    if (known !== undefined && known.bytes !== null && isSame(known.meta, meta)) return known.bytes
    const bytes = encodeReply(reply)
    this.#keep(value, { meta, bytes: known === undefined ? null : bytes.slice() })
    return bytes
  }

  #keep(value: unknown, encoded: Encoded): void {
    this.#forget(value)
    this.#encodedByValue.set(value, encoded)
    this.#bytes += encoded.bytes?.length ?? 0
    for (const oldest of this.#encodedByValue.keys()) {
      if (this.#encodedByValue.size <= answersMax && this.#bytes <= bytesMax) break
      this.#forget(oldest)
    }
  }

  #forget(value: unknown): void {
    const encoded = this.#encodedByValue.get(value)
    this.#bytes -= encoded?.bytes?.length ?? 0
    this.#encodedByValue.delete(value)
  }
}

function isSame(a: ReadMeta, b: ReadMeta): boolean {
  return (
    a.index === b.index &&
    a.lastContactMs === b.lastContactMs &&
    a.knownLeader === b.knownLeader &&
    a.epoch === b.epoch
  )
}
