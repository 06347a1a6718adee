import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/lib/random.ts'
import type { Entry, SnapshotMeta } from '../../../src/raft/message.ts'
import type { Files } from '../../../src/runtime/host/files.ts'
import { openLog } from '../../../src/storage/log.ts'
import type { Log } from '../../../src/storage/log.ts'
import { memoryLog } from '../../../src/storage/memory-log.ts'
import { encodeSegmentHeader, segmentName } from '../../../src/storage/segment.ts'
import { Disk, soundDisk } from '../../sim/disk.ts'
import { filesOf } from './disk-files.ts'

const directory = '/raft'
const limits = { segmentBytesMax: 300, segmentReserveBytes: 64, trailingEntries: 10 }

function command(index: number, term = 1): Entry {
  return { kind: 'command', index, term, data: new Uint8Array(50).fill(index) }
}

function meta(index: number): SnapshotMeta {
  return { index, term: 1, configuration: { servers: [] }, configurationIndex: 0, size: 1 }
}

async function opened(disk: Disk, snapshot: SnapshotMeta | null = null, files: Files = filesOf(disk)) {
  const result = await openLog(files, directory, { limits, snapshot })
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

async function append(log: Log, from: number, to: number): Promise<void> {
  for (let index = from; index <= to; index++) {
    const result = await log.persist({ hardState: null, reset: null, entries: [command(index)] })
    expect(result.ok).toBe(true)
  }
}

test('a first start finds nothing, and makes the directory', async () => {
  const disk = new Disk(seededRandom(1))
  const { restored, tornBytes } = await opened(disk)
  expect(restored).toEqual({ hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] })
  expect(tornBytes).toBe(0)
  expect(disk.stat(directory).kind).toBe('directory')
})

test('term and vote are there again, also when they were written segments ago', async () => {
  const disk = new Disk(seededRandom(1))
  const { log } = await opened(disk)
  await log.persist({ hardState: { term: 4, votedFor: 'b' }, reset: null, entries: [] })
  await append(log, 1, 20)
  await log.compact(15)
  await log.close()
  const { restored } = await opened(disk, meta(16))
  expect(restored.hardState).toEqual({ term: 4, votedFor: 'b' })
})

test('writes that come while a sync runs share the next one', async () => {
  const disk = new Disk(seededRandom(1))
  const { log } = await opened(disk)
  await append(log, 1, 1)
  const before = log.statistics.syncs
  const writes = [2, 3, 4, 5, 6].map((index) =>
    log.persist({ hardState: null, reset: null, entries: [command(index)] }),
  )
  await Promise.all(writes)
  expect(log.statistics.syncs - before).toBe(1)
})

test('an empty write is durable when those before it are', async () => {
  const disk = new Disk(seededRandom(1))
  const { log } = await opened(disk)
  const order: string[] = []
  const first = log
    .persist({ hardState: null, reset: null, entries: [command(1)] })
    .then(() => order.push('first'))
  const empty = log.persist({ hardState: null, reset: null, entries: [] }).then(() => order.push('empty'))
  await Promise.all([first, empty])
  expect(order).toEqual(['first', 'empty'])
})

test('compaction deletes the segments whose entries are all gone, and only those', async () => {
  const disk = new Disk(seededRandom(1))
  const { log } = await opened(disk)
  await append(log, 1, 20)
  const before = disk.list(directory).length
  expect(before).toBeGreaterThan(4)
  await log.compact(12)
  const left = disk.list(directory)
  expect(left.length).toBeLessThan(before)
  const { restored } = await opened(disk, meta(12))
  expect(restored.entries.at(0)?.index).toBeLessThanOrEqual(13)
  expect(restored.entries.at(-1)?.index).toBe(20)
})

test('entries far behind the snapshot are not read back', async () => {
  const disk = new Disk(seededRandom(1))
  const { log } = await opened(disk)
  await append(log, 1, 40)
  const { restored } = await opened(disk, meta(35))
  expect(restored.entries.at(0)?.index).toBeGreaterThan(20)
  expect(restored.entries.at(-1)?.index).toBe(40)
})

test('an entry that is written again replaces what follows it', async () => {
  const disk = new Disk(seededRandom(1))
  const { log } = await opened(disk)
  await append(log, 1, 8)
  await log.persist({ hardState: null, reset: null, entries: [command(3, 2)] })
  const { restored } = await opened(disk)
  expect(restored.entries.map((entry) => [entry.index, entry.term])).toEqual([
    [1, 1],
    [2, 1],
    [3, 2],
  ])
})

test('a missing segment is refused by its name', async () => {
  const disk = new Disk(seededRandom(1))
  const { log } = await opened(disk)
  await append(log, 1, 20)
  disk.remove(`${directory}/${segmentName(3)}`)
  const result = await openLog(filesOf(disk), directory, { limits, snapshot: null })
  expect(result).toMatchObject({ ok: false, error: { code: 'gap' } })
  expect(result.ok ? '' : result.error.message).toContain('00000003.log is missing')
})

test('a log whose beginning is gone is refused when no snapshot covers it', async () => {
  const disk = new Disk(seededRandom(1))
  const { log } = await opened(disk)
  await append(log, 1, 20)
  await log.compact(12)
  const without = await openLog(filesOf(disk), directory, { limits, snapshot: null })
  expect(without.ok ? '' : without.error.message).toContain('there is no snapshot')
  const tooOld = await openLog(filesOf(disk), directory, { limits, snapshot: meta(2) })
  expect(tooOld.ok ? '' : tooOld.error.message).toContain('the latest snapshot ends with entry 2')
})

test('a segment of a later release is refused with a sentence', async () => {
  const disk = new Disk(seededRandom(1))
  disk.mkdir(directory, 0o700)
  const header = encodeSegmentHeader({ version: 99, sequence: 1, firstIndex: 1 })
  disk.write(`${directory}/${segmentName(1)}`, header, 0o600, 0)
  const result = await openLog(filesOf(disk), directory, { limits, snapshot: null })
  expect(result.ok ? '' : result.error.message).toContain('data format 99')
})

test('a write error names its cause, and nothing is written after it', async () => {
  const disk = new Disk(seededRandom(1))
  const { log } = await opened(disk)
  await append(log, 1, 3)
  disk.faults = { ...soundDisk, capacityBytes: disk.usedBytes() + 10 }
  const full = await log.persist({ hardState: null, reset: null, entries: [command(4)] })
  expect(full).toMatchObject({ ok: false, error: { code: 'io', cause: 'ENOSPC' } })
  disk.faults = soundDisk
  const later = await log.persist({ hardState: null, reset: null, entries: [] })
  expect(later).toMatchObject({ ok: false, error: { cause: 'ENOSPC' } })
  const { restored } = await opened(disk)
  expect(restored.entries.at(-1)?.index).toBe(3)
})

test('a log that was not closed has room behind its end, which is no remains of anything', async () => {
  const disk = new Disk(seededRandom(1))
  const { log } = await opened(disk)
  await append(log, 1, 3)
  const path = `${directory}/${segmentName(1)}`
  const { size } = disk.stat(path)
  disk.crash()
  expect(disk.stat(path).size).toBe(size)
  const { restored, tornBytes } = await opened(disk)
  expect(restored.entries.at(-1)?.index).toBe(3)
  expect(tornBytes).toBe(0)
  expect(disk.stat(path).size).toBeLessThan(size)
})

test('a log that is closed, and a segment that is full, keep no room', async () => {
  const disk = new Disk(seededRandom(1))
  const { log } = await opened(disk)
  await append(log, 1, 20)
  const { bytes } = log.statistics
  await log.close()
  expect(disk.usedBytes()).toBe(bytes)
})

test('an unreadable directory is refused with the platform’s reason', async () => {
  const disk = new Disk(seededRandom(1))
  const files: Files = {
    ...filesOf(disk),
    list: () => Promise.reject(new Error('EACCES: permission denied')),
  }
  const result = await openLog(files, directory, { limits, snapshot: null })
  expect(result.ok ? '' : result.error.message).toContain('permission denied')
})

test('after close nothing is written', async () => {
  const disk = new Disk(seededRandom(1))
  const { log } = await opened(disk)
  const last = log.persist({ hardState: null, reset: null, entries: [command(1)] })
  await log.close()
  expect((await last).ok).toBe(true)
  expect(await log.persist({ hardState: null, reset: null, entries: [command(2)] })).toMatchObject({
    ok: false,
    error: { code: 'closed' },
  })
})

test('the log in memory answers at once and keeps nothing', async () => {
  const log = memoryLog()
  expect((await log.persist({ hardState: null, reset: null, entries: [command(1)] })).ok).toBe(true)
  expect((await log.compact(1)).ok).toBe(true)
  expect(log.statistics.bytes).toBe(0)
})
