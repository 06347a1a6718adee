// Encoded news and what it says, kept together: the same few pieces of news come in and go out many times, in
// datagrams and in full exchanges, and need to be encoded or decoded once.
import type { Update } from '../gossip/message.ts'

/** Pieces of news that are remembered; past it the oldest goes. */
const newsMax = 2048

/** Shorter messages are decoded as fast as they are looked up; longer ones do not fit a datagram. */
const bytesMin = 48
const bytesMax = 2048

/** Remembers news by its bytes, and bytes by their news. */
export class NewsCache {
  readonly #updateByKey = new Map<string, Update>()
  readonly #bytesByUpdate = new WeakMap<Update, Uint8Array>()

  /** The bytes of news that was encoded or decoded before. */
  bytesOf(update: Update): Uint8Array | undefined {
    return this.#bytesByUpdate.get(update)
  }

  /** The news of bytes that were seen before. */
  updateOf(bytes: Uint8Array): Update | undefined {
    return isKept(bytes) ? this.#updateByKey.get(keyOf(bytes)) : undefined
  }

  /** Remembers both; the bytes must not change any more. */
  keep(update: Update, bytes: Uint8Array): void {
    this.#bytesByUpdate.set(update, bytes)
    if (!isKept(bytes)) return
    if (this.#updateByKey.size >= newsMax) this.#forgetOldest()
    this.#updateByKey.set(keyOf(bytes), update)
  }

  #forgetOldest(): void {
    for (const oldest of this.#updateByKey.keys()) {
      this.#updateByKey.delete(oldest)
      return
    }
  }
}

function isKept(bytes: Uint8Array): boolean {
  return bytes.length >= bytesMin && bytes.length <= bytesMax
}

/** All bytes as a text: the engine hashes and compares texts faster than any loop of ours, cold or warm. */
function keyOf(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[])
}
