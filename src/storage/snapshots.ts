// The snapshots of a server: the last two, written whole or not at all; and the one that is on its way in.
import { err, ok } from '../lib/result.ts'
import type { Result } from '../lib/result.ts'
import type { SnapshotMeta } from '../raft/message.ts'
import type { AppendFile, Files } from '../runtime/host/files.ts'
import type { Breathe } from './breathe.ts'
import { FileWindow, type Window } from './file-window.ts'
import { damaged, readSnapshot, recordsOfBlock, snapshotParts } from './snapshot-file.ts'
import type { StorageError } from './storage-error.ts'
import { ioError } from './storage-error.ts'

/** Where snapshots are kept. Calls that change something must not overlap, but for `receive` with `save`. */
export interface Snapshots {
  /** The latest one that is whole, or null. */
  readonly latest: SnapshotMeta | null
  /**
   * Writes one, bit by bit, so that nothing else has to wait. What `records` walks must stay as it is meanwhile (a
   * frozen copy of the state), and may be walked again.
   */
  save(
    meta: Omit<SnapshotMeta, 'size'>,
    records: Iterable<Uint8Array>,
  ): Promise<Result<SnapshotMeta, StorageError>>
  /** Reads one, every byte of it checked. What was handed out before damage is found must be thrown away. */
  load(
    snapshot: SnapshotMeta,
    onRecords: (records: readonly Uint8Array[]) => void | undefined | Promise<void>,
  ): Promise<Result<void, StorageError>>
  /** Keeps one from being removed until what is returned is called. */
  hold(snapshot: SnapshotMeta): () => void
  /** A part of the file, as it is, for a peer. */
  readPart(snapshot: SnapshotMeta, offset: number, length: number): Promise<Result<Uint8Array, StorageError>>
  /** The next part of an incoming one; offset 0 begins anew. */
  receive(snapshot: SnapshotMeta, offset: number, data: Uint8Array): Promise<Result<void, StorageError>>
  /** All parts are there: makes it durable, checks it and keeps it; or discards it. */
  finishReceiving(snapshot: SnapshotMeta): Promise<Result<void, StorageError>>
  /** Discards what is on its way in. */
  close(): Promise<void>
}

/** Snapshots that were opened, and those that turned out to be damaged (renamed, for people to look at). */
export interface OpenedSnapshots {
  readonly snapshots: Snapshots
  readonly damaged: readonly StorageError[]
}

/** How many are kept: the older one serves transfers under way, and is there if the newer one is damaged. */
const keptMax = 2
const extension = '.snapshot'
const incomingName = 'incoming.part'

/**
 * Opens the snapshots in a directory, which is created if it is not there, and checks the latest. `breathe` is for the
 * work that comes later: nothing else goes on while they are opened.
 *
 * Errors: `io`; `newerVersion` if a later release has written the latest.
 */
export async function openSnapshots(
  files: Files,
  directory: string,
  breathe: Breathe = () => undefined,
): Promise<Result<OpenedSnapshots, StorageError>> {
  try {
    await files.mkdir(directory, 0o700)
    const kept: Kept[] = []
    const faults: StorageError[] = []
    for (const name of (await files.list(directory)).toReversed()) {
      const path = `${directory}/${name}`
      if (name.endsWith('.tmp') || name === incomingName) await files.remove(path)
      if (!name.endsWith(extension)) continue
      const read = await readSnapshot(await windowOf(files, path), () => {})
      if (read.ok) kept.unshift({ path, meta: read.value })
      else if (read.error.code === 'newerVersion') return read
      else {
        faults.push(read.error)
        await files.rename(path, `${path}.damaged`)
      }
    }
    // A process that was killed between the renaming and its sync left a name that a power cut would take back.
    await files.syncDirectory(directory)
    return ok({ snapshots: new FileSnapshots(files, { directory, kept, breathe }), damaged: faults })
  } catch (error) {
    return err(ioError('open the snapshots in', directory, error))
  }
}

async function windowOf(files: Files, path: string): Promise<FileWindow> {
  return new FileWindow(files, path, (await files.stat(path)).size)
}

interface Kept {
  readonly path: string
  readonly meta: SnapshotMeta
}

class FileSnapshots implements Snapshots {
  /** How many still need a file that is there, by path. */
  readonly #holdsByPath = new Map<string, number>()
  readonly #files: Files
  readonly #directory: string
  /** Ascending by index. */
  readonly #kept: Kept[]
  #incoming: { readonly file: AppendFile; size: number } | null = null

  readonly #breathe: Breathe

  constructor(
    files: Files,
    options: { readonly directory: string; readonly kept: Kept[]; readonly breathe: Breathe },
  ) {
    this.#files = files
    this.#directory = options.directory
    this.#kept = options.kept
    this.#breathe = options.breathe
  }

  get latest(): SnapshotMeta | null {
    return this.#kept.at(-1)?.meta ?? null
  }

  async save(
    meta: Omit<SnapshotMeta, 'size'>,
    records: Iterable<Uint8Array>,
  ): Promise<Result<SnapshotMeta, StorageError>> {
    const path = this.#pathOf(meta)
    const temporary = `${path}.tmp`
    try {
      const size = await this.#writeParts(temporary, snapshotParts(meta, records))
      await this.#keep(temporary, { path, meta: { ...meta, size } })
      return ok({ ...meta, size })
    } catch (error) {
      await this.#discard(temporary)
      return err(ioError('write the snapshot', path, error))
    }
  }

  async #writeParts(path: string, parts: Iterable<Uint8Array>): Promise<number> {
    await this.#discard(path)
    const file = await this.#files.openAppend(path, 0o600)
    let size = 0
    try {
      for (const part of parts) {
        await file.append(part)
        size += part.length
        await this.#breathe()
      }
      await file.sync()
      return size
    } finally {
      await file.close()
    }
  }

  /** From here on it is there after a crash too. Older ones than the last two go. */
  async #keep(from: string, kept: Kept): Promise<void> {
    await this.#files.rename(from, kept.path)
    await this.#files.syncDirectory(this.#directory)
    const at = this.#kept.findIndex((known) => known.path === kept.path)
    if (at >= 0) this.#kept.splice(at, 1)
    this.#kept.push(kept)
    this.#kept.sort((a, b) => a.meta.index - b.meta.index || a.meta.term - b.meta.term)
    while (this.#kept.length > keptMax) {
      const oldest = this.#kept.shift()
      if (oldest !== undefined && !this.#holdsByPath.has(oldest.path)) await this.#discard(oldest.path)
    }
  }

  hold(snapshot: SnapshotMeta): () => void {
    const path = this.#pathOf(snapshot)
    this.#holdsByPath.set(path, (this.#holdsByPath.get(path) ?? 0) + 1)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      const others = (this.#holdsByPath.get(path) ?? 1) - 1
      if (others > 0) this.#holdsByPath.set(path, others)
      else this.#holdsByPath.delete(path)
      const isKept = this.#kept.some((kept) => kept.path === path)
      if (others === 0 && !isKept) void this.#discard(path)
    }
  }

  async load(
    snapshot: SnapshotMeta,
    onRecords: (records: readonly Uint8Array[]) => void | undefined | Promise<void>,
  ): Promise<Result<void, StorageError>> {
    const path = this.#pathOf(snapshot)
    try {
      return await loadRecords(await windowOf(this.#files, path), onRecords)
    } catch (error) {
      return err(ioError('read the snapshot', path, error))
    }
  }

  async readPart(
    snapshot: SnapshotMeta,
    offset: number,
    length: number,
  ): Promise<Result<Uint8Array, StorageError>> {
    const path = this.#pathOf(snapshot)
    try {
      const part = await this.#files.readAt(path, offset, length)
      if (part.length === length) return ok(part)
      return err(damaged(new FileWindow(this.#files, path, snapshot.size), offset, 'it ends too early'))
    } catch (error) {
      return err(ioError('read the snapshot', path, error))
    }
  }

  async receive(
    snapshot: SnapshotMeta,
    offset: number,
    data: Uint8Array,
  ): Promise<Result<void, StorageError>> {
    const path = this.#incomingPath
    try {
      if (offset === 0) {
        await this.#dropIncoming()
        this.#incoming = { file: await this.#files.openAppend(path, 0o600), size: 0 }
      }
      const incoming = this.#incoming
      if (incoming === null || incoming.size !== offset) {
        return err(
          ioError('write', path, new Error(`part ${offset} of snapshot ${snapshot.index} is out of order`)),
        )
      }
      await incoming.file.append(data)
      incoming.size += data.length
      return ok(undefined)
    } catch (error) {
      return err(ioError('write', path, error))
    }
  }

  async finishReceiving(snapshot: SnapshotMeta): Promise<Result<void, StorageError>> {
    const path = this.#incomingPath
    try {
      await this.#incoming?.file.sync()
      await this.#incoming?.file.close()
      this.#incoming = null
      const window = await windowOf(this.#files, path)
      const read = await readSnapshot(window, () => this.#breathe())
      const fault = read.ok ? mismatch(window, read.value, snapshot) : read.error
      if (fault !== undefined) {
        await this.#discard(path)
        return err(fault)
      }
      await this.#keep(path, { path: this.#pathOf(snapshot), meta: snapshot })
      return ok(undefined)
    } catch (error) {
      await this.#discard(path)
      return err(ioError('keep the received snapshot', path, error))
    }
  }

  async close(): Promise<void> {
    await this.#dropIncoming()
  }

  async #dropIncoming(): Promise<void> {
    await this.#incoming?.file.close()
    this.#incoming = null
    await this.#discard(this.#incomingPath)
  }

  /** Removes a file that is not needed; that it cannot be removed, or is not there, changes nothing. */
  async #discard(path: string): Promise<void> {
    await this.#files.remove(path).catch(() => {})
  }

  get #incomingPath(): string {
    return `${this.#directory}/${incomingName}`
  }

  #pathOf(meta: { readonly index: number; readonly term: number }): string {
    const digits = (value: number): string => String(value).padStart(16, '0')
    return `${this.#directory}/${digits(meta.index)}-${digits(meta.term)}${extension}`
  }
}

/** Reads all records of a snapshot, block by block. Errors: `corrupt`, `newerVersion`; rejects as the window does. */
export async function loadRecords(
  window: Window,
  onRecords: (records: readonly Uint8Array[]) => void | undefined | Promise<void>,
): Promise<Result<void, StorageError>> {
  let isSound = true
  const read = await readSnapshot(window, (payload) => {
    // Values stay views of what they were read from: of this block, not of the whole window.
    const records = recordsOfBlock(payload.slice())
    if (records !== undefined) return onRecords(records)
    isSound = false
  })
  if (!read.ok) return read
  return isSound ? ok(undefined) : err(damaged(window, 0, 'a record makes no sense'))
}

/** Why a received snapshot is not the one that was announced, if so. */
export function mismatch(
  window: Window,
  found: SnapshotMeta,
  announced: SnapshotMeta,
): StorageError | undefined {
  const isSame =
    found.index === announced.index && found.term === announced.term && found.size === announced.size
  return isSame ? undefined : damaged(window, 0, 'it is not the one that was announced')
}
