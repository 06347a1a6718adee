import { describe, expect, it } from 'vitest'
import { differences, nextServerChange } from '../../../src/agent/reconcile.ts'
import type { Member } from '../../../src/gossip/events.ts'
import type { Command } from '../../../src/model/command.ts'
import type { Configuration } from '../../../src/raft/message.ts'
import { member, readerOf, silent, stateOf } from './samples.ts'

function difference(members: readonly Member[], before: readonly Command[] = []): readonly Command[] {
  const catalog = readerOf(stateOf(before))
  return differences({ selfId: 'id-leader', datacenter: 'dc1', members: () => members, catalog, log: silent })
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
  const next = (configuration: Configuration, other: Member, caughtUp: readonly string[] = []): unknown =>
    nextServerChange(configuration, {
      selfId: 'id-leader',
      datacenter: 'dc1',
      members: () => [self, other],
      caughtUp: new Set(caughtUp),
    })

  it('adds a new server as a learner', () => {
    expect(next(alone, server)).toEqual({ kind: 'addLearner', id: 'id-s2', address: '10.0.0.2:8300' })
  })
  it('promotes a learner only when it has caught up', () => {
    expect(next(entry('learner'), server)).toBeNull()
    expect(next(entry('learner'), server, ['id-s2'])).toEqual({ kind: 'promote', id: 'id-s2' })
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
  it('does not take in clients, nor servers of another datacenter', () => {
    expect(next(alone, member('c1'))).toBeNull()
    const foreign = new Map([...server.tags, ['dc', 'dc2'] as const])
    expect(next(alone, { ...server, tags: foreign })).toBeNull()
  })
})
