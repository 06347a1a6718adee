// Raft, the cluster: one test per rule. Thesis: 3.10 (hand-over), 4 (membership), 6.4 (reads).
import { expect, test } from 'vitest'
import type { ServerChange } from '../../src/raft/events.ts'
import { Bench, appendOf, configurationOf, entriesOf, timing, voteOf } from './raft-bench.ts'

function change(bench: Bench, change: ServerChange, request = 7): void {
  bench.feed({ kind: 'changeServer', request, change })
}

function lastRefusal(bench: Bench): string | undefined {
  return bench.of('proposalRefused').at(-1)?.reason
}

// Membership.

test('thesis 4.1: a new configuration is in force as soon as it is in the log', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  change(bench, { kind: 'addLearner', id: 'd', address: 'd:8300' })
  expect(bench.raft.configuration.servers.map((server) => server.id)).toEqual(['a', 'b', 'c', 'd'])
  expect(bench.raft.committedConfiguration.servers.length).toBe(3)
  expect(bench.of('configurationChanged').at(-1)).toMatchObject({ committed: false, index: 3 })
  bench.acknowledge('b', 3)
  expect(bench.raft.committedConfiguration.servers.length).toBe(4)
  expect(bench.of('configurationChanged').at(-1)).toMatchObject({ committed: true, index: 3 })
})

test('thesis 4.1: one change at a time', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  change(bench, { kind: 'addLearner', id: 'd', address: 'd:8300' })
  change(bench, { kind: 'remove', id: 'c' })
  expect(lastRefusal(bench)).toBe('changeInProgress')
  bench.acknowledge('b', 3)
  change(bench, { kind: 'remove', id: 'c' }, 9)
  expect(bench.of('proposalAccepted').at(-1)?.request).toBe(9)
})

test('thesis 4.1 (and the correction of 2015): no change before an entry of the own term is committed', () => {
  const bench = new Bench()
  bench.becomeLeader()
  change(bench, { kind: 'remove', id: 'c' })
  expect(lastRefusal(bench)).toBe('changeInProgress')
  bench.acknowledge('b', 2)
  change(bench, { kind: 'remove', id: 'c' }, 9)
  expect(bench.of('proposalAccepted').at(-1)?.request).toBe(9)
})

test('thesis 4.1: a configuration that is replaced by the next leader’s log is out of force again', () => {
  const bench = new Bench()
  const next = {
    kind: 'configuration' as const,
    index: 2,
    term: 2,
    configuration: configurationOf(['a', 'b']),
  }
  bench.receive('b', appendOf(2, { prevIndex: 1, prevTerm: 1, entries: [next] }))
  expect(bench.raft.configuration.servers.length).toBe(2)
  bench.receive('c', appendOf(3, { prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [3]) }))
  expect(bench.raft.configuration.servers.length).toBe(3)
  expect(bench.of('configurationChanged').at(-1)).toMatchObject({ index: 1 })
})

test.each([
  [{ kind: 'promote', id: 'z' }, 'unknownServer'],
  [{ kind: 'remove', id: 'z' }, 'unknownServer'],
  [{ kind: 'promote', id: 'b' }, 'noChange'],
  [{ kind: 'demote', id: 'd' }, 'noChange'],
  [{ kind: 'addLearner', id: 'b', address: 'b:8300' }, 'noChange'],
  [{ kind: 'setAddress', id: 'b', address: 'b:8300' }, 'noChange'],
] as const)('a change that changes nothing is refused: %o', (wanted, reason) => {
  const bench = new Bench({ learners: ['d'] })
  bench.becomeSettledLeader()
  change(bench, wanted)
  expect(lastRefusal(bench)).toBe(reason)
})

test('the last voter is neither removed nor demoted', () => {
  const bench = new Bench({ voters: ['a'], learners: ['b'] })
  bench.advance(1)
  change(bench, { kind: 'remove', id: 'a' })
  expect(lastRefusal(bench)).toBe('lastVoter')
  change(bench, { kind: 'demote', id: 'a' })
  expect(lastRefusal(bench)).toBe('lastVoter')
})

test('a server that is added again with another address keeps its vote', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  change(bench, { kind: 'addLearner', id: 'b', address: '10.0.0.9:8300' })
  expect(bench.raft.configuration.servers[1]).toEqual({
    id: 'b',
    address: '10.0.0.9:8300',
    suffrage: 'voter',
  })
})

test('thesis 4.2.1: a learner receives the log and counts for no majority', () => {
  const bench = new Bench({ learners: ['d', 'e'] })
  bench.becomeSettledLeader()
  bench.propose(1)
  expect(bench.take('appendEntries').map(({ to }) => to)).toEqual(['b', 'c', 'd', 'e'])
  bench.acknowledge('d', 3)
  bench.acknowledge('e', 3)
  expect(bench.raft.commitIndex).toBe(2)
})

test('thesis 4.2.1: a learner has caught up when a round took less than an election timeout', () => {
  const bench = new Bench({ voters: ['a'] })
  bench.advance(1)
  change(bench, { kind: 'addLearner', id: 'd', address: 'd:8300' })
  bench.sync()
  bench.nowMs += timing.electionTimeoutMs
  bench.acknowledge('d', 3)
  expect(bench.of('learnerCaughtUp')).toEqual([])
  bench.propose(1)
  bench.nowMs += 50
  bench.acknowledge('d', 4)
  bench.acknowledge('d', 4)
  expect(bench.of('learnerCaughtUp')).toEqual([{ kind: 'learnerCaughtUp', id: 'd' }])
})

test('thesis 4.2.2: a removed server still learns of its removal, and is no peer afterwards', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  change(bench, { kind: 'remove', id: 'c' })
  expect(bench.take('appendEntries').map(({ to }) => to)).toEqual(['b', 'c'])
  bench.acknowledge('b', 3)
  expect(bench.take('appendEntries')).toMatchObject([{ to: 'b' }, { to: 'c', message: { commitIndex: 3 } }])
  expect(bench.raft.progress.map((peer) => peer.id)).toEqual(['b'])
})

test('thesis 4.2.2: a leader that removes itself leads until that is committed, without counting itself', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  change(bench, { kind: 'remove', id: 'a' })
  bench.acknowledge('b', 3)
  expect([bench.raft.role, bench.raft.commitIndex]).toEqual(['leader', 2])
  bench.sent = []
  bench.acknowledge('c', 3)
  expect([bench.raft.role, bench.raft.commitIndex]).toEqual(['follower', 3])
  expect(bench.take('timeoutNow').length).toBe(1)
  bench.advance(20_000)
  expect(bench.raft.role).toBe('follower')
})

test('thesis 4.2.2: until its removal is committed a server may stand, without a vote of its own', () => {
  const removal = { kind: 'configuration' as const, index: 2, term: 2, configuration: configurationOf(['b']) }
  const first = {
    kind: 'configuration' as const,
    index: 1,
    term: 1,
    configuration: configurationOf(['a', 'b']),
  }
  // A restart: the commit index is not known.
  const bench = new Bench({ entries: [first, removal], hardState: { term: 2, votedFor: null } })
  bench.becomeCandidate()
  expect(bench.raft.role).toBe('candidate')
  bench.grantVote('b')
  expect(bench.raft.role).toBe('leader')
})

// Hand-over.

test('thesis 3.10: the target is brought up to date, then told to stand at once', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.propose(1)
  bench.sent = []
  bench.feed({ kind: 'transferLeadership', to: 'b' })
  expect(bench.take('timeoutNow')).toEqual([])
  bench.acknowledge('b', 3)
  expect(bench.take('timeoutNow')).toMatchObject([{ to: 'b', message: { term: 2 } }])
  bench.receive('b', voteOf(3, { isTransfer: true }))
  expect(bench.raft.role).toBe('follower')
  expect(bench.of('transferEnded')).toMatchObject([{ ok: true }])
})

test('thesis 3.10: without a target the voter with the longest log is chosen', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.propose(1)
  bench.acknowledge('c', 3)
  bench.sent = []
  bench.feed({ kind: 'transferLeadership', to: null })
  expect(bench.take('timeoutNow')).toMatchObject([{ to: 'c' }])
})

test('thesis 3.10: proposals are refused meanwhile; after an election timeout the leader goes on', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.feed({ kind: 'transferLeadership', to: 'b' })
  bench.propose(1)
  expect(lastRefusal(bench)).toBe('transferring')
  for (let ms = 0; ms < timing.electionTimeoutMs; ms += 100) {
    bench.advance(100)
    bench.acknowledgeAll()
  }
  expect(bench.of('transferEnded')).toMatchObject([{ ok: false }])
  bench.propose(2)
  expect(bench.of('proposalAccepted').at(-1)?.request).toBe(2)
})

test.each([
  ['a', 'not another voter'],
  ['z', 'not another voter'],
  ['d', 'not another voter'],
])('a hand-over to %s is refused', (to, reason) => {
  const bench = new Bench({ learners: ['d'] })
  bench.becomeSettledLeader()
  bench.feed({ kind: 'transferLeadership', to })
  expect(bench.of('transferEnded')[0]?.reason).toContain(reason)
})

test('thesis 3.10: told by its leader, a follower stands at once, without a pre-vote; told by others, never', () => {
  const bench = new Bench()
  bench.receive('b', appendOf(1))
  bench.receive('c', { kind: 'timeoutNow', term: 1 })
  expect(bench.raft.role).toBe('follower')
  bench.receive('b', { kind: 'timeoutNow', term: 1 })
  expect([bench.raft.role, bench.raft.term]).toEqual(['candidate', 2])
  expect(bench.take('requestVote').map(({ message }) => message.isTransfer)).toEqual([true, true])
})

// Reads.

test('thesis 6.4: a read waits for the commit of the leader’s own noop, then for a round that a majority confirms', () => {
  const bench = new Bench({ terms: [1, 1] })
  bench.becomeLeader()
  bench.feed({ kind: 'readIndex', request: 5 })
  bench.acknowledge('b', 3, 1)
  expect(bench.of('readReady')).toEqual([])
  bench.sent = []
  bench.acknowledge('b', 4, 1)
  const round = bench.take('appendEntries').find(({ to }) => to === 'b')?.message.readRound ?? 0
  expect(bench.of('readReady')).toEqual([])
  bench.acknowledge('b', 4, round)
  expect(bench.of('readReady')).toEqual([{ kind: 'readReady', request: 5, index: 4 }])
})

test('users’ bug d-engine#381: an acknowledgement from before the read confirms nothing', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.advance(100)
  const earlier = bench.take('appendEntries')[0]?.message.readRound ?? 0
  bench.feed({ kind: 'readIndex', request: 5 })
  bench.acknowledge('b', 2, earlier)
  bench.acknowledge('c', 2, earlier)
  expect(bench.of('readReady')).toEqual([])
  bench.acknowledge('c', 2, earlier + 1)
  expect(bench.of('readReady').length).toBe(1)
})

test('thesis 6.4: reads that come while a round is under way share the next one', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  for (let request = 1; request <= 50; request++) bench.feed({ kind: 'readIndex', request })
  const messages = bench.take('appendEntries')
  expect(messages.length).toBe(2)
  const round = messages[0]?.message.readRound ?? 0
  bench.acknowledge('b', 2, round)
  expect(bench.of('readReady').length).toBe(1)
  bench.acknowledge('b', 2, round + 1)
  expect(bench.of('readReady').length).toBe(50)
})

test('thesis 6.4: reads of a leadership that ends are refused', () => {
  const bench = new Bench()
  bench.feed({ kind: 'readIndex', request: 4 })
  bench.becomeSettledLeader()
  bench.feed({ kind: 'readIndex', request: 5 })
  bench.receive('b', appendOf(9))
  expect(bench.of('readRefused')).toMatchObject([
    { request: 4, reason: 'notLeader' },
    { request: 5, reason: 'leadershipLost' },
  ])
})

test('thesis 6.4: a server of one answers a read at once', () => {
  const bench = new Bench({ voters: ['a'] })
  bench.advance(1)
  bench.feed({ kind: 'readIndex', request: 5 })
  expect(bench.of('readReady')).toEqual([{ kind: 'readReady', request: 5, index: 2 }])
  expect(bench.raft.leaseReadIndex(99_999)).toBe(2)
})

test('thesis 6.4.1: under the lease of a majority a read needs no round', () => {
  const bench = new Bench()
  bench.becomeLeader()
  expect(bench.raft.leaseReadIndex(bench.nowMs)).toBeNull()
  const startMs = bench.nowMs
  bench.nowMs += 40
  bench.acknowledge('b', 2, 1)
  expect(bench.raft.leaseReadIndex(startMs + timing.leaseMs - 1)).toBe(2)
  // The lease runs from the moment of sending, not of the reply.
  expect(bench.raft.leaseReadIndex(startMs + timing.leaseMs)).toBeNull()
})

test('thesis 6.4.1: the lease ends with the hand-over, for the whole term', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.acknowledge('b', 2, 1)
  expect(bench.raft.leaseReadIndex(bench.nowMs)).toBe(2)
  bench.feed({ kind: 'transferLeadership', to: 'b' })
  expect(bench.raft.leaseReadIndex(bench.nowMs)).toBeNull()
  expect(timing.leaseMs).toBeLessThan(timing.electionTimeoutMs)
})
