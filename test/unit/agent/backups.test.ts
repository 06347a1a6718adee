// Backups by themselves: when they are due, what is kept, and that no failure costs an old one.
import { expect, test } from 'vitest'
import { createBackups, type BackupsOptions } from '../../../src/agent/backups.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { err, ok } from '../../../src/lib/result.ts'
import type { Files } from '../../../src/runtime/host/files.ts'
import { Disk, soundDisk } from '../../sim/disk.ts'
import { filesOf } from '../storage/disk-files.ts'
import { archiveOf, stateWith } from './archive-parts.ts'
import { TestClock } from './samples.ts'

const never = new AbortController().signal
const archive = await archiveOf(stateWith(20))

interface Bench {
  readonly disk: Disk
  readonly clock: TestClock
  readonly said: string[]
  readonly options: BackupsOptions
  readonly names: () => readonly string[]
}

function bench(
  change: Partial<BackupsOptions> = {},
  wrap: (files: Files) => Files = (files) => files,
): Bench {
  const disk = new Disk(seededRandom(1))
  const clock = new TestClock()
  clock.ms = Date.UTC(2026, 10, 22, 9)
  const said: string[] = []
  const options: BackupsOptions = {
    files: wrap(filesOf(disk)),
    clock,
    directory: '/backups',
    intervalMs: 60_000,
    retain: 2,
    take: () => Promise.resolve(ok(bytes())),
    events: {
      onSaved: ({ index }) => said.push(`saved ${index}`),
      onFailed: (reason, failures) => said.push(`failed ${failures}: ${reason}`),
      onPruneFailed: (reason) => said.push(`prune: ${reason}`),
    },
    ...change,
  }
  return { disk, clock, said, options, names: () => disk.list('/backups') }
}

async function* bytes(content: Uint8Array = archive): AsyncGenerator<Uint8Array> {
  yield content
}

test('the last ones are kept, and other files are left alone', async () => {
  const { options, clock, disk, names, said } = bench()
  disk.mkdir('/backups', 0o700)
  disk.write('/backups/consul-mine.snap', Uint8Array.of(1), 0o600, 0)
  const backups = createBackups(options)
  for (let i = 0; i < 4; i++) {
    expect((await backups.once(never)).ok).toBe(true)
    clock.ms += 60_000
  }
  expect(names()).toEqual([
    'consul-20261122T090200Z.snap',
    'consul-20261122T090300Z.snap',
    'consul-mine.snap',
  ])
  expect(said).toEqual(['saved 20', 'saved 20', 'saved 20', 'saved 20'])
})

test('what an agent that was killed has left behind goes, but only its own', async () => {
  const { options, disk, names } = bench()
  disk.mkdir('/backups', 0o700)
  disk.write('/backups/consul-20261122T080000Z.snap.unverified', Uint8Array.of(1), 0o600, 0)
  disk.write('/backups/mine.snap.unverified', Uint8Array.of(1), 0o600, 0)
  await createBackups(options).once(never)
  expect(names()).toEqual(['consul-20261122T090000Z.snap', 'mine.snap.unverified'])
})

test('an archive that is damaged is no backup, and the old ones stay', async () => {
  let content = archive
  const { options, clock, names, said } = bench({
    take: () => Promise.resolve(ok(bytes(content))),
    retain: 1,
  })
  const backups = createBackups(options)
  await backups.once(never)
  clock.ms += 60_000
  content = archive.slice(0, archive.length - 20)
  expect((await backups.once(never)).ok).toBe(false)
  expect(names()).toEqual(['consul-20261122T090000Z.snap'])
  expect(said[1]).toMatch(/^failed 1: Cannot verify .*unexpected EOF$/)
})

test('a full disk costs no old backup', async () => {
  const { options, clock, disk, names, said } = bench({ retain: 1 })
  const backups = createBackups(options)
  await backups.once(never)
  clock.ms += 60_000
  disk.faults = { ...soundDisk, capacityBytes: disk.usedBytes() + 50 }
  expect((await backups.once(never)).ok).toBe(false)
  expect(names()).toEqual(['consul-20261122T090000Z.snap'])
  expect(said[1]).toMatch(/^failed 1: Cannot write /)
})

test('a source that fails is tried again soon, then ever later', async () => {
  const asked: number[] = []
  const { options, clock } = bench({
    intervalMs: 3_600_000,
    take: () => {
      asked.push(clock.ms)
      return Promise.resolve(err('no leader'))
    },
  })
  const start = clock.ms
  const stop = new AbortController()
  const running = createBackups(options).run(stop.signal)
  for (let i = 0; i < 1500; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.pass(100)
  }
  stop.abort()
  await running
  expect(asked.map((ms) => Math.round((ms - start) / 1000)).slice(0, 4)).toEqual([0, 10, 30, 70])
})

test('whoever is started goes on where the last one was', async () => {
  const { options, clock, said } = bench()
  await createBackups(options).once(never)
  clock.ms += 20_000
  const stop = new AbortController()
  const running = createBackups(options).run(stop.signal)
  // Compression takes turns of its own, as many as the machine likes.
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) await new Promise((resolve) => setImmediate(resolve))
  }
  await until(() => clock.armed > 0)
  clock.pass(39_000)
  expect(said.length).toBe(1)
  await until(() => clock.armed > 0)
  clock.pass(2_000)
  await until(() => said.length > 1)
  expect(said.length).toBe(2)
  stop.abort()
  await running
})
