// Where a server's log and snapshots are: in `dataDir/raft`, or in memory (`-dev`). Snapshots hold state records.
import { decodeStateRecord, encodeStateRecord } from '../codec/record-codec.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Limits } from '../model/limits.ts'
import type { RestoredLog } from '../raft/config.ts'
import type { SnapshotMeta } from '../raft/message.ts'
import type { Host } from '../runtime/host.ts'
import type { StateRecord } from '../model/state-record.ts'
import { openLog, type Log } from '../storage/log.ts'
import { memoryLog } from '../storage/memory-log.ts'
import { memorySnapshots } from '../storage/memory-snapshots.ts'
import type { LogWrite } from '../storage/record.ts'
import { openSnapshots, type Snapshots } from '../storage/snapshots.ts'
import type { StorageError } from '../storage/storage-error.ts'
import { StartError } from './identity.ts'
import type { Logger } from './log.ts'
import { createTurns } from './turns.ts'

/** Takes records of a snapshot; the next ones wait for it. */
export type OnRecords = (records: readonly StateRecord[]) => void | undefined | Promise<void>

/** A server's durable memory. Rejections are final: the server stops. */
export interface RaftStorage {
  readonly restored: RestoredLog
  /** The latest snapshot that is whole, or null. */
  readonly latest: SnapshotMeta | null
  /** Hands out what the restored snapshot holds. Errors: StartError. */
  load(onRecords: OnRecords): Promise<void>
  /** Resolves when the write is durable; writes are kept in order and share syncs. */
  persist(write: LogWrite): Promise<void>
  /** Entries up to this index may go. */
  compact(index: number): Promise<void>
  /** Writes a snapshot of a frozen state, bit by bit; resolves with its size filled in. */
  save(meta: Omit<SnapshotMeta, 'size'>, records: Iterable<StateRecord>): Promise<SnapshotMeta>
  /** Keeps a snapshot from being removed until what is returned is called. */
  hold(snapshot: SnapshotMeta): () => void
  /** A part of a snapshot, for a follower; null if that snapshot is gone or damaged. */
  readChunk(snapshot: SnapshotMeta, offset: number, length: number): Promise<Uint8Array | null>
  /** A part of a snapshot from the leader. */
  writeChunk(snapshot: SnapshotMeta, offset: number, data: Uint8Array): Promise<void>
  /** Makes the received snapshot durable, verifies it and hands out what it holds; the error is a sentence. */
  finish(snapshot: SnapshotMeta, onRecords: OnRecords): Promise<Result<void, string>>
  close(): Promise<void>
}

const empty: RestoredLog = { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] }

/** Opens the storage. Errors: StartError, when what is there cannot be read; nothing was changed then. */
export async function openRaftStorage(
  host: Host,
  dataDir: string | null,
  limits: Limits,
  log: Logger,
): Promise<RaftStorage> {
  if (dataDir === null) return new Storage(memoryLog(), memorySnapshots(createTurns(host.clock)), empty)
  const opened = await openSnapshots(host.files, `${dataDir}/raft/snapshots`, createTurns(host.clock))
  if (!opened.ok) throw new StartError(opened.error.message)
  const { snapshots, damaged } = opened.value
  for (const fault of damaged) log.error('A snapshot is damaged and was put aside', { error: fault.message })
  const options = { limits, snapshot: snapshots.latest, clock: host.clock }
  const read = await openLog(host.files, `${dataDir}/raft`, options)
  if (!read.ok) throw new StartError(read.error.message)
  const { tornBytes, restored } = read.value
  if (tornBytes > 0)
    log.warn('The last write was cut off by a crash; its remains are removed', { bytes: tornBytes })
  return new Storage(read.value.log, snapshots, restored)
}

class Storage implements RaftStorage {
  readonly restored: RestoredLog
  readonly #log: Log
  readonly #snapshots: Snapshots

  constructor(log: Log, snapshots: Snapshots, restored: RestoredLog) {
    this.#log = log
    this.#snapshots = snapshots
    this.restored = restored
  }

  get latest(): SnapshotMeta | null {
    return this.#snapshots.latest
  }

  async load(onRecords: OnRecords): Promise<void> {
    if (this.restored.snapshot === null) return
    const loaded = await this.#load(this.restored.snapshot, onRecords)
    if (!loaded.ok) throw new StartError(loaded.error.message)
  }

  /** Hands out decoded records; the error's `code` tells a failing disk from damage. */
  async #load(
    snapshot: SnapshotMeta,
    onRecords: OnRecords,
  ): Promise<Result<void, Pick<StorageError, 'code' | 'message'>>> {
    let fault: string | null = null
    const loaded = await this.#snapshots.load(snapshot, (encoded) => {
      const records = decodeStateRecords(encoded)
      if (records.ok) return onRecords(records.value)
      fault ??= records.error
    })
    if (!loaded.ok || fault === null) return loaded
    return err({ code: 'corrupt', message: `Cannot read the snapshot ${snapshot.index}: ${String(fault)}` })
  }

  async persist(write: LogWrite): Promise<void> {
    orThrow(await this.#log.persist(write))
  }

  async compact(index: number): Promise<void> {
    orThrow(await this.#log.compact(index))
  }

  async save(meta: Omit<SnapshotMeta, 'size'>, records: Iterable<StateRecord>): Promise<SnapshotMeta> {
    return orThrow(await this.#snapshots.save(meta, encodeAll(records)))
  }

  async readChunk(snapshot: SnapshotMeta, offset: number, length: number): Promise<Uint8Array | null> {
    const part = await this.#snapshots.readPart(snapshot, offset, length)
    return part.ok ? part.value : null
  }

  async writeChunk(snapshot: SnapshotMeta, offset: number, data: Uint8Array): Promise<void> {
    orThrow(await this.#snapshots.receive(snapshot, offset, data))
  }

  hold(snapshot: SnapshotMeta): () => void {
    return this.#snapshots.hold(snapshot)
  }

  async finish(snapshot: SnapshotMeta, onRecords: OnRecords): Promise<Result<void, string>> {
    const kept = await this.#snapshots.finishReceiving(snapshot)
    const loaded = kept.ok ? await this.#load(snapshot, onRecords) : kept
    if (loaded.ok) return loaded
    // Damage can be mended by asking again; a disk that fails cannot.
    if (loaded.error.code === 'io') throw new Error(loaded.error.message)
    return err(loaded.error.message)
  }

  async close(): Promise<void> {
    await this.#log.close()
    await this.#snapshots.close()
  }
}

/** The storage does not recover from a failed write: the server must stop and start from what is durable. */
function orThrow<T>(result: Result<T, StorageError>): T {
  if (result.ok) return result.value
  throw new Error(result.error.message)
}

/** Encodes records when they are asked for, again each time they are walked. */
function encodeAll(records: Iterable<StateRecord>): Iterable<Uint8Array> {
  return {
    *[Symbol.iterator]() {
      for (const record of records) yield encodeStateRecord(record)
    },
  }
}

/** Records of a snapshot or an archive. The error is a sentence. */
export function decodeStateRecords(encoded: readonly Uint8Array[]): Result<readonly StateRecord[], string> {
  const records: StateRecord[] = []
  for (const [at, bytes] of encoded.entries()) {
    const record = decodeStateRecord(bytes)
    if (!record.ok) return err(`a record is malformed (${record.error.detail}; number ${at} of its block)`)
    records.push(record.value)
  }
  return ok(records)
}
