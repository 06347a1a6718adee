import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/model/command.ts'
import { createState, type State } from '../../../src/state/state.ts'
import { acquire, applyAll, applyAt, bytesOf, node, register, session, set } from './fixtures.ts'

const ttl = (key: string, ttlMs: number, value = 'v'): Command => ({
  kind: 'kvSet',
  key,
  value: bytesOf(value),
  flags: 0n,
  ttlMs,
})
const expire = (key: string, modifyIndex: number): Command => ({ kind: 'kvExpire', key, modifyIndex })

function expiryOf(state: State, key: string): number | undefined {
  return state.query({ kind: 'kvGet', key }).value?.expiresAtWallMs
}

describe('a key with a time to live', () => {
  it('says when it expires, and the next one comes first', () => {
    const state = createState()
    const { changed } = applyAt(state, 1000, ttl('b', 500))
    expect([...changed].sort()).toEqual(['k:b', 't:expiry'])
    applyAt(state, 1000, ttl('a', 100), ttl('c', 500))
    expect(expiryOf(state, 'b')).toBe(1500)
    expect(state.nextExpiry()).toEqual({ key: 'a', modifyIndex: 2, atWallMs: 1100 })
    expect(state.dueExpiries(1500, 10).map(({ key }) => key)).toEqual(['a', 'b', 'c'])
    expect(state.dueExpiries(1499, 10).map(({ key }) => key)).toEqual(['a'])
    expect(state.dueExpiries(1500, 2)).toHaveLength(2)
  })

  it.each([
    ['at its time', 1, 1100, true],
    ['not before it, whatever the leader says', 1, 1099, false],
    ['not if it was written meanwhile', 0, 5000, false],
  ])('goes %s', (_, modifyIndex, wallMs, applied) => {
    const state = createState()
    applyAt(state, 1000, ttl('k', 100))
    const { result } = applyAt(state, wallMs, expire('k', modifyIndex))
    expect(result).toEqual({ kind: 'decided', applied, fencingToken: 0 })
    expect(state.query({ kind: 'kvGet', key: 'k' }).value === null).toBe(applied)
    expect(state.nextExpiry() === null).toBe(applied)
  })

  it('is renewed by each write, and kept by a write without one', () => {
    const state = createState()
    applyAt(state, 1000, ttl('k', 100))
    applyAt(state, 1050, ttl('k', 100))
    expect(state.nextExpiry()).toEqual({ key: 'k', modifyIndex: 2, atWallMs: 1150 })
    applyAt(state, 1060, set('k', 'v'))
    expect(state.nextExpiry()).toBeNull()
    expect(applyAt(state, 9999, expire('k', 3)).result).toMatchObject({ applied: false })
  })

  it('never sees time go back', () => {
    const state = createState()
    applyAt(state, 5000, set('other', 'v'))
    applyAt(state, 1000, ttl('k', 100))
    expect(expiryOf(state, 'k')).toBe(5100)
  })

  it('may be locked, and goes with its lock; it can be locked again at once', () => {
    const state = createState()
    applyAll(state, register(node('n1')), session('s1', { lockDelayNanos: 1e9 }), session('s2'))
    applyAt(state, 1000, { ...acquire('k', 's1'), ttlMs: 100 } as Command, expire('k', 4))
    applyAt(state, 1100, expire('k', 4))
    expect(applyAt(state, 1100, acquire('k', 's2')).result).toMatchObject({ applied: true })
    expect(expiryOf(state, 'k')).toBe(0)
  })

  it('keeps its time when its lock goes with a session', () => {
    const state = createState()
    applyAll(state, register(node('n1')), session('s1'))
    applyAt(state, 1000, { ...acquire('k', 's1'), ttlMs: 100 } as Command)
    applyAt(state, 1050, { kind: 'sessionDestroy', id: 's1' })
    expect(state.nextExpiry()).toEqual({ key: 'k', modifyIndex: 4, atWallMs: 1100 })
  })
})
