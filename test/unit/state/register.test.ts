import { describe, expect, it } from 'vitest'
import { createState } from '../../../src/state/state.ts'
import { applyAll, check, node, register, service } from './fixtures.ts'

const one = '11111111-1111-1111-1111-111111111111'
const two = '22222222-2222-2222-2222-222222222222'
const alive = { checks: [check('serfHealth', 'passing')] }

describe('registering a node', () => {
  it('does not count an identical registration as a change', () => {
    const state = createState()
    applyAll(state, register(node('n1', { meta: { a: '1', b: '2' } })))
    const { changed } = applyAll(state, register(node('n1', { meta: { b: '2', a: '1' } })))
    expect(changed).toEqual([])
    expect(state.query({ kind: 'node', node: 'N1' }).value?.node.modifyIndex).toBe(1)
  })

  it('leaves the record alone with skipNodeUpdate, unless the node is new', () => {
    const state = createState()
    const skip = { skipNodeUpdate: true }
    applyAll(
      state,
      register(node('n1', { address: '1' }), skip),
      register(node('n1', { address: '2' }), skip),
    )
    expect(state.query({ kind: 'node', node: 'n1' }).value?.node.address).toBe('1')
  })

  it('renames a node of the same ID: its services and checks go with the old name', () => {
    const state = createState()
    applyAll(
      state,
      register(node('n1', { id: one }), { service: service('web'), checks: [check('c', 'passing')] }),
      register(node('n2', { id: one })),
    )
    expect(state.query({ kind: 'node', node: 'n1' }).value).toBeNull()
    expect(state.query({ kind: 'node', node: 'n2' }).value).toMatchObject({
      node: { createIndex: 1, modifyIndex: 2 },
      services: [],
    })
    expect(state.query({ kind: 'healthState', state: 'any', nodeMeta: {}, near: '' }).value).toEqual([])
  })

  it('takes a new spelling of its own name', () => {
    const state = createState()
    applyAll(state, register(node('n1', { id: one }), alive), register(node('N1', { id: one })))
    expect(state.query({ kind: 'nodes', nodeMeta: {}, near: '' }).value.map((each) => each.name)).toEqual([
      'N1',
    ])
  })

  it('refuses the name of a live node to another ID, in the words of the reference', () => {
    const state = createState()
    const { result, changed } = applyAll(
      state,
      register(node('n1', { id: two, address: '1.1.1.2' }), alive),
      register(node('n1', { id: one })),
    )
    expect(changed).toEqual([])
    expect(result).toEqual({
      kind: 'refused',
      message:
        `failed inserting node: Error while renaming Node ID: "${one}": ` +
        `Node name n1 is reserved by node ${two} with name n1 (1.1.1.2)`,
    })
  })

  it('names the address as well when a known node wants the name', () => {
    const state = createState()
    const { result } = applyAll(
      state,
      register(node('n1', { address: '1.1.1.4' }), alive),
      register(node('n2', { id: one, address: '1.1.1.3' })),
      register(node('n1', { id: one, address: '1.1.1.3' })),
    )
    expect(result).toEqual({
      kind: 'refused',
      message:
        `failed inserting node: Error while renaming Node ID: "${one}" (1.1.1.3): ` +
        `Node name n1 is reserved by node  with name n1 (1.1.1.4)`,
    })
  })

  it.each([
    ['has failed', [check('serfHealth', 'critical')]],
    ['has no serfHealth', []],
  ])('gives the name to another ID when the holder %s', (_, checks) => {
    const state = createState()
    applyAll(state, register(node('n1', { id: two }), { checks, service: service('web') }))
    applyAll(state, register(node('n1', { id: one })))
    expect(state.query({ kind: 'node', node: 'n1' }).value).toMatchObject({
      node: { id: one, createIndex: 1 },
      services: [{ id: 'web' }],
    })
    // The old ID is free: it may register elsewhere without being taken for a rename.
    applyAll(state, register(node('n5', { id: two })))
    expect(state.query({ kind: 'nodes', nodeMeta: {}, near: '' }).value.map((each) => each.name)).toEqual([
      'n1',
      'n5',
    ])
  })

  it('gives the name of a live node without an ID to a new ID', () => {
    const state = createState()
    applyAll(state, register(node('n1'), alive))
    expect(applyAll(state, register(node('n1', { id: one }))).result.kind).toBe('done')
  })
})

describe('registering services and checks', () => {
  it('refuses all of a registration whose check names an unknown service', () => {
    const state = createState()
    const { result } = applyAll(
      state,
      register(node('n1'), { checks: [check('c', 'passing', { serviceId: 'web' })] }),
    )
    expect(result).toEqual({
      kind: 'refused',
      message: 'failed inserting check: Missing service registration on node "n1"',
    })
    expect(state.query({ kind: 'nodes', nodeMeta: {}, near: '' }).value).toEqual([])
  })

  it('refuses a check of another node', () => {
    const { result } = applyAll(
      createState(),
      register(node('zz'), { checks: [check('c', 'passing', { node: 'qq' })] }),
    )
    expect(result).toEqual({ kind: 'refused', message: 'check node "qq" does not match node "zz"' })
  })

  it('gives checks the name and tags of their service, now and when it changes', () => {
    const state = createState()
    const checks = [check('c', 'passing', { serviceId: 'WEB' })]
    applyAll(state, register(node('n1'), { service: service('web', { tags: ['a'] }), checks }))
    expect(state.query({ kind: 'healthNode', node: 'n1' }).value).toMatchObject([
      { node: 'n1', serviceName: 'web', serviceTags: ['a'] },
    ])
    applyAll(state, register(node('n1'), { service: service('web2', { id: 'web', tags: ['b'] }) }))
    expect(
      state.query({ kind: 'healthChecks', service: 'web2', nodeMeta: {}, near: '' }).value,
    ).toMatchObject([{ serviceName: 'web2', serviceTags: ['b'], createIndex: 1, modifyIndex: 2 }])
  })

  it('compares service and check IDs without case', () => {
    const state = createState()
    applyAll(
      state,
      register(node('n1'), { service: service('web', { id: 'Web' }), checks: [check('C', 'passing')] }),
      register(node('n1'), { service: service('web', { id: 'web' }), checks: [check('c', 'critical')] }),
    )
    expect(state.query({ kind: 'node', node: 'n1' }).value?.services.map((each) => each.id)).toEqual(['web'])
    expect(state.query({ kind: 'healthNode', node: 'n1' }).value.map((each) => each.checkId)).toEqual(['c'])
  })

  it('takes the name of a check without an ID', () => {
    const state = createState()
    applyAll(state, register(node('n1'), { checks: [check('', 'passing', { name: 'memory' })] }))
    expect(state.query({ kind: 'healthNode', node: 'n1' }).value[0]?.checkId).toBe('memory')
  })

  it('moves a check from one service to another', () => {
    const state = createState()
    const checks = (serviceId: string): { readonly checks: ReturnType<typeof check>[] } => ({
      checks: [check('c', 'critical', { serviceId })],
    })
    applyAll(
      state,
      register(node('n1'), { service: service('a') }),
      register(node('n1'), { service: service('b'), ...checks('a') }),
      register(node('n1'), checks('b')),
    )
    expect(state.query({ kind: 'healthChecks', service: 'a', nodeMeta: {}, near: '' }).value).toEqual([])
    expect(state.query({ kind: 'healthChecks', service: 'b', nodeMeta: {}, near: '' }).value).toHaveLength(1)
  })
})

describe('deregistering', () => {
  const full = register(node('n1', { id: one }), {
    service: service('web'),
    checks: [check('own', 'passing'), check('c', 'passing', { serviceId: 'web' })],
  })

  it('removes a node with all it has', () => {
    const state = createState()
    const { changed } = applyAll(state, full, { kind: 'deregister', node: 'N1', serviceId: '', checkId: '' })
    expect([...state.snapshot().records()]).toHaveLength(1)
    expect([...changed].sort()).toEqual(['n:n1', 's:web', 't:checks', 't:nodes', 't:services'])
  })

  it('removes a service with its checks', () => {
    const state = createState()
    applyAll(state, full, { kind: 'deregister', node: 'n1', serviceId: 'WEB', checkId: 'own' })
    expect(state.query({ kind: 'node', node: 'n1' }).value?.services).toEqual([])
    expect(state.query({ kind: 'healthNode', node: 'n1' }).value.map((each) => each.checkId)).toEqual(['own'])
  })

  it('removes one check', () => {
    const state = createState()
    applyAll(state, full, { kind: 'deregister', node: 'n1', serviceId: '', checkId: 'c' })
    expect(state.query({ kind: 'healthNode', node: 'n1' }).value.map((each) => each.checkId)).toEqual(['own'])
  })

  it('is content with what is not there', () => {
    const state = createState()
    const gone = { kind: 'deregister', node: 'n9', serviceId: 'x', checkId: '' } as const
    expect(applyAll(state, gone)).toEqual({ result: { kind: 'done' }, changed: [], sessions: [] })
  })
})
