import { describe, expect, it } from 'vitest'
import { createState } from '../../../src/state/state.ts'
import type { State } from '../../../src/state/state.ts'
import { tombstonesMax } from '../../../src/state/tombstones.ts'
import { applyAll, bytesOf, set } from './fixtures.ts'

function listIndex(state: State, prefix: string): number {
  return state.query({ kind: 'kvList', prefix }).index
}

describe('sets', () => {
  it('keeps createIndex, raises modifyIndex, and ignores an identical write', () => {
    const state = createState()
    applyAll(state, set('k', 'a'), set('k', 'b'))
    expect(applyAll(state, set('k', 'b')).changed).toEqual([])
    expect(state.query({ kind: 'kvGet', key: 'k' })).toMatchObject({
      index: 2,
      value: { createIndex: 1, modifyIndex: 2, flags: 0n, lockIndex: 0, session: '' },
    })
    expect(applyAll(state, set('k', 'b', 2n ** 64n - 1n)).changed).toEqual(['k:k'])
  })

  it('starts createIndex anew after a delete', () => {
    const state = createState()
    applyAll(state, set('k', 'a'), { kind: 'kvDelete', key: 'k' }, set('k', 'a'))
    expect(state.query({ kind: 'kvGet', key: 'k' }).value).toMatchObject({ createIndex: 3, modifyIndex: 3 })
  })
})

describe('compare and set', () => {
  const cas = (expectedIndex: number) =>
    ({ kind: 'kvCas', key: 'k', value: bytesOf('x'), flags: 0n, expectedIndex, ttlMs: 0 }) as const

  it.each([
    ['creates with 0 when absent', [], 0, true],
    ['does not create with another index', [], 4, false],
    ['does not replace with 0', [set('k', 'a')], 0, false],
    ['replaces with the present index', [set('k', 'a')], 1, true],
    ['refuses a stale index', [set('k', 'a'), set('k', 'b')], 1, false],
  ] as const)('%s', (_, before, expectedIndex, applied) => {
    const state = createState()
    applyAll(state, ...before)
    const { result, changed } = applyAll(state, cas(expectedIndex))
    expect(result).toEqual({ kind: 'decided', applied, fencingToken: 0 })
    expect(changed).toEqual(applied ? ['k:k'] : [])
  })

  it.each([
    ['an absent key is as good as deleted', [], 3, true],
    ['0 does not delete a key', [set('k', 'a')], 0, false],
    ['a stale index does not delete', [set('k', 'a'), set('k', 'b')], 1, false],
    ['the present index deletes', [set('k', 'a')], 1, true],
  ] as const)('delete: %s', (_, before, expectedIndex, applied) => {
    const state = createState()
    applyAll(state, ...before)
    const { result } = applyAll(state, { kind: 'kvDeleteCas', key: 'k', expectedIndex })
    expect(result).toEqual({ kind: 'decided', applied, fencingToken: 0 })
  })
})

describe('indexes of lists', () => {
  it('is the newest under the prefix, a deletion included', () => {
    const state = createState()
    applyAll(state, set('a/1', 'x'), set('a/2', 'x'), set('b', 'x'))
    expect(listIndex(state, 'a/')).toBe(2)
    applyAll(state, { kind: 'kvDelete', key: 'a/1' }, set('b', 'y'))
    expect(listIndex(state, 'a/')).toBe(4)
    expect(listIndex(state, '')).toBe(5)
  })

  it('is that of the whole table where nothing was ever known', () => {
    const state = createState()
    applyAll(state, set('a', 'x'), set('b', 'x'))
    expect(listIndex(state, 'zz')).toBe(2)
    expect(state.query({ kind: 'kvGet', key: 'zz' })).toEqual({ index: 2, value: null })
  })

  it('stays up when a tree is deleted, below its root too', () => {
    const state = createState()
    applyAll(
      state,
      set('t/1', 'x'),
      set('t/sub/2', 'x'),
      { kind: 'kvDeleteTree', prefix: 't/' },
      set('u', 'x'),
    )
    expect(listIndex(state, 't/sub')).toBe(3)
    expect(applyAll(state, { kind: 'kvDeleteTree', prefix: 't/' }).changed).toEqual([])
  })

  it('does not go back when tombstones are dropped: the floor rises', () => {
    const state = createState()
    applyAll(state, set('a/old', 'x'), set('a/new', 'x'), { kind: 'kvDelete', key: 'a/new' })
    for (let i = 0; i < tombstonesMax; i++) {
      applyAll(state, { kind: 'batch', commands: [set(`z${i}`, 'x'), { kind: 'kvDelete', key: `z${i}` }] })
    }
    const tombstones = [...state.snapshot().records()].filter((each) => each.kind === 'tombstone')
    expect(tombstones).toHaveLength(tombstonesMax)
    expect(tombstones.some((each) => each.key === 'a/new')).toBe(false)
    expect(listIndex(state, 'a/')).toBe(3)
  })
})

describe('keys', () => {
  it('cuts behind the first separator after the prefix, each result once', () => {
    const state = createState()
    applyAll(state, set('a/b/1', ''), set('a/b/2', ''), set('a/c', ''), set('b', ''))
    const keys = (prefix: string, separator: string) =>
      state.query({ kind: 'kvKeys', prefix, separator }).value
    expect(keys('', '/')).toEqual(['a/', 'b'])
    expect(keys('a/', '/')).toEqual(['a/b/', 'a/c'])
    expect(keys('a', '')).toEqual(['a/b/1', 'a/b/2', 'a/c'])
  })
})
