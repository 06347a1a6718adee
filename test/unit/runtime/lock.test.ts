// The lock file stays usable whatever was in it and whatever path leads to it.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { FileLocks } from '../../../src/runtime/node/lock.ts'

const directory = mkdtempSync(join(tmpdir(), 'proconsul-lock-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('two names of one directory are one lock', async () => {
  const locks = new FileLocks()
  symlinkSync(directory, `${directory}-link`)
  try {
    const lock = await locks.take(join(directory, 'a'))
    expect(await locks.take(join(`${directory}-link`, 'a'))).toBeUndefined()
    await lock?.release()
    expect(await locks.take(join(`${directory}-link`, 'a'))).toBeDefined()
  } finally {
    rmSync(`${directory}-link`)
  }
})

test('two agents of one process do not get the same lock', async () => {
  const lock = await new FileLocks().take(join(directory, 'b'))
  expect(lock).toBeDefined()
  expect(await new FileLocks().take(join(directory, 'b'))).toBeUndefined()
  await lock?.release()
  expect(await new FileLocks().take(join(directory, 'b'))).toBeDefined()
})

test('a file with other contents is refused and left as it is', async () => {
  writeFileSync(join(directory, 'd'), 'x'.repeat(5000))
  await expect(new FileLocks().take(join(directory, 'd'))).rejects.toThrow()
})
