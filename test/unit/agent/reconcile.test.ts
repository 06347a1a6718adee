import { describe, expect, it } from 'vitest'
import { differences, type Absence } from '../../../src/agent/mirror-catalog.ts'
import { nextServerChange } from '../../../src/agent/mirror-servers.ts'
import type { Member } from '../../../src/gossip/events.ts'
import type { Command } from '../../../src/model/command.ts'
import type { Configuration } from '../../../src/raft/message.ts'
import { member, readerOf, silent, stateOf } from './samples.ts'

function difference(
  members: readonly Member[],
  before: readonly Command[] = [],
  absence: Absence = 'forgotten',
): readonly Command[] {
  const catalog = readerOf(stateOf(before))
  const options = { selfId: 'id-leader', datacenter: 'dc1', members: () => members, catalog, log: silent }
  return differences(options, () => absence)
}

describe('differences', () => {
  it('registers a member that the catalog does not know, with a passing serfHealth', () => {
    const [command] = difference([member('n1')])
    expect(command).toMatchObject({
      kind: 'register',
      node: { name: 'n1', id: 'id-n1', address: '10.0.0.1' },
    })
    expect(command).toMatchObject({ checks: [{ checkId: 'serfHealth', status: 'passing' }], service: null })
  })

  it('registers the consul service of a server', () => {
    const [command] = difference([member('s1', { role: 'consul' })])
    expect(command).toMatchObject({
      service: { id: 'consul', service: 'consul', port: 8300, meta: { version: '1.2.3' } },
    })
  })

  it('is empty once its own commands are applied', () => {
    const members = [member('n1'), member('s1', { role: 'consul' })]
    expect(difference(members, difference(members))).toEqual([])
  })

  it('marks a failed member critical', () => {
    const [command] = difference([member('n1', { status: 'failed' })], difference([member('n1')]))
    expect(command).toMatchObject({
      checks: [{ checkId: 'serfHealth', status: 'critical' }],
      skipNodeUpdate: true,
    })
  })

  it('ignores a failed member that was never registered', () => {
    expect(difference([member('n1', { status: 'failed' })])).toEqual([])
  })

  it('deregisters a member that has left', () => {
    const before = difference([member('n1')])
    expect(difference([member('n1', { status: 'left' })], before)).toEqual([
      { kind: 'deregister', node: 'n1', serviceId: '', checkId: '' },
    ])
  })

  it('deregisters a member that gossip has forgotten', () => {
    expect(difference([], difference([member('n1')]))).toMatchObject([{ kind: 'deregister', node: 'n1' }])
  })

  it('keeps a node that the pool does not know yet: after a start its members are still to be found', () => {
    expect(difference([], difference([member('n1')]), 'unsure')).toEqual([])
  })

  it('marks a node critical that the pool does not find', () => {
    expect(difference([], difference([member('n1')]), 'failed')).toMatchObject([
      { kind: 'register', checks: [{ checkId: 'serfHealth', status: 'critical' }] },
    ])
  })

  it('gives a name to the node that the pool has given it to, although the catalog thinks its holder healthy', () => {
    const before = difference([member('n1')])
    const commands = difference([member('n1', { id: 'id-new' })], before)
    const state = stateOf([...before, ...commands])
    expect(readerOf(state).node('n1')?.node.id).toBe('id-new')
    expect(readerOf(state).checks('n1')).toMatchObject([{ status: 'passing' }])
  })

  it('leaves a node alone that was registered from outside under the name of a member that has left', () => {
    const outside = difference([member('n1', { id: 'id-outside' })]).map(
      (command) => ({ ...command, checks: [] }) as Command,
    )
    expect(difference([member('n1', { status: 'left' })], outside)).toEqual([])
    expect(difference([member('n1', { status: 'failed' })], outside)).toEqual([])
  })

  it('never deregisters the leader itself', () => {
    const before = difference([member('leader')])
    expect(difference([member('leader', { status: 'left' })], before)).toEqual([])
    expect(difference([], before)).toEqual([])
  })

  it('leaves nodes alone that were registered from outside', () => {
    const outside = difference([member('web')]).map((command) => ({ ...command, checks: [] }) as Command)
    expect(difference([], outside)).toEqual([])
  })

  it('keeps the meta data that the agent itself has told', () => {
    const [registered] = difference([member('n1')])
    if (registered?.kind !== 'register') throw new Error('expected a registration')
    const told: Command = { ...registered, node: { ...registered.node, meta: { rack: 'a' } } }
    const moved = difference([member('n1', { address: { ip: '10.0.0.9', port: 8301 } })], [told])
    expect(moved).toMatchObject([{ node: { address: '10.0.0.9', meta: { rack: 'a' } } }])
  })
})

describe('nextServerChange', () => {
  const self = member('leader', { role: 'consul' })
  const server = member('s2', { role: 'consul', address: { ip: '10.0.0.2', port: 8301 } })
  const alone: Configuration = { servers: [{ id: 'id-leader', address: '10.0.0.1:8300', suffrage: 'voter' }] }
  const entry = (suffrage: 'voter' | 'learner', address = '10.0.0.2:8300'): Configuration => ({
    servers: [...alone.servers, { id: 'id-s2', address, suffrage }],
  })
  const next = (
    configuration: Configuration,
    other: Member | null,
    more: { readonly avoided?: string } = {},
  ): unknown =>
    nextServerChange(configuration, {
      selfId: 'id-leader',
      datacenter: 'dc1',
      members: () => (other === null ? [self] : [self, other]),
      isAvoided: (id) => id === more.avoided,
    })

  it('adds a new server as a learner', () => {
    expect(next(alone, server)).toEqual({ kind: 'addLearner', id: 'id-s2', address: '10.0.0.2:8300' })
  })
  it('follows a server to its new address', () => {
    expect(next(entry('voter', '10.0.0.7:8300'), server)).toEqual({
      kind: 'setAddress',
      id: 'id-s2',
      address: '10.0.0.2:8300',
    })
  })
  it('removes a server that has left, and keeps one that has failed', () => {
    expect(next(entry('voter'), { ...server, status: 'left' })).toEqual({ kind: 'remove', id: 'id-s2' })
    expect(next(entry('voter'), { ...server, status: 'failed' })).toBeNull()
  })
  it('leaves a server alone that the pool does not know', () => {
    expect(next(entry('voter'), null)).toBeNull()
  })
  it('removes a server at once when another one has taken its address', () => {
    expect(next(entry('voter'), { ...server, id: 'id-new' })).toEqual({ kind: 'remove', id: 'id-s2' })
  })
  it('removes a server that has become a client', () => {
    expect(next(entry('voter'), { ...server, tags: member('s2').tags })).toEqual({
      kind: 'remove',
      id: 'id-s2',
    })
  })
  it('does not take in again who is leaving', () => {
    expect(next(alone, server, { avoided: 'id-s2' })).toBeNull()
  })
  it('does not take in clients, nor servers of another datacenter', () => {
    expect(next(alone, member('c1'))).toBeNull()
    const foreign = new Map([...server.tags, ['dc', 'dc2'] as const])
    expect(next(alone, { ...server, tags: foreign })).toBeNull()
  })
})
