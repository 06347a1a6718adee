import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/lib/random.ts'
import type { SnapshotMeta } from '../../../src/raft/message.ts'
import type { Files } from '../../../src/runtime/host/files.ts'
import { openSnapshots } from '../../../src/storage/snapshots.ts'
import type { Snapshots } from '../../../src/storage/snapshots.ts'
import { Disk, soundDisk } from '../../sim/disk.ts'
import { filesOf } from './disk-files.ts'

const directory = '/raft/snapshots'

function newDisk(): Disk {
  const disk = new Disk(seededRandom(1))
  disk.mkdir(directory, 0o700)
  disk.syncDirectory('/')
  disk.syncDirectory('/raft')
  return disk
}

async function open(disk: Disk, files: Files = filesOf(disk)): Promise<Snapshots> {
  const opened = await openSnapshots(files, directory)
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value.snapshots
}

function meta(index: number, term = 2): Omit<SnapshotMeta, 'size'> {
  const servers = [{ id: 'a', address: '10.0.0.1:8300', suffrage: 'voter' as const }]
  return { index, term, configuration: { servers }, configurationIndex: 1 }
}

function records(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => new Uint8Array((at * 37) % 300).fill(at))
}

async function loaded(snapshots: Snapshots, snapshot: SnapshotMeta): Promise<unknown> {
  const all: Uint8Array[] = []
  const result = await snapshots.load(snapshot, (block) => void all.push(...block))
  return result.ok ? { ok: true, value: all } : result
}

async function saved(snapshots: Snapshots, index: number, count = 20): Promise<SnapshotMeta> {
  const result = await snapshots.save(meta(index), records(count))
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

test('what was saved is there after a crash, whole', async () => {
  const disk = newDisk()
  const snapshot = await saved(await open(disk), 7, 5000)
  disk.crash()
  const snapshots = await open(disk)
  expect(snapshots.latest).toEqual(snapshot)
  expect(await loaded(snapshots, snapshot)).toEqual({ ok: true, value: records(5000) })
})

test('an empty state is a snapshot too', async () => {
  const snapshots = await open(newDisk())
  const snapshot = await saved(snapshots, 1, 0)
  expect(await loaded(snapshots, snapshot)).toEqual({ ok: true, value: [] })
})

test('the last two are kept', async () => {
  const disk = newDisk()
  const snapshots = await open(disk)
  for (const index of [5, 6, 7]) await saved(snapshots, index)
  expect(disk.list(directory).map((name) => Number(name.slice(0, 16)))).toEqual([6, 7])
})

test('a save that fails leaves the one before it, and no rubbish', async () => {
  const disk = newDisk()
  const snapshots = await open(disk)
  const first = await saved(snapshots, 5)
  disk.faults = { ...soundDisk, capacityBytes: disk.usedBytes() + 100 }
  expect(await snapshots.save(meta(9), records(50))).toMatchObject({ ok: false, error: { cause: 'ENOSPC' } })
  expect(snapshots.latest).toEqual(first)
  expect(disk.list(directory).length).toBe(1)
})

test('a snapshot moves to another server part by part, and is the same there', async () => {
  const source = await open(newDisk())
  const snapshot = await saved(source, 9, 400)
  const target = await open(newDisk())
  for (let offset = 0; offset < snapshot.size; offset += 1000) {
    const part = await source.readPart(snapshot, offset, Math.min(1000, snapshot.size - offset))
    if (!part.ok) throw new Error(part.error.message)
    expect(await target.receive(snapshot, offset, part.value)).toEqual({ ok: true, value: undefined })
  }
  expect(target.latest).toBeNull()
  expect((await target.finishReceiving(snapshot)).ok).toBe(true)
  expect(target.latest).toEqual(snapshot)
  expect(await loaded(target, snapshot)).toEqual({ ok: true, value: records(400) })
})

test('parts out of order are refused; offset 0 begins anew', async () => {
  const source = await open(newDisk())
  const snapshot = await saved(source, 9)
  const whole = await source.readPart(snapshot, 0, snapshot.size)
  if (!whole.ok) throw new Error(whole.error.message)
  const target = await open(newDisk())
  expect((await target.receive(snapshot, 0, whole.value.subarray(0, 10))).ok).toBe(true)
  expect((await target.receive(snapshot, 11, whole.value.subarray(11))).ok).toBe(false)
  expect((await target.receive(snapshot, 0, whole.value)).ok).toBe(true)
  expect((await target.finishReceiving(snapshot)).ok).toBe(true)
})

test('a received snapshot that is damaged, or another one, is discarded', async () => {
  const source = await open(newDisk())
  const snapshot = await saved(source, 9)
  const whole = await source.readPart(snapshot, 0, snapshot.size)
  if (!whole.ok) throw new Error(whole.error.message)
  const disk = newDisk()
  const target = await open(disk)
  const damaged = whole.value.slice()
  damaged[60] = (damaged[60] ?? 0) ^ 1
  await target.receive(snapshot, 0, damaged)
  expect((await target.finishReceiving(snapshot)).ok).toBe(false)
  const other = { ...snapshot, index: 10 }
  await target.receive(other, 0, whole.value)
  expect((await target.finishReceiving(other)).ok).toBe(false)
  expect(target.latest).toBeNull()
  expect(disk.list(directory)).toEqual([])
})

test('a part of a snapshot that is gone is refused', async () => {
  const snapshots = await open(newDisk())
  const first = await saved(snapshots, 5)
  await saved(snapshots, 6)
  await saved(snapshots, 7)
  expect(await snapshots.readPart(first, 0, 10)).toMatchObject({ ok: false, error: { cause: 'ENOENT' } })
})

test('one flipped bit anywhere is found, and the older snapshot takes its place', async () => {
  const disk = newDisk()
  const snapshots = await open(disk)
  const older = await saved(snapshots, 5, 6)
  await saved(snapshots, 6, 6)
  const path = `${directory}/${disk.list(directory)[1] ?? ''}`
  const bytes = disk.read(path)
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice()
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8))
    disk.write(path, damaged, 0o600, 0)
    const opened = await openSnapshots(filesOf(disk), directory)
    if (!opened.ok) throw new Error(`byte ${at}: ${opened.error.message}`)
    expect(opened.value.snapshots.latest, `byte ${at}`).toEqual(older)
    expect(opened.value.damaged[0]?.message).toContain(path)
    disk.rename(`${path}.damaged`, path)
  }
})

test('a snapshot that is cut at any byte is found', async () => {
  const disk = newDisk()
  await saved(await open(disk), 6, 6)
  const path = `${directory}/${disk.list(directory)[0] ?? ''}`
  const bytes = disk.read(path)
  for (let cut = 0; cut < bytes.length; cut++) {
    disk.write(path, bytes.subarray(0, cut), 0o600, 0)
    expect((await open(disk)).latest).toBeNull()
    disk.rename(`${path}.damaged`, path)
  }
})

test('a crash at any moment of a save leaves the old or the new one, never a mix', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed)
    const disk = new Disk(random.fork('disk'))
    disk.mkdir(directory, 0o700)
    disk.syncDirectory('/')
    disk.syncDirectory('/raft')
    disk.faults = { ...soundDisk, isTornDirty: true }
    let isAlive = true
    const snapshots = await open(
      disk,
      filesOf(disk, () => isAlive),
    )
    await saved(snapshots, 5)
    let isSaved = false
    void snapshots.save(meta(6), records(9)).then(() => (isSaved = true))
    for (let hops = random.below(60); hops > 0; hops--) await Promise.resolve()
    isAlive = false
    disk.crash()
    const after = await open(disk)
    const index = after.latest?.index ?? 0
    expect(index).toBeGreaterThanOrEqual(isSaved ? 6 : 5)
    const found = after.latest === null ? undefined : await loaded(after, after.latest)
    expect(found).toEqual({ ok: true, value: records(index === 6 ? 9 : 20) })
  }
})

test('a save lets others go on between its blocks', async () => {
  const disk = newDisk()
  const snapshots = await open(disk)
  let isDone = false
  let given = 0
  const counted = {
    *[Symbol.iterator]() {
      for (const record of records(5000)) {
        given++
        yield record
      }
    },
  }
  const saving = snapshots.save(meta(3), counted).then(() => (isDone = true))
  await Promise.resolve()
  expect(isDone).toBe(false)
  expect(given).toBeLessThan(2000)
  await saving
  expect(given).toBe(5000)
})

test('a snapshot that is held stays until it is let go, however many come after it', async () => {
  const disk = newDisk()
  const snapshots = await open(disk)
  const first = await saved(snapshots, 5)
  const release = snapshots.hold(first)
  for (const index of [6, 7, 8]) await saved(snapshots, index)
  expect((await snapshots.readPart(first, 0, 10)).ok).toBe(true)
  release()
  await Promise.resolve()
  expect((await snapshots.readPart(first, 0, 10)).ok).toBe(false)
  expect(disk.list(directory).length).toBe(2)
})
