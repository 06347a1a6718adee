// The log on disk against the simplest log there is: whatever the crash, every acknowledged write is there, and
// what is there is a prefix of what was asked for. Damage is found, and never read as something else.
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/lib/random.ts'
import type { Random } from '../../src/lib/random.ts'
import type { Entry, SnapshotMeta } from '../../src/raft/message.ts'
import { openLog } from '../../src/storage/log.ts'
import type { Log, OpenedLog } from '../../src/storage/log.ts'
import type { LogWrite } from '../../src/storage/record.ts'
import { Disk, soundDisk } from '../sim/disk.ts'
import { LogImage } from '../sim/raft-disk.ts'
import { filesOf } from '../unit/storage/disk-files.ts'

const directory = '/data/raft'
const limits = { segmentBytesMax: 400, segmentReserveBytes: 100, trailingEntries: 1000 }

const lives = new WeakMap<Disk, number>()

/** A disk whose data directory is there for good. */
function newDisk(random: Random): Disk {
  const disk = new Disk(random)
  disk.mkdir('/data', 0o700)
  disk.syncDirectory('/')
  return disk
}

/** Opens the log as a new process; the one before it has ended. */
async function open(disk: Disk, snapshot: SnapshotMeta | null = null): Promise<OpenedLog> {
  const life = (lives.get(disk) ?? 0) + 1
  lives.set(disk, life)
  const files = filesOf(disk, () => lives.get(disk) === life)
  const opened = await openLog(files, directory, { limits, snapshot })
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}

/** A write that a machine could ask for, given the log so far. */
function anyWrite(random: Random, image: LogImage, floor: number): LogWrite {
  const hardState = random.chance(300)
    ? { term: image.hardState.term + random.below(2), votedFor: random.pick([null, 'a', 'server-b']) ?? null }
    : null
  const last = image.lastIndex
  const first = random.chance(150) && last > floor ? random.between(floor + 1, last + 1) : last + 1
  const entries: Entry[] = []
  const count = random.below(4)
  for (let index = first; index < first + count; index++) {
    const term = (hardState ?? image.hardState).term + 1
    const data = Uint8Array.from({ length: random.below(60) }, () => random.below(256))
    entries.push(random.chance(100) ? { kind: 'noop', index, term } : { kind: 'command', index, term, data })
  }
  return { hardState, reset: null, entries }
}

function imageOf(writes: readonly LogWrite[]): LogImage {
  const image = new LogImage()
  for (const write of writes) image.apply(write)
  return image
}

function expectSame({ restored }: OpenedLog, image: LogImage, from: number): void {
  expect(restored.hardState).toEqual(image.hardState)
  const expected = image.entries.filter((entry) => entry.index >= from)
  expect(restored.entries.filter((entry) => entry.index >= from)).toEqual(expected)
}

/** How many writes a restored log shows; -1 if it is no prefix. */
function prefixLength(opened: OpenedLog, writes: readonly LogWrite[], acknowledged: number): number {
  for (let count = writes.length; count >= acknowledged; count--) {
    const image = imageOf(writes.slice(0, count))
    const { hardState, entries } = opened.restored
    const isSame = JSON.stringify([hardState, entries]) === JSON.stringify([image.hardState, image.entries])
    if (isSame) return count
  }
  return -1
}

async function writeAll(disk: Disk, writes: readonly LogWrite[]): Promise<void> {
  const { log } = await open(disk)
  for (const write of writes) expect(await log.persist(write)).toEqual({ ok: true, value: undefined })
  await log.close()
}

function someWrites(seed: number, count: number): readonly LogWrite[] {
  const random = seededRandom(seed)
  const image = new LogImage()
  const writes: LogWrite[] = []
  while (writes.length < count) {
    const write = anyWrite(random, image, 0)
    if (write.entries.length === 0 && write.hardState === null) continue
    image.apply(write)
    writes.push(write)
  }
  return writes
}

test('cut at any byte of the last segment, the log is what the whole batches before it say', async () => {
  const writes = someWrites(3, 14)
  const whole = newDisk(seededRandom(1))
  await writeAll(whole, writes)
  const names = whole.list(directory)
  expect(names.length).toBeGreaterThan(2)
  const path = `${directory}/${names.at(-1) ?? ''}`
  const { size } = whole.stat(path)
  for (let cut = 0; cut <= size; cut++) {
    const disk = newDisk(seededRandom(1))
    await writeAll(disk, writes)
    disk.truncate(path, cut)
    const opened = await open(disk)
    const count = prefixLength(opened, writes, 0)
    expect(count, `cut at ${cut} of ${size}`).toBeGreaterThanOrEqual(cut === size ? writes.length : 1)
    // It goes on from there, and what is written then stays.
    const next: LogWrite = { hardState: { term: 99, votedFor: 'z' }, reset: null, entries: [] }
    await opened.log.persist(next)
    expect((await open(disk)).restored.hardState).toEqual(next.hardState)
  }
}, 60_000)

test('a flipped bit anywhere is refused by name and place, or cut as the torn end; never read', async () => {
  const writes = someWrites(5, 12)
  const source = newDisk(seededRandom(1))
  await writeAll(source, writes)
  const random = seededRandom(9)
  let refused = 0
  for (const name of source.list(directory)) {
    const path = `${directory}/${name}`
    const bytes = source.read(path)
    for (let at = 0; at < bytes.length; at++) {
      const disk = newDisk(seededRandom(1))
      await writeAll(disk, writes)
      const damaged = bytes.slice()
      damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8))
      disk.write(path, damaged, 0o600, 0)
      const opened = await openLog(filesOf(disk), directory, { limits, snapshot: null })
      if (opened.ok) {
        expect(name).toBe(source.list(directory).at(-1))
        // Only the last batch of all may be taken for torn.
        expect(prefixLength(opened.value, writes, writes.length - 1)).toBe(writes.length - 1)
      } else {
        refused += 1
        expect(opened.error.message).toContain(path)
        expect(['corrupt', 'newerVersion']).toContain(opened.error.code)
      }
    }
  }
  expect(refused).toBeGreaterThan(100)
}, 60_000)

const zeros = new Uint8Array(limits.segmentReserveBytes)

test.each([
  { tail: zeros, tornBytes: 0 },
  { tail: Uint8Array.of(...zeros, 0), tornBytes: zeros.length + 1 },
  { tail: new Uint8Array(300).fill(0x50), tornBytes: 300 },
  { tail: Uint8Array.of(0x50, 0x43, 0x52, 0x46), tornBytes: 4 },
  { tail: Uint8Array.of(0x50, 0x43, ...zeros), tornBytes: 2 },
])('what is no frame behind the end is cut: $tornBytes bytes', async ({ tail, tornBytes }) => {
  const writes = someWrites(5, 6)
  const disk = newDisk(seededRandom(1))
  await writeAll(disk, writes)
  const path = `${directory}/${disk.list(directory).at(-1) ?? ''}`
  const { size } = disk.stat(path)
  append(disk, path, tail)
  const opened = await open(disk)
  expect(opened.tornBytes).toBe(tornBytes)
  expect(prefixLength(opened, writes, writes.length)).toBe(writes.length)
  expect(disk.stat(path).size).toBe(size)
})

function append(disk: Disk, path: string, bytes: Uint8Array): void {
  disk.open(path, { mode: 0o600, wallMs: 0, reserveBytes: 0 }).append(bytes, 0)
}

test('zeros behind a segment that is not the last are damage', async () => {
  const disk = newDisk(seededRandom(1))
  await writeAll(disk, someWrites(5, 12))
  const path = `${directory}/${disk.list(directory)[0] ?? ''}`
  append(disk, path, new Uint8Array(1))
  const before = disk.read(path)
  expect(await openLog(filesOf(disk), directory, { limits, snapshot: null })).toMatchObject({
    ok: false,
    error: { code: 'corrupt', path },
  })
  expect(disk.read(path)).toEqual(before)
})

test('a segment of this log inside an entry is not taken for damage', async () => {
  const inner = newDisk(seededRandom(1))
  await writeAll(inner, someWrites(5, 3))
  const data = inner.read(`${directory}/${inner.list(directory)[0] ?? ''}`)
  const disk = newDisk(seededRandom(1))
  const write: LogWrite = {
    hardState: null,
    reset: null,
    entries: [{ kind: 'command', index: 1, term: 1, data }],
  }
  await writeAll(disk, [write])
  const path = `${directory}/${disk.list(directory)[0] ?? ''}`
  disk.truncate(path, disk.stat(path).size - 1)
  expect((await open(disk)).restored.entries).toEqual([])
})

/** What one life of a log was asked for, and how far it answered. */
interface Life {
  readonly writes: LogWrite[]
  acknowledged: number
}

test.each([{ dirty: false }, { dirty: true }])(
  'after any crash nothing acknowledged is lost (dirty: $dirty)',
  async ({ dirty }) => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = seededRandom(seed)
      const disk = newDisk(random.fork('disk'))
      let past: readonly LogWrite[] = []
      for (let life = 0; life < 5; life++) {
        disk.faults = { ...soundDisk, isTornDirty: dirty }
        const opened = await open(disk)
        const image = imageOf(past)
        expectSame(opened, image, 0)
        const done = await live(random, opened.log, image)
        disk.crash()
        const written = [...past, ...done.writes]
        const count = prefixLength(await open(disk), written, past.length + done.acknowledged)
        expect(count, `seed ${seed}, life ${life}`).toBeGreaterThanOrEqual(past.length + done.acknowledged)
        past = written.slice(0, count)
      }
    }
  },
  60_000,
)

/** Asks for some writes, waits for some of them, and is cut off in the middle. */
async function live(random: Random, log: Log, image: LogImage): Promise<Life> {
  const done: Life = { writes: [], acknowledged: 0 }
  const rounds = random.between(1, 12)
  for (let round = 0; round < rounds; round++) {
    const write = anyWrite(random, image, 0)
    image.apply(write)
    done.writes.push(write)
    const number = done.writes.length
    const answer = log.persist(write).then((result) => {
      if (result.ok) done.acknowledged = Math.max(done.acknowledged, number)
    })
    if (random.chance(500)) await answer
    else for (let hops = random.below(12); hops > 0; hops--) await Promise.resolve()
  }
  return { ...done }
}

test('with resets and compaction the log still holds what is behind the snapshot', async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = seededRandom(seed)
    const disk = newDisk(random.fork('disk'))
    const image = new LogImage()
    let snapshot: SnapshotMeta | null = null
    for (let life = 0; life < 4; life++) {
      const opened = await open(disk, snapshot)
      expectSame(opened, image, (snapshot?.index ?? 0) + 1)
      for (let round = 0; round < 25; round++) snapshot = await change(random, opened.log, image, snapshot)
      if (random.chance(500)) await opened.log.close()
      else disk.crash()
    }
  }
}, 60_000)

/** A write, then perhaps a compaction behind a new snapshot, or a snapshot that takes the log's place. */
async function change(
  random: Random,
  log: Log,
  image: LogImage,
  snapshot: SnapshotMeta | null,
): Promise<SnapshotMeta | null> {
  const floor = snapshot?.index ?? 0
  const write = anyWrite(random, image, floor)
  image.apply(write)
  await log.persist(write)
  if (random.chance(40)) {
    const reset = { index: image.lastIndex + random.between(1, 20), term: image.hardState.term + 1 }
    image.apply({ hardState: null, reset, entries: [] })
    await log.persist({ hardState: null, reset, entries: [] })
    return metaOf(reset.index, reset.term)
  }
  if (image.lastIndex === floor || !random.chance(100)) return snapshot
  const index = random.between(floor + 1, image.lastIndex)
  await log.compact(random.between(0, index))
  return metaOf(index, image.termAt(index) ?? 0)
}

function metaOf(index: number, term: number): SnapshotMeta {
  return { index, term, configuration: { servers: [] }, configurationIndex: 0, size: 1 }
}

test('a full disk or a failed sync stops the log: nothing is acknowledged afterwards, and what was is there', async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = seededRandom(seed)
    const disk = newDisk(random.fork('disk'))
    const isFull = seed % 2 === 0
    const { log } = await open(disk)
    disk.faults = { ...soundDisk, capacityBytes: isFull ? 900 : Infinity, syncFailPerMille: isFull ? 0 : 150 }
    const image = new LogImage()
    const writes: LogWrite[] = []
    let acknowledged = 0
    let failed = ''
    for (let round = 0; round < 60; round++) {
      const write = anyWrite(random, image, 0)
      image.apply(write)
      writes.push(write)
      const result = await log.persist(write)
      if (result.ok) {
        expect(failed, 'acknowledged after a failure').toBe('')
        acknowledged = writes.length
      } else failed = result.error.cause
    }
    expect(failed).toBe(isFull ? 'ENOSPC' : 'EIO')
    disk.faults = soundDisk
    disk.crash()
    expect(prefixLength(await open(disk), writes, acknowledged)).toBeGreaterThanOrEqual(acknowledged)
  }
}, 60_000)
