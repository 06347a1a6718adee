import { describe, expect, it } from 'vitest'
import { createState } from '../../../src/state/state.ts'
import type { State } from '../../../src/state/state.ts'
import { applyAll, check, node, register, service } from './fixtures.ts'

function serviceIndex(state: State, name: string): number {
  return state.query({
    kind: 'serviceNodes',
    service: name,
    tags: [],
    nodeMeta: {},
    near: '',
    connect: false,
  }).index
}

describe('the index of a service', () => {
  it('follows what touches it and nothing else', () => {
    const state = createState()
    applyAll(
      state,
      register(node('n1'), { service: service('web') }),
      register(node('n2'), { service: service('db') }),
    )
    expect(serviceIndex(state, 'WEB')).toBe(1)
    applyAll(state, register(node('n1', { address: '10.0.0.9' })))
    expect(serviceIndex(state, 'web')).toBe(3)
    applyAll(state, register(node('n1', { address: '10.0.0.9' }), { checks: [check('own', 'warning')] }))
    expect(serviceIndex(state, 'web')).toBe(4)
    expect(serviceIndex(state, 'db')).toBe(2)
  })

  it('of an extinct or unknown service is that of the last extinction', () => {
    const state = createState()
    applyAll(
      state,
      register(node('n1'), { service: service('web') }),
      register(node('n1'), { service: service('db') }),
    )
    expect(serviceIndex(state, 'nope')).toBe(0)
    applyAll(state, { kind: 'deregister', node: 'n1', serviceId: 'web', checkId: '' })
    expect([serviceIndex(state, 'web'), serviceIndex(state, 'nope'), serviceIndex(state, 'db')]).toEqual([
      3, 3, 2,
    ])
  })

  it('does not go back when the last instance takes another name', () => {
    const state = createState()
    applyAll(
      state,
      register(node('n1'), { service: service('web', { id: 's' }) }),
      register(node('n1'), { service: service('web2', { id: 's' }) }),
    )
    expect(serviceIndex(state, 'web')).toBe(2)
  })
})

describe('answers', () => {
  const state = createState()
  applyAll(
    state,
    register(node('n1', { meta: { rack: '1' }, address: '10.0.0.1' }), {
      service: service('web', { tags: ['Blue', 'x'], address: '10.1.0.1' }),
      checks: [check('own', 'passing'), check('c', 'warning', { serviceId: 'web' })],
    }),
    register(node('n2', { address: '10.0.0.2' }), {
      service: service('web', { tags: ['green'] }),
      checks: [check('c', 'passing', { serviceId: 'web' })],
    }),
    register(node('n2', { address: '10.0.0.2' }), { service: service('Api') }),
  )
  const all = { service: 'web', tags: [], nodeMeta: {}, near: '', connect: false }

  it('an instance carries the checks of its node first, then its own', () => {
    const { value } = state.query({ kind: 'healthService', ...all, passing: false })
    expect(value.map((each) => [each.node.name, each.checks.map((of) => of.checkId)])).toEqual([
      ['n1', ['own', 'c']],
      ['n2', ['c']],
    ])
  })

  it('passing leaves out instances with any other check', () => {
    const { value } = state.query({ kind: 'healthService', ...all, passing: true })
    expect(value.map((each) => each.node.name)).toEqual(['n2'])
  })

  it('tags are compared without case and all required', () => {
    const names = (tags: readonly string[]) =>
      state.query({ kind: 'serviceNodes', ...all, tags }).value.map((each) => each.node.name)
    expect(names(['blue'])).toEqual(['n1'])
    expect(names(['blue', 'green'])).toEqual([])
  })

  it('node meta data select', () => {
    const nodeMeta = { rack: '1' }
    expect(state.query({ kind: 'nodes', nodeMeta, near: '' }).value.map((each) => each.name)).toEqual(['n1'])
    expect(state.query({ kind: 'healthState', state: 'any', nodeMeta, near: '' }).value).toHaveLength(2)
    expect(state.query({ kind: 'services', nodeMeta }).value).toEqual([
      { service: 'web', tags: ['Blue', 'x'] },
    ])
  })

  it('services are listed by name with the union of their tags', () => {
    expect(state.query({ kind: 'services', nodeMeta: {} }).value).toEqual([
      { service: 'Api', tags: [] },
      { service: 'web', tags: ['Blue', 'green', 'x'] },
    ])
  })

  it('checks are found by status', () => {
    const ids = (status: string) =>
      state
        .query({ kind: 'healthState', state: status, nodeMeta: {}, near: '' })
        .value.map((each) => each.node)
    expect([ids('any'), ids('warning'), ids('other')]).toEqual([['n1', 'n1', 'n2'], ['n1'], []])
  })

  it('nodes and services are found by address', () => {
    expect(state.query({ kind: 'nodesByAddress', ip: '10.0.0.2' }).value[0]?.name).toBe('n2')
    expect(state.query({ kind: 'servicesByAddress', ip: '10.1.0.1' }).value[0]?.service.id).toBe('web')
  })
})

describe('snapshots', () => {
  it('does not see what is applied later', () => {
    const state = createState()
    applyAll(state, register(node('n1'), { service: service('web') }))
    const snapshot = state.snapshot()
    const before = [...snapshot.records()]
    applyAll(state, register(node('n2')), { kind: 'deregister', node: 'n1', serviceId: '', checkId: '' })
    expect([...snapshot.records()]).toEqual(before)
    expect(snapshot.lastIndex).toBe(1)
  })
})
