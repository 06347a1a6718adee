// The snapshots of an agent that keeps nothing on disk (`-dev`): the latest one. What was taken here is encoded again
// each time it is read, from the frozen state; only what came from a peer is kept as bytes.
import { err, ok } from '../lib/result.ts'
import type { Result } from '../lib/result.ts'
import type { SnapshotMeta } from '../raft/message.ts'
import type { Breathe } from './breathe.ts'
import type { Window } from './file-window.ts'
import { readSnapshot, snapshotParts } from './snapshot-file.ts'
import { loadRecords, mismatch, type Snapshots } from './snapshots.ts'
import type { StorageError } from './storage-error.ts'
import { ioError } from './storage-error.ts'

/** Snapshots in memory. */
export function memorySnapshots(breathe: Breathe): Snapshots {
  return new MemorySnapshots(breathe)
}

/** One snapshot, as parts that can be walked again and again. */
interface Content {
  readonly meta: SnapshotMeta
  readonly parts: () => Iterator<Uint8Array>
}

class MemorySnapshots implements Snapshots {
  readonly #breathe: Breathe
  #latest: Content | null = null
  readonly #held = new Map<Content, number>()
  #incoming: { readonly snapshot: SnapshotMeta; readonly parts: Uint8Array[]; size: number } | null = null
  #cursor: { readonly content: Content; readonly reader: PartReader } | null = null

  constructor(breathe: Breathe) {
    this.#breathe = breathe
  }

  get latest(): SnapshotMeta | null {
    return this.#latest?.meta ?? null
  }

  async save(
    meta: Omit<SnapshotMeta, 'size'>,
    records: Iterable<Uint8Array>,
  ): Promise<Result<SnapshotMeta, StorageError>> {
    let size = 0
    for (const part of snapshotParts(meta, records)) {
      size += part.length
      await this.#breathe()
    }
    this.#latest = { meta: { ...meta, size }, parts: () => snapshotParts(meta, records) }
    return ok(this.#latest.meta)
  }

  async load(
    snapshot: SnapshotMeta,
    onRecords: (records: readonly Uint8Array[]) => void | undefined | Promise<void>,
  ): Promise<Result<void, StorageError>> {
    const content = this.#find(snapshot)
    if (content === undefined) return err(gone(snapshot))
    return loadRecords(windowOf(content), onRecords)
  }

  hold(snapshot: SnapshotMeta): () => void {
    const content = this.#find(snapshot)
    if (content === undefined) return () => undefined
    this.#held.set(content, (this.#held.get(content) ?? 0) + 1)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      const others = (this.#held.get(content) ?? 1) - 1
      if (others > 0) this.#held.set(content, others)
      else this.#held.delete(content)
    }
  }

  readPart(
    snapshot: SnapshotMeta,
    offset: number,
    length: number,
  ): Promise<Result<Uint8Array, StorageError>> {
    const content = this.#find(snapshot)
    if (content === undefined) return Promise.resolve(err(gone(snapshot)))
    if (this.#cursor?.content !== content) {
      this.#cursor = { content, reader: new PartReader(content.parts) }
    }
    return Promise.resolve(ok(this.#cursor.reader.read(offset, length)))
  }

  receive(snapshot: SnapshotMeta, offset: number, data: Uint8Array): Promise<Result<void, StorageError>> {
    if (offset === 0) this.#incoming = { snapshot, parts: [], size: 0 }
    const incoming = this.#incoming
    if (incoming === null || incoming.size !== offset) {
      const reason = new Error(`part ${offset} of snapshot ${snapshot.index} is out of order`)
      return Promise.resolve(err(ioError('keep', 'a snapshot', reason)))
    }
    incoming.parts.push(data.slice())
    incoming.size += data.length
    return Promise.resolve(ok(undefined))
  }

  async finishReceiving(snapshot: SnapshotMeta): Promise<Result<void, StorageError>> {
    const parts = this.#incoming?.parts ?? []
    const content: Content = { meta: snapshot, parts: () => parts.values() }
    const size = this.#incoming?.size ?? 0
    this.#incoming = null
    const window = { ...windowOf(content), size }
    const read = await readSnapshot(window, () => this.#breathe())
    const fault = read.ok ? mismatch(window, read.value, snapshot) : read.error
    if (fault !== undefined) return err(fault)
    this.#latest = content
    return ok(undefined)
  }

  close(): Promise<void> {
    this.#incoming = null
    this.#cursor = null
    return Promise.resolve()
  }

  #find({ index, term, size }: SnapshotMeta): Content | undefined {
    const all = this.#latest === null ? [] : [this.#latest]
    return [...all, ...this.#held.keys()].find(
      ({ meta }) => meta.index === index && meta.term === term && meta.size === size,
    )
  }
}

/** Reads a row of parts at any offset; quick from front to back. */
class PartReader {
  readonly #parts: () => Iterator<Uint8Array>
  #iterator: Iterator<Uint8Array>
  #part: Uint8Array = new Uint8Array(0)
  #start = 0

  constructor(parts: () => Iterator<Uint8Array>) {
    this.#parts = parts
    this.#iterator = parts()
  }

  /** Up to `length` bytes from `offset`; fewer at the end. */
  read(offset: number, length: number): Uint8Array {
    if (offset < this.#start) {
      this.#iterator = this.#parts()
      this.#part = new Uint8Array(0)
      this.#start = 0
    }
    const bytes = new Uint8Array(length)
    let size = 0
    while (size < length && this.#moveTo(offset + size)) {
      const from = offset + size - this.#start
      const piece = this.#part.subarray(from, from + length - size)
      bytes.set(piece, size)
      size += piece.length
    }
    return bytes.subarray(0, size)
  }

  /** Steps on to the part that holds `offset`; false at the end. */
  #moveTo(offset: number): boolean {
    while (this.#start + this.#part.length <= offset) {
      const next = this.#iterator.next()
      if (next.done === true) return false
      this.#start += this.#part.length
      this.#part = next.value
    }
    return true
  }
}

function windowOf({ meta, parts }: Content): Window {
  const reader = new PartReader(parts)
  return {
    path: 'in memory',
    size: meta.size,
    at: (offset, length) => Promise.resolve(reader.read(offset, length)),
  }
}

function gone(snapshot: SnapshotMeta): StorageError {
  return ioError('read', `snapshot ${snapshot.index}`, new Error('it has been replaced by a newer one'))
}
