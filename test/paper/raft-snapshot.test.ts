// Raft, snapshots: one test per rule (paper 7, figure 13), and the mistakes that others made here.
import { expect, test } from 'vitest'
import type { InstallSnapshot } from '../../src/raft/message.ts'
import { Bench, ackOf, appendOf, entriesOf, refusalOf, snapshotOf, timing } from './raft-bench.ts'

const small = { snapshotEntries: 5, trailingEntries: 2, snapshotChunkBytes: 4 }

test('paper 7: after enough entries a snapshot is due, once; then the log is cut but for a few entries', () => {
  const bench = new Bench({ limits: small })
  bench.becomeSettledLeader()
  bench.propose(1, 2, 3, 4)
  bench.acknowledgeAll()
  expect(bench.of('snapshotDue').length).toBe(1)
  const snapshot = { ...bench.raft.snapshotMeta(), size: 10 }
  expect(snapshot).toMatchObject({ index: 6, term: 2, configurationIndex: 1 })
  bench.feed({ kind: 'snapshotTaken', snapshot })
  expect(bench.of('compact')).toEqual([{ kind: 'compact', index: 4 }])
  expect([bench.raft.firstIndex, bench.raft.snapshotIndex]).toEqual([5, 6])
})

test('paper 7: a snapshot is also due by bytes, so that few large entries do not fill the memory', () => {
  const bench = new Bench({ voters: ['a'], limits: { snapshotLogBytes: 1000 } })
  bench.advance(1)
  bench.feed({ kind: 'propose', proposals: [{ request: 1, data: new Uint8Array(1000) }] })
  expect(bench.of('snapshotDue').length).toBe(1)
})

test('a large state that changes a little is not written again before the entries are of its size', () => {
  const bench = new Bench({ voters: ['a'], limits: small })
  bench.advance(1)
  bench.propose(1, 2, 3, 4)
  bench.feed({ kind: 'snapshotTaken', snapshot: { ...bench.raft.snapshotMeta(), size: 2000 } })
  bench.propose(5, 6, 7, 8, 9, 10, 11, 12)
  expect(bench.of('snapshotDue').length).toBe(1)
  bench.feed({ kind: 'propose', proposals: [{ request: 13, data: new Uint8Array(2000) }] })
  expect(bench.of('snapshotDue').length).toBe(2)
})

test('a snapshot that could not be written is due again after as many entries', () => {
  const bench = new Bench({ voters: ['a'], limits: small })
  bench.advance(1)
  bench.propose(1, 2, 3, 4)
  bench.propose(5, 6, 7, 8, 9)
  expect(bench.of('snapshotDue').length).toBe(2)
})

/** The only server, which has applied everything up to index 6; its snapshots are taken with `takeSnapshot`. */
function aloneAt6(): Bench {
  const bench = new Bench({ voters: ['a'], limits: small })
  bench.advance(1)
  bench.propose(1, 2, 3, 4)
  return bench
}

function takeSnapshot(bench: Bench): void {
  bench.feed({ kind: 'snapshotTaken', snapshot: { ...bench.raft.snapshotMeta(), size: 10 } })
}

test('a server alone keeps nothing in memory that it has applied, and all of it on disk', () => {
  const bench = aloneAt6()
  expect([bench.raft.firstIndex, bench.raft.lastIndex]).toEqual([7, 6])
  expect(bench.of('compact')).toEqual([])
})

test('the disk of a server alone reaches back to the older of its two snapshots', () => {
  const bench = aloneAt6()
  takeSnapshot(bench)
  bench.propose(5, 6, 7, 8, 9)
  takeSnapshot(bench)
  expect(bench.of('compact')).toEqual([{ kind: 'compact', index: 6 }])
})

test('who joins a server that was alone gets a snapshot that is written for it', () => {
  const bench = aloneAt6()
  bench.feed({ kind: 'changeServer', request: 5, change: { kind: 'addLearner', id: 'b', address: 'b:8300' } })
  const asked = bench.of('snapshotDue').length
  bench.receive('b', refusalOf(2, { matchIndex: 6, conflictIndex: 1, conflictTerm: 0 }))
  expect(bench.of('snapshotDue').length).toBe(asked + 1)
  takeSnapshot(bench)
  bench.receive('b', refusalOf(2, { matchIndex: 7, conflictIndex: 1, conflictTerm: 0 }))
  expect(bench.of('readSnapshotChunk')).toMatchObject([{ to: 'b', offset: 0, snapshot: { index: 7 } }])
})

test('who waits for a snapshot is asked again with each heartbeat, not at once', () => {
  const bench = aloneAt6()
  bench.feed({ kind: 'changeServer', request: 5, change: { kind: 'addLearner', id: 'b', address: 'b:8300' } })
  bench.receive('b', refusalOf(2, { matchIndex: 6, conflictIndex: 1, conflictTerm: 0 }))
  bench.sent = []
  bench.receive('b', refusalOf(2, { matchIndex: 7, conflictIndex: 1, conflictTerm: 0 }))
  expect(bench.take('appendEntries')).toEqual([])
  bench.advance(timing.heartbeatMs)
  expect(bench.take('appendEntries').length).toBe(1)
})

test('a snapshot that was begun before the log in memory does not serve who joins: another is asked for', () => {
  const bench = aloneAt6()
  const begun = { ...bench.raft.snapshotMeta(), size: 10 }
  bench.propose(5)
  bench.feed({ kind: 'changeServer', request: 6, change: { kind: 'addLearner', id: 'b', address: 'b:8300' } })
  bench.receive('b', refusalOf(2, { matchIndex: 7, conflictIndex: 1, conflictTerm: 0 }))
  bench.feed({ kind: 'snapshotTaken', snapshot: begun })
  const asked = bench.of('snapshotDue').length
  bench.receive('b', refusalOf(2, { matchIndex: 8, conflictIndex: 1, conflictTerm: 0 }))
  expect([bench.of('snapshotDue').length, bench.of('readSnapshotChunk').length]).toEqual([asked + 1, 0])
})

test('a snapshot for who joins that could not be written is asked for again with the next heartbeat', () => {
  const bench = aloneAt6()
  bench.feed({ kind: 'changeServer', request: 5, change: { kind: 'addLearner', id: 'b', address: 'b:8300' } })
  bench.receive('b', refusalOf(2, { matchIndex: 6, conflictIndex: 1, conflictTerm: 0 }))
  const asked = bench.of('snapshotDue').length
  bench.advance(timing.heartbeatMs)
  expect(bench.of('snapshotDue').length).toBe(asked)
  bench.receive('b', refusalOf(2, { matchIndex: 7, conflictIndex: 1, conflictTerm: 0 }))
  expect(bench.of('snapshotDue').length).toBe(asked + 1)
})

test('the entry that removes the last other server is known to it before the memory is freed', () => {
  const bench = new Bench({ voters: ['a', 'b'], limits: small })
  bench.becomeSettledLeader()
  bench.feed({ kind: 'changeServer', request: 5, change: { kind: 'remove', id: 'b' } })
  expect(bench.take('appendEntries').at(-1)?.message).toMatchObject({ commitIndex: 3, prevIndex: 3 })
  expect([bench.raft.lastApplied, bench.raft.firstIndex, bench.raft.lastIndex]).toEqual([3, 4, 3])
})

test('entries behind the change that ends being alone stay in memory', () => {
  const bench = aloneAt6()
  bench.feed({ kind: 'changeServer', request: 5, change: { kind: 'addLearner', id: 'b', address: 'b:8300' } })
  bench.propose(6, 7)
  expect([bench.raft.lastApplied, bench.raft.firstIndex]).toEqual([9, 7])
})

/** A leader whose log begins behind a snapshot of 10 bytes at index 6. */
function leaderWithSnapshot(): Bench {
  const bench = new Bench({
    snapshot: snapshotOf(6, 1),
    entries: entriesOf(7, [1, 1]),
    limits: small,
  })
  bench.becomeLeader()
  return bench
}

test('paper 7: a follower that needs entries which are gone gets the snapshot, chunk by chunk (users’ bug nodedb#162)', () => {
  const bench = leaderWithSnapshot()
  bench.receive('b', refusalOf(2, { matchIndex: 8, conflictIndex: 1, conflictTerm: 0 }))
  const sent: number[][] = []
  for (let turn = 0; turn < 3; turn++) {
    const wanted = bench.of('readSnapshotChunk').at(-1)
    expect(wanted).toMatchObject({ to: 'b', offset: turn * 4, length: turn === 2 ? 2 : 4 })
    const data = new Uint8Array(wanted?.length ?? 0).fill(turn)
    bench.sent = []
    bench.feed({ kind: 'snapshotChunkRead', to: 'b', snapshot: snapshotOf(6, 1), offset: turn * 4, data })
    const [chunk] = bench.take('installSnapshot')
    sent.push([
      chunk?.message.offset ?? -1,
      chunk?.message.data.length ?? -1,
      chunk?.message.done === true ? 1 : 0,
    ])
    const offset = turn * 4 + data.length
    bench.receive('b', { kind: 'installSnapshotReply', term: 2, snapshotIndex: 6, offset, done: false })
  }
  expect(sent).toEqual([
    [0, 4, 0],
    [4, 4, 0],
    [8, 2, 1],
  ])
  bench.sent = []
  bench.receive('b', { kind: 'installSnapshotReply', term: 2, snapshotIndex: 6, offset: 10, done: true })
  expect(bench.take('appendEntries')).toMatchObject([{ to: 'b', message: { prevIndex: 6, prevTerm: 1 } }])
  expect(bench.raft.progress[0]).toMatchObject({ state: 'replicate', matchIndex: 6 })
})

test('a transfer that was interrupted goes on where the follower says', () => {
  const bench = leaderWithSnapshot()
  bench.receive('b', refusalOf(2, { matchIndex: 8, conflictIndex: 1, conflictTerm: 0 }))
  bench.feed({
    kind: 'snapshotChunkRead',
    to: 'b',
    snapshot: snapshotOf(6, 1),
    offset: 0,
    data: new Uint8Array(4),
  })
  bench.receive('b', { kind: 'installSnapshotReply', term: 2, snapshotIndex: 6, offset: 8, done: false })
  expect(bench.of('readSnapshotChunk').at(-1)).toMatchObject({ offset: 8, length: 2 })
})

test('a chunk that is not answered is sent again after an election timeout, not before', () => {
  const bench = leaderWithSnapshot()
  bench.acknowledge('c', 9)
  bench.receive('b', refusalOf(2, { matchIndex: 8, conflictIndex: 1, conflictTerm: 0 }))
  bench.feed({
    kind: 'snapshotChunkRead',
    to: 'b',
    snapshot: snapshotOf(6, 1),
    offset: 0,
    data: new Uint8Array(4),
  })
  for (let ms = 0; ms < timing.electionTimeoutMs - 100; ms += 100) {
    bench.advance(100)
    bench.acknowledge('c', 9)
  }
  expect(bench.of('readSnapshotChunk').length).toBe(1)
  bench.advance(100)
  expect(bench.of('readSnapshotChunk').length).toBe(2)
})

test('a snapshot that cannot be read any more is replaced by the latest', () => {
  const bench = leaderWithSnapshot()
  bench.acknowledge('c', 9)
  bench.receive('b', refusalOf(2, { matchIndex: 8, conflictIndex: 1, conflictTerm: 0 }))
  bench.feed({ kind: 'snapshotTaken', snapshot: { ...snapshotOf(8, 1), size: 5 } })
  bench.feed({ kind: 'snapshotChunkUnreadable', to: 'b', snapshotIndex: 6 })
  expect(bench.of('readSnapshotChunk').at(-1)).toMatchObject({ snapshot: { index: 8 }, offset: 0 })
})

test('the latest snapshot that cannot be read is written anew: who needs it would wait for ever', () => {
  const bench = leaderWithSnapshot()
  bench.acknowledge('c', 9)
  bench.receive('b', refusalOf(2, { matchIndex: 8, conflictIndex: 1, conflictTerm: 0 }))
  bench.feed({ kind: 'snapshotChunkUnreadable', to: 'b', snapshotIndex: 6 })
  expect(bench.of('snapshotDue').length).toBe(1)
  takeSnapshot(bench)
  bench.feed({ kind: 'snapshotChunkUnreadable', to: 'b', snapshotIndex: 6 })
  expect(bench.of('readSnapshotChunk').at(-1)).toMatchObject({ snapshot: { index: 9 }, offset: 0 })
})

function chunkOf(offset: number, length: number, changes: Partial<InstallSnapshot> = {}): InstallSnapshot {
  const data = new Uint8Array(length)
  const done = offset + length === 10
  return { kind: 'installSnapshot', term: 2, snapshot: snapshotOf(6, 1), offset, data, done, ...changes }
}

function receiveAll(bench: Bench): void {
  bench.receive('b', chunkOf(0, 6))
  bench.feed({ kind: 'snapshotChunkWritten', snapshotIndex: 6, offset: 6 })
  bench.receive('b', chunkOf(6, 4))
  bench.feed({ kind: 'snapshotChunkWritten', snapshotIndex: 6, offset: 10 })
}

test('paper 7: chunks are written in order; another offset is answered by the one that is wanted', () => {
  const bench = new Bench()
  bench.receive('b', chunkOf(0, 6))
  bench.receive('b', chunkOf(0, 6))
  expect(bench.of('writeSnapshotChunk').length).toBe(1)
  bench.feed({ kind: 'snapshotChunkWritten', snapshotIndex: 6, offset: 6 })
  bench.receive('b', chunkOf(3, 4))
  expect(bench.of('writeSnapshotChunk').length).toBe(1)
  expect(bench.take('installSnapshotReply').map(({ message }) => message.offset)).toEqual([6, 6])
})

test('users’ bug rqlite#2759: nothing is applied while a snapshot is restored, and then its index holds', () => {
  const bench = new Bench()
  receiveAll(bench)
  expect(bench.of('restoreSnapshot').length).toBe(1)
  bench.receive(
    'b',
    appendOf(2, { prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1, 1, 1, 1, 1, 2]), commitIndex: 7 }),
  )
  expect(bench.applied).toEqual([])
  bench.feed({ kind: 'snapshotRestored', snapshot: snapshotOf(6, 1) })
  expect(bench.applied.map((entry) => entry.index)).toEqual([7])
  expect([bench.raft.snapshotIndex, bench.raft.lastApplied]).toEqual([6, 7])
})

test('paper 7: the entries behind a snapshot stay if the log agrees with it', () => {
  const bench = new Bench({ terms: [1, 1, 1, 1, 1, 1] })
  receiveAll(bench)
  bench.feed({ kind: 'snapshotRestored', snapshot: snapshotOf(6, 1) })
  expect([bench.raft.lastIndex, bench.raft.commitIndex]).toEqual([7, 6])
  expect(bench.of('persist').some((effect) => effect.reset !== null)).toBe(false)
})

test('paper 7: the whole log goes if it does not, also on disk, before the snapshot is acknowledged', () => {
  const bench = new Bench({
    terms: [2, 2, 2, 2, 2, 2],
    hardState: { term: 2, votedFor: null },
    isDiskQuick: false,
  })
  receiveAll(bench)
  bench.sent = []
  bench.feed({ kind: 'snapshotRestored', snapshot: snapshotOf(6, 1) })
  expect([bench.raft.lastIndex, bench.raft.lastTerm]).toEqual([6, 1])
  expect(bench.writes.at(-1)?.reset).toEqual({ index: 6, term: 1 })
  expect(bench.take('installSnapshotReply')).toEqual([])
  bench.sync()
  expect(bench.take('installSnapshotReply')).toMatchObject([{ to: 'b', message: { done: true } }])
})

test('a snapshot that is damaged begins anew', () => {
  const bench = new Bench()
  receiveAll(bench)
  bench.sent = []
  bench.feed({ kind: 'snapshotRejected', snapshotIndex: 6 })
  expect(bench.take('installSnapshotReply')).toMatchObject([{ message: { offset: 0, done: false } }])
  bench.receive('b', chunkOf(0, 6))
  expect(bench.of('writeSnapshotChunk').at(-1)).toMatchObject({ offset: 0 })
})

test('a snapshot of what is committed already is acknowledged without being moved', () => {
  const bench = new Bench()
  bench.receive(
    'b',
    appendOf(2, { prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [1, 1, 1, 1, 1]), commitIndex: 6 }),
  )
  bench.sent = []
  bench.receive('b', chunkOf(0, 6))
  expect(bench.take('installSnapshotReply')).toMatchObject([{ message: { done: true, snapshotIndex: 6 } }])
  expect(bench.of('writeSnapshotChunk')).toEqual([])
})

test('a crash between the snapshot and the cut of the log: entries that disagree with it are void', () => {
  const bench = new Bench({
    snapshot: snapshotOf(6, 3),
    terms: [2, 2, 2, 2, 2, 2, 2],
    hardState: { term: 3, votedFor: null },
  })
  expect([bench.raft.lastIndex, bench.raft.lastTerm]).toEqual([6, 3])
  const effects = bench.receive('b', appendOf(3, { prevIndex: 6, prevTerm: 3, entries: entriesOf(7, [3]) }))
  expect(effects.find((effect) => effect.kind === 'persist')).toMatchObject({ reset: { index: 6, term: 3 } })
})

test('a restart keeps the entries that lead up to the snapshot, for slow followers', () => {
  const bench = new Bench({ snapshot: snapshotOf(6, 1), terms: [1, 1, 1, 1, 1, 1, 1] })
  expect([bench.raft.firstIndex, bench.raft.lastIndex, bench.raft.commitIndex]).toEqual([2, 8, 6])
  bench.becomeLeader()
  bench.receive('b', ackOf(2, 5))
  expect(bench.raft.progress[0]?.matchIndex).toBe(5)
})

test('figure 2: a snapshot of what is committed is acknowledged only when that is durable here', () => {
  const bench = new Bench({ isDiskQuick: false })
  const entries = entriesOf(2, [1, 1, 1, 1, 1])
  bench.receive('b', appendOf(1, { prevIndex: 1, prevTerm: 1, entries, commitIndex: 6 }))
  bench.receive('b', chunkOf(0, 6, { term: 1 }))
  expect(bench.take('installSnapshotReply')).toEqual([])
  bench.sync()
  expect(bench.take('installSnapshotReply')).toMatchObject([{ message: { done: true } }])
})
