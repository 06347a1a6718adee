// Which services are exported, and to whom: by the entry, and for a wildcard by the catalog.
import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/model/command.ts'
import { createState, type State } from '../../../src/state/state.ts'
import { applyAll, node, register, service } from './fixtures.ts'

/** An entry that exports services to peers. */
function exporting(peersByService: Readonly<Record<string, readonly string[]>>): Command {
  const Services = Object.entries(peersByService).map(([Name, peers]) => ({
    Name,
    Consumers: peers.map((Peer) => ({ Peer })),
  }))
  return {
    kind: 'configEntrySet',
    configKind: 'exported-services',
    name: 'default',
    body: { Services },
    expectedIndex: null,
  }
}

function exportsOf(state: State): Readonly<Record<string, string>> {
  const { value } = state.query({ kind: 'exportedServices' })
  return Object.fromEntries(value.map(({ service: name, peers }) => [name, peers.join(' ')]))
}

function indexOf(state: State): number {
  return state.query({ kind: 'exportedServices' }).index
}

const catalog: readonly Command[] = [
  register(node('n1'), { service: service('consul') }),
  register(node('n1'), { service: service('web') }),
  register(node('n2'), { service: service('Web') }),
  register(node('n2'), { service: service('db') }),
  register(node('n2'), { service: service('web-proxy', { kind: 'connect-proxy' }) }),
]

describe('exported services', () => {
  it('are none without an entry', () => {
    const state = createState()
    applyAll(state, ...catalog)
    expect(exportsOf(state)).toEqual({})
  })

  it('are those that the entry names, in the catalog or not, with each consumer once', () => {
    const state = createState()
    applyAll(state, ...catalog, exporting({ web: ['west', 'east', 'west'], later: ['east'] }))
    expect(exportsOf(state)).toEqual({ later: 'east', web: 'east west' })
  })

  it('are with a wildcard those of the catalog that are no proxies and not the servers themselves', () => {
    const state = createState()
    applyAll(state, ...catalog, exporting({ '*': ['east'], web: ['west'], later: ['west'] }))
    expect(exportsOf(state)).toEqual({ db: 'east', later: 'west', web: 'east west' })
  })

  it('with a wildcard have an index that the catalog moves', () => {
    const state = createState()
    applyAll(state, ...catalog, exporting({ '*': ['east'] }))
    const before = indexOf(state)
    const { changed } = applyAll(state, register(node('n3'), { service: service('new') }))
    expect(indexOf(state)).toBe(before + 1)
    expect(changed).toContain('t:services')
    expect(state.topicsOf({ kind: 'exportedServices' })).toContain('t:services')
  })

  it('without a wildcard have an index that the catalog does not move', () => {
    const state = createState()
    applyAll(state, ...catalog, exporting({ web: ['east'] }))
    const before = indexOf(state)
    applyAll(state, register(node('n3'), { service: service('new') }))
    expect(indexOf(state)).toBe(before)
  })
})
