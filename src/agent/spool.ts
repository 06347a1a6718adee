// Bytes that come in pieces and are read again from the start: in a file of the data directory, or in memory (`-dev`).
import type { AppendFile, Files } from '../runtime/host/files.ts'
import type { Bytes } from '../storage/byte-stream.ts'

/** Bytes on their way in. All calls reject with HostError when the disk refuses. */
export interface Spool {
  readonly size: number
  append(bytes: Uint8Array): Promise<void>
  /** All that is there, from the start; any number of times. */
  bytes(): Bytes
  /** Throws everything away. Never rejects. */
  drop(): Promise<void>
}

/** Bytes that a spool in memory takes. */
const memoryBytesMax = 1024 * 1024 * 1024
const pieceBytes = 256 * 1024

/** Makes spools in a directory, which belongs to them alone; null: in memory. */
export function createSpools(files: Files, directory: string | null): () => Promise<Spool> {
  if (directory === null) return () => Promise.resolve(new MemorySpool())
  let count = 0
  // What an agent that was killed has left behind may be large.
  const cleared = clear(files, directory)
  return async () => {
    await cleared
    await files.mkdir(directory, 0o700)
    return new FileSpool(files, `${directory}/${++count}.part`)
  }
}

/** Never rejects: a directory that is not there yet holds nothing, and what cannot be removed harms nobody. */
async function clear(files: Files, directory: string): Promise<void> {
  const names = await files.list(directory).catch(() => [])
  for (const name of names) await files.remove(`${directory}/${name}`).catch(() => undefined)
}

class FileSpool implements Spool {
  readonly #files: Files
  readonly #path: string
  #file: AppendFile | null = null
  size = 0

  constructor(files: Files, path: string) {
    this.#files = files
    this.#path = path
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#file ??= await this.#files.openAppend(this.#path, 0o600)
    await this.#file.append(bytes)
    this.size += bytes.length
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < this.size;) {
      const piece = await this.#files.readAt(this.#path, at, Math.min(pieceBytes, this.size - at))
      if (piece.length === 0) return
      at += piece.length
      yield piece
    }
  }

  async drop(): Promise<void> {
    await this.#file?.close().catch(() => undefined)
    this.#file = null
    await this.#files.remove(this.#path).catch(() => undefined)
  }
}

class MemorySpool implements Spool {
  #parts: Uint8Array[] = []
  size = 0

  append(bytes: Uint8Array): Promise<void> {
    if (this.size + bytes.length > memoryBytesMax) {
      return Promise.reject(
        new Error(`an agent without a data directory takes ${memoryBytesMax} bytes at most`),
      )
    }
    this.#parts.push(bytes.slice())
    this.size += bytes.length
    return Promise.resolve()
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    yield* this.#parts
  }

  drop(): Promise<void> {
    this.#parts = []
    return Promise.resolve()
  }
}
