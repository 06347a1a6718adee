// A disk that survives its machine's crashes, and loses what was not synced. Two views: what programs see (the page
// cache) and what is durable. A crash keeps, of what lies between, a prefix that is drawn, with a torn end.
import type { Random } from '../../src/lib/random.ts'
import { HostError } from '../../src/runtime/host.ts'
import type { FileStat } from '../../src/runtime/host/files.ts'

/** What may go wrong. */
export interface DiskFaults {
  /** Bytes in all files; past it writes fail with ENOSPC. */
  readonly capacityBytes: number
  /** A sync takes this long. */
  readonly syncMicrosMin: number
  readonly syncMicrosMax: number
  /** Syncs that fail with EIO, per thousand. */
  readonly syncFailPerMille: number
  /** In a crash: a bit of what was not synced may flip; its end, or a part of it, may read as zeros. */
  readonly isTornDirty: boolean
  /** A planted mistake: syncs succeed and do nothing. */
  readonly isLying?: boolean
}

/** A quick disk without faults. */
export const soundDisk: DiskFaults = {
  capacityBytes: Infinity,
  syncMicrosMin: 300,
  syncMicrosMax: 1500,
  syncFailPerMille: 0,
  isTornDirty: false,
}

type Change =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number }

/** Bytes that grow and shrink. */
class Content {
  #bytes: Uint8Array = new Uint8Array(256)
  size = 0

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.size)
  }

  apply(change: Change): void {
    if (change.kind === 'write') {
      this.#resize(Math.max(this.size, change.at + change.bytes.length))
      this.#bytes.set(change.bytes, change.at)
    } else this.#resize(change.size)
  }

  /** What is new is zeros. */
  #resize(size: number): void {
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, this.#bytes.length * 2))
      grown.set(this.bytes)
      this.#bytes = grown
    }
    this.#bytes.fill(0, Math.min(this.size, size), Math.max(this.size, size))
    this.size = size
  }
}

/** A file's content, whatever its names. */
class Inode {
  /** What programs see. */
  #seen = new Content()
  #durable = new Content()
  #pending: Change[] = []
  mode: number
  modifiedWallMs = 0

  constructor(mode: number) {
    this.mode = mode
  }

  get content(): Uint8Array {
    return this.#seen.bytes
  }

  get size(): number {
    return this.#seen.size
  }

  change(change: Change): void {
    this.#seen.apply(change)
    this.#pending.push(change)
  }

  sync(): void {
    for (const change of this.#pending.splice(0)) this.#durable.apply(change)
  }

  /** Falls back to what is durable and a drawn part of what came after. */
  crash(random: Random, isDirty: boolean): void {
    const pending = this.#pending
    const keep = random.below(pending.length + 1)
    const torn = pending[keep]
    this.#pending = pending.slice(0, keep)
    if (torn?.kind === 'write' && torn.bytes.length > 0) this.#tear(torn, random, isDirty)
    this.sync()
    this.#seen = new Content()
    this.#seen.apply({ kind: 'write', at: 0, bytes: this.#durable.bytes })
  }

  #tear({ at, bytes }: Change & { readonly kind: 'write' }, random: Random, isDirty: boolean): void {
    const part = bytes.slice(0, random.below(bytes.length + 1))
    if (isDirty && part.length > 0) {
      const from = random.below(part.length)
      const damage = random.pick(['end', 'end', 'hole', 'bit'])
      if (damage === 'end') part.fill(0, from)
      // What stands behind may have come to the disk first.
      else if (damage === 'hole') part.fill(0, from, random.between(from, part.length))
      else part[from] = (part[from] ?? 0) ^ (1 << random.below(8))
    }
    this.#pending.push({ kind: 'write', at, bytes: part })
  }
}

type Entry =
  | { readonly kind: 'file'; readonly inode: Inode }
  | { readonly kind: 'directory'; readonly mode: number }
interface NameChange {
  readonly path: string
  /** Null removes the name. */
  readonly entry: Entry | null
}

/** The files of one machine. All methods act at once; how long that takes is the host's business. */
export class Disk {
  faults: DiskFaults = soundDisk
  readonly #random: Random
  #names = new Map<string, Entry>([['/', { kind: 'directory', mode: 0o755 }]])
  #durableNames = new Map(this.#names)
  /** By directory: changes of its names that are not durable, in groups that happen together. */
  readonly #pendingNames = new Map<string, (readonly NameChange[])[]>()

  constructor(random: Random) {
    this.#random = random
  }

  /** Loses what was not synced. */
  crash(): void {
    for (const groups of this.#pendingNames.values()) {
      const keep = this.#random.below(groups.length + 1)
      for (const group of groups.slice(0, keep))
        for (const change of group) setName(this.#durableNames, change)
    }
    this.#pendingNames.clear()
    this.#names = new Map(this.#durableNames)
    const inodes = new Set<Inode>()
    for (const entry of this.#names.values()) if (entry.kind === 'file') inodes.add(entry.inode)
    for (const inode of inodes) inode.crash(this.#random, this.faults.isTornDirty)
  }

  /** Bytes in all files. */
  usedBytes(): number {
    let used = 0
    for (const entry of this.#names.values()) if (entry.kind === 'file') used += entry.inode.size
    return used
  }

  read(path: string): Uint8Array {
    return this.#file(path).content.slice()
  }

  readAt(path: string, offset: number, length: number): Uint8Array {
    return this.#file(path).content.slice(offset, offset + length)
  }

  /** Opens or creates a file; the handle stays with the content, whatever its name becomes. */
  open(path: string, { mode, wallMs, reserveBytes }: Opening): FileHandle {
    const known = this.#names.get(path)
    if (known?.kind === 'directory') throw refuse('EISDIR', path, 'it is a directory')
    const inode = known?.inode ?? this.#create(path, mode, wallMs)
    return reserveBytes === 0 ? this.#appending(inode) : this.#reserving(inode, reserveBytes)
  }

  #appending(inode: Inode): FileHandle {
    return {
      append: (bytes, wallMs) => this.#write(inode, inode.size, bytes, wallMs),
      sync: () => this.#sync(inode),
      close: () => undefined,
    }
  }

  /** Appends before zeros, which are renewed when they are used up. */
  #reserving(inode: Inode, reserveBytes: number): FileHandle {
    let end = inode.size
    let isReserving = true
    return {
      append: (bytes, wallMs) => {
        this.#write(inode, end, bytes, wallMs)
        end += bytes.length
        if (end < inode.size || !isReserving) return
        isReserving = !this.#lacks(reserveBytes)
        if (isReserving) this.#write(inode, end, new Uint8Array(reserveBytes), wallMs)
      },
      sync: () => this.#sync(inode),
      close: () => {
        if (inode.size > end) inode.change({ kind: 'truncate', size: end })
      },
    }
  }

  write(path: string, bytes: Uint8Array, mode: number, wallMs: number): void {
    const known = this.#names.get(path)
    if (known?.kind === 'directory') throw refuse('EISDIR', path, 'it is a directory')
    const inode = known?.inode ?? this.#create(path, mode, wallMs)
    inode.change({ kind: 'truncate', size: 0 })
    this.#write(inode, 0, bytes, wallMs)
  }

  truncate(path: string, size: number): void {
    this.#file(path).change({ kind: 'truncate', size })
  }

  sync(path: string): void {
    this.#sync(this.#file(path))
  }

  rename(from: string, to: string): void {
    const entry = this.#entry(from)
    this.#requireDirectory(parentOf(to), to)
    if (entry.kind === 'directory') throw refuse('EINVAL', from, 'directories are not renamed here')
    if (this.#names.get(to)?.kind === 'directory') throw refuse('EISDIR', to, 'it is a directory')
    this.#rename([
      { path: from, entry: null },
      { path: to, entry },
    ])
  }

  remove(path: string): void {
    const entry = this.#entry(path)
    if (entry.kind === 'directory' && this.#children(path).length > 0) {
      throw refuse('ENOTEMPTY', path, 'the directory is not empty')
    }
    this.#rename([{ path, entry: null }])
  }

  mkdir(path: string, mode: number): void {
    const known = this.#names.get(path)
    if (known?.kind === 'directory') return
    if (known !== undefined) throw refuse('EEXIST', path, 'a file has this name')
    const parent = parentOf(path)
    if (this.#names.get(parent)?.kind === 'file') throw refuse('ENOTDIR', path, 'a parent is a file')
    if (!this.#names.has(parent)) this.mkdir(parent, mode)
    this.#rename([{ path, entry: { kind: 'directory', mode } }])
  }

  list(path: string): readonly string[] {
    if (this.#entry(path).kind === 'file') throw refuse('ENOTDIR', path, 'it is a file')
    return this.#children(path).sort((a, b) => (a < b ? -1 : 1))
  }

  stat(path: string): FileStat {
    const entry = this.#entry(path)
    if (entry.kind === 'directory') return { kind: 'directory', size: 0, mode: entry.mode, modifiedWallMs: 0 }
    const { size, mode, modifiedWallMs } = entry.inode
    return { kind: 'file', size, mode, modifiedWallMs }
  }

  chmod(path: string, mode: number): void {
    const entry = this.#entry(path)
    if (entry.kind === 'file') entry.inode.mode = mode
    else this.#names.set(path, { ...entry, mode })
  }

  /** Makes the names in a directory durable. */
  syncDirectory(path: string): void {
    if (this.#entry(path).kind === 'file') throw refuse('ENOTDIR', path, 'it is a file')
    this.#maybeFail(path)
    for (const group of this.#pendingNames.get(path) ?? []) {
      for (const change of group) setName(this.#durableNames, change)
    }
    this.#pendingNames.delete(path)
  }

  hasDirectory(path: string): boolean {
    return this.#names.get(path)?.kind === 'directory'
  }

  /** Changes a byte of a durable file, as a failing medium would. */
  corrupt(path: string, offset: number): void {
    const inode = this.#file(path)
    inode.change({ kind: 'write', at: offset, bytes: Uint8Array.of((inode.content[offset] ?? 0) ^ 0x40) })
    inode.sync()
  }

  #create(path: string, mode: number, wallMs: number): Inode {
    this.#requireDirectory(parentOf(path), path)
    const inode = new Inode(mode)
    inode.modifiedWallMs = wallMs
    this.#rename([{ path, entry: { kind: 'file', inode } }])
    return inode
  }

  #write(inode: Inode, at: number, bytes: Uint8Array, wallMs: number): void {
    if (this.#lacks(at + bytes.length - inode.size)) {
      // Part of it may still fit, as on a real disk.
      const part = bytes.slice(0, this.#random.below(bytes.length + 1))
      inode.change({ kind: 'write', at, bytes: part })
      throw new HostError('ENOSPC', 'Cannot write: no space left on the device')
    }
    inode.modifiedWallMs = wallMs
    inode.change({ kind: 'write', at, bytes: bytes.slice() })
  }

  /** True if files cannot grow by so much. */
  #lacks(bytes: number): boolean {
    const { capacityBytes } = this.faults
    return capacityBytes !== Infinity && bytes > 0 && this.usedBytes() + bytes > capacityBytes
  }

  #sync(inode: Inode): void {
    this.#maybeFail('a file')
    if (this.faults.isLying !== true) inode.sync()
  }

  #maybeFail(what: string): void {
    const { syncFailPerMille } = this.faults
    if (syncFailPerMille > 0 && this.#random.chance(syncFailPerMille)) {
      throw new HostError('EIO', `Cannot sync ${what}: input/output error`)
    }
  }

  /** Changes names now, and durably when the directory is synced; the group is one step of a crash. */
  #rename(group: readonly NameChange[]): void {
    for (const change of group) setName(this.#names, change)
    const directory = parentOf(group[group.length - 1]?.path ?? '/')
    const groups = this.#pendingNames.get(directory)
    if (groups === undefined) this.#pendingNames.set(directory, [group])
    else groups.push(group)
  }

  #entry(path: string): Entry {
    const entry = this.#names.get(path)
    if (entry === undefined) throw refuse('ENOENT', path, 'it does not exist')
    return entry
  }

  #file(path: string): Inode {
    const entry = this.#entry(path)
    if (entry.kind === 'directory') throw refuse('EISDIR', path, 'it is a directory')
    return entry.inode
  }

  #requireDirectory(parent: string, path: string): void {
    const kind = this.#names.get(parent)?.kind
    if (kind === 'file') throw refuse('ENOTDIR', path, 'its parent is a file')
    if (kind === undefined) throw refuse('ENOENT', path, 'its directory does not exist')
  }

  #children(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`
    const names: string[] = []
    for (const each of this.#names.keys()) {
      if (each.length > prefix.length && each.startsWith(prefix) && !each.includes('/', prefix.length)) {
        names.push(each.slice(prefix.length))
      }
    }
    return names
  }
}

/** How a file is opened; `reserveBytes` as for `Files.openAppend`, 0 for none. */
export interface Opening {
  readonly mode: number
  readonly wallMs: number
  readonly reserveBytes: number
}

/** An open file. */
export interface FileHandle {
  append(bytes: Uint8Array, wallMs: number): void
  sync(): void
  close(): void
}

function setName(names: Map<string, Entry>, { path, entry }: NameChange): void {
  if (entry === null) names.delete(path)
  else names.set(path, entry)
}

/** The directory of a path. */
export function parentOf(path: string): string {
  const at = path.lastIndexOf('/')
  return at <= 0 ? '/' : path.slice(0, at)
}

function refuse(code: string, path: string, why: string): HostError {
  return new HostError(code, `Cannot use "${path}": ${why} (${code})`)
}
