// Exclusive locks between processes, released by the kernel when the holder ends however it ends.
// None of the runtimes offers file locks in a common form, but all carry SQLite, which takes them (DESIGN.md).

import { constants, promises } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

import type { FileLock } from '../host/files.ts'

/** The locks that this process holds. */
export class FileLocks {
  /** By path; undefined while it is being taken. Keeps the databases from being collected, which would unlock. */
  readonly #held = new Map<string, DatabaseSync | undefined>()

  /**
   * Takes the lock on `path`, an empty file that is created if absent and stays.
   *
   * @returns undefined when another process, or this one, holds it
   * Errors: the platform's, also when the file has other contents.
   */
  async take(path: string): Promise<FileLock | undefined> {
    const [file, sqlite] = await Promise.all([realPath(path), import('node:sqlite')])
    if (this.#held.has(file)) return undefined
    this.#held.set(file, undefined)
    let isTaken = false
    try {
      await create(file)
      const database = new sqlite.DatabaseSync(file)
      try {
        // Nothing is ever written: the lock is the one that a writer would need.
        database.exec('BEGIN EXCLUSIVE')
        isTaken = true
        this.#held.set(file, database)
      } catch (error) {
        database.close()
        if (isBusy(error)) return undefined
        throw error
      }
      return { release: () => this.#release(file, database) }
    } finally {
      if (!isTaken) this.#held.delete(file)
    }
  }

  #release(file: string, database: DatabaseSync): Promise<void> {
    if (this.#held.get(file) === database) {
      this.#held.delete(file)
      database.close()
    }
    return Promise.resolve()
  }
}

/** The file behind links in the directory's path, so that two names of one directory mean one lock. */
async function realPath(path: string): Promise<string> {
  const slash = path.lastIndexOf('/')
  const directory = await promises.realpath(path.slice(0, Math.max(slash, 1)))
  return directory + path.slice(slash)
}

/**
 * Creates the file if it is absent, and fails with the system's code where it cannot be written. A file that is
 * there is not opened: closing it again would drop a lock that this process holds on it.
 */
async function create(file: string): Promise<void> {
  try {
    await (await promises.open(file, 'ax', 0o600)).close()
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error
    await promises.access(file, constants.W_OK)
  }
}

/** SQLITE_BUSY; one runtime gives it as a number, the others in words. */
function isBusy(error: unknown): boolean {
  const { errcode, message } = error as { errcode?: number; message?: string }
  return errcode === 5 || /database is locked/.test(message ?? '')
}
