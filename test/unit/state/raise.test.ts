import { describe, expect, it } from 'vitest'
import { createState, restoreState } from '../../../src/state/state.ts'
import { acquire, applyAll, node, register, session, set } from './fixtures.ts'

describe('indexes that are raised', () => {
  const state = createState()
  applyAll(state, register(node('n1')), session('s1'), set('k', 'v'))
  applyAll(state, { kind: 'raiseIndexes', by: 1000 })

  it('are left out by the next write', () => {
    expect(state.lastIndex).toBe(1004)
    expect(state.lastLogIndex).toBe(4)
    applyAll(state, set('k', 'w'))
    expect(state.query({ kind: 'kvGet', key: 'k' }).value?.modifyIndex).toBe(1005)
  })

  it('make fencing tokens greater than any before', () => {
    const { result } = applyAll(state, acquire('lock', 's1'))
    expect(result).toMatchObject({ applied: true, fencingToken: 1006 })
  })

  it('are told by every answer, so that nobody waits for an index that was lost', () => {
    expect(state.query({ kind: 'nodes', nodeMeta: {}, near: '' }).index).toBe(1004)
  })

  it('stay raised in a snapshot', () => {
    const restored = restoreState(state.snapshot().records())
    applyAll(restored, set('k', 'x'))
    expect(restored.lastIndex).toBe(state.lastIndex + 1)
  })
})
