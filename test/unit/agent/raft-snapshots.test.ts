// Snapshots that somebody asks for: which one is given, and what is shared.
import { expect, test } from 'vitest'
import { createSnapshotWork, type SnapshotWork } from '../../../src/agent/raft-snapshots.ts'
import type { RaftStorage } from '../../../src/agent/raft-storage.ts'
import { Store } from '../../../src/agent/store.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { SnapshotMeta } from '../../../src/raft/message.ts'
import { silentLogger } from './archive-parts.ts'
import { TestClock } from './samples.ts'

interface Bench {
  readonly store: Store
  readonly work: SnapshotWork
  /** Indexes of snapshots that were written, and how many are held. */
  readonly saved: number[]
  held: number
  /** Lets the writing of a snapshot come to its end. */
  readonly finish: () => void
  readonly put: (index: number) => void
}

function bench(): Bench {
  const clock = new TestClock()
  const store = new Store({ clock, random: seededRandom(1), watchesMax: 10 })
  const saved: number[] = []
  let latest: SnapshotMeta | null = null
  let finish = (): void => undefined
  const storage = {
    get latest() {
      return latest
    },
    async save(meta: Omit<SnapshotMeta, 'size'>) {
      saved.push(meta.index)
      await new Promise<void>((resolve) => (finish = resolve))
      latest = { ...meta, size: 10 }
      return latest
    },
    hold() {
      self.held++
      return () => void self.held--
    },
  } as unknown as RaftStorage
  const self: Bench = {
    store,
    saved,
    held: 0,
    work: createSnapshotWork({
      storage,
      store,
      clock,
      metrics: { onSnapshot: () => undefined, onInstalled: () => undefined, onCompacted: () => undefined },
      log: silentLogger,
      meta: () => ({
        index: store.appliedIndex,
        term: 1,
        configuration: { servers: [] },
        configurationIndex: 1,
      }),
      feed: () => undefined,
      onRestored: () => undefined,
      onFatal: (error) => {
        throw error
      },
    }),
    finish: () => finish(),
    put(index) {
      const value = new Uint8Array(1)
      store.apply(index, { kind: 'kvSet', key: 'a', value, flags: 0n, ttlMs: 0 }, { wallMs: 0 })
    },
  }
  return self
}

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

test('a snapshot holds all that was applied when it was asked for, and tells its index', async () => {
  const { work, put, finish, saved } = bench()
  put(7)
  const taking = work.take()
  put(8)
  finish()
  expect(await taking).toMatchObject({ ok: true, value: { index: 7, meta: { index: 7 } } })
  expect(saved).toEqual([7])
})

test('when nothing was applied since the last one, that is given', async () => {
  const { work, put, finish, saved } = bench()
  put(7)
  const first = work.take()
  finish()
  await first
  expect(await work.take()).toMatchObject({ ok: true, value: { index: 7 } })
  expect(saved).toEqual([7])
})

test('who asks while one is written shares the next one, not that one', async () => {
  const self = bench()
  self.put(7)
  const first = self.work.take()
  self.put(8)
  const others = [self.work.take(), self.work.take(), self.work.take()]
  self.finish()
  await first
  await turns()
  self.put(9)
  self.finish()
  for (const other of others) expect(await other).toMatchObject({ ok: true, value: { index: 8 } })
  expect(self.saved).toEqual([7, 8])
  expect(self.held).toBe(4)
})

test('a server without a state has nothing to give', async () => {
  expect((await bench().work.take()).ok).toBe(false)
})
