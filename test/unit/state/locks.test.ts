import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/model/command.ts'
import { createState, type State } from '../../../src/state/state.ts'
import { acquire, applyAll, bytesOf, node, register, release, session, set } from './fixtures.ts'

const first = [register(node('n1')), session('s1'), session('s2')]

function stateWith(...commands: readonly Command[]): State {
  const state = createState()
  applyAll(state, ...first, ...commands)
  return state
}

/** lockIndex, session, token, createIndex, modifyIndex */
function lockOf(state: State, key = 'k'): readonly unknown[] | null {
  const entry = state.query({ kind: 'kvGet', key }).value
  if (entry === null) return null
  return [entry.lockIndex, entry.session, entry.fencingToken, entry.createIndex, entry.modifyIndex]
}

const cas = (expectedIndex: number): Command => ({
  kind: 'kvCas',
  key: 'k',
  value: bytesOf('c'),
  flags: 0n,
  ttlMs: 0,
  expectedIndex,
})

describe('a lock', () => {
  it.each<readonly [string, readonly Command[], readonly unknown[]]>([
    ['of a new key', [acquire('k', 's1')], [1, 's1', 4, 4, 4]],
    ['of a key that is there', [set('k', 'v'), acquire('k', 's1')], [1, 's1', 5, 4, 5]],
    ['taken again with the same value', [acquire('k', 's1'), acquire('k', 's1')], [1, 's1', 4, 4, 4]],
    ['taken again with another value', [acquire('k', 's1'), acquire('k', 's1', 'w')], [1, 's1', 4, 4, 5]],
    ['that another holds', [acquire('k', 's1'), acquire('k', 's2', 'w')], [1, 's1', 4, 4, 4]],
    ['after a plain set', [acquire('k', 's1'), set('k', 'w')], [0, 's1', 4, 4, 5]],
    ['after a plain set of the same value', [acquire('k', 's1'), set('k', '')], [0, 's1', 4, 4, 5]],
    ['after a compare-and-set', [acquire('k', 's1'), cas(4)], [0, 's1', 4, 4, 5]],
    [
      'taken again after a plain set',
      [acquire('k', 's1'), set('k', 'w'), acquire('k', 's1', 'x')],
      [0, 's1', 4, 4, 6],
    ],
    ['given up', [acquire('k', 's1'), release('k', 's1', 'v')], [1, '', 0, 4, 5]],
    ['given up by another', [acquire('k', 's1'), release('k', 's2', 'v')], [1, 's1', 4, 4, 4]],
    [
      'taken by another when it is free',
      [acquire('k', 's1'), release('k', 's1'), acquire('k', 's2')],
      [2, 's2', 6, 4, 6],
    ],
    [
      'of a key deleted meanwhile',
      [acquire('k', 's1'), { kind: 'kvDelete', key: 'k' }, acquire('k', 's2')],
      [1, 's2', 6, 6, 6],
    ],
  ])('%s', (_, commands, expected) => {
    expect(lockOf(stateWith(...commands))).toEqual(expected)
  })

  it.each<readonly [string, readonly Command[], Command, number | false]>([
    ['taking', [], acquire('k', 's1'), 4],
    ['taking again: the token stays', [acquire('k', 's1')], acquire('k', 's1', 'w'), 4],
    ['taking what is held', [acquire('k', 's1')], acquire('k', 's2'), false],
    ['giving up', [acquire('k', 's1')], release('k', 's1'), 0],
    ['giving up what another holds', [acquire('k', 's1')], release('k', 's2'), false],
    ['giving up what nobody holds', [set('k', 'v')], release('k', 's1'), false],
    ['giving up what is not there', [], release('k', 's1'), false],
    ['giving up by nobody known', [set('k', 'v')], release('k', 'bad'), false],
  ])('is decided: %s', (_, before, command, token) => {
    const fencingToken = token === false ? 0 : token
    const applied = token !== false
    expect(applyAll(stateWith(...before), command).result).toEqual({ kind: 'decided', applied, fencingToken })
  })

  it.each([
    ['no session', acquire('k', ''), 'missing session'],
    ['no session to give up', release('k', ''), 'missing session'],
    [
      'a session that is not there',
      acquire('k', `${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`),
      `invalid session "${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}"`,
    ],
    ['a short name', acquire('k', 'bad'), 'failed session lookup: index error: UUID must be 36 characters'],
    [
      'no hexadecimal digits',
      acquire('k', 'x'.repeat(36)),
      "failed session lookup: index error: Invalid UUID: encoding/hex: invalid byte: U+0078 'x'",
    ],
  ])('is refused for %s', (_, command, message) => {
    expect(applyAll(stateWith(), command)).toEqual({
      result: { kind: 'refused', message },
      changed: [],
      sessions: [],
    })
  })
})
