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

/** A server's durable memory. Rejections are final: the server stops. */
export interface RaftStorage {
  readonly restored: RestoredLog
  /** What the restored snapshot holds. */
  records(): Promise<readonly StateRecord[]>
  /** Resolves when the write is durable; writes are kept in order and share syncs. */
  persist(write: LogWrite): Promise<void>
  /** Entries up to this index may go. */
  compact(index: number): Promise<void>
  /** Writes a snapshot of what was applied; resolves with its size filled in. */
  save(meta: Omit<SnapshotMeta, 'size'>, records: Iterable<StateRecord>): Promise<SnapshotMeta>
  /** A part of a snapshot, for a follower; null if that snapshot is gone or damaged. */
  readChunk(snapshot: SnapshotMeta, offset: number, length: number): Promise<Uint8Array | null>
  /** A part of a snapshot from the leader. */
  writeChunk(snapshot: SnapshotMeta, offset: number, data: Uint8Array): Promise<void>
  /** The received snapshot, verified and durable; the error is a sentence. */
  finish(snapshot: SnapshotMeta): Promise<Result<readonly StateRecord[], string>>
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
  if (dataDir === null) return new Storage(memoryLog(), memorySnapshots(), empty)
  const opened = await openSnapshots(host.files, `${dataDir}/raft/snapshots`)
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

  async records(): Promise<readonly StateRecord[]> {
    if (this.restored.snapshot === null) return []
    const loaded = await this.#snapshots.load(this.restored.snapshot)
    if (!loaded.ok) throw new StartError(loaded.error.message)
    const records = decodeAll(loaded.value)
    if (!records.ok) throw new StartError(`Cannot read the snapshot in the data directory: ${records.error}`)
    return records.value
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

  async finish(snapshot: SnapshotMeta): Promise<Result<readonly StateRecord[], string>> {
    const kept = await this.#snapshots.finishReceiving(snapshot)
    const loaded = kept.ok ? await this.#snapshots.load(snapshot) : kept
    if (loaded.ok) return decodeAll(loaded.value)
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

function* encodeAll(records: Iterable<StateRecord>): Generator<Uint8Array> {
  for (const record of records) yield encodeStateRecord(record)
}

function decodeAll(encoded: readonly Uint8Array[]): Result<readonly StateRecord[], string> {
  const records: StateRecord[] = []
  for (const [at, bytes] of encoded.entries()) {
    const record = decodeStateRecord(bytes)
    if (!record.ok) return err(`record ${at} is malformed (${record.error.detail})`)
    records.push(record.value)
  }
  return ok(records)
}
