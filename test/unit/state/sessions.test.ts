import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/model/command.ts'
import type { KvEntry } from '../../../src/model/catalog.ts'
import { createState, type State } from '../../../src/state/state.ts'
import {
  acquire,
  applyAll,
  applyAt,
  check,
  node,
  register,
  release,
  service,
  session,
  set,
} from './fixtures.ts'

const nodeWithChecks = register(node('n1'), {
  service: service('web'),
  checks: [check('nc', 'passing'), check('sc', 'warning', { serviceId: 'web' })],
})
const destroy = (id: string): Command => ({ kind: 'sessionDestroy', id })
const gone = '00000000-0000-0000-0000-000000000000'

function stateWith(...commands: readonly Command[]): State {
  const state = createState()
  applyAll(state, nodeWithChecks, ...commands)
  return state
}

function sessions(state: State): readonly string[] {
  return state.query({ kind: 'sessions' }).value.map(({ id }) => id)
}

function key(state: State, name: string): KvEntry | null {
  return state.query({ kind: 'kvGet', key: name }).value
}

describe('a session', () => {
  it('is kept as it was asked for, with the index of its entry', () => {
    const state = stateWith(session('s1', { nodeChecks: ['nc'], ttl: '15s', ttlMs: 15_000 }))
    expect(state.query({ kind: 'session', id: 'S1' })).toMatchObject({
      index: 2,
      value: { id: 's1', nodeChecks: ['nc'], ttl: '15s', createIndex: 2, modifyIndex: 2 },
    })
    expect(state.query({ kind: 'sessionsOfNode', node: 'N1' }).value).toHaveLength(1)
    expect(state.query({ kind: 'sessionsOfNode', node: 'n2' }).value).toHaveLength(0)
  })

  it.each([
    ['a node that is not there', session('s1', { node: 'n2' }), 'Missing node registration'],
    ['a check that is not there', session('s1', { nodeChecks: ['x'] }), "Missing check 'x' registration"],
    [
      'a service check that is not there',
      session('s1', { serviceChecks: [{ id: 'x', namespace: '' }] }),
      "Missing check 'x' registration",
    ],
    ['an ID that is in use', session('S0'), 'Session ID "S0" is in use'],
  ])('is refused for %s', (_, command, message) => {
    const { result, changed, sessions: came } = applyAll(stateWith(session('s0')), command)
    expect({ result, changed, came }).toEqual({ result: { kind: 'refused', message }, changed: [], came: [] })
  })

  it('is refused for a check that is critical', () => {
    const state = stateWith(register(node('n1'), { checks: [check('nc', 'critical')] }))
    const message = "Check 'nc' is in critical state"
    expect(applyAll(state, session('s1', { nodeChecks: ['nc'] })).result).toEqual({
      kind: 'refused',
      message,
    })
  })

  it('tells the timers that it came and went, and waiters of it, of its node and of all', () => {
    const state = stateWith()
    const came = applyAll(state, session('s1', { ttlMs: 10_000 }))
    expect(came.sessions).toEqual([{ id: 's1', ttlMs: 10_000 }])
    expect([...came.changed].sort()).toEqual(['t:sessions', 'x:s1', 'xn:n1'])
    const went = applyAll(state, destroy('s1'))
    expect(went.sessions).toEqual([{ id: 's1', ttlMs: null }])
    expect([...went.changed].sort()).toEqual(['t:sessions', 'x:s1', 'xn:n1'])
  })

  it.each([
    ['unknown: nothing happens', gone, { kind: 'done' }],
    [
      'no UUID: the reference says so',
      'bad',
      { kind: 'refused', message: 'failed session lookup: index error: UUID must be 36 characters' },
    ],
  ])('that is to be destroyed may be %s', (_, id, result) => {
    expect(applyAll(stateWith(), destroy(id))).toEqual({ result, changed: [], sessions: [] })
  })
})

describe('a session ends', () => {
  const held = session('s1', { nodeChecks: ['nc'], serviceChecks: [{ id: 'sc', namespace: '' }] })
  it.each<readonly [string, Command]>([
    ['with its node', { kind: 'deregister', node: 'N1', serviceId: '', checkId: '' }],
    ['with a check', { kind: 'deregister', node: 'n1', serviceId: '', checkId: 'nc' }],
    ['with the service of a check', { kind: 'deregister', node: 'n1', serviceId: 'web', checkId: '' }],
    ['when a check is critical', register(node('n1'), { checks: [check('NC', 'critical')] })],
    [
      'when a check of a service is critical',
      register(node('n1'), { checks: [check('sc', 'critical', { serviceId: 'web' })] }),
    ],
    ['when it is destroyed', destroy('S1')],
  ])('%s, and its lock with it', (_, command) => {
    const state = stateWith(held, acquire('k', 's1', 'v'))
    const { sessions: ended, changed } = applyAll(state, command)
    expect(ended).toEqual([{ id: 's1', ttlMs: null }])
    expect(changed).toContain('k:k')
    expect(sessions(state)).toEqual([])
    expect(key(state, 'k')).toMatchObject({ session: '', fencingToken: 0, lockIndex: 1, modifyIndex: 4 })
  })

  it('not with what it does not depend on', () => {
    const state = stateWith(
      session('s1', { nodeChecks: ['nc'] }),
      register(node('n1'), { checks: [check('nc', 'warning')] }),
      register(node('n1'), { checks: [check('sc', 'critical', { serviceId: 'web' })] }),
      register(node('n2'), { checks: [check('nc', 'critical')] }),
      { kind: 'deregister', node: 'n1', serviceId: 'web', checkId: '' },
    )
    expect(sessions(state)).toEqual(['s1'])
  })

  it('when its node takes another name', () => {
    const state = createState()
    applyAll(state, register(node('a', { id: 'i' })), session('s1', { node: 'a' }))
    applyAll(state, register(node('b', { id: 'i' })))
    expect(sessions(state)).toEqual([])
  })

  it('and takes its keys with it if it says so', () => {
    const state = stateWith(session('s1', { behavior: 'delete' }), acquire('k', 's1'), set('other', 'v'))
    applyAll(state, destroy('s1'))
    expect(state.query({ kind: 'kvList', prefix: '' }).value.map((entry) => entry.key)).toEqual(['other'])
    expect(key(state, 'k')).toBeNull()
  })

  it('without touching keys that it no longer holds', () => {
    const state = stateWith(
      session('s1', { behavior: 'delete' }),
      acquire('k', 's1'),
      release('k', 's1', 'v'),
    )
    applyAll(state, acquire('d', 's1'), { kind: 'kvDelete', key: 'd' }, set('d', 'again'), destroy('s1'))
    expect(state.query({ kind: 'kvList', prefix: '' }).value.map((entry) => entry.key)).toEqual(['d', 'k'])
  })
})

describe('a lock delay', () => {
  const delayed = session('s1', { lockDelayNanos: 10e9 })
  const decided = (applied: boolean, fencingToken = 0) => ({ kind: 'decided', applied, fencingToken })

  it.each(['release', 'delete'] as const)('holds after a session with %s, and then is over', (behavior) => {
    const state = stateWith(session('s1', { lockDelayNanos: 10e9, behavior }), session('s2'))
    applyAt(state, 1000, acquire('k', 's1'), destroy('s1'))
    expect(applyAt(state, 10_999, acquire('k', 's2')).result).toEqual(decided(false))
    expect(applyAt(state, 10_999, set('k', 'anybody may write')).result).toEqual({ kind: 'done' })
    expect(applyAt(state, 10_999, acquire('k', 's2')).result).toEqual(decided(false))
    expect(applyAt(state, 11_000, acquire('k', 's2')).result).toEqual(decided(true, 9))
  })

  it('does not follow a release', () => {
    const state = stateWith(delayed, session('s2'), acquire('k', 's1'), release('k', 's1'))
    expect(applyAll(state, acquire('k', 's2')).result).toEqual(decided(true, 6))
  })

  it('is no longer than a minute', () => {
    const state = stateWith(session('s1', { lockDelayNanos: 600e9 }), session('s2'))
    applyAt(state, 1000, acquire('k', 's1'), destroy('s1'))
    expect(applyAt(state, 61_000, acquire('k', 's2')).result).toEqual(decided(true, 6))
  })

  it('is not over sooner because a later leader has an earlier clock', () => {
    const state = stateWith(delayed, session('s2'))
    applyAt(state, 50_000, acquire('k', 's1'), destroy('s1'))
    expect(applyAt(state, 1000, acquire('k', 's2')).result).toEqual(decided(false))
    expect(applyAt(state, 60_000, acquire('k', 's2')).result).toEqual(decided(true, 7))
  })

  it('comes before the question whether the session is known', () => {
    const state = stateWith(delayed)
    applyAt(state, 1000, acquire('k', 's1'), destroy('s1'))
    expect(applyAt(state, 1000, acquire('k', gone)).result).toEqual(decided(false))
  })
})
