// Reverse names: whoever has an address is found, before and after every change.
import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/lib/random.ts'
import type { State } from '../../../src/state/state.ts'
import { addTo, stateOf } from '../dns/catalog-view.ts'

function nodesAt(state: State, ip: string): readonly string[] {
  const { value } = state.query({ kind: 'nodesByAddress', ip })
  return (value as readonly { readonly name: string }[]).map(({ name }) => name)
}

function servicesAt(state: State, ip: string): readonly string[] {
  const { value } = state.query({ kind: 'servicesByAddress', ip })
  return (value as readonly { readonly service: { readonly id: string } }[]).map(({ service }) => service.id)
}

test('an address that moves, is shared and goes', () => {
  const state = stateOf([{ node: 'a', address: '10.0.0.1' }])
  expect([nodesAt(state, '10.0.0.1'), nodesAt(state, '10.0.0.2')]).toEqual([['a'], []])
  addTo(state, { node: 'b', address: '10.0.0.1', service: { name: 's', address: '10.1.0.1' } })
  expect([nodesAt(state, '10.0.0.1'), servicesAt(state, '10.1.0.1')]).toEqual([['a', 'b'], ['s']])
  addTo(state, { node: 'a', address: '10.0.0.2' })
  addTo(state, { node: 'b', address: '10.0.0.1', service: { name: 's', address: '10.1.0.2' } })
  expect([nodesAt(state, '10.0.0.1'), nodesAt(state, '10.0.0.2')]).toEqual([['b'], ['a']])
  expect([servicesAt(state, '10.1.0.1'), servicesAt(state, '10.1.0.2')]).toEqual([[], ['s']])
  const gone = { kind: 'deregister', node: 'b', serviceId: '', checkId: '' } as const
  state.apply(state.lastIndex + 1, gone, { wallMs: 0 })
  expect([nodesAt(state, '10.0.0.1'), servicesAt(state, '10.1.0.2')]).toEqual([[], []])
})

test('the same as looking at all of them, whatever is written', () => {
  const random = seededRandom(88)
  const state = stateOf([])
  for (let i = 0; i < 600; i++) {
    const address = `10.0.0.${random.below(8)}`
    const service = random.chance(500) ? { service: { name: `s${random.below(4)}`, address } } : {}
    addTo(state, { node: `n${random.below(20)}`, address: `10.0.0.${random.below(8)}`, ...service })
    const ip = `10.0.0.${random.below(8)}`
    const all = state.query({ kind: 'nodes', nodeMeta: {}, near: '' }).value as readonly {
      readonly name: string
      readonly address: string
    }[]
    expect(nodesAt(state, ip)).toEqual(all.filter((node) => node.address === ip).map(({ name }) => name))
  }
})
