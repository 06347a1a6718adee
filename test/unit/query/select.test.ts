import { describe, expect, it } from 'vitest'
import type { QueryService } from '../../../src/model/prepared-query.ts'
import { failoverTargets, selectInstances, sortNear } from '../../../src/query/select.ts'
import { type Sample, instanceOf, serviceOf } from './samples.ts'

const all: readonly Sample[] = [
  { node: 'n1', tags: ['a', 'B'], nodeMeta: { os: 'linux' }, meta: { v: '1' }, checks: { c1: 'passing' } },
  { node: 'n2', tags: ['a'], nodeMeta: { os: 'bsd' }, meta: { v: '2' }, checks: { c1: 'warning' } },
  { node: 'n3', tags: ['c'], checks: { c1: 'critical' } },
  { node: 'n4', checks: { c1: 'passing', c2: 'critical' } },
]

function selected(fields: Partial<QueryService>): readonly string[] {
  return selectInstances(all.map(instanceOf), serviceOf(fields)).map(({ node }) => node.name)
}

describe('instances that a query means', () => {
  it.each<readonly [string, Partial<QueryService>, readonly string[]]>([
    ['none that is critical', {}, ['n1', 'n2']],
    ['only passing ones', { onlyPassing: true }, ['n1']],
    ['checks that do not count', { ignoreCheckIds: ['c1'] }, ['n1', 'n2', 'n3']],
    ['all checks ignored', { ignoreCheckIds: ['c1', 'c2'] }, ['n1', 'n2', 'n3', 'n4']],
    ['all tags, whatever their letters', { tags: ['A', 'b'] }, ['n1']],
    ['tags that must not be there', { tags: ['a', '!b'] }, ['n2']],
    ['an empty tag, which nobody has', { tags: [''] }, []],
    ['node meta', { nodeMeta: { os: 'linux' } }, ['n1']],
    ['service meta', { serviceMeta: { v: '2' } }, ['n2']],
    ['meta that every object has', { nodeMeta: { constructor: 'x' } }, []],
  ])('%s', (_, fields, nodes) => {
    expect(selected(fields)).toEqual(nodes)
  })
})

describe('sorting by distance', () => {
  const sorted = (
    nodes: readonly string[],
    source: string,
    distances: Readonly<Record<string, number>>,
  ): readonly string[] => {
    const instances = nodes.map((node) => instanceOf({ node }))
    sortNear(instances, source, (node) => distances[node] ?? null)
    return instances.map(({ node }) => node.name)
  }

  it('puts the nearest first and those without a place last, in their order', () => {
    expect(sorted(['x', 'c', 'y', 'a', 'b'], 's', { a: 1, b: 2, c: 3 })).toEqual(['a', 'b', 'c', 'x', 'y'])
  })

  it('brings the source itself to the front by a swap', () => {
    expect(sorted(['a', 'b', 's'], 's', { a: 1, b: 2 })).toEqual(['s', 'b', 'a'])
  })

  it('leaves the source where it is if it is not among the first ten', () => {
    const nodes = Array.from({ length: 10 }, (_, i) => `n${i}`)
    const distances = Object.fromEntries(nodes.map((node, i) => [node, i]))
    expect(sorted(['s', ...nodes], 's', distances)).toEqual([...nodes, 's'])
  })
})

describe('where to search when there is nothing here', () => {
  const others = ['dc4', 'dc2', 'dc3']
  it.each([
    ['the nearest', { nearestN: 2, datacenters: [] }, ['dc4', 'dc2']],
    ['more than there are', { nearestN: 9, datacenters: [] }, ['dc4', 'dc2', 'dc3']],
    ['those named, in that order', { nearestN: 0, datacenters: ['dc3', 'dc9', 'dc4'] }, ['dc3', 'dc4']],
    ['each once', { nearestN: 1, datacenters: ['dc2', 'dc4', 'dc2', 'dc1'] }, ['dc4', 'dc2']],
  ])('%s', (_, failover, targets) => {
    expect(failoverTargets(failover, others)).toEqual(targets)
  })
})
