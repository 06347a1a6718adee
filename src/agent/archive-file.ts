// An archive as a file: written beside its place, made durable, verified by restoring it, and only then given its name.
import { err, ok, type Result } from '../lib/result.ts'
import type { Clock, Host } from '../runtime/host.ts'
import type { Files } from '../runtime/host/files.ts'
import type { ArchiveMeta } from '../storage/archive-meta.ts'
import { directoryOf } from '../storage/atomic-file.ts'
import { errorOf, type Bytes } from '../storage/byte-stream.ts'
import { FileWindow } from '../storage/file-window.ts'
import { isSnapshotStart, readSnapshot } from '../storage/snapshot-file.ts'
import {
  decodeBlock,
  readRecords,
  verifyArchive,
  type ArchiveReading,
  type VerifiedArchive,
} from './snapshot-verify.ts'

/** Why there is no file: which step failed, and what was wrong. What had the name before is still there. */
export interface ArchiveFileError {
  readonly step: 'fetch' | 'write' | 'verify'
  readonly reason: Error
}

/** How an archive is saved. */
export interface ArchiveFileOptions {
  readonly files: Files
  readonly clock: Clock
  /** Absolute; its directory exists. */
  readonly path: string
  readonly bytes: Bytes
  /** Told how many bytes are written so far. */
  readonly onProgress?: (bytes: number) => void
}

/** What the name of a file ends in while it is not verified. */
export const unverifiedSuffix = '.unverified'

/** Saves an archive. Never rejects; leaves nothing behind when it fails. */
export async function saveArchive(
  options: ArchiveFileOptions,
): Promise<Result<VerifiedArchive, ArchiveFileError>> {
  const { files, path } = options
  const temporary = `${path}${unverifiedSuffix}`
  const written = await write(options, temporary)
  const saved = written.ok ? await keep(options, temporary) : written
  if (!saved.ok) await files.remove(temporary).catch(() => undefined)
  return saved
}

async function write(
  { files, bytes, onProgress }: ArchiveFileOptions,
  path: string,
): Promise<Result<void, ArchiveFileError>> {
  let step: ArchiveFileError['step'] = 'write'
  try {
    await files.remove(path).catch(() => undefined)
    const file = await files.openAppend(path, 0o600)
    let size = 0
    try {
      step = 'fetch'
      for await (const piece of bytes) {
        step = 'write'
        await file.append(piece)
        size += piece.length
        onProgress?.(size)
        step = 'fetch'
      }
      step = 'write'
      await file.sync()
    } finally {
      await file.close()
    }
    return ok(undefined)
  } catch (error) {
    return err({ step, reason: errorOf(error) })
  }
}

async function keep(
  { files, clock, path }: ArchiveFileOptions,
  temporary: string,
): Promise<Result<VerifiedArchive, ArchiveFileError>> {
  let step: ArchiveFileError['step'] = 'verify'
  try {
    const verified = await verifyArchive(await fileBytes(files, temporary), clock)
    if (!verified.ok) return err({ step, reason: new Error(verified.error) })
    step = 'write'
    await files.rename(temporary, path)
    await files.syncDirectory(directoryOf(path))
    return verified
  } catch (error) {
    return err({ step, reason: errorOf(error) })
  }
}

const pieceBytes = 256 * 1024

/** A file's bytes, from its start. Rejects with HostError if it cannot be opened; the stream if it cannot be read. */
export async function fileBytes(files: Files, path: string): Promise<Bytes> {
  const { size } = await files.stat(path)
  return pieces(files, path, size)
}

async function* pieces(files: Files, path: string, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size;) {
    const piece = await files.readAt(path, at, Math.min(pieceBytes, size - at))
    if (piece.length === 0) return
    at += piece.length
    yield piece
  }
}

/** What a snapshot says of itself. */
export type SnapshotFacts = ArchiveMeta

/**
 * Reads the records of an archive, or of a snapshot of a data directory, and verifies its sums.
 *
 * Errors: a sentence; rejects with HostError if the file cannot be read.
 */
export async function readSnapshotFile(
  { files, clock }: Pick<Host, 'files' | 'clock'>,
  path: string,
  onRecords: ArchiveReading['onRecords'],
): Promise<Result<SnapshotFacts, string>> {
  const start = await files.readAt(path, 0, 4)
  if (isSnapshotStart(start)) return readRaftSnapshot(files, path, onRecords)
  return readRecords(await fileBytes(files, path), { clock, onRecords })
}

async function readRaftSnapshot(
  files: Files,
  path: string,
  onRecords: ArchiveReading['onRecords'],
): Promise<Result<SnapshotFacts, string>> {
  const { size } = await files.stat(path)
  let fault: string | undefined
  const read = await readSnapshot(new FileWindow(files, path, size), (payload) => {
    const records = decodeBlock(payload)
    if (records.ok) return onRecords(records.value)
    fault ??= records.error
  })
  if (!read.ok) return err(read.error.message)
  if (fault !== undefined) return err(fault)
  const { index, term } = read.value
  return ok({ id: `${term}-${index}`, index, term, size, version: 1 })
}
