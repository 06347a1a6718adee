import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/lib/random.ts'
import { directoryOf, writeAtomically } from '../../../src/storage/atomic-file.ts'
import { Disk, soundDisk } from '../../sim/disk.ts'
import { filesOf } from './disk-files.ts'

const old = new Uint8Array(40).fill(1)
const next = new Uint8Array(60).fill(2)

function newDisk(seed: number): Disk {
  const disk = new Disk(seededRandom(seed))
  disk.mkdir('/data', 0o700)
  disk.syncDirectory('/')
  disk.faults = { ...soundDisk, isTornDirty: true }
  return disk
}

test('a crash at any moment leaves the old or the new content, and the new one once it is promised', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const disk = newDisk(seed)
    await writeAtomically(filesOf(disk), '/data/node-id', old)
    let isAlive = true
    let isDone = false
    void writeAtomically(
      filesOf(disk, () => isAlive),
      '/data/node-id',
      next,
    ).then(() => (isDone = true))
    for (let hops = seed % 25; hops > 0; hops--) await Promise.resolve()
    isAlive = false
    disk.crash()
    expect(isDone ? [next] : [old, next]).toContainEqual(disk.read('/data/node-id'))
  }
})

test('the mode is that of the new file', async () => {
  const disk = newDisk(1)
  await writeAtomically(filesOf(disk), '/data/keyring', next, 0o600)
  expect(disk.stat('/data/keyring').mode).toBe(0o600)
})

test('a full disk is an error, and the old content stays', async () => {
  const disk = newDisk(1)
  await writeAtomically(filesOf(disk), '/data/node-id', old)
  disk.faults = { ...soundDisk, capacityBytes: 50 }
  await expect(writeAtomically(filesOf(disk), '/data/node-id', next)).rejects.toMatchObject({
    code: 'ENOSPC',
  })
  expect(disk.read('/data/node-id')).toEqual(old)
})

test('the directory of a path', () => {
  expect(directoryOf('/a/b/c')).toBe('/a/b')
  expect(directoryOf('/a')).toBe('/')
  expect(directoryOf('C:\\data\\x')).toBe('C:\\data')
})
