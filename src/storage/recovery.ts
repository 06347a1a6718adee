// Reads the segments of a log back after a stop or a crash: cuts a torn tail, refuses damage in the middle.
import { err, ok } from '../lib/result.ts'
import type { Result } from '../lib/result.ts'
import { crc32c } from '../lib/crc32c.ts'
import { dataVersion } from '../model/version.ts'
import type { RestoredLog } from '../raft/config.ts'
import type { LogPosition } from '../raft/events.ts'
import type { Entry, HardState, SnapshotMeta } from '../raft/message.ts'
import type { Files } from '../runtime/host/files.ts'
import { FileWindow } from './file-window.ts'
import { decodeRecords } from './record.ts'
import type { LogRecord } from './record.ts'
import { decodeFrameHeader, decodeSegmentHeader, headerBytes, nextFrameMagic } from './segment.ts'
import type { StorageError } from './storage-error.ts'
import { corrupt, gap, newerVersion } from './storage-error.ts'

/** What the segments amount to. */
export class LogContents {
  hardState: HardState = { term: 0, votedFor: null }
  /** The log ends here, or begins behind it if it has entries; null before the first record. */
  #base: LogPosition | null = null
  #entries: Entry[] = []

  /** Entries in order, without gaps. */
  get entries(): readonly Entry[] {
    return this.#entries
  }

  /** Where the log begins: the position before its first entry. */
  get base(): LogPosition {
    return this.#base ?? { index: 0, term: 0 }
  }

  /** Where the log ends. */
  get last(): LogPosition {
    return this.#entries.at(-1) ?? this.base
  }

  /** Takes in a record; returns what is wrong with it, if anything is. */
  take(record: LogRecord): string | undefined {
    switch (record.kind) {
      case 'base':
        return this.#takeBase(record.position)
      case 'hardState':
        this.hardState = record.hardState
        return undefined
      case 'reset':
        this.#base = record.position
        this.#entries = []
        return undefined
      case 'entry':
        return this.#takeEntry(record.entry)
    }
  }

  #takeBase(position: LogPosition): string | undefined {
    const { last } = this
    if (this.#base === null) this.#base = position
    else if (position.index !== last.index || position.term !== last.term) {
      return `a segment that goes on behind entry ${position.index}, while the log ends with ${last.index}`
    }
    return undefined
  }

  #takeEntry(entry: Entry): string | undefined {
    const { base, last } = this
    if (entry.index > last.index + 1) return `entry ${entry.index} behind entry ${last.index}`
    if (entry.index <= base.index) {
      // What it replaces was in a segment that is gone, so it is committed or void.
      this.#base = { index: entry.index - 1, term: 0 }
      this.#entries = []
    }
    this.#entries.length = entry.index - this.base.index - 1
    this.#entries.push(entry)
    return undefined
  }

  /** Forgets entries that nobody will ask for. */
  dropBefore(index: number): void {
    const first = this.#entries[0]
    if (first === undefined || first.index >= index) return
    const kept = Math.min(index - first.index, this.#entries.length - 1)
    const base = this.#entries[kept - 1]
    if (base === undefined) return
    this.#base = { index: base.index, term: base.term }
    this.#entries = this.#entries.slice(kept)
  }
}

/** A segment that was read. */
export interface ReadSegment {
  readonly path: string
  readonly sequence: number
  /** Bytes that hold valid frames. */
  readonly validBytes: number
  /** Behind them, up to the last byte that is not zero: what is left of a write that was cut off. */
  readonly tornBytes: number
  /** True if not even the header is there: the segment was never in use. */
  readonly isVoid: boolean
  /** Highest index of an entry in it, 0 if it has none. */
  readonly maxIndex: number
}

/**
 * Reads one segment into `contents`.
 *
 * @param place `isLast`: only the last segment may be torn, all others were complete before the next one began
 * Errors: `corrupt`, `newerVersion`. Rejects with HostError if the file cannot be read.
 */
export async function readSegment(
  files: Files,
  place: { readonly path: string; readonly sequence: number; readonly isLast: boolean },
  contents: LogContents,
): Promise<Result<ReadSegment, StorageError>> {
  const { path, sequence, isLast } = place
  const { size } = await files.stat(path)
  const window = new FileWindow(files, path, size)
  const header = decodeSegmentHeader(await window.at(0, headerBytes))
  if (header === undefined || header.sequence !== sequence) {
    const tail = await readTail(window, { sequence, offset: 0, isLast })
    return tail.ok
      ? ok({ path, sequence, validBytes: 0, tornBytes: tail.value, isVoid: true, maxIndex: 0 })
      : tail
  }
  if (header.version > dataVersion) return err(newerVersion(path, header.version, dataVersion))
  return readFrames(window, place, contents)
}

async function readFrames(
  window: FileWindow,
  place: { readonly path: string; readonly sequence: number; readonly isLast: boolean },
  contents: LogContents,
): Promise<Result<ReadSegment, StorageError>> {
  const { path, sequence, isLast } = place
  let offset = headerBytes
  let tornBytes = 0
  let maxIndex = 0
  while (offset < window.size) {
    const payload = await readPayload(window, sequence, offset)
    if (payload === undefined) {
      const tail = await readTail(window, { sequence, offset, isLast })
      if (!tail.ok) return tail
      tornBytes = tail.value
      break
    }
    const end = offset + headerBytes + payload.length
    const records = decodeRecords(payload)
    if (records === undefined) return err(corrupt(path, offset, 'a record that makes no sense'))
    for (const record of records) {
      const fault = contents.take(record)
      if (fault !== undefined) return err(corrupt(path, offset, fault))
      if (record.kind === 'entry') maxIndex = record.entry.index
      if (record.kind === 'reset') maxIndex = 0
    }
    offset = end
  }
  return ok({ path, sequence, validBytes: offset, tornBytes, isVoid: offset === headerBytes, maxIndex })
}

async function readPayload(
  window: FileWindow,
  sequence: number,
  offset: number,
): Promise<Uint8Array | undefined> {
  const header = decodeFrameHeader(await window.at(offset, headerBytes), { sequence, offset })
  if (header === undefined || offset + headerBytes + header.length > window.size) return undefined
  const payload = await window.at(offset + headerBytes, header.length)
  return crc32c(payload) === header.crc ? payload : undefined
}

const step = 64 * 1024

/**
 * Tells what stands behind the last valid frame of the last segment: room for what was to come, all zeros; a torn write,
 * of so many bytes; or damage. A frame that begins behind the bad place was written after it was synced. The first frame
 * says nothing of the header before it, they are written at once.
 */
async function readTail(
  window: FileWindow,
  place: { readonly sequence: number; readonly offset: number; readonly isLast: boolean },
): Promise<Result<number, StorageError>> {
  const { sequence, offset, isLast } = place
  if (!isLast)
    return err(corrupt(window.path, offset, 'a damaged or missing batch in a segment that is not the last'))
  for (let start = Math.max(offset, headerBytes) + 1; start < window.size; start += step) {
    const bytes = await window.at(start, step + headerBytes)
    for (let at = nextFrameMagic(bytes, 0); at >= 0 && at < step; at = nextFrameMagic(bytes, at + 1)) {
      const found = decodeFrameHeader(bytes.subarray(at), { sequence, offset: start + at })
      if (found !== undefined) return err(corrupt(window.path, offset, 'a damaged batch'))
    }
  }
  return ok(await bytesUntilZeros(window, offset))
}

/** From `offset` to the last byte that is not zero. */
async function bytesUntilZeros(window: FileWindow, offset: number): Promise<number> {
  let end = offset
  for (let start = offset; start < window.size; start += step) {
    const bytes = await window.at(start, step)
    const last = bytes.findLastIndex((byte) => byte !== 0)
    if (last >= 0) end = start + last + 1
  }
  return end - offset
}

/**
 * The durable past of a server, from its log and its latest snapshot.
 *
 * Errors: `gap` if entries are missing between them.
 */
export function joinSnapshot(
  directory: string,
  contents: LogContents,
  snapshot: SnapshotMeta | null,
): Result<RestoredLog, StorageError> {
  const { base, entries, hardState } = contents
  const covered = snapshot?.index ?? 0
  if (base.index > covered) {
    const found =
      snapshot === null ? 'there is no snapshot' : `the latest snapshot ends with entry ${covered}`
    return err(gap(directory, `the log begins behind entry ${base.index}, and ${found}`))
  }
  return ok({ hardState, snapshot, entries })
}
