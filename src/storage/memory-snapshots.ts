// The snapshots of an agent that keeps nothing (`-dev`): only what they stand for, so that its log can be cut.
import { err, ok } from '../lib/result.ts'
import type { Result } from '../lib/result.ts'
import type { SnapshotMeta } from '../raft/message.ts'
import type { Snapshots } from './snapshots.ts'
import type { StorageError } from './storage-error.ts'
import { ioError } from './storage-error.ts'

/** Snapshots whose content is thrown away: a server without a disk has none to restore from, and sends none. */
export function memorySnapshots(): Snapshots {
  let latest: SnapshotMeta | null = null
  const refuse = (): Promise<Result<never, StorageError>> =>
    Promise.resolve(err(ioError('transfer', 'a snapshot', new Error('this server keeps its data in memory'))))
  return {
    get latest(): SnapshotMeta | null {
      return latest
    },
    save(meta, records): Promise<Result<SnapshotMeta, StorageError>> {
      let size = 0
      for (const record of records) size += record.length
      latest = { ...meta, size }
      return Promise.resolve(ok(latest))
    },
    load: refuse,
    readPart: refuse,
    receive: refuse,
    finishReceiving: refuse,
    close: () => Promise.resolve(),
  }
}
