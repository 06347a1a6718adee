// The durable log over Host.files: segments, one append and one sync per batch, fail-stop on any write error.
import { assert } from '../lib/assert.ts'
import { err, ok } from '../lib/result.ts'
import type { Result } from '../lib/result.ts'
import type { Limits } from '../model/limits.ts'
import { dataVersion } from '../model/version.ts'
import type { RestoredLog } from '../raft/config.ts'
import type { LogPosition } from '../raft/events.ts'
import type { HardState, SnapshotMeta } from '../raft/message.ts'
import type { Clock } from '../runtime/host.ts'
import type { AppendFile, Files } from '../runtime/host/files.ts'
import { directoryOf } from './atomic-file.ts'
import { encodeFrame, recordsOf } from './record.ts'
import type { LogRecord, LogWrite } from './record.ts'
import { LogContents, joinSnapshot, readSegment } from './recovery.ts'
import type { ReadSegment } from './recovery.ts'
import { encodeSegmentHeader, headerBytes, segmentName, segmentSequence } from './segment.ts'
import type { StorageError } from './storage-error.ts'
import { gap, ioError } from './storage-error.ts'

/** A durable log. Every call is answered once; after the first failure nothing is durable any more. */
export interface Log {
  /** Writes in the order of the calls; resolves when it and all before it survive a loss of power. */
  persist(write: LogWrite): Promise<Result<void, StorageError>>
  /** Entries up to `index` are not needed any more: deletes the segments that hold nothing else. */
  compact(index: number): Promise<Result<void, StorageError>>
  /** Finishes what was asked for, then closes the file. */
  close(): Promise<void>
  readonly statistics: LogStatistics
}

/** Figures of a log since it was opened. */
export interface LogStatistics {
  readonly bytes: number
  readonly segments: number
  readonly writes: number
  readonly syncs: number
  /** Time of the last sync, of the slowest one, and of all of them, microseconds. */
  readonly lastSyncMicros: number
  readonly slowestSyncMicros: number
  readonly totalSyncMicros: number
}

/** What a log is opened with. */
export interface LogOptions {
  readonly limits: Pick<Limits, 'segmentBytesMax' | 'segmentReserveBytes' | 'trailingEntries'>
  /** The latest usable snapshot; entries far behind it are not read back. */
  readonly snapshot: SnapshotMeta | null
  readonly clock?: Pick<Clock, 'nowMicros'>
}

/** A log that was opened, and what it held. */
export interface OpenedLog {
  readonly log: Log
  readonly restored: RestoredLog
  /** Bytes of a torn tail that were cut, 0 after a clean stop. */
  readonly tornBytes: number
}

/** Bytes of entries that one frame may join; larger single writes get a frame of their own. */
const frameBytesMax = 4 * 1024 * 1024

/**
 * Opens the log in a directory, which is created if it is not there. One process at a time (the caller's lock).
 *
 * Errors: `corrupt`, `newerVersion`, `gap`, `io`; nothing was changed then, but for a torn tail that was cut.
 */
export async function openLog(
  files: Files,
  directory: string,
  options: LogOptions,
): Promise<Result<OpenedLog, StorageError>> {
  try {
    await files.mkdir(directory, 0o700)
    return await readLog(files, directory, options)
  } catch (error) {
    return err(ioError('open the log in', directory, error))
  }
}

async function readLog(
  files: Files,
  directory: string,
  options: LogOptions,
): Promise<Result<OpenedLog, StorageError>> {
  const sequences = (await files.list(directory)).flatMap((name) => segmentSequence(name) ?? [])
  sequences.sort((a, b) => a - b)
  if (sequences.length === 0) await files.syncDirectory(directoryOf(directory))
  const contents = new LogContents()
  const segments: Segment[] = []
  let tornBytes = 0
  for (const [at, sequence] of sequences.entries()) {
    const path = `${directory}/${segmentName(sequence)}`
    const previous = sequences[at - 1] ?? sequence - 1
    if (sequence !== previous + 1)
      return err(gap(directory, `segment ${segmentName(previous + 1)} is missing`))
    const read = await readSegment(files, { path, sequence, isLast: at === sequences.length - 1 }, contents)
    if (!read.ok) return read
    tornBytes += await cutTail(files, read.value, options.limits.segmentReserveBytes)
    if (read.value.isVoid) continue
    limitMaxIndex(segments, contents)
    segments.push({ sequence, path, bytes: read.value.validBytes, maxIndex: read.value.maxIndex })
    contents.dropBefore((options.snapshot?.index ?? 0) - options.limits.trailingEntries)
  }
  await makeDurable(files, directory, segments)
  const restored = joinSnapshot(directory, contents, options.snapshot)
  if (!restored.ok) return restored
  const log = new FileLog(files, directory, { options, segments, contents })
  return ok({ log, restored: restored.value, tornBytes })
}

/**
 * What was read may be in the system's cache alone: a killed process, or one whose sync failed, leaves writes there.
 * They count as durable from here on, so they must be. Earlier segments were synced before the last was begun.
 */
async function makeDurable(files: Files, directory: string, segments: readonly Segment[]): Promise<void> {
  const last = segments.at(-1)
  if (last !== undefined) await files.sync(last.path)
  await files.syncDirectory(directory)
}

/**
 * Makes the file as long as what is valid in it, durably: what follows must not stand behind rubbish. How much of that
 * there was; zeros count when they are more than the room that is reserved.
 */
async function cutTail(files: Files, segment: ReadSegment, reserveBytes: number): Promise<number> {
  const { path, validBytes, tornBytes } = segment
  const { size } = await files.stat(path)
  if (segment.isVoid) {
    await files.remove(path)
    return Math.max(1, size)
  }
  if (size === validBytes) return 0
  await files.truncate(path, validBytes)
  await files.sync(path)
  return size - validBytes - tornBytes > reserveBytes ? size - validBytes : tornBytes
}

/** Segments that were read hold no valid entry behind what the log has kept of them. */
function limitMaxIndex(segments: readonly Segment[], contents: LogContents): void {
  for (const segment of segments) segment.maxIndex = Math.min(segment.maxIndex, contents.last.index)
}

interface Segment {
  readonly sequence: number
  readonly path: string
  bytes: number
  /** Highest index of an entry in it that still counts. */
  maxIndex: number
}

type Task =
  | { readonly kind: 'write'; readonly write: LogWrite; done(result: Result<void, StorageError>): void }
  | { readonly kind: 'compact'; readonly index: number; done(result: Result<void, StorageError>): void }

class FileLog implements Log {
  readonly #files: Files
  readonly #directory: string
  readonly #options: LogOptions
  readonly #segments: Segment[]
  #hardState: HardState
  #last: LogPosition
  #nextSequence: number
  /** The last segment, open for appending; null until the first write. */
  #file: AppendFile | null = null
  #tasks: Task[] = []
  #running: Promise<void> | null = null
  #failure: StorageError | null = null
  #statistics = { writes: 0, syncs: 0, lastSyncMicros: 0, slowestSyncMicros: 0, totalSyncMicros: 0 }

  constructor(
    files: Files,
    directory: string,
    past: { readonly options: LogOptions; readonly segments: Segment[]; readonly contents: LogContents },
  ) {
    this.#files = files
    this.#directory = directory
    this.#options = past.options
    this.#segments = past.segments
    this.#hardState = past.contents.hardState
    this.#last = { index: past.contents.last.index, term: past.contents.last.term }
    this.#nextSequence = (past.segments.at(-1)?.sequence ?? 0) + 1
  }

  persist(write: LogWrite): Promise<Result<void, StorageError>> {
    return new Promise((done) => this.#enqueue({ kind: 'write', write, done }))
  }

  compact(index: number): Promise<Result<void, StorageError>> {
    return new Promise((done) => this.#enqueue({ kind: 'compact', index, done }))
  }

  async close(): Promise<void> {
    while (this.#running !== null) await this.#running
    this.#failure ??= {
      code: 'closed',
      message: `The log in ${this.#directory} is closed`,
      path: this.#directory,
      offset: 0,
      cause: '',
    }
    const file = this.#file
    this.#file = null
    await file?.close()
  }

  get statistics(): LogStatistics {
    let bytes = 0
    for (const segment of this.#segments) bytes += segment.bytes
    return { bytes, segments: this.#segments.length, ...this.#statistics }
  }

  #enqueue(task: Task): void {
    this.#tasks.push(task)
    this.#running ??= this.#run()
  }

  /** Works off what is queued; what comes in while a sync runs shares the next one (group commit). */
  async #run(): Promise<void> {
    await Promise.resolve()
    while (this.#tasks.length > 0) {
      const head = this.#tasks[0]
      if (head?.kind === 'compact') {
        this.#tasks.shift()
        head.done(await this.#attempt('delete segments in', () => this.#removeThrough(head.index)))
      } else {
        const batch = this.#takeBatch()
        const result = await this.#attempt('write the log in', () => this.#writeBatch(batch))
        for (const task of batch) task.done(result)
      }
    }
    this.#running = null
  }

  /** Fail-stop: after one failure the state of the file is unknown, so nothing is acknowledged any more. */
  async #attempt(action: string, work: () => Promise<void>): Promise<Result<void, StorageError>> {
    if (this.#failure !== null) return err(this.#failure)
    try {
      await work()
      return ok(undefined)
    } catch (error) {
      this.#failure = ioError(action, this.#directory, error)
      return err(this.#failure)
    }
  }

  #takeBatch(): readonly (Task & { readonly kind: 'write' })[] {
    const batch: (Task & { readonly kind: 'write' })[] = []
    let bytes = 0
    for (let head = this.#tasks[0]; head?.kind === 'write'; head = this.#tasks[0]) {
      for (const entry of head.write.entries) bytes += entry.kind === 'command' ? entry.data.length : 1024
      if (batch.length > 0 && bytes > frameBytesMax) break
      batch.push(head)
      this.#tasks.shift()
    }
    return batch
  }

  async #writeBatch(batch: readonly (Task & { readonly kind: 'write' })[]): Promise<void> {
    const records = batch.flatMap((task) => recordsOf(task.write))
    this.#statistics.writes += batch.length
    if (records.length === 0) return
    const { file, segment, isNew } = await this.#writableSegment()
    const frame = encodeFrame(records, { sequence: segment.sequence, offset: segment.bytes })
    await file.append(frame)
    segment.bytes += frame.length
    await this.#sync(file)
    if (isNew) await this.#files.syncDirectory(this.#directory)
    for (const record of records) this.#note(record, segment)
  }

  async #sync(file: AppendFile): Promise<void> {
    const clock = this.#options.clock
    const startMicros = clock?.nowMicros() ?? 0
    await file.sync()
    const micros = (clock?.nowMicros() ?? 0) - startMicros
    const statistics = this.#statistics
    statistics.syncs += 1
    statistics.lastSyncMicros = micros
    statistics.slowestSyncMicros = Math.max(statistics.slowestSyncMicros, micros)
    statistics.totalSyncMicros += micros
  }

  #note(record: LogRecord, active: Segment): void {
    switch (record.kind) {
      case 'base':
        break
      case 'hardState':
        this.#hardState = record.hardState
        break
      case 'reset':
        for (const segment of this.#segments)
          segment.maxIndex = Math.min(segment.maxIndex, record.position.index)
        this.#last = record.position
        break
      case 'entry': {
        const { index, term } = record.entry
        assert(index <= this.#last.index + 1, () => `entry ${index} leaves a gap behind ${this.#last.index}`)
        if (index <= this.#last.index) {
          for (const segment of this.#segments) segment.maxIndex = Math.min(segment.maxIndex, index - 1)
        }
        active.maxIndex = index
        this.#last = { index, term }
        break
      }
    }
  }

  /** The segment that takes the next frame: the last one, or a new one if that is full. */
  async #writableSegment(): Promise<{ file: AppendFile; segment: Segment; isNew: boolean }> {
    const segment = this.#segments.at(-1)
    if (segment !== undefined && segment.bytes < this.#options.limits.segmentBytesMax) {
      this.#file ??= await this.#openSegment(segment.path)
      return { file: this.#file, segment, isNew: false }
    }
    await this.#file?.close()
    // Zeros behind a segment that is not the last would be damage: the room is given back for good before there is another.
    if (segment !== undefined) await this.#files.sync(segment.path)
    return this.#beginSegment()
  }

  #openSegment(path: string): Promise<AppendFile> {
    return this.#files.openAppend(path, 0o600, this.#options.limits.segmentReserveBytes)
  }

  /** Begins a segment with all that is needed to read it without those before it. */
  async #beginSegment(): Promise<{ file: AppendFile; segment: Segment; isNew: boolean }> {
    const sequence = this.#nextSequence
    const path = `${this.#directory}/${segmentName(sequence)}`
    const file = await this.#openSegment(path)
    this.#file = file
    this.#nextSequence += 1
    const firstIndex = this.#last.index + 1
    const header = encodeSegmentHeader({ version: dataVersion, sequence, firstIndex })
    const frame = encodeFrame(
      [
        { kind: 'base', position: this.#last },
        { kind: 'hardState', hardState: this.#hardState },
      ],
      { sequence, offset: headerBytes },
    )
    const bytes = new Uint8Array(header.length + frame.length)
    bytes.set(header)
    bytes.set(frame, header.length)
    await file.append(bytes)
    // On its own: frames behind it must prove that it was complete.
    await file.sync()
    const segment: Segment = { sequence, path, bytes: bytes.length, maxIndex: 0 }
    this.#segments.push(segment)
    return { file, segment, isNew: true }
  }

  async #removeThrough(index: number): Promise<void> {
    for (let oldest = this.#segments[0]; oldest !== undefined; oldest = this.#segments[0]) {
      if (this.#segments.length === 1 || oldest.maxIndex > index) break
      await this.#files.remove(oldest.path)
      this.#segments.shift()
      // One by one: a crash must not bring back a segment whose successor is gone.
      await this.#files.syncDirectory(this.#directory)
    }
  }
}
