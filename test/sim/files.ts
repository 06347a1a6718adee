// The file port of a process: the disk's methods, each taking its time.
import { HostError } from '../../src/runtime/host.ts'
import type { AppendFile, FileLock, Files } from '../../src/runtime/host/files.ts'
import { parentOf, type FileHandle } from './disk.ts'
import type { Machine } from './machine.ts'
import type { SimProcess } from './process.ts'
import type { World } from './world.ts'

/** How long calls take that do not sync. */
const callMicros = 20

/** The file port. */
export function simFiles(world: World, machine: Machine, process: SimProcess): Files {
  const { disk } = machine
  const wallMs = (): number => world.wallMs(machine)
  const call = <T>(act: () => T): Promise<T> => process.call(callMicros, act)
  const slowly = <T>(act: () => T): Promise<T> => process.call(syncMicros(machine), act)
  return {
    read: (path) => call(() => disk.read(path)),
    readAt: (path, offset, length) => call(() => disk.readAt(path, offset, length)),
    openAppend: (path, mode = 0o644, reserveBytes = 0) =>
      call(() => {
        const handle = disk.open(path, { mode, wallMs: wallMs(), reserveBytes })
        return appendFile(machine, process, { handle, wallMs })
      }),
    write: (path, bytes, mode = 0o644) => {
      const copy = bytes.slice()
      return call(() => disk.write(path, copy, mode, wallMs()))
    },
    rename: (from, to) => call(() => disk.rename(from, to)),
    remove: (path) => call(() => disk.remove(path)),
    truncate: (path, size) => call(() => disk.truncate(path, size)),
    mkdir: (path, mode = 0o755) => call(() => disk.mkdir(path, mode)),
    list: (path) => call(() => disk.list(path)),
    stat: (path) => call(() => disk.stat(path)),
    space: () =>
      call(() => ({
        totalBytes: 2 ** 40,
        freeBytes: 2 ** 39,
        availableBytes: 2 ** 39,
        inodesTotal: 2 ** 20,
        inodesFree: 2 ** 19,
      })),
    chmod: (path, mode) => call(() => disk.chmod(path, mode)),
    syncDirectory: (path) => slowly(() => disk.syncDirectory(path)),
    sync: (path) => slowly(() => disk.sync(path)),
    lock: (path) => call(() => lock(machine, process, path)),
  }
}

function syncMicros(machine: Machine): number {
  const { syncMicrosMin, syncMicrosMax } = machine.disk.faults
  return machine.random.between(syncMicrosMin, syncMicrosMax)
}

interface Opened {
  readonly handle: FileHandle
  readonly wallMs: () => number
}

/** A file for appending; its calls are carried out in order. */
function appendFile(machine: Machine, process: SimProcess, { handle, wallMs }: Opened): AppendFile {
  let last: Promise<unknown> = Promise.resolve()
  let isOpen = true
  const release = process.own(() => undefined)
  const inOrder = <T>(micros: () => number, act: () => T): Promise<T> => {
    const start = (): Promise<T> => process.call(micros(), act)
    const next = last.then(start, start)
    last = next
    return next
  }
  const quick = (): number => callMicros
  const whenOpen = <T>(begin: () => Promise<T>): Promise<T> =>
    isOpen ? begin() : Promise.reject(new HostError('EBADF', 'Cannot use a closed file'))
  return {
    append(bytes) {
      const copy = bytes.slice()
      return whenOpen(() => inOrder(quick, () => handle.append(copy, wallMs())))
    },
    sync: () =>
      whenOpen(() =>
        inOrder(
          () => syncMicros(machine),
          () => handle.sync(),
        ),
      ),
    close() {
      if (!isOpen) return Promise.resolve()
      isOpen = false
      return inOrder(quick, () => {
        handle.close()
        release()
      })
    },
  }
}

function lock(machine: Machine, process: SimProcess, path: string): FileLock | undefined {
  if (!machine.disk.hasDirectory(parentOf(path)))
    throw new HostError('ENOENT', `Cannot lock "${path}": ENOENT`)
  if (machine.locks.has(path)) return undefined
  machine.locks.set(path, process)
  const free = (): void => {
    if (machine.locks.get(path) === process) machine.locks.delete(path)
  }
  const release = process.own(free)
  return {
    release() {
      release()
      free()
      return process.call(0, () => undefined)
    },
  }
}
