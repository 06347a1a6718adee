import { expect, test } from 'vitest'
import type { SnapshotMeta } from '../../../src/raft/message.ts'
import { memorySnapshots } from '../../../src/storage/memory-snapshots.ts'
import type { Snapshots } from '../../../src/storage/snapshots.ts'

function meta(index: number): Omit<SnapshotMeta, 'size'> {
  return { index, term: 2, configuration: { servers: [] }, configurationIndex: 1 }
}

function records(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => new Uint8Array((at * 37) % 300).fill(at))
}

async function saved(snapshots: Snapshots, index: number, count = 5000): Promise<SnapshotMeta> {
  const result = await snapshots.save(meta(index), records(count))
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

async function part(snapshots: Snapshots, snapshot: SnapshotMeta, offset: number): Promise<Uint8Array> {
  const read = await snapshots.readPart(snapshot, offset, Math.min(65_536, snapshot.size - offset))
  if (!read.ok) throw new Error(read.error.message)
  return read.value
}

test('a server without a disk can send its snapshot to a peer, which restores it', async () => {
  const source = memorySnapshots(() => undefined)
  const snapshot = await saved(source, 9)
  const target = memorySnapshots(() => undefined)
  for (let offset = 0; offset < snapshot.size; offset += 65_536) {
    expect((await target.receive(snapshot, offset, await part(source, snapshot, offset))).ok).toBe(true)
  }
  expect(await target.finishReceiving(snapshot)).toEqual({ ok: true, value: undefined })
  expect(target.latest).toEqual(snapshot)
  const all: Uint8Array[] = []
  expect((await target.load(snapshot, (block) => void all.push(...block))).ok).toBe(true)
  expect(all).toEqual(records(5000))
})

test('parts can be read again from anywhere', async () => {
  const snapshots = memorySnapshots(() => undefined)
  const snapshot = await saved(snapshots, 9)
  const late = await part(snapshots, snapshot, 300_000)
  const early = await part(snapshots, snapshot, 0)
  expect(await part(snapshots, snapshot, 300_000)).toEqual(late)
  expect(early.length).toBe(65_536)
})

test('a received snapshot with a flipped bit is refused', async () => {
  const source = memorySnapshots(() => undefined)
  const snapshot = await saved(source, 9, 20)
  const bytes = (await part(source, snapshot, 0)).slice()
  bytes[100] = (bytes[100] ?? 0) ^ 1
  const target = memorySnapshots(() => undefined)
  await target.receive(snapshot, 0, bytes)
  expect((await target.finishReceiving(snapshot)).ok).toBe(false)
  expect(target.latest).toBeNull()
})

test('a snapshot that is held can be read although a newer one has taken its place', async () => {
  const snapshots = memorySnapshots(() => undefined)
  const first = await saved(snapshots, 5)
  const release = snapshots.hold(first)
  await saved(snapshots, 6)
  expect((await snapshots.readPart(first, 0, 10)).ok).toBe(true)
  release()
  expect((await snapshots.readPart(first, 0, 10)).ok).toBe(false)
})
