// What can go wrong with durable data, as values with a sentence for people.
import { HostError } from '../runtime/host.ts'

/** Why storage refuses or has stopped. `message` names file, place and the way out. */
export interface StorageError {
  readonly code: 'corrupt' | 'newerVersion' | 'gap' | 'io' | 'closed'
  readonly message: string
  readonly path: string
  /** Byte offset in the file, where that says something. */
  readonly offset: number
  /** The platform's code (`ENOSPC`, `EIO`), empty if it was not the platform. */
  readonly cause: string
}

/** Bytes that were written whole and are not what was written. */
export function corrupt(path: string, offset: number, what: string): StorageError {
  const message =
    `Cannot read ${path}: ${what} at byte ${offset}, with valid data behind it; the disk or another program has ` +
    'changed the file. Restore the data directory from a backup, or remove it and let this server join again'
  return { code: 'corrupt', message, path, offset, cause: '' }
}

/** A file of a later release. */
export function newerVersion(path: string, found: number, known: number): StorageError {
  const message =
    `Cannot read ${path}: it has data format ${found}, this release reads up to ${known}; ` +
    'start the release that wrote it, or a later one'
  return { code: 'newerVersion', message, path, offset: 0, cause: '' }
}

/** Entries between what the snapshots and the log hold. */
export function gap(path: string, what: string): StorageError {
  const message = `Cannot use the log in ${path}: ${what}; restore the missing files from a backup, or remove the directory and let this server join again`
  return { code: 'gap', message, path, offset: 0, cause: '' }
}

/** The platform refused. */
export function ioError(action: string, path: string, error: unknown): StorageError {
  const cause = error instanceof HostError ? error.code : ''
  const reason = error instanceof Error ? error.message : String(error)
  return { code: 'io', message: `Cannot ${action} ${path}: ${reason}`, path, offset: 0, cause }
}
