// Encoded news and what it says, kept together: the same few pieces of news come in and go out many times, in
// datagrams and in full exchanges, and need to be encoded or decoded once.
import type { Update } from '../gossip/message.ts'

/** Pieces of news that are remembered; past it the oldest goes. */
const newsMax = 2048

/** Shorter messages are decoded as fast as they are looked up. */
const bytesMin = 48

interface Known {
  readonly bytes: Uint8Array
  readonly update: Update
}

/** Remembers news by its bytes, and bytes by their news. */
export class NewsCache {
  readonly #knownByHash = new Map<number, Known>()
  readonly #bytesByUpdate = new WeakMap<Update, Uint8Array>()

  /** The bytes of news that was encoded or decoded before. */
  bytesOf(update: Update): Uint8Array | undefined {
    return this.#bytesByUpdate.get(update)
  }

  /** The news of bytes that were seen before: all of them are compared. */
  updateOf(bytes: Uint8Array): Update | undefined {
    if (bytes.length < bytesMin) return undefined
    const known = this.#knownByHash.get(hash(bytes))
    return known !== undefined && isEqual(known.bytes, bytes) ? known.update : undefined
  }

  /** Remembers both; the bytes must not change any more. */
  keep(update: Update, bytes: Uint8Array): void {
    this.#bytesByUpdate.set(update, bytes)
    if (bytes.length < bytesMin) return
    const key = hash(bytes)
    this.#knownByHash.delete(key)
    if (this.#knownByHash.size >= newsMax) {
      for (const oldest of this.#knownByHash.keys()) {
        this.#knownByHash.delete(oldest)
        break
      }
    }
    this.#knownByHash.set(key, { bytes, update })
  }
}

/** FNV-1a over every third byte: names, ids and incarnations differ in more than one. */
function hash(bytes: Uint8Array): number {
  let value = 0x811c9dc5 ^ bytes.length
  for (let i = 0; i < bytes.length; i += 3) value = Math.imul(value ^ (bytes[i] as number), 0x01000193)
  return value
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
