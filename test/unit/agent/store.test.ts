import { describe, expect, it } from 'vitest'
import { Store } from '../../../src/agent/store.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { Command } from '../../../src/model/command.ts'
import type { Query, ReadOptions } from '../../../src/model/query.ts'
import { node, register } from '../state/fixtures.ts'
import { settled, TestClock } from './samples.ts'

const never = new AbortController().signal

function put(key: string, value: string): Command {
  return { kind: 'kvSet', key, value: new TextEncoder().encode(value), flags: 0n, ttlMs: 0 }
}

function options(minIndex: number, waitMs: number): ReadOptions {
  return { datacenter: '', consistency: 'default', maxStaleMs: null, minIndex, waitMs }
}

function storeWith(watchesMax: number): { readonly clock: TestClock; readonly store: Store } {
  const clock = new TestClock()
  const store = new Store({ clock, random: seededRandom(1), watchesMax })
  store.apply(5, put('k', '1'), { wallMs: 0 })
  store.wake(5)
  return { clock, store }
}

describe('a blocking read', () => {
  it('waits for a change of what it asks for', async () => {
    const { store } = storeWith(10)
    let answered: number | null = null
    void store
      .read({ kind: 'kvGet', key: 'k' }, options(5, 60_000), never)
      .then(({ index }) => (answered = index))
    await settled()
    expect(answered).toBeNull()
    store.apply(6, put('other', '1'), { wallMs: 0 })
    store.wake(6)
    await settled()
    expect(answered).toBeNull()
    store.apply(7, put('k', '2'), { wallMs: 0 })
    store.wake(7)
    await settled()
    expect(answered).toBe(7)
  })

  it('ends with its wait, and leaves no wake-up and no watch', async () => {
    const { clock, store } = storeWith(10)
    const reading = store.read({ kind: 'kvGet', key: 'k' }, options(5, 1000), never)
    await clock.run(1200)
    expect((await reading).index).toBe(5)
    expect([clock.armed, store.watching]).toEqual([0, 0])
  })

  it('ends when its asker goes, and leaves nothing', async () => {
    const { clock, store } = storeWith(10)
    const gone = new AbortController()
    const reading = store.read({ kind: 'kvGet', key: 'k' }, options(5, 60_000), gone.signal)
    await settled()
    gone.abort()
    await reading
    expect([clock.armed, store.watching]).toEqual([0, 0])
  })

  it('is answered at once with what there is when too many wait already', async () => {
    const { store } = storeWith(2)
    for (let i = 0; i < 2; i++) void store.read({ kind: 'kvGet', key: 'k' }, options(5, 60_000), never)
    await settled()
    expect(store.watching).toBe(2)
    const { index } = await store.read({ kind: 'kvGet', key: 'k' }, options(5, 60_000), never)
    expect(index).toBe(5)
  })
})

describe('who asks the same', () => {
  const list = { kind: 'kvList', prefix: '' } as const

  it('shares one evaluation, however many wait', async () => {
    const { clock, store } = storeWith(20_000)
    const reads = Array.from({ length: 10_000 }, () => store.read(list, options(5, 60_000), never))
    expect([store.watching, clock.armed]).toEqual([10_000, 1])
    store.apply(6, put('k', '2'), { wallMs: 0 })
    store.wake(6)
    const answers = new Set(await Promise.all(reads))
    // Each evaluation makes a list of its own.
    expect([answers.size, [...answers][0]?.index, store.watching, clock.armed]).toEqual([1, 6, 0, 0])
  })

  it('shares answers between changes, and gets a new one after a change', () => {
    const { store } = storeWith(10)
    const before = store.query(list)
    expect(store.query({ kind: 'kvList', prefix: '' })).toBe(before)
    expect(store.query({ kind: 'kvList', prefix: 'k' })).not.toBe(before)
    store.apply(6, put('other', '1'), { wallMs: 0 })
    expect(store.query(list).value.length).toBe(2)
    store.wake(6)
    expect(store.query(list).value.length).toBe(2)
    expect(before.value.length).toBe(1)
  })

  it('still goes one by one', async () => {
    const { clock, store } = storeWith(10)
    const gone = new AbortController()
    const ended: string[] = []
    const end = (name: string) => (): void => void ended.push(name)
    void store.read(list, options(5, 60_000), gone.signal).then(end('gone'))
    void store.read(list, options(5, 1000), never).then(end('short'))
    void store.read(list, options(9, 60_000), never).then(end('later'))
    void store.read(list, options(5, 60_000), never).then(end('changed'))
    gone.abort()
    await clock.run(1200)
    store.apply(6, put('k', '2'), { wallMs: 0 })
    store.wake(6)
    await settled()
    expect([ended, store.watching]).toEqual([['gone', 'short', 'changed'], 1])
    store.apply(10, put('k', '3'), { wallMs: 0 })
    store.wake(10)
    await settled()
    expect([ended.at(-1), store.watching, clock.armed]).toEqual(['later', 0, 0])
  })

  it('is answered at once when an archive is restored through the log, and told of another epoch', async () => {
    const { store } = storeWith(10)
    const before = store.epoch
    const reading = store.read(list, options(100, 60_000), never)
    store.apply(6, { kind: 'restoreBegin', id: 'r' }, { wallMs: 0 })
    store.wake(6)
    await settled()
    expect([store.watching, store.epoch]).toEqual([1, before])
    const result = store.apply(7, { kind: 'restoreEnd', id: 'r', records: 0 }, { wallMs: 0 })
    store.wake(7)
    expect([result.kind, (await reading).value, store.watching]).toEqual(['done', [], 0])
    expect(store.epoch).not.toBe(before)
  })

  it('is answered at once when indexes are raised, and told of another epoch', async () => {
    const { store } = storeWith(10)
    const before = store.epoch
    const reading = store.read(list, options(100, 60_000), never)
    store.apply(6, { kind: 'raiseIndexes', by: 1000 }, { wallMs: 0 })
    store.wake(6)
    expect([(await reading).index, store.watching]).toEqual([1006, 0])
    expect(store.epoch).not.toBe(before)
  })

  it('and an order by distance is of now: it is neither kept nor waited for', async () => {
    const { store } = storeWith(10)
    const near: Query & { readonly kind: 'nodes' } = { kind: 'nodes', nodeMeta: {}, near: 'n1' }
    const at = (node: string, seconds: number) => ({
      node,
      coordinate: { vec: [seconds, 0, 0, 0, 0, 0, 0, 0], error: 1, adjustment: 0, height: 0 },
    })
    let index = 5
    const apply = (command: Command): void => {
      store.apply(++index, command, { wallMs: 0 })
      store.wake(index)
    }
    for (const name of ['n1', 'n2', 'n3']) apply(register(node(name)))
    apply({ kind: 'coordinates', updates: [at('n1', 0), at('n2', 1), at('n3', 2)] })
    const names = (): unknown => store.query(near).value.map(({ name }) => name)
    expect(names()).toEqual(['n1', 'n2', 'n3'])
    void store.read(near, options(8, 60_000), never)
    apply({ kind: 'coordinates', updates: [at('n2', 3)] })
    await settled()
    expect([names(), store.watching]).toEqual([['n1', 'n3', 'n2'], 1])
  })

  it('is answered at once when the state is replaced', async () => {
    const { store } = storeWith(10)
    const reading = store.read(list, options(100, 60_000), never)
    store.restore([], 3)
    expect([(await reading).value.length, store.watching]).toEqual([0, 0])
  })
})

describe('the records of a store', () => {
  it('can be walked again, as they were: a server without a disk encodes its snapshot for each who asks', () => {
    const { store } = storeWith(10)
    const records = store.records()
    const first = [...records]
    store.apply(6, put('later', '1'), { wallMs: 0 })
    expect(first.length).toBeGreaterThan(1)
    expect([...records]).toEqual(first)
  })
})
