import { describe, expect, it } from 'vitest'
import type { KvChanges } from '../../../src/model/query.ts'
import { recentMax } from '../../../src/state/recent.ts'
import { createState, restoreState, type State } from '../../../src/state/state.ts'
import { applyAll, set } from './fixtures.ts'

function since(state: State, index: number, key = 'a/'): KvChanges & { readonly index: number } {
  const answer = state.query({ kind: 'kvChanges', key, isPrefix: true, since: index })
  return { ...answer.value, index: answer.index }
}

/** Keys that were written, deletions, and the index. */
function told(state: State, index: number, key = 'a/'): readonly unknown[] {
  const changes = since(state, index, key)
  return [changes.entries.map((entry) => entry.key), changes.deleted.map((each) => each.key), changes.index]
}

function written(): State {
  const state = createState()
  applyAll(state, set('a/1', 'v'), set('b', 'v'), set('a/2', 'v'), set('a/1', 'w'))
  applyAll(state, { kind: 'kvDelete', key: 'a/2' }, set('a/0', 'v'), set('b', 'w'))
  return state
}

describe('changes under a prefix', () => {
  it.each([
    [0, [['a/0', 'a/1'], ['a/2'], 6]],
    [3, [['a/0', 'a/1'], ['a/2'], 6]],
    [4, [['a/0'], ['a/2'], 6]],
    [5, [['a/0'], [], 6]],
    [6, [[], [], 6]],
    [7, [[], [], 7]],
    [99, [[], [], 7]],
  ])('since %d', (index, expected) => {
    expect(told(written(), index)).toEqual(expected)
  })

  it('are the same after a restart, when nothing is remembered', () => {
    const state = written()
    const restarted = restoreState(state.snapshot().records())
    for (const key of ['', 'a/', 'none']) {
      for (let index = 0; index < 9; index++)
        expect(since(restarted, index, key)).toEqual(since(state, index, key))
    }
  })

  it('are the same when more has changed than is remembered', () => {
    const state = written()
    const before = since(state, 4)
    for (let i = 0; i < recentMax + 10; i++) applyAll(state, set('elsewhere', `${i}`))
    expect(since(state, 4)).toEqual(before)
    expect(told(state, 8, 'else')).toEqual([['elsewhere'], [], state.lastIndex])
    expect(told(state, state.lastIndex, '')).toEqual([[], [], state.lastIndex])
  })

  it('do not tell of what a failed transaction tried', () => {
    const state = written()
    const kv = { kind: 'kv', value: new Uint8Array(), flags: 0n, index: 0, session: '' } as const
    const operations = [
      { ...kv, verb: 'set', key: 'a/9' } as const,
      { ...kv, verb: 'get', key: 'none' } as const,
    ]
    applyAll(state, { kind: 'txn', operations })
    expect(told(state, 7)).toEqual([[], [], 7])
  })

  it('are incomplete when a large tree went meanwhile', () => {
    const state = written()
    for (let i = 0; i < 1100; i++) applyAll(state, set(`a/x/${i}`, 'v'))
    const before = state.lastIndex
    applyAll(state, { kind: 'kvDeleteTree', prefix: 'a/x/' })
    expect(since(state, before)).toMatchObject({ isComplete: false, index: before + 1 })
    expect(since(state, before + 1)).toMatchObject({ isComplete: true, entries: [], index: before + 1 })
  })
})
