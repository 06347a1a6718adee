// The log of an agent that keeps nothing (`-dev`): every write is as durable as it will ever be.
import { ok } from '../lib/result.ts'
import type { Result } from '../lib/result.ts'
import type { Log, LogStatistics } from './log.ts'
import type { StorageError } from './storage-error.ts'

const nothing: LogStatistics = {
  bytes: 0,
  segments: 0,
  writes: 0,
  syncs: 0,
  lastSyncMicros: 0,
  slowestSyncMicros: 0,
  totalSyncMicros: 0,
}

/** A log that keeps nothing: the Raft machine holds the entries itself. */
export function memoryLog(): Log {
  const done = (): Promise<Result<void, StorageError>> => Promise.resolve(ok(undefined))
  return { persist: done, compact: done, close: () => Promise.resolve(), statistics: nothing }
}
