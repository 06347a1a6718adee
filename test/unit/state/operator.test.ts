import { describe, expect, it } from 'vitest'
import { behaviourMax } from '../../../src/state/behaviour.ts'
import { createState, restoreState } from '../../../src/state/state.ts'
import { autopilot } from '../codec/samples.ts'
import { applyAll, node, register, service, session, set } from './fixtures.ts'

describe('settings of autopilot', () => {
  const put = (expectedIndex: number | null, over: object = {}) =>
    ({ kind: 'autopilotSet', config: { ...autopilot, ...over }, expectedIndex }) as const

  it('are absent until they are written, and then carry their indexes', () => {
    const state = createState()
    expect(state.query({ kind: 'autopilotConfig' })).toEqual({ index: 0, value: null })
    expect(applyAll(state, put(null))).toEqual({
      result: { kind: 'done' },
      changed: ['t:autopilot'],
      sessions: [],
    })
    applyAll(state, put(null, { minQuorum: 5 }))
    expect(state.query({ kind: 'autopilotConfig' })).toEqual({
      index: 2,
      value: { ...autopilot, minQuorum: 5, createIndex: 1, modifyIndex: 2 },
    })
  })

  it('get a new index when the same is written, as in the reference', () => {
    const state = createState()
    applyAll(state, put(null))
    expect(applyAll(state, put(null)).changed).toEqual(['t:autopilot'])
    expect(state.query({ kind: 'autopilotConfig' })).toMatchObject({
      value: { createIndex: 1, modifyIndex: 2 },
    })
  })

  it.each([
    [0, true],
    [1, false],
  ])('with an index of %d before there are any', (expectedIndex, applied) => {
    const { result } = applyAll(createState(), put(expectedIndex))
    expect(result).toEqual({ kind: 'decided', applied, fencingToken: 0 })
  })

  it('with a stale index stay as they are', () => {
    const state = createState()
    applyAll(state, put(null), put(null, { minQuorum: 5 }))
    expect(applyAll(state, put(1)).result).toMatchObject({ applied: false })
    expect(applyAll(state, put(2)).result).toMatchObject({ applied: true })
  })
})

describe('the rules of the cluster', () => {
  it('only go forward', () => {
    const state = createState()
    applyAll(state, { kind: 'setBehaviour', behaviour: 1 }, { kind: 'setBehaviour', behaviour: 0 })
    expect(state.marks.behaviour).toBe(1)
  })

  it('stop a server that does not know them', () => {
    const unknown = { kind: 'setBehaviour', behaviour: behaviourMax + 1 } as const
    expect(() => applyAll(createState(), unknown)).toThrow(/Start a newer version/)
    const marks = { ...createState().marks, behaviour: behaviourMax + 1 }
    expect(() => restoreState([{ kind: 'marks', marks }])).toThrow(/Start a newer version/)
  })
})

it('the name of the cluster is the first one', () => {
  const state = createState()
  applyAll(state, { kind: 'setClusterId', id: 'a' }, { kind: 'setClusterId', id: 'b' })
  expect(state.marks.clusterId).toBe('a')
})

it('usage counts what is there', () => {
  const state = createState()
  applyAll(
    state,
    register(node('n1'), { service: service('consul') }),
    register(node('n1'), { service: service('web', { id: 'w1', connect: { Native: true } }) }),
    register(node('n1'), { service: service('web', { id: 'w2' }) }),
    register(node('n2'), { service: service('web-proxy', { kind: 'connect-proxy' }) }),
    session('s1'),
    set('a', 'v'),
    set('b', 'v'),
  )
  expect(state.query({ kind: 'usage' })).toEqual({
    index: 7,
    value: {
      nodes: 2,
      services: 3,
      serviceInstances: 4,
      connectInstances: {
        'connect-native': 1,
        'connect-proxy': 1,
        'ingress-gateway': 0,
        'mesh-gateway': 0,
        'terminating-gateway': 0,
      },
      billableInstances: 2,
      keys: 2,
      sessions: 1,
    },
  })
})

it('a large tree that is deleted leaves no tombstones, and no index goes back', () => {
  const state = createState()
  for (let i = 0; i < 1100; i++) applyAll(state, set(`tree/${i}`, 'v'))
  applyAll(state, set('other/a', 'v'), set('tree', 'v'))
  expect(applyAll(state, { kind: 'kvDeleteTree', prefix: 'tree/' }).changed).toEqual(['d:tree/'])
  expect(state.query({ kind: 'kvList', prefix: 'tree/' })).toEqual({ index: 1103, value: [] })
  expect(state.query({ kind: 'kvList', prefix: 'tree' }).index).toBe(1103)
  expect(state.query({ kind: 'kvGet', key: 'tree/7' })).toEqual({ index: 1103, value: null })
  expect([...state.snapshot().records()].filter((record) => record.kind === 'tombstone')).toEqual([])
})

it.each(['tree/', ''])('a snapshot still holds a large tree that was deleted after it: %j', (prefix) => {
  const state = createState()
  for (let i = 0; i < 1100; i++) applyAll(state, set(`tree/${i}`, 'v'))
  const snapshot = state.snapshot()
  applyAll(state, { kind: 'kvDeleteTree', prefix }, set('tree/5', 'w'))
  expect([...snapshot.records()].filter((record) => record.kind === 'kv')).toHaveLength(1100)
  expect([...state.snapshot().records()].filter((record) => record.kind === 'kv')).toHaveLength(1)
  expect(state.query({ kind: 'usage' }).value.keys).toBe(1)
})
