// Reads a file from front to back through a window, so that a large file never is in memory as a whole.
import type { Files } from '../runtime/host/files.ts'

const windowBytes = 1024 * 1024

/** Bytes of known size that are read from front to back. */
export interface Window {
  /** Names it in messages. */
  readonly path: string
  readonly size: number
  /** `length` bytes from `offset`, fewer at the end. Going back is not possible everywhere. */
  at(offset: number, length: number): Promise<Uint8Array>
}

/** Bytes of a file. */
export class FileWindow implements Window {
  readonly #files: Files
  readonly path: string
  readonly size: number
  #start = 0
  #bytes: Uint8Array = new Uint8Array(0)

  constructor(files: Files, path: string, size: number) {
    this.#files = files
    this.path = path
    this.size = size
  }

  /** A view: what is read later comes into other memory. */
  async at(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(offset + length, this.size)
    if (offset < this.#start || end > this.#start + this.#bytes.length) {
      this.#bytes = await this.#files.readAt(this.path, offset, Math.max(length, windowBytes))
      this.#start = offset
    }
    return this.#bytes.subarray(offset - this.#start, Math.max(offset, end) - this.#start)
  }
}
