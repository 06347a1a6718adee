// Looks at the log and the snapshots of a server that does not run. Changes nothing: no torn tail is cut, no damaged
// snapshot put aside.
import { err, ok, type Result } from '../lib/result.ts'
import type { RestoredLog } from '../raft/config.ts'
import type { SnapshotMeta } from '../raft/message.ts'
import type { Files } from '../runtime/host/files.ts'
import { HostError } from '../runtime/host.ts'
import { FileWindow } from './file-window.ts'
import { LogContents, joinSnapshot, readSegment } from './recovery.ts'
import { segmentName, segmentSequence } from './segment.ts'
import { readSnapshot } from './snapshot-file.ts'
import { gap, ioError, type StorageError } from './storage-error.ts'

/** What a server would go on from, and what it could not read. */
export interface Inspection {
  readonly restored: RestoredLog
  /** Snapshots that are damaged: an older one, or the log, takes their place. */
  readonly damaged: readonly StorageError[]
}

/**
 * Reads everything in `directory` (the `raft` in a data directory).
 *
 * Errors: `corrupt`, `newerVersion`, `gap`, `io`.
 */
export async function inspectRaft(
  files: Files,
  directory: string,
): Promise<Result<Inspection, StorageError>> {
  try {
    const snapshots = await latestSnapshot(files, `${directory}/snapshots`)
    if (!snapshots.ok) return snapshots
    const contents = await readLog(files, directory)
    if (!contents.ok) return contents
    const restored = joinSnapshot(directory, contents.value, snapshots.value.latest)
    return restored.ok ? ok({ restored: restored.value, damaged: snapshots.value.damaged }) : restored
  } catch (error) {
    return err(ioError('read', directory, error))
  }
}

async function namesIn(files: Files, directory: string): Promise<readonly string[]> {
  try {
    return await files.list(directory)
  } catch (error) {
    if (error instanceof HostError && error.code === 'ENOENT') return []
    throw error
  }
}

interface Found {
  readonly latest: SnapshotMeta | null
  readonly damaged: readonly StorageError[]
}

async function latestSnapshot(files: Files, directory: string): Promise<Result<Found, StorageError>> {
  const damaged: StorageError[] = []
  for (const name of (await namesIn(files, directory)).toReversed()) {
    if (!name.endsWith('.snapshot')) continue
    const path = `${directory}/${name}`
    const read = await readSnapshot(new FileWindow(files, path, (await files.stat(path)).size), () => {})
    if (read.ok) return ok({ latest: read.value, damaged })
    if (read.error.code === 'newerVersion') return read
    damaged.push(read.error)
  }
  return ok({ latest: null, damaged })
}

async function readLog(files: Files, directory: string): Promise<Result<LogContents, StorageError>> {
  const contents = new LogContents()
  const sequences = (await namesIn(files, directory)).flatMap((name) => segmentSequence(name) ?? [])
  sequences.sort((a, b) => a - b)
  for (const [at, sequence] of sequences.entries()) {
    const previous = sequences[at - 1] ?? sequence - 1
    if (sequence !== previous + 1)
      return err(gap(directory, `segment ${segmentName(previous + 1)} is missing`))
    const path = `${directory}/${segmentName(sequence)}`
    const read = await readSegment(files, { path, sequence, isLast: at === sequences.length - 1 }, contents)
    if (!read.ok) return read
  }
  return ok(contents)
}
