import { describe, expect, it } from 'vitest'
import { createState, restoreState, type State } from '../../../src/state/state.ts'
import { applyAll, applyAt, set } from './fixtures.ts'

const keep = (versionsMax: number, ageMs = 1_000_000) =>
  ({ kind: 'setKvHistory', versionsMax, ageMs }) as const
const remove = { kind: 'kvDelete', key: 'k' } as const

/** Value, index and time of each version. */
function versions(state: State, key = 'k'): readonly unknown[] | undefined {
  return state
    .query({ kind: 'kvHistory', key })
    .value?.map(({ entry, index, atWallMs }) => [
      entry === null ? null : String.fromCharCode(...entry.value),
      index,
      atWallMs,
    ])
}

describe('the history of a key', () => {
  it('is not kept unless it is set', () => {
    const state = createState()
    applyAll(state, set('k', 'a'), set('k', 'b'))
    expect(state.query({ kind: 'kvHistory', key: 'k' })).toEqual({ index: 2, value: null })
  })

  it('has every version with its index and time, deletions too, and the present one last', () => {
    const state = createState()
    applyAll(state, keep(10))
    applyAt(state, 100, set('k', 'a'))
    applyAt(state, 200, set('k', 'b'), set('k', 'b'), remove)
    applyAt(state, 300, set('k', 'c'))
    expect(versions(state)).toEqual([
      ['a', 2, 100],
      ['b', 3, 200],
      [null, 5, 200],
      ['c', 6, 300],
    ])
    expect(state.query({ kind: 'kvHistory', key: 'k' }).index).toBe(6)
    expect(versions(state, 'k2')).toEqual([])
  })

  it('begins with what was there before, of unknown age', () => {
    const state = createState()
    applyAll(state, set('k', 'a'), keep(10))
    applyAt(state, 100, set('k', 'b'))
    expect(versions(state)).toEqual([
      ['a', 1, 0],
      ['b', 3, 100],
    ])
  })

  it('keeps so many versions beside the present one', () => {
    const state = createState()
    applyAll(state, keep(2), set('k', 'a'), set('k', 'b'), remove, set('k', 'c'), set('k', 'd'))
    expect(versions(state)?.map((version) => (version as readonly unknown[])[0])).toEqual([null, 'c', 'd'])
  })

  it('is that of one key, whatever its name begins with', () => {
    const state = createState()
    applyAll(state, keep(5), set('k', 'a'), set('k\0', 'b'), set('k\0\0', 'c'))
    expect(versions(state)).toHaveLength(1)
    expect(versions(state, 'k\0')).toHaveLength(1)
  })

  it('drops what was past for too long, and never the present version', () => {
    const state = createState()
    applyAll(state, keep(10, 1000))
    applyAt(state, 100, set('k', 'a'))
    applyAt(state, 200, set('k', 'b'))
    expect(state.historyDueAtWallMs()).toBe(1201)
    applyAt(state, 1200, { kind: 'pruneKvHistory' })
    expect(versions(state)).toHaveLength(2)
    applyAt(state, 1201, { kind: 'pruneKvHistory' })
    expect(versions(state)).toEqual([['b', 3, 200]])
    expect(state.historyDueAtWallMs()).toBeNull()
    applyAt(state, 99_999, { kind: 'pruneKvHistory' })
    expect(versions(state)).toHaveLength(1)
  })

  it('forgets a deletion in the end', () => {
    const state = createState()
    applyAll(state, keep(10, 1000))
    applyAt(state, 100, set('k', 'a'), remove)
    applyAt(state, 1101, { kind: 'pruneKvHistory' })
    expect(versions(state)).toEqual([])
  })

  it('goes when none is to be kept', () => {
    const state = createState()
    applyAll(state, keep(10), set('k', 'a'), set('k', 'b'), keep(0))
    expect(versions(state)).toBeUndefined()
    applyAll(state, keep(5))
    expect(versions(state)).toEqual([])
    expect(state.historyDueAtWallMs()).toBeNull()
  })

  it('comes back from a snapshot, with what is to be dropped', () => {
    const state = createState()
    applyAll(state, keep(10, 1000))
    applyAt(state, 100, set('k', 'a'), set('k\0', 'x'))
    applyAt(state, 200, set('k', 'b'), remove, set('other', 'o'))
    const restored = restoreState(state.snapshot().records())
    expect([...restored.snapshot().records()]).toEqual([...state.snapshot().records()])
    for (const each of [state, restored]) applyAt(each, 1201, { kind: 'pruneKvHistory' })
    expect([...restored.snapshot().records()]).toEqual([...state.snapshot().records()])
    expect(versions(restored)).toEqual([])
    expect(versions(restored, 'other')).toHaveLength(1)
  })
})
