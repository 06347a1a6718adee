import { expect, test } from 'vitest'
import { createSpools } from '../../../src/agent/spool.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { Disk, soundDisk } from '../../sim/disk.ts'
import { filesOf } from '../storage/disk-files.ts'

async function contentOf(bytes: AsyncIterable<Uint8Array>): Promise<number[]> {
  const all: number[] = []
  for await (const part of bytes) all.push(...part)
  return all
}

test.each(['/data/restore', null])(
  'what is put into %s is read again and again, and dropped',
  async (directory) => {
    const disk = new Disk(seededRandom(1))
    const spool = await createSpools(filesOf(disk), directory)()
    await spool.append(Uint8Array.of(1, 2))
    await spool.append(Uint8Array.of(3))
    expect(await contentOf(spool.bytes())).toEqual([1, 2, 3])
    expect(await contentOf(spool.bytes())).toEqual([1, 2, 3])
    await spool.drop()
    expect(disk.usedBytes()).toBe(0)
  },
)

test('what an agent that was killed has left behind goes at the next start', async () => {
  const disk = new Disk(seededRandom(1))
  disk.mkdir('/data/restore', 0o700)
  disk.write('/data/restore/7.part', new Uint8Array(1000), 0o600, 0)
  const spool = await createSpools(filesOf(disk), '/data/restore')()
  await spool.append(Uint8Array.of(1))
  expect(disk.list('/data/restore')).toEqual(['1.part'])
})

test('a full disk is told to whoever appends', async () => {
  const disk = new Disk(seededRandom(1))
  const spool = await createSpools(filesOf(disk), '/data/restore')()
  disk.faults = { ...soundDisk, capacityBytes: 10 }
  await expect(spool.append(new Uint8Array(100))).rejects.toMatchObject({ code: 'ENOSPC' })
})
