import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/model/command.ts'
import type { StateRecord } from '../../../src/model/state-record.ts'
import { createState, restoreState, type State } from '../../../src/state/state.ts'
import { acquire, applyAll, applyAt, node, register, service, session, set } from './fixtures.ts'

const begin = (id = 'r'): Command => ({ kind: 'restoreBegin', id })
const bring = (records: readonly StateRecord[], id = 'r'): Command => ({
  kind: 'restoreRecords',
  id,
  records,
})
const end = (records: number, id = 'r'): Command => ({ kind: 'restoreEnd', id, records })

/** A state of 40 entries with something of everything. */
function archived(): State {
  const state = createState()
  applyAll(
    state,
    { kind: 'setClusterId', id: 'archived' },
    { kind: 'setBehaviour', behaviour: 1 },
    { kind: 'setKvHistory', versionsMax: 3, ageMs: 1000 },
  )
  applyAll(state, register(node('n1', { id: 'id-1' }), { service: service('web') }))
  for (let i = 0; i < 30; i++) applyAll(state, set(`k${i}`, 'v'))
  const delayed = session('gone', { lockDelayNanos: 1e9 })
  applyAt(state, 1000, delayed, acquire('delayed', 'gone'), { kind: 'sessionDestroy', id: 'gone' })
  applyAt(state, 1000, session('s1', { ttlMs: 10_000 }), acquire('k0', 's1'), { kind: 'kvDelete', key: 'k1' })
  applyAt(state, 1000, { ...(set('short', 'v') as Command & { kind: 'kvSet' }), ttlMs: 500 })
  return state
}

function restore(state: State, archive: readonly StateRecord[]): void {
  applyAll(state, begin(), bring(archive.slice(0, 7)), bring(archive.slice(7)), end(archive.length))
}

const withoutMarks = (state: State): readonly StateRecord[] => [...state.snapshot().records()].slice(1)

describe('a restore', () => {
  it('puts the archive in the place of everything, in one entry', () => {
    const archive = archived()
    const records = [...archive.snapshot().archive()]
    const state = createState()
    applyAll(state, { kind: 'setKvHistory', versionsMax: 3, ageMs: 1000 }, set('mine', 'v'))
    applyAll(state, begin(), bring(records))
    expect(state.query({ kind: 'kvKeys', prefix: '', separator: '' }).value).toEqual(['mine'])
    expect(applyAll(state, end(records.length)).result).toEqual({ kind: 'done' })
    expect(withoutMarks(state)).toEqual(withoutMarks(archive))
    expect(state.nextExpiry()).toEqual(archive.nextExpiry())
  })

  it('leaves nothing behind of who had which address, though all indexes be the same', () => {
    const [state, other] = ['10.0.0.1', '10.0.0.2'].map((address) => {
      const made = createState()
      applyAll(made, register(node('n1', { address })))
      return made
    }) as [State, State]
    const at = (ip: string): number =>
      (state.query({ kind: 'nodesByAddress', ip }).value as readonly unknown[]).length
    expect([at('10.0.0.1'), at('10.0.0.2')]).toEqual([1, 0])
    const records = [...other.snapshot().archive()]
    applyAll(state, begin(), bring(records), end(records.length))
    expect([at('10.0.0.1'), at('10.0.0.2')]).toEqual([0, 1])
  })

  it.each([
    ['of a longer history', 0],
    ['of a shorter history', 100],
  ])('from an archive %s makes every index grow', (_, earlier) => {
    const archive = archived()
    const state = createState()
    for (let i = 0; i < earlier; i++) applyAll(state, set('mine', `${i}`))
    const before = state.lastIndex
    restore(state, [...archive.snapshot().archive()])
    const at = state.lastIndex
    expect(at).toBeGreaterThan(Math.max(before, archive.lastIndex))
    expect(state.lastLogIndex).toBe(earlier + 4)
    expect(state.marks.restoredIndex).toBe(at)
    for (const key of ['k0', 'none']) expect(state.query({ kind: 'kvGet', key }).index).toBe(at)
    expect(state.query({ kind: 'kvGet', key: 'k5' }).value?.modifyIndex).toBe(10)
    applyAll(state, set('k5', 'w'))
    expect(state.query({ kind: 'kvGet', key: 'k5' })).toMatchObject({
      index: at + 1,
      value: { modifyIndex: at + 1 },
    })
  })

  it('does not take the marks of the archive at their word', () => {
    const records = [...archived().snapshot().archive()].filter((record) => record.kind !== 'marks')
    const state = createState()
    applyAll(state, begin(), bring(records), end(records.length), set('k', 'v'))
    expect(state.query({ kind: 'kvGet', key: 'k' }).index).toBeGreaterThan(39)
  })

  it('keeps what belongs to the cluster: its name, time, and what it keeps of keys', () => {
    const records = [...archived().snapshot().archive()]
    const state = createState()
    applyAt(state, 500, { kind: 'setClusterId', id: 'mine' }, begin(), bring(records), end(records.length))
    expect(state.marks).toMatchObject({
      clusterId: 'mine',
      wallMs: 500,
      behaviour: 0,
      kvHistoryVersionsMax: 0,
    })
    expect(state.query({ kind: 'kvHistory', key: 'k0' }).value).toBeNull()
    const fresh = createState()
    restore(fresh, records)
    expect(fresh.marks.clusterId).toBe('archived')
  })

  it('tells the timers which sessions are over and which are there', () => {
    const records = [...archived().snapshot().archive()]
    const state = createState()
    applyAll(state, register(node('n1')), session('mine'), begin(), bring(records))
    expect(applyAll(state, end(records.length)).sessions).toEqual([
      { id: 'mine', ttlMs: null },
      { id: 's1', ttlMs: 10_000 },
    ])
  })

  it('can be followed by another, and by more', () => {
    const records = [...archived().snapshot().archive()]
    const state = createState()
    restore(state, records)
    applyAll(state, set('after', 'v'))
    const second = state.lastIndex
    restore(state, [...state.snapshot().archive()])
    expect(state.lastIndex).toBeGreaterThan(second)
    expect(state.query({ kind: 'kvGet', key: 'after' }).value?.modifyIndex).toBe(second)
  })
})

it('more sessions than a call may have arguments can come and go at once', () => {
  const one = createState()
  applyAll(one, register(node('n1')), session('s'))
  const [info] = one.query({ kind: 'sessions' }).value
  if (info === undefined) throw new Error('no session')
  const sessions = Array.from({ length: 150_000 }, (_, i): StateRecord => {
    return { kind: 'session', session: { ...info, id: `s${i}` } }
  })
  const state = createState()
  applyAll(state, begin(), bring(sessions), end(sessions.length), register(node('n1')))
  const ended = applyAt(state, 2000, {
    kind: 'txn',
    operations: [{ kind: 'node', verb: 'delete', node: node('n1'), index: 0 }],
  })
  expect(ended).toMatchObject({ result: { outcome: { errors: [] } } })
  expect(ended.sessions).toHaveLength(sessions.length)
  applyAll(state, begin(), bring(sessions), end(sessions.length), begin())
  expect(applyAt(state, 3000, end(0)).sessions).toHaveLength(sessions.length)
})

describe('a restore is refused', () => {
  const records = [...archived().snapshot().archive()]
  it.each<readonly [string, readonly Command[]]>([
    ['when it never began', [bring(records)]],
    ['when it never began, at its end', [end(0)]],
    ['when another has begun', [begin(), begin('other'), bring(records)]],
    ['when it is over', [begin(), bring(records), end(records.length), end(records.length)]],
    ['when records are missing', [begin(), bring(records.slice(1)), end(records.length)]],
    ['when there are too many', [begin(), bring(records), bring(records), end(records.length)]],
  ])('%s', (_, commands) => {
    const state = createState()
    expect(applyAll(state, ...commands).result.kind).toBe('refused')
  })

  it('and leaves the state as it was', () => {
    const state = createState()
    applyAll(state, set('mine', 'v'))
    const before = withoutMarks(state)
    applyAll(state, begin(), bring(records), end(1))
    expect(withoutMarks(state)).toEqual(before)
    expect(state.lastIndex).toBe(state.lastLogIndex)
  })
})

it('a restore is refused for an index that none could follow', () => {
  const state = createState()
  const records: readonly StateRecord[] = [{ kind: 'tombstone', key: 'k', index: 2 ** 53 - 1 }]
  expect(applyAll(state, begin(), bring(records), end(1)).result).toMatchObject({ kind: 'refused' })
})

it('a restored lock delay is no longer than one can be, whatever clock the archive came from', () => {
  const state = createState()
  const records: readonly StateRecord[] = [{ kind: 'lockDelay', key: 'k', untilWallMs: 9_000_000 }]
  applyAt(state, 1000, begin(), bring(records), end(1), register(node('n1')), session('s1'))
  expect(applyAt(state, 60_999, acquire('k', 's1')).result).toMatchObject({ applied: false })
  expect(applyAt(state, 61_000, acquire('k', 's1')).result).toMatchObject({ applied: true })
})

describe('a snapshot taken during a restore', () => {
  it('holds what was staged, and an archive does not', () => {
    const records = [...archived().snapshot().archive()]
    const state = createState()
    applyAll(state, set('mine', 'v'), begin(), bring(records.slice(0, 20)))
    expect([...state.snapshot().archive()].map((record) => record.kind)).toEqual(['marks', 'kv'])
    const restored = restoreState([...state.snapshot().records()])
    expect([...restored.snapshot().records()]).toEqual([...state.snapshot().records()])
    for (const each of [state, restored]) applyAll(each, bring(records.slice(20)), end(records.length))
    expect([...restored.snapshot().records()]).toEqual([...state.snapshot().records()])
    expect(restored.query({ kind: 'kvGet', key: 'k3' }).value).not.toBeNull()
  })

  it('does not change with the restore', () => {
    const records = [...archived().snapshot().archive()]
    const state = createState()
    applyAll(state, begin(), bring(records.slice(0, 20)))
    const snapshot = state.snapshot()
    const before = [...snapshot.records()]
    applyAll(state, bring(records.slice(20)))
    expect([...snapshot.records()]).toEqual(before)
  })
})
