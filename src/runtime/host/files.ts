// The port of the file system. Types only.

/** The file system. Paths are absolute. All reject with HostError (`ENOENT`, `EACCES`, `ENOSPC`, …). */
export interface Files {
  /** The whole file. */
  read(path: string): Promise<Uint8Array>
  /** Up to `length` bytes from `offset`; fewer at the end of the file. */
  readAt(path: string, offset: number, length: number): Promise<Uint8Array>
  /**
   * Opens a file for appending, created with `mode` if absent. Writes go to the end only.
   *
   * @param reserveBytes so much room is filled with zeros ahead of what is appended, whenever it is used up: a sync that
   *   finds the file as long as before has half the work. `close` cuts off what was not used; a process that ends
   *   without it leaves zeros behind the end. Where there is no room for them the file does without. Nobody else may
   *   write to the file.
   */
  openAppend(path: string, mode?: number, reserveBytes?: number): Promise<AppendFile>
  /** Writes a file from scratch (not atomic, not synced; see storage/atomic-file). */
  write(path: string, bytes: Uint8Array, mode?: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  truncate(path: string, size: number): Promise<void>
  /** Creates a directory and its parents; no error if it exists. */
  mkdir(path: string, mode?: number): Promise<void>
  /** Names in a directory, sorted by code unit. */
  list(path: string): Promise<readonly string[]>
  stat(path: string): Promise<FileStat>
  /** How much room there is on the file system that holds a path. */
  space(path: string): Promise<DiskSpace>
  chmod(path: string, mode: number): Promise<void>
  /** Makes the directory's entries (creations, renames, removals) durable. */
  syncDirectory(path: string): Promise<void>
  /** Makes a file's bytes durable. */
  sync(path: string): Promise<void>
  /** Takes an exclusive lock that ends with the process, or undefined when another process holds it. */
  lock(path: string): Promise<FileLock | undefined>
}

/** A file that is only appended to. Calls are carried out in order; a failed write leaves the size unknown. */
export interface AppendFile {
  /** Writes all of `bytes` at the end. */
  append(bytes: Uint8Array): Promise<void>
  /** fdatasync: when it resolves, all that was appended before survives a loss of power. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** What `stat` tells. */
export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other'
  readonly size: number
  readonly mode: number
  readonly modifiedWallMs: number
}

/** Room on a file system. */
export interface DiskSpace {
  readonly totalBytes: number
  readonly freeBytes: number
  /** Of which others than root may have so many. */
  readonly availableBytes: number
  readonly inodesTotal: number
  readonly inodesFree: number
}

/** A held lock. */
export interface FileLock {
  release(): Promise<void>
}
