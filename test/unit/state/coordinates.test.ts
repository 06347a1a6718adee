import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/model/command.ts'
import { createState } from '../../../src/state/state.ts'
import { applyAll, check, node, register, service } from './fixtures.ts'

function places(far: Readonly<Record<string, number>>): Command {
  const updates = Object.entries(far).map(([name, seconds]) => ({
    node: name,
    coordinate: { vec: [seconds, 0, 0, 0, 0, 0, 0, 0], error: 1, adjustment: 0, height: 0 },
  }))
  return { kind: 'coordinates', updates }
}

function instance(name: string): Command {
  return register(node(name), { service: service('web'), checks: [check('c', 'passing')] })
}

describe('coordinates', () => {
  const state = createState()
  applyAll(state, instance('n1'), instance('n2'), instance('n3'), instance('n4'))
  const { changed } = applyAll(state, places({ n1: 0, n2: 0.03, N3: 0.01, nowhere: 1 }))

  it('of unknown nodes are passed over, and names are the catalog’s', () => {
    expect(state.query({ kind: 'coordinates' }).value.map((each) => each.node)).toEqual(['n1', 'n2', 'n3'])
  })

  it('wake nobody but who asked for coordinates', () => {
    expect([...changed].sort()).toEqual(['o:n1', 'o:n2', 'o:n3', 't:coordinates'])
  })

  it('that are the same are no change', () => {
    expect(applyAll(state, places({ n1: 0 })).changed).toEqual([])
  })

  const orders = (near: string): readonly (readonly string[])[] => {
    const select = { service: 'web', tags: [], nodeMeta: {}, connect: false, near }
    return [
      state.query({ kind: 'nodes', nodeMeta: {}, near }).value.map(({ name }) => name),
      state.query({ kind: 'serviceNodes', ...select }).value.map((each) => each.node.name),
      state.query({ kind: 'healthService', ...select, passing: true }).value.map((each) => each.node.name),
      state.query({ kind: 'healthState', state: 'any', nodeMeta: {}, near }).value.map((each) => each.node),
    ]
  }

  it.each([
    ['n1', ['n1', 'n3', 'n2', 'n4']],
    ['N2', ['n2', 'n3', 'n1', 'n4']],
    ['n4', ['n1', 'n2', 'n3', 'n4']],
    ['', ['n1', 'n2', 'n3', 'n4']],
  ])('sort by the distance from %s, unknown ones last', (near, order) => {
    for (const found of orders(near)) expect(found).toEqual(order)
  })

  it('go with their node', () => {
    const gone = applyAll(state, { kind: 'deregister', node: 'N3', serviceId: '', checkId: '' })
    expect(gone.changed).toContain('o:n3')
    expect(state.query({ kind: 'coordinatesOfNode', node: 'n3' })).toEqual({ index: 7, value: [] })
  })
})
