// The file system over node:fs.

import * as fs from 'node:fs'
import { promises } from 'node:fs'

import type { AppendFile, DiskSpace, FileStat, Files } from '../host/files.ts'
import { plainBytes } from './address.ts'
import { hostError } from './errors.ts'
import { FileLocks } from './lock.ts'

/**
 * Appends up to this size are written in the calling turn: into the system's cache this takes microseconds,
 * a trip through the thread pool 50 to 100. Longer ones would hold up the loop.
 */
const syncAppendBytesMax = 64 * 1024

/** The file system of the base host. */
export function nodeFiles(): Files {
  const locks = new FileLocks()
  return {
    read: (path) => attempt(`read ${path}`, async () => plainBytes(await promises.readFile(path))),
    readAt: (path, offset, length) => attempt(`read ${path}`, () => readAt(path, offset, length)),
    openAppend: (path, mode = 0o600, reserveBytes = 0) =>
      attempt(`open ${path}`, async () => {
        // At the end wherever that is, or at a place that we know: before the zeros.
        const flags = reserveBytes === 0 ? 'a' : fs.constants.O_WRONLY | fs.constants.O_CREAT
        return new NodeAppendFile(path, fs.openSync(path, flags, mode), reserveBytes)
      }),
    write: (path, bytes, mode = 0o600) =>
      attempt(`write ${path}`, () => promises.writeFile(path, bytes, { mode })),
    rename: (from, to) => attempt(`rename ${from} to ${to}`, () => promises.rename(from, to)),
    remove: (path) => attempt(`remove ${path}`, () => remove(path)),
    truncate: (path, size) => attempt(`truncate ${path}`, () => promises.truncate(path, size)),
    mkdir: (path, mode = 0o755) =>
      attempt(
        `create directory ${path}`,
        async () => void (await promises.mkdir(path, { recursive: true, mode })),
      ),
    list: (path) => attempt(`list ${path}`, () => list(path)),
    stat: (path) => attempt(`look up ${path}`, async () => fileStat(await promises.stat(path))),
    space: (path) =>
      attempt(`look at the file system of ${path}`, async () => diskSpace(await promises.statfs(path))),
    chmod: (path, mode) => attempt(`change the mode of ${path}`, () => promises.chmod(path, mode)),
    syncDirectory: (path) => attempt(`sync ${path}`, () => syncPath(path)),
    sync: (path) => attempt(`sync ${path}`, () => syncPath(path)),
    lock: (path) => attempt(`lock ${path}`, () => locks.take(path)),
  }
}

async function attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw hostError(action, error)
  }
}

async function readAt(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await promises.open(path, 'r')
  try {
    const bytes = new Uint8Array(length)
    let size = 0
    while (size < length) {
      const { bytesRead } = await file.read(bytes, size, length - size, offset + size)
      if (bytesRead === 0) break
      size += bytesRead
    }
    return bytes.subarray(0, size)
  } finally {
    await file.close()
  }
}

async function remove(path: string): Promise<void> {
  try {
    await promises.unlink(path)
  } catch (error) {
    const stat = await promises.lstat(path)
    if (!stat.isDirectory()) throw error
    await promises.rmdir(path)
  }
}

async function list(path: string): Promise<readonly string[]> {
  const names = await promises.readdir(path)
  return names.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

function diskSpace(found: fs.StatsFs): DiskSpace {
  const { bsize, blocks, bfree, bavail, files, ffree } = found
  return {
    totalBytes: blocks * bsize,
    freeBytes: bfree * bsize,
    availableBytes: bavail * bsize,
    inodesTotal: files,
    inodesFree: ffree,
  }
}

function fileStat(stat: fs.Stats): FileStat {
  return {
    kind: stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other',
    size: stat.size,
    mode: stat.mode & 0o7777,
    modifiedWallMs: Math.floor(stat.mtimeMs),
  }
}

/** fsync through a descriptor of its own: it covers all that was written through others. */
async function syncPath(path: string): Promise<void> {
  const file = await promises.open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

class NodeAppendFile implements AppendFile {
  readonly #path: string
  readonly #fd: number
  readonly #room: Room | null
  /** Appends that went to the thread pool; settled when none is under way. */
  #appended: Promise<void> = Promise.resolve()
  #appending = 0
  #busy = new Set<Promise<void>>()
  #closed: Promise<void> | undefined

  constructor(path: string, fd: number, reserveBytes: number) {
    this.#path = path
    this.#fd = fd
    this.#room = reserveBytes === 0 ? null : new Room(fd, reserveBytes)
  }

  append(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(this.#failed('append to', closedFile()))
    if (this.#appending === 0 && bytes.length <= syncAppendBytesMax) return this.#appendNow(bytes)
    this.#appending++
    const done = this.#appended.then(() => this.#appendLater(bytes)).finally(() => this.#appending--)
    // The next append runs in any case; this one's failure belongs to its caller.
    this.#appended = done.catch(() => {})
    return done
  }

  sync(): Promise<void> {
    if (this.#closed) return Promise.reject(this.#failed('sync', closedFile()))
    const done = this.#appending === 0 ? this.#dataSync() : this.#appended.then(() => this.#dataSync())
    return this.#track(done)
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeWhenIdle()
    return this.#closed
  }

  async #closeWhenIdle(): Promise<void> {
    await this.#appended
    await Promise.allSettled(this.#busy)
    try {
      this.#room?.giveBack()
    } catch (error) {
      throw this.#failed('shorten', error)
    } finally {
      fs.closeSync(this.#fd)
    }
  }

  #appendNow(bytes: Uint8Array): Promise<void> {
    try {
      let size = 0
      while (size < bytes.length) {
        size += fs.writeSync(this.#fd, bytes, size, bytes.length - size, this.#room?.placeOf(size))
      }
      this.#room?.use(size)
      this.#room?.renew()
      return Promise.resolve()
    } catch (error) {
      return Promise.reject(this.#failed('append to', error))
    }
  }

  async #appendLater(bytes: Uint8Array): Promise<void> {
    let size = 0
    while (size < bytes.length) {
      size += await new Promise<number>((resolve, reject) => {
        const place = this.#room?.placeOf(size) ?? null
        fs.write(this.#fd, bytes, size, bytes.length - size, place, (error, written) => {
          if (error) reject(this.#failed('append to', error))
          else resolve(written)
        })
      })
    }
    this.#room?.use(size)
  }

  #dataSync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#fd, (error) => {
        if (error) reject(this.#failed('sync', error))
        else resolve()
      })
    })
  }

  #track(done: Promise<void>): Promise<void> {
    this.#busy.add(done)
    const forget = (): void => void this.#busy.delete(done)
    done.then(forget, forget)
    return done
  }

  #failed(verb: string, error: unknown): Error {
    return hostError(`${verb} ${this.#path}`, error)
  }
}

/** Where a file that reserves room ends, and how far its zeros reach. */
class Room {
  readonly #fd: number
  #reserveBytes: number
  #end: number
  #reservedEnd: number

  constructor(fd: number, reserveBytes: number) {
    this.#fd = fd
    this.#reserveBytes = reserveBytes
    this.#end = fs.fstatSync(fd).size
    this.#reservedEnd = this.#end
  }

  /** Where the byte goes that is `size` bytes behind the end. */
  placeOf(size: number): number {
    return this.#end + size
  }

  /** So much was written. */
  use(size: number): void {
    this.#end += size
    this.#reservedEnd = Math.max(this.#end, this.#reservedEnd)
  }

  /** Writes zeros if there are none left. */
  renew(): void {
    if (this.#end < this.#reservedEnd || this.#reserveBytes === 0) return
    try {
      const zeros = new Uint8Array(this.#reserveBytes)
      this.#reservedEnd += fs.writeSync(this.#fd, zeros, 0, zeros.length, this.#end)
    } catch {
      // Most likely the disk is full: what is to come may still fit, or says what is wrong.
      this.#reserveBytes = 0
    }
  }

  /** Cuts off what was not used, also of a write that failed. */
  giveBack(): void {
    fs.ftruncateSync(this.#fd, this.#end)
  }
}

function closedFile(): Error {
  return Object.assign(new Error('the file is closed'), { code: 'EBADF' })
}
