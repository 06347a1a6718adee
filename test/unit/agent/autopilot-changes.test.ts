// Autopilot's rules: whom it promotes, demotes and removes, and whom it leaves alone.
import { describe, expect, it } from 'vitest'
import {
  keepsQuorum,
  nextAutopilotChange,
  type AutopilotRules,
  type ServerStanding,
} from '../../../src/agent/autopilot-changes.ts'
import type { ServerInfo } from '../../../src/agent/servers.ts'
import type { Configuration } from '../../../src/raft/message.ts'

type Word = 'voter' | 'learner'

interface Given extends Partial<Omit<ServerStanding, 'server'>> {
  readonly suffrage?: Word
  readonly isReadReplica?: boolean
}

const failed: Given = { isLive: false, hasFailed: true, silentMs: 10_000, healthyMs: null }
const learner: Given = { suffrage: 'learner' }

function infoOf(id: string, isReadReplica: boolean): ServerInfo {
  return {
    id,
    name: id,
    datacenter: 'dc1',
    rpc: { ip: '10.0.0.1', port: 8300 },
    status: 'alive',
    version: '1',
    isBootstrap: false,
    expect: 0,
    isReadReplica,
    behaviour: 0,
    wanPort: 0,
    gossip: { ip: '10.0.0.1', port: 8301 },
  }
}

/** Servers by id, `a` being the leader; what is not said is a healthy voter. */
function next(servers: Readonly<Record<string, Given>>, rules: Partial<AutopilotRules> = {}): unknown {
  const configuration: Configuration = {
    servers: Object.entries(servers).map(([id, given]) => ({
      id,
      address: '10.0.0.1:8300',
      suffrage: given.suffrage ?? 'voter',
    })),
  }
  return nextAutopilotChange(configuration, {
    selfId: 'a',
    rules: { cleanupDeadServers: true, minQuorum: 0, stabilizationMs: 10_000, ...rules },
    standing: (id) => ({
      isLive: true,
      hasFailed: false,
      silentMs: 0,
      healthyMs: 60_000,
      zone: '',
      isReturning: false,
      ...servers[id],
      server: infoOf(id, servers[id]?.isReadReplica ?? false),
    }),
  })
}

describe('a failed voter', () => {
  it.each([
    ['of three with a new one beside', { a: {}, b: {}, c: failed, d: {} }, 'c'],
    [
      'of five, two of them failed',
      { a: {}, b: {}, c: {}, d: failed, e: { ...failed, silentMs: 9000 } },
      'd',
    ],
    [
      'of five when two others are silent but not failed',
      { a: {}, b: {}, c: { isLive: false }, d: { isLive: false }, e: { ...failed, silentMs: 60_000 } },
      null,
    ],
    ['of two', { a: {}, b: { ...failed, silentMs: 60_000 } }, null],
    ['of four, two of them failed', { a: {}, b: {}, c: failed, d: failed }, null],
    ['of three for a moment', { a: {}, b: {}, c: { ...failed, silentMs: 29_000 } }, null],
    ['of three for good', { a: {}, b: {}, c: { ...failed, silentMs: 30_000 } }, 'c'],
    ['that Raft has just heard', { a: {}, b: {}, c: {}, d: { ...failed, silentMs: 1000 } }, null],
    [
      'that answers Raft although gossip has lost it',
      { a: {}, b: {}, c: {}, d: { ...failed, isLive: true } },
      null,
    ],
  ])('%s', (_, servers, removed) => {
    expect(next(servers)).toEqual(removed === null ? null : { kind: 'remove', id: removed })
  })

  it('stays when cleanup is off, or when fewer than min_quorum would be left', () => {
    const servers = { a: {}, b: {}, c: {}, d: failed }
    expect(next(servers, { cleanupDeadServers: false })).toBeNull()
    expect(next(servers, { minQuorum: 4 })).toBeNull()
    expect(next(servers, { minQuorum: 3 })).toEqual({ kind: 'remove', id: 'd' })
  })
})

it('a failed learner goes, whatever the voters are', () => {
  expect(next({ a: {}, b: failed, c: { ...failed, ...learner } })).toEqual({ kind: 'remove', id: 'c' })
})

describe('a learner', () => {
  it('votes after it has been healthy for the stabilization time', () => {
    expect(next({ a: {}, b: { ...learner, healthyMs: 9999 } })).toBeNull()
    expect(next({ a: {}, b: { ...learner, healthyMs: null } })).toBeNull()
    expect(next({ a: {}, b: { ...learner, healthyMs: 10_000 } })).toEqual({ kind: 'promote', id: 'b' })
  })

  it('that comes back votes at once when that cannot raise the majority', () => {
    const back = { ...learner, healthyMs: 100, isReturning: true }
    expect(next({ a: {}, b: {}, c: back })).toEqual({ kind: 'promote', id: 'c' })
    expect(next({ a: {}, b: {}, c: {}, d: back })).toBeNull()
    expect(next({ a: {}, b: {}, c: { ...back, healthyMs: null } })).toBeNull()
  })

  it('that replaces a failed voter votes before that one goes', () => {
    expect(next({ a: {}, b: {}, c: failed, d: learner })).toEqual({ kind: 'promote', id: 'd' })
  })

  it('that is a read replica never votes, and is demoted if it does', () => {
    expect(next({ a: {}, b: { ...learner, isReadReplica: true } })).toBeNull()
    expect(next({ a: {}, b: {}, c: { isReadReplica: true } })).toEqual({ kind: 'demote', id: 'c' })
    expect(next({ a: {}, b: failed, c: { isReadReplica: true } })).toBeNull()
  })
})

describe('redundancy zones', () => {
  const three = { a: { zone: '1' }, b: { zone: '2' }, c: { zone: '3' } }

  it('have one voter each, the others stand by', () => {
    expect(next({ ...three, d: { ...learner, zone: '1' } })).toBeNull()
    expect(next({ ...three, d: { ...learner, zone: '4' } })).toEqual({ kind: 'promote', id: 'd' })
    expect(next({ ...three, d: { ...learner, zone: '' } })).toEqual({ kind: 'promote', id: 'd' })
  })

  it('promote a spare when their voter has failed, then the failed one goes', () => {
    const lost = { ...three, c: { ...failed, zone: '3' } }
    expect(next({ ...lost, d: { ...learner, zone: '3' } })).toEqual({ kind: 'promote', id: 'd' })
    const promoted = { ...lost, d: { zone: '3' } }
    expect(next(promoted, { cleanupDeadServers: false })).toEqual({ kind: 'demote', id: 'c' })
  })

  it('demote who is one too many, never the leader, and never below three voters', () => {
    expect(next({ ...three, d: { zone: '1' } })).toEqual({ kind: 'demote', id: 'd' })
    expect(next({ a: { zone: '1' }, b: { zone: '1' }, c: { zone: '1' } })).toBeNull()
  })

  it('that are fewer than three make voters of spares until there are three', () => {
    const two = { a: { zone: '1' }, b: { zone: '2' } }
    expect(next({ ...two, c: { ...learner, zone: '1' } })).toEqual({ kind: 'promote', id: 'c' })
    expect(next({ ...two, c: { zone: '1' }, d: { ...learner, zone: '2' } })).toBeNull()
  })
})

describe('keepsQuorum', () => {
  const of = (voters: number): Configuration => ({
    servers: Array.from('abcdefg'.slice(0, voters)).map((id) => ({
      id,
      address: '',
      suffrage: 'voter' as const,
    })),
  })
  it.each([
    [3, 'abc', 'c', true],
    [3, 'ab', 'c', true],
    [3, 'ab', 'b', false],
    [2, 'ab', 'b', true],
    [5, 'abc', 'c', false],
    [5, 'abcd', 'd', true],
    [4, 'abc', 'c', true],
  ])('%i voters, %s live: %s may go is %s', (voters, live, id, may) => {
    expect(keepsQuorum(of(voters), id, (each) => live.includes(each))).toBe(may)
  })
})
