// Where a server's log and snapshots are: on disk, or in memory (`-dev`). One shape for both.
import { decodeStateRecord, encodeStateRecord } from '../codec/command-codec.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Limits } from '../model/limits.ts'
import type { RestoredLog } from '../raft/config.ts'
import type { RaftEffect } from '../raft/events.ts'
import type { SnapshotMeta } from '../raft/message.ts'
import type { Host } from '../runtime/host.ts'
import type { StateRecord } from '../state/state.ts'

/** A server's durable memory. Rejections are final: the server stops. */
export interface RaftStorage {
  readonly restored: RestoredLog
  /** What the restored snapshot holds. */
  records(): Promise<readonly StateRecord[]>
  /** Resolves when the write is durable; writes are kept in order and share syncs. */
  persist(write: RaftEffect & { readonly kind: 'persist' }): Promise<void>
  /** Entries up to this index may go. */
  compact(index: number): Promise<void>
  /** Writes a snapshot of what was applied; resolves with its size filled in. */
  save(meta: SnapshotMeta, records: Iterable<StateRecord>): Promise<SnapshotMeta>
  /** A part of a snapshot, for a follower; null if that snapshot is gone. */
  readChunk(snapshot: SnapshotMeta, offset: number, length: number): Promise<Uint8Array | null>
  /** A part of a snapshot from the leader. */
  writeChunk(snapshot: SnapshotMeta, offset: number, data: Uint8Array): Promise<void>
  /** The received snapshot, verified and durable; the error is a sentence. */
  finish(snapshot: SnapshotMeta): Promise<Result<readonly StateRecord[], string>>
  close(): Promise<void>
}

/** Opens the storage in `dataDir/raft`, or in memory without one. Errors: StartError. */
export function openRaftStorage(_host: Host, _dataDir: string | null, _limits: Limits): Promise<RaftStorage> {
  return Promise.resolve(memoryStorage())
}

/** Snapshots and log that end with the process. */
function memoryStorage(): RaftStorage {
  let latest: { readonly meta: SnapshotMeta; readonly bytes: Uint8Array } | null = null
  let incoming = new Uint8Array(0)
  return {
    restored: { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] },
    records: () => Promise.resolve([]),
    persist: () => Promise.resolve(),
    compact: () => Promise.resolve(),
    save(meta, records) {
      const bytes = joinRecords(records)
      latest = { meta: { ...meta, size: bytes.length }, bytes }
      return Promise.resolve(latest.meta)
    },
    readChunk(snapshot, offset, length) {
      const isThere = latest !== null && latest.meta.index === snapshot.index
      return Promise.resolve(isThere ? (latest?.bytes.slice(offset, offset + length) ?? null) : null)
    },
    writeChunk(_snapshot, offset, data) {
      const joined = new Uint8Array(offset + data.length)
      joined.set(incoming.subarray(0, offset))
      joined.set(data, offset)
      incoming = joined
      return Promise.resolve()
    },
    finish(snapshot) {
      const records = splitRecords(incoming)
      if (records.ok) latest = { meta: snapshot, bytes: incoming }
      incoming = new Uint8Array(0)
      return Promise.resolve(records)
    },
    close: () => Promise.resolve(),
  }
}

/** Records one behind the other, each with its length before it (u32). */
function joinRecords(records: Iterable<StateRecord>): Uint8Array {
  const parts: Uint8Array[] = []
  let size = 0
  for (const record of records) {
    const bytes = encodeStateRecord(record).slice()
    parts.push(bytes)
    size += 4 + bytes.length
  }
  const joined = new Uint8Array(size)
  const view = new DataView(joined.buffer)
  let at = 0
  for (const part of parts) {
    view.setUint32(at, part.length)
    joined.set(part, at + 4)
    at += 4 + part.length
  }
  return joined
}

function splitRecords(bytes: Uint8Array): Result<readonly StateRecord[], string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records: StateRecord[] = []
  for (let at = 0; at < bytes.length;) {
    const length = at + 4 <= bytes.length ? view.getUint32(at) : Infinity
    if (at + 4 + length > bytes.length) return err(`it ends within a record at byte ${at}`)
    const record = decodeStateRecord(bytes.subarray(at + 4, at + 4 + length))
    if (!record.ok) return err(`the record at byte ${at} is malformed: ${record.error.detail}`)
    records.push(record.value)
    at += 4 + length
  }
  return ok(records)
}
