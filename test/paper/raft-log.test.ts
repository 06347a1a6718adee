// Raft, the log: one test per rule. Paper: extended version, sections 5.3 to 5.5, 8; thesis: 10.2.
import { expect, test } from 'vitest'
import type { RaftMessage } from '../../src/raft/message.ts'
import { Bench, ackOf, appendOf, entriesOf, refusalOf } from './raft-bench.ts'

function appends(bench: Bench): { to: string; prev: number; entries: readonly number[]; commit: number }[] {
  return bench.take('appendEntries').map(({ to, message }) => ({
    to,
    prev: message.prevIndex,
    entries: message.entries.map((entry) => entry.index),
    commit: message.commitIndex,
  }))
}

function termsOf(bench: Bench): readonly number[] {
  const last = bench.of('persist').flatMap((effect) => effect.entries)
  return last.map((entry) => entry.term)
}

test('paper 5.3: a leader appends to its own log, and sends to all others in the same step', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.isDiskQuick = false
  const effects = bench.propose(1)
  expect(effects.map((effect) => effect.kind)).toEqual(['proposalAccepted', 'send', 'send', 'persist'])
  expect(appends(bench)).toMatchObject([
    { to: 'b', prev: 2, entries: [3] },
    { to: 'c', prev: 2, entries: [3] },
  ])
})

test('thesis 10.2.1: the leader counts itself only when its own write is durable', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.isDiskQuick = false
  bench.propose(1)
  bench.acknowledge('b', 3)
  expect(bench.raft.commitIndex).toBe(2)
  bench.sync()
  expect(bench.raft.commitIndex).toBe(3)
})

test('thesis 10.2.1: a majority of the others commits without the leader’s own disk', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.isDiskQuick = false
  bench.propose(1)
  bench.acknowledge('b', 3)
  bench.acknowledge('c', 3)
  expect(bench.raft.commitIndex).toBe(3)
})

test('thesis 10.2.2: all proposals of one step share one write and one message per peer', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  const before = bench.of('persist').length
  bench.propose(1, 2, 3, 4)
  expect(bench.of('persist').length - before).toBe(1)
  expect(appends(bench).filter(({ entries }) => entries.length > 0)).toMatchObject([
    { entries: [3, 4, 5, 6] },
    { entries: [3, 4, 5, 6] },
  ])
})

test('thesis 10.2.2: appends follow each other without waiting, up to the window', () => {
  const bench = new Bench({ limits: { appendsInFlightMax: 3 } })
  bench.becomeSettledLeader()
  for (let request = 1; request <= 5; request++) bench.propose(request)
  const sent = appends(bench).filter(({ to, entries }) => to === 'b' && entries.length > 0)
  expect(sent.map(({ entries }) => entries)).toEqual([[3], [4], [5]])
  bench.acknowledge('b', 3)
  expect(appends(bench)[0]).toMatchObject({ to: 'b', prev: 5, entries: [6, 7] })
})

test('thesis 10.2.2: messages and window hold no more bytes than the limit, but for the last message', () => {
  const bench = new Bench({ limits: { appendBytesMax: 100 } })
  bench.becomeSettledLeader()
  bench.propose(1, 2, 3, 4, 5, 6, 7)
  const sent = appends(bench).filter(({ to }) => to === 'b')
  expect(sent.map(({ entries }) => entries)).toEqual([
    [3, 4, 5],
    [6, 7, 8],
  ])
})

test('paper 5.3: an entry is committed once a majority holds it, and applied in order', () => {
  const bench = new Bench({ voters: ['a', 'b', 'c', 'd', 'e'] })
  bench.becomeSettledLeader()
  bench.propose(1, 2)
  bench.acknowledge('b', 4)
  expect(bench.raft.commitIndex).toBe(2)
  bench.acknowledge('c', 3)
  expect(bench.raft.commitIndex).toBe(3)
  bench.acknowledge('d', 4)
  expect(bench.applied.map((entry) => entry.index)).toEqual([1, 2, 3, 4])
})

test('paper 5.3: the commit index goes out at once to whom nothing newer is on its way', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.propose(1)
  bench.sent = []
  bench.acknowledge('b', 3)
  expect(appends(bench)).toMatchObject([
    { to: 'b', prev: 3, entries: [], commit: 3 },
    { to: 'c', prev: 3, entries: [], commit: 3 },
  ])
})

test('paper 5.3: a follower applies what the leader has committed, as far as it holds it', () => {
  const bench = new Bench()
  bench.receive(
    'b',
    appendOf(1, { prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1, 1]), commitIndex: 2 }),
  )
  expect(bench.applied.map((entry) => entry.index)).toEqual([1, 2])
  bench.receive('b', appendOf(1, { prevIndex: 3, prevTerm: 1, commitIndex: 99 }))
  expect(bench.applied.map((entry) => entry.index)).toEqual([1, 2, 3])
})

test('paper 5.3: an append that does not fit is refused, and nothing changes', () => {
  const bench = new Bench({ terms: [1, 1] })
  bench.receive('b', appendOf(2, { prevIndex: 7, prevTerm: 2, entries: entriesOf(8, [2]), commitIndex: 8 }))
  bench.receive('b', appendOf(2, { prevIndex: 3, prevTerm: 2, entries: entriesOf(4, [2]), commitIndex: 4 }))
  expect(bench.take('appendEntriesReply').map(({ message }) => [message.ok, message.matchIndex])).toEqual([
    [false, 7],
    [false, 3],
  ])
  expect([bench.raft.lastIndex, bench.raft.commitIndex]).toEqual([3, 0])
})

test('paper 5.3: a refusal names the term in conflict and where it begins, or the end of a shorter log', () => {
  const bench = new Bench({ terms: [1, 2, 2, 2], hardState: { term: 2, votedFor: null } })
  bench.receive('b', appendOf(4, { prevIndex: 5, prevTerm: 3 }))
  bench.receive('b', appendOf(4, { prevIndex: 9, prevTerm: 3 }))
  expect(
    bench.take('appendEntriesReply').map(({ message }) => [message.conflictTerm, message.conflictIndex]),
  ).toEqual([
    [2, 3],
    [0, 6],
  ])
})

test('paper 5.3: entries in conflict and all that follow are replaced', () => {
  const bench = new Bench({ terms: [1, 1, 1], hardState: { term: 1, votedFor: null } })
  bench.receive('b', appendOf(2, { prevIndex: 2, prevTerm: 1, entries: entriesOf(3, [2]) }))
  expect([bench.raft.lastIndex, bench.raft.lastTerm]).toEqual([3, 2])
})

test('paper 5.3: an old append that arrives late removes nothing', () => {
  const bench = new Bench()
  const entries = entriesOf(2, [1, 1, 1])
  bench.receive('b', appendOf(1, { prevIndex: 1, prevTerm: 1, entries }))
  bench.receive('b', appendOf(1, { prevIndex: 1, prevTerm: 1, entries: entries.slice(0, 1) }))
  bench.receive('b', appendOf(1))
  expect(bench.raft.lastIndex).toBe(4)
})

test('paper 5.5: the same append twice is written once', () => {
  const bench = new Bench()
  const message = appendOf(1, { prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1, 1]) })
  bench.receive('b', message)
  bench.receive('b', message)
  expect(termsOf(bench)).toEqual([1, 1])
  expect(bench.take('appendEntriesReply').map(({ message: reply }) => reply.matchIndex)).toEqual([3, 3])
})

test('paper 5.3: the leader goes back one term per refusal, and the logs agree in the end', () => {
  // Figure 7 (f): the follower has entries of terms 2 and 3 that the leader never saw.
  const leader = new Bench({ terms: [1, 1, 4, 4, 5, 5, 6, 6, 6], hardState: { term: 7, votedFor: null } })
  const follower = new Bench({
    id: 'b',
    terms: [1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    hardState: { term: 7, votedFor: null },
  })
  leader.becomeLeader()
  let refusals = 0
  leader.advance(100)
  for (let turn = 0; turn < 20; turn++) {
    for (const { to, message } of leader.sent.splice(0)) if (to === 'b') follower.receive('a', message)
    for (const { message } of follower.sent.splice(0)) {
      if (message.kind === 'appendEntriesReply' && !message.ok) refusals += 1
      leader.receive('b', message)
    }
  }
  expect(follower.raft.lastIndex).toBe(leader.raft.lastIndex)
  expect(follower.raft.lastTerm).toBe(leader.raft.lastTerm)
  expect(leader.raft.progress.find((peer) => peer.id === 'b')?.matchIndex).toBe(leader.raft.lastIndex)
  expect(refusals).toBeLessThanOrEqual(4)
})

test('paper 5.3: a leader uses its own entries of the term in conflict', () => {
  const bench = new Bench({ terms: [1, 2, 2, 2, 4], hardState: { term: 4, votedFor: null } })
  bench.becomeLeader()
  bench.receive('b', refusalOf(5, { matchIndex: 6, conflictIndex: 3, conflictTerm: 2 }))
  expect(appends(bench)).toMatchObject([{ to: 'b', prev: 5, entries: [] }])
})

test('paper 5.3: old refusals do not send the leader back', () => {
  const bench = new Bench({ terms: [1, 1, 1] })
  bench.becomeSettledLeader()
  bench.receive('b', refusalOf(2, { matchIndex: 2, conflictIndex: 1, conflictTerm: 0 }))
  expect(bench.raft.progress[0]).toMatchObject({ state: 'replicate', matchIndex: 5 })
})

test('our addition: a peer that lost its disk is brought up again from the beginning', () => {
  const bench = new Bench({ terms: [1, 1] })
  bench.becomeSettledLeader()
  bench.advance(100)
  const round = bench.take('appendEntries')[0]?.message.readRound ?? 0
  bench.receive('b', refusalOf(2, { matchIndex: 4, conflictIndex: 1, conflictTerm: 0, readRound: round }))
  expect(appends(bench)).toMatchObject([{ to: 'b', prev: 0, entries: [] }])
  bench.receive('b', ackOf(2, 0))
  expect(appends(bench)).toMatchObject([{ to: 'b', prev: 0, entries: [1, 2, 3, 4] }])
})

test('figure 2: a follower acknowledges entries only when they are durable', () => {
  const bench = new Bench({ isDiskQuick: false })
  bench.receive('b', appendOf(1, { prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1]) }))
  expect(bench.take('appendEntriesReply')).toEqual([])
  bench.sync()
  expect(bench.take('appendEntriesReply')).toMatchObject([{ message: { ok: true, matchIndex: 2 } }])
})

test('users’ bug yugabyte#32875: also a heartbeat or a repeated append is acknowledged only as far as it is durable', () => {
  const bench = new Bench({ isDiskQuick: false })
  const append = appendOf(1, { prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1, 1]) })
  bench.receive('b', append)
  bench.receive('b', append)
  bench.receive('b', appendOf(1, { prevIndex: 3, prevTerm: 1 }))
  expect(bench.take('appendEntriesReply').map(({ message }) => [message.ok, message.matchIndex])).toEqual([
    [true, 1],
    [true, 1],
  ])
  bench.sync()
  expect(bench.take('appendEntriesReply').map(({ message }) => message.matchIndex)).toEqual([3])
})

test('entries that are replaced while they are written count only as far as they stay', () => {
  const bench = new Bench({ isDiskQuick: false })
  bench.receive('b', appendOf(1, { prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1, 1, 1]) }))
  bench.receive('c', appendOf(2, { prevIndex: 2, prevTerm: 1, entries: entriesOf(3, [2]) }))
  const [first] = bench.writes.splice(0, 1)
  bench.feed({ kind: 'persisted', write: first?.write ?? 0 })
  expect(bench.raft.durableIndex).toBe(2)
  bench.sync()
  expect(bench.raft.durableIndex).toBe(3)
})

test('users’ bug #695: a heartbeat of a new term is handled in order with everything else', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.isDiskQuick = false
  bench.propose(1)
  // The heartbeat of the next leader arrives while the own write is in flight.
  bench.receive('b', appendOf(3, { prevIndex: 2, prevTerm: 2, commitIndex: 2 }))
  bench.sync()
  bench.receive('c', ackOf(2, 3))
  expect([bench.raft.role, bench.raft.commitIndex]).toEqual(['follower', 2])
  expect(bench.applied.map((entry) => entry.index)).toEqual([1, 2])
})

test('paper 5.4.2: an entry of an earlier term is not committed by counting, but by one of the own term (figure 8)', () => {
  const bench = new Bench({ terms: [2], hardState: { term: 3, votedFor: null } })
  bench.becomeLeader()
  bench.acknowledge('b', 2)
  expect(bench.raft.commitIndex).toBe(0)
  bench.acknowledge('b', 3)
  expect(bench.raft.commitIndex).toBe(3)
})

test('paper 8: a new leader begins with a noop', () => {
  const bench = new Bench()
  bench.becomeCandidate()
  bench.sent = []
  bench.grantVote('b')
  expect(bench.take('appendEntries').map(({ message }) => message.entries)).toEqual([
    [{ kind: 'noop', index: 2, term: 2 }],
    [{ kind: 'noop', index: 2, term: 2 }],
  ])
})

test('paper 5.4.3: what is committed is never replaced, whatever a peer sends', () => {
  const bench = new Bench()
  bench.receive(
    'b',
    appendOf(1, { prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1, 1]), commitIndex: 3 }),
  )
  bench.receive('b', appendOf(1, { prevIndex: 0, prevTerm: 0, entries: entriesOf(1, [1]) }))
  bench.receive('c', appendOf(2, { prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [2, 2]) }))
  expect([bench.raft.lastIndex, bench.raft.lastTerm]).toEqual([3, 1])
})

test.each([
  ['gaps', entriesOf(3, [1])],
  ['falling terms', entriesOf(2, [2, 1])],
  ['terms of the future', entriesOf(2, [9])],
])('entries with %s are dropped and counted', (_what, entries) => {
  const bench = new Bench()
  bench.receive('b', appendOf(2, { prevIndex: 1, prevTerm: 1, entries }))
  expect(bench.of('rejected')).toMatchObject([{ reason: 'badEntries', from: 'b' }])
  expect(bench.raft.lastIndex).toBe(1)
})

test('a second leader of one term is dropped and counted', () => {
  const bench = new Bench()
  bench.receive('b', appendOf(1))
  bench.receive('c', appendOf(1, { prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1]) }))
  expect(bench.of('rejected')).toMatchObject([{ reason: 'notLeader', from: 'c' }])
  expect(bench.raft.lastIndex).toBe(1)
})

test('acknowledgements of strangers, and of what was never sent, count nothing', () => {
  const bench = new Bench()
  bench.becomeLeader()
  bench.acknowledge('z', 2)
  bench.acknowledge('b', 50)
  expect(bench.of('rejected').map(({ reason }) => reason)).toEqual(['unknownSender', 'badEntries'])
  expect(bench.raft.commitIndex).toBe(0)
})

test('proposals: refused elsewhere, too large, too many; accepted with their place', () => {
  const bench = new Bench({ limits: { entryBytesMax: 10, proposalsMax: 3 } })
  bench.propose(1)
  bench.becomeLeader()
  bench.feed({ kind: 'propose', proposals: [{ request: 2, data: new Uint8Array(11) }] })
  bench.propose(3, 4)
  expect(bench.of('proposalRefused')).toMatchObject([
    { request: 1, reason: 'notLeader' },
    { request: 2, reason: 'tooLarge' },
    { request: 4, reason: 'overloaded' },
  ])
  expect(bench.of('proposalAccepted')).toMatchObject([{ request: 3, index: 3, term: 2 }])
  bench.acknowledgeAll()
  bench.propose(5, 6, 7)
  expect(bench.of('proposalAccepted').map(({ request }) => request)).toEqual([3, 5, 6, 7])
})

test('a server of one commits with its own disk alone', () => {
  const bench = new Bench({ voters: ['a'], isDiskQuick: true })
  bench.advance(1)
  bench.isDiskQuick = false
  bench.propose(1)
  expect(bench.applied.length).toBe(2)
  bench.sync()
  expect(bench.applied.length).toBe(3)
})

test('a leader without peers wakes for nothing', () => {
  const bench = new Bench({ voters: ['a'] })
  bench.advance(5000)
  expect([bench.raft.role, bench.raft.wakeAtMs]).toEqual(['leader', Infinity])
})

test('an idle cluster says one heartbeat per peer and interval, and no more', () => {
  const bench = new Bench()
  bench.becomeSettledLeader()
  bench.advance(100)
  bench.sent = []
  for (let beat = 0; beat < 20; beat++) {
    bench.advance(100)
    for (const { to, message } of bench.sent.slice(-2)) answer(bench, to, message)
  }
  expect(bench.sent.length).toBe(40)
})

function answer(bench: Bench, from: string, message: RaftMessage): void {
  if (message.kind === 'appendEntries') bench.acknowledge(from, message.prevIndex, message.readRound)
}

test('paper 5.3: the commit index is told with the entries that follow newer ones', () => {
  const bench = new Bench({ isDiskQuick: true })
  bench.becomeSettledLeader()
  bench.propose(1)
  bench.propose(2)
  const first = bench.raft.lastIndex - 1
  bench.sent = []
  bench.acknowledge('b', first)
  expect(bench.raft.commitIndex).toBe(first)
  expect(appends(bench)).toEqual([])
  bench.propose(3)
  expect(appends(bench).map(({ commit }) => commit)).toEqual([first, first])
  bench.acknowledge('b', bench.raft.lastIndex)
  expect(appends(bench)).toMatchObject([
    { to: 'b', entries: [], commit: first + 2 },
    { to: 'c', entries: [], commit: first + 2 },
  ])
})
