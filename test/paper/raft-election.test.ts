// Raft, elections: one test per rule. Paper: extended version, sections 5.1, 5.2, 5.4.1; thesis: 3.10, 4.2.3, 6.2, 9.6.
import { expect, test } from 'vitest'
import { isUpToDate } from '../../src/raft/log.ts'
import { Bench, ackOf, appendOf, timing, voteOf } from './raft-bench.ts'

test('paper 5.1: a server begins as a follower', () => {
  expect(new Bench().raft.role).toBe('follower')
})

test('paper 5.1: a higher term is adopted, and a leader or candidate of the old one becomes a follower', () => {
  for (const role of ['follower', 'candidate', 'leader'] as const) {
    const bench = new Bench()
    if (role === 'candidate') bench.becomeCandidate()
    if (role === 'leader') bench.becomeLeader()
    bench.receive('b', appendOf(9))
    expect([bench.raft.role, bench.raft.term, bench.raft.leader]).toEqual(['follower', 9, 'b'])
  }
})

test('paper 5.1: a reply of a higher term makes a leader step down', () => {
  const bench = new Bench()
  bench.becomeLeader()
  bench.receive('b', ackOf(bench.raft.term + 1, 0))
  expect(bench.raft.role).toBe('follower')
})

test('paper 5.1: a request of an earlier term is refused with the present one', () => {
  const bench = new Bench({ hardState: { term: 5, votedFor: null } })
  bench.nowMs = 10_000
  bench.receive('b', appendOf(4))
  expect(bench.take('appendEntriesReply')).toMatchObject([{ to: 'b', message: { term: 5, ok: false } }])
  bench.receive('b', voteOf(4))
  expect(bench.take('requestVoteReply')).toMatchObject([{ to: 'b', message: { term: 5, granted: false } }])
})

test('paper 5.1: a reply of an earlier term is dropped and counted', () => {
  const bench = new Bench({ terms: [1] })
  bench.becomeLeader()
  bench.receive('b', ackOf(bench.raft.term - 1, 2))
  expect(bench.raft.commitIndex).toBe(0)
  expect(bench.of('rejected')).toMatchObject([{ reason: 'staleTerm', from: 'b' }])
})

test('paper 5.2: a follower stays one as long as it hears of a leader', () => {
  const bench = new Bench()
  for (let beat = 0; beat < 50; beat++) {
    bench.receive('b', appendOf(1))
    bench.advance(timing.heartbeatMs)
  }
  expect([bench.raft.role, bench.raft.leader]).toEqual(['follower', 'b'])
})

test('paper 5.2: without a word for an election timeout it stands for election, in a new term, with its own vote', () => {
  const bench = new Bench()
  bench.advance(timing.electionTimeoutMs - 1)
  expect(bench.raft.role).toBe('follower')
  bench.advance(timing.electionTimeoutMs)
  expect(bench.raft.role).toBe('preCandidate')
  bench.becomeCandidate()
  expect([bench.raft.role, bench.raft.term, bench.raft.votedFor]).toEqual(['candidate', 2, 'a'])
})

test('paper 5.2: a candidate asks all other voters, and no learner', () => {
  const bench = new Bench({ voters: ['a', 'b', 'c', 'd'], learners: ['e'] })
  bench.becomeCandidate()
  const asked = bench.take('requestVote').filter(({ message }) => !message.isPreVote)
  expect(asked.map(({ to }) => to)).toEqual(['b', 'c', 'd'])
})

test('paper 5.2: election timeouts are drawn from a fixed interval, and differ', () => {
  const drawn = new Set<number>()
  for (let seed = 1; seed <= 50; seed++) {
    const bench = new Bench({ seed })
    bench.advanceTo('preCandidate')
    expect(bench.nowMs).toBeGreaterThanOrEqual(timing.electionTimeoutMs)
    expect(bench.nowMs).toBeLessThan(timing.electionTimeoutMs * 2)
    drawn.add(bench.nowMs)
  }
  expect(drawn.size).toBeGreaterThan(35)
})

test('paper 5.2: a majority of votes makes a leader, one vote less does not', () => {
  const bench = new Bench({ voters: ['a', 'b', 'c', 'd', 'e'] })
  bench.becomeCandidate()
  bench.grantVote('b')
  expect(bench.raft.role).toBe('candidate')
  bench.grantVote('c')
  expect(bench.raft.role).toBe('leader')
})

test('paper 5.2: the same vote twice counts once', () => {
  const bench = new Bench({ voters: ['a', 'b', 'c', 'd', 'e'] })
  bench.becomeCandidate()
  bench.grantVote('b')
  bench.grantVote('b')
  expect(bench.raft.role).toBe('candidate')
})

test('paper 5.2: votes of learners and strangers count nothing', () => {
  const bench = new Bench({ learners: ['d'] })
  bench.becomeCandidate()
  bench.grantVote('d')
  bench.grantVote('z')
  expect(bench.raft.role).toBe('candidate')
})

test('paper 5.2: a new leader says so to everybody at once', () => {
  const bench = new Bench()
  bench.becomeCandidate()
  bench.sent = []
  bench.grantVote('b')
  expect(bench.take('appendEntries').map(({ to }) => to)).toEqual(['b', 'c'])
})

test('paper 5.2: a server votes for at most one candidate per term, first come first served', () => {
  const bench = new Bench()
  bench.nowMs = 10_000
  bench.receive('b', voteOf(2))
  bench.receive('c', voteOf(2))
  bench.receive('b', voteOf(2))
  expect(bench.take('requestVoteReply').map(({ to, message }) => [to, message.granted])).toEqual([
    ['b', true],
    ['c', false],
    ['b', true],
  ])
})

test('paper 5.2: the vote holds after a restart', () => {
  const bench = new Bench({ hardState: { term: 2, votedFor: 'b' } })
  bench.nowMs = 10_000
  bench.receive('c', voteOf(2))
  bench.receive('b', voteOf(2))
  expect(bench.take('requestVoteReply').map(({ message }) => message.granted)).toEqual([false, true])
})

test('paper 5.2: a candidate that hears of a leader of its term follows it', () => {
  const bench = new Bench()
  bench.becomeCandidate()
  bench.receive('c', appendOf(2))
  expect([bench.raft.role, bench.raft.term, bench.raft.leader]).toEqual(['follower', 2, 'c'])
})

test('paper 5.2: a candidate that neither wins nor loses tries again after a new timeout', () => {
  const bench = new Bench()
  bench.becomeCandidate()
  bench.advance(timing.electionTimeoutMs * 2)
  bench.becomeCandidate()
  expect([bench.raft.role, bench.raft.term]).toEqual(['candidate', 3])
})

test('paper 5.2: a candidate that a majority has refused gives up before its timeout', () => {
  const bench = new Bench()
  bench.becomeCandidate()
  for (const id of ['b', 'c']) {
    bench.receive(id, { kind: 'requestVoteReply', term: 2, isPreVote: false, granted: false })
  }
  expect(bench.raft.role).toBe('follower')
})

test('paper 5.2: a server of one is elected without waiting, at bootstrap and at every start', () => {
  const first = new Bench({ entries: [], hardState: { term: 0, votedFor: null } })
  first.feed({
    kind: 'bootstrap',
    configuration: { servers: [{ id: 'a', address: 'a:8300', suffrage: 'voter' }] },
  })
  expect([first.raft.role, first.nowMs]).toEqual(['leader', 0])
  expect(first.raft.commitIndex).toBe(2)
  const again = new Bench({ voters: ['a'], terms: [1, 1] })
  expect(again.raft.wakeAtMs).toBe(0)
  again.feed({ kind: 'wake' })
  expect([again.raft.role, again.raft.commitIndex]).toEqual(['leader', 4])
})

test('figure 2: term and vote are one record, and on disk before the vote is told (#661)', () => {
  const bench = new Bench({ isDiskQuick: false })
  bench.nowMs = 10_000
  const effects = bench.receive('b', voteOf(7))
  expect(effects.filter((effect) => effect.kind === 'persist').map((effect) => effect.hardState)).toEqual([
    { term: 7, votedFor: 'b' },
  ])
  expect(bench.take('requestVoteReply')).toEqual([])
  bench.sync()
  expect(bench.take('requestVoteReply')).toMatchObject([{ to: 'b', message: { granted: true } }])
})

test('figure 2: a candidate asks for votes, and counts its own, only when its term is on disk', () => {
  const bench = new Bench({ isDiskQuick: false })
  bench.becomeCandidate()
  expect(bench.take('requestVote').filter(({ message }) => !message.isPreVote)).toEqual([])
  bench.grantVote('b')
  expect(bench.raft.role).toBe('candidate')
  bench.sync()
  expect(bench.raft.role).toBe('leader')
})

test('figure 2: a new term is on disk before anything is said in it', () => {
  const bench = new Bench({ isDiskQuick: false })
  bench.receive('b', appendOf(8))
  bench.receive('b', appendOf(8))
  expect(bench.sent).toEqual([])
  bench.sync()
  expect(bench.take('appendEntriesReply').map(({ message }) => message.term)).toEqual([8, 8])
})

test.each([
  { candidate: [3, 5], own: [2, 9], granted: true },
  { candidate: [2, 9], own: [3, 5], granted: false },
  { candidate: [3, 5], own: [3, 5], granted: true },
  { candidate: [3, 6], own: [3, 5], granted: true },
  { candidate: [3, 4], own: [3, 5], granted: false },
])('paper 5.4.1: last term and index $candidate against $own', ({ candidate, own, granted }) => {
  const at = ([lastTerm = 0, lastIndex = 0]: readonly number[]) => ({ lastTerm, lastIndex })
  expect(isUpToDate(at(candidate), at(own))).toBe(granted)
})

test('paper 5.4.1: a vote is refused to a candidate whose log is behind', () => {
  const bench = new Bench({ terms: [1, 1, 2], hardState: { term: 2, votedFor: null } })
  bench.nowMs = 10_000
  bench.receive('b', voteOf(3, { lastIndex: 9, lastTerm: 1 }))
  bench.receive('c', voteOf(3, { lastIndex: 4, lastTerm: 2 }))
  expect(bench.take('requestVoteReply').map(({ message }) => message.granted)).toEqual([false, true])
})

test('thesis 9.6: before it raises its term a server asks whether it would be elected', () => {
  const bench = new Bench()
  bench.advanceTo('preCandidate')
  expect(bench.raft.term).toBe(1)
  expect(bench.writes).toEqual([])
  expect(bench.take('requestVote').map(({ message }) => [message.isPreVote, message.term])).toEqual([
    [true, 2],
    [true, 2],
  ])
})

test('thesis 9.6: a pre-vote changes neither term nor vote of the one that gives it', () => {
  const bench = new Bench()
  bench.nowMs = 10_000
  bench.receive('b', voteOf(2, { isPreVote: true }))
  bench.receive('c', voteOf(2, { isPreVote: true }))
  expect(bench.take('requestVoteReply').map(({ message }) => message.granted)).toEqual([true, true])
  expect([bench.raft.term, bench.raft.votedFor, bench.of('persist').length]).toEqual([1, null, 0])
})

test('thesis 9.6: a pre-vote is refused to a log that is behind, and while a leader lives', () => {
  const bench = new Bench({ terms: [1, 1] })
  bench.nowMs = 10_000
  bench.receive('b', voteOf(2, { isPreVote: true, lastIndex: 2, lastTerm: 1 }))
  bench.receive('c', appendOf(1))
  bench.receive('b', voteOf(2, { isPreVote: true }))
  expect(bench.take('requestVoteReply').map(({ message }) => message.granted)).toEqual([false, false])
})

test('thesis 9.6: a server that was cut off comes back without raising the term', () => {
  const bench = new Bench()
  bench.receive('b', appendOf(1))
  bench.advance(20_000)
  expect([bench.raft.role, bench.raft.term]).toEqual(['preCandidate', 1])
  bench.receive('b', appendOf(1))
  expect([bench.raft.role, bench.raft.term, bench.raft.leader]).toEqual(['follower', 1, 'b'])
})

test('thesis 4.2.3: a server that hears a leader ignores candidates, whatever their term', () => {
  const bench = new Bench()
  bench.nowMs = 10_000
  bench.receive('b', appendOf(1))
  bench.nowMs += timing.electionTimeoutMs - 1
  bench.receive('z', voteOf(50))
  expect([bench.raft.term, bench.take('requestVoteReply').length]).toEqual([1, 0])
  bench.nowMs += 1
  bench.receive('c', voteOf(50))
  expect(bench.raft.term).toBe(50)
})

test('thesis 4.2.3: a leader is not deposed by a server that does not hear it', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.receive('z', voteOf(50))
  expect([bench.raft.role, bench.raft.term]).toEqual(['leader', 2])
})

test('thesis 4.2.3: a restarted server helps to replace nobody before the lease it may have given has ended', () => {
  const bench = new Bench({ terms: [1] })
  bench.nowMs = timing.leaseMs
  bench.receive('b', voteOf(5))
  expect(bench.raft.term).toBe(1)
  bench.nowMs = timing.electionTimeoutMs
  bench.receive('b', voteOf(5))
  expect(bench.raft.term).toBe(5)
})

test('thesis 3.10: a candidate that the leader has named is not ignored', () => {
  const bench = new Bench()
  bench.receive('b', appendOf(1))
  bench.receive('c', voteOf(2, { isTransfer: true }))
  expect(bench.take('requestVoteReply').at(-1)?.message.granted).toBe(true)
})

test('thesis 6.2: a leader that hears nothing from a majority for an election timeout steps down', () => {
  const bench = new Bench({ voters: ['a', 'b', 'c', 'd', 'e'] })
  bench.becomeSettledLeader()
  for (let ms = 0; ms < 2000; ms += 100) {
    bench.advance(100)
    bench.acknowledge('b', bench.raft.lastIndex)
    bench.acknowledge('c', bench.raft.lastIndex)
  }
  expect(bench.raft.role).toBe('leader')
  for (let ms = 0; ms < 2000; ms += 100) {
    bench.advance(100)
    if (bench.raft.role === 'leader') bench.acknowledge('b', bench.raft.lastIndex)
  }
  expect(bench.raft.role).not.toBe('leader')
  expect(bench.raft.term).toBe(2)
})

test('thesis 6.2: after a pause of its own process a leader listens once more before it steps down', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.nowMs += 5000
  bench.feed({ kind: 'wake' })
  expect(bench.raft.role).toBe('leader')
  bench.advance(timing.heartbeatMs)
  expect(bench.raft.role).toBe('follower')
})

test('our addition: told that its leader is unreachable, a follower waits for the end of its lease, not for its timeout', () => {
  const bench = new Bench()
  bench.nowMs = 5000
  bench.receive('b', appendOf(1))
  bench.feed({ kind: 'leaderUnreachable', leader: 'b' })
  bench.advance(timing.leaseMs)
  expect(bench.raft.role).toBe('follower')
  bench.advance(timing.electionTimeoutMs - timing.leaseMs + timing.electionTimeoutMs / 5)
  expect(bench.raft.role).toBe('preCandidate')
})

test('our addition: the hint ends with the next word of the leader, and one about another leader is void', () => {
  const bench = new Bench()
  bench.nowMs = 5000
  bench.receive('b', appendOf(1))
  bench.feed({ kind: 'leaderUnreachable', leader: 'c' })
  bench.nowMs += timing.electionTimeoutMs - 1
  bench.receive('c', voteOf(2, { isPreVote: true }))
  expect(bench.take('requestVoteReply').at(-1)?.message.granted).toBe(false)
  bench.feed({ kind: 'leaderUnreachable', leader: 'b' })
  bench.receive('b', appendOf(1))
  bench.nowMs += timing.electionTimeoutMs - 1
  bench.receive('c', voteOf(2, { isPreVote: true }))
  expect(bench.take('requestVoteReply').at(-1)?.message.granted).toBe(false)
})

test('our addition: of two that ask for pre-votes at once the one with the lower id lets go', () => {
  const lower = new Bench()
  lower.advanceTo('preCandidate')
  lower.receive('b', voteOf(2, { isPreVote: true }))
  expect(lower.raft.role).toBe('follower')
  const higher = new Bench({ id: 'c' })
  higher.advanceTo('preCandidate')
  higher.receive('b', voteOf(2, { isPreVote: true }))
  expect(higher.raft.role).toBe('preCandidate')
})

test('our addition: three that are bootstrapped alike elect within one election timeout', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const bench = new Bench({ entries: [], hardState: { term: 0, votedFor: null }, seed })
    bench.feed({
      kind: 'bootstrap',
      configuration: {
        servers: ['a', 'b', 'c'].map((id) => ({ id, address: `${id}:8300`, suffrage: 'voter' })),
      },
    })
    bench.advanceTo('preCandidate')
    expect(bench.nowMs).toBeLessThanOrEqual(timing.electionTimeoutMs / 2)
  }
})

test('a bootstrap does nothing where there is any state', () => {
  const bench = new Bench({ terms: [1] })
  expect(bench.feed({ kind: 'bootstrap', configuration: { servers: [] } })).toEqual([])
  expect(bench.raft.lastIndex).toBe(2)
})

test('a server without a configuration, and a learner, never stand for election', () => {
  const fresh = new Bench({ entries: [], hardState: { term: 0, votedFor: null } })
  fresh.advance(20_000)
  expect([fresh.raft.role, fresh.raft.term, fresh.effects]).toEqual(['follower', 0, []])
  const learner = new Bench({ voters: ['b', 'c'], learners: ['a'] })
  learner.advance(20_000)
  expect([learner.raft.role, learner.sent]).toEqual(['follower', []])
})

test('a follower is not woken for every heartbeat', () => {
  const bench = new Bench()
  bench.receive('b', appendOf(1))
  let wakes = 0
  let armedMs = bench.raft.wakeAtMs
  for (let beat = 0; beat < 100; beat++) {
    bench.receive('b', appendOf(1))
    bench.nowMs += 100
    if (bench.nowMs >= armedMs) {
      wakes += 1
      bench.feed({ kind: 'wake' })
      armedMs = bench.raft.wakeAtMs
    }
    expect(bench.raft.wakeAtMs).toBe(armedMs)
  }
  expect(wakes).toBeLessThan(21)
})
