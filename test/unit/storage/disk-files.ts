// The file port over the simulated disk, without a host around it: every call is carried out at once.
import type { Files } from '../../../src/runtime/host/files.ts'
import type { Disk } from '../../sim/disk.ts'

/** Files of a disk. Once `isAlive` says no, nothing is carried out or answered any more: the process has ended. */
export function filesOf(disk: Disk, isAlive: () => boolean = () => true): Files {
  const never = new Promise<never>(() => {})
  const call = <T>(act: () => T): Promise<T> => Promise.resolve().then(() => (isAlive() ? act() : never))
  return {
    read: (path) => call(() => disk.read(path)),
    readAt: (path, offset, length) => call(() => disk.readAt(path, offset, length)),
    openAppend: (path, mode = 0o644, reserveBytes = 0) =>
      call(() => {
        const handle = disk.open(path, { mode, wallMs: 0, reserveBytes })
        return {
          append: (bytes) => call(() => handle.append(bytes, 0)),
          sync: () => call(() => handle.sync()),
          close: () => call(() => handle.close()),
        }
      }),
    write: (path, bytes, mode = 0o644) => call(() => disk.write(path, bytes, mode, 0)),
    rename: (from, to) => call(() => disk.rename(from, to)),
    remove: (path) => call(() => disk.remove(path)),
    truncate: (path, size) => call(() => disk.truncate(path, size)),
    mkdir: (path, mode = 0o755) => call(() => disk.mkdir(path, mode)),
    list: (path) => call(() => disk.list(path)),
    stat: (path) => call(() => disk.stat(path)),
    chmod: (path, mode) => call(() => disk.chmod(path, mode)),
    syncDirectory: (path) => call(() => disk.syncDirectory(path)),
    sync: (path) => call(() => disk.sync(path)),
    space: () => Promise.reject(new Error('not used here')),
    lock: () => Promise.reject(new Error('not used here')),
  }
}
