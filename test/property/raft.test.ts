// The pure parts of Raft against dumb models on random input: majorities, the log's window, configurations, bytes.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRaftMessage, encodeRaftMessage } from '../../src/codec/raft-codec.ts'
import { changed, sorted } from '../../src/raft/configuration.ts'
import type { ServerChange } from '../../src/raft/events.ts'
import { RaftLog, entryBytes } from '../../src/raft/log.ts'
import type { Configuration, Entry, RaftMessage } from '../../src/raft/message.ts'
import { isSoleVoter, quorumValue, voteResult, voterIds } from '../../src/raft/quorum.ts'

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'] as const

const configurations = fc
  .uniqueArray(
    fc.record({
      id: fc.constantFrom(...ids),
      address: fc.string({ maxLength: 20 }),
      suffrage: fc.constantFrom('voter' as const, 'learner' as const),
    }),
    { selector: (server) => server.id, maxLength: 7 },
  )
  .map((servers): Configuration => sorted(servers))

test('a vote is won, lost or pending as counting all outcomes says', () => {
  const votes = fc.dictionary(fc.constantFrom(...ids), fc.boolean())
  fc.assert(
    fc.property(configurations, votes, (configuration, cast) => {
      const known = new Map(Object.entries(cast))
      const voters = voterIds(configuration)
      const open = voters.filter((id) => !known.has(id))
      // Every way in which the open votes may fall.
      const outcomes = new Set<boolean>()
      for (let bits = 0; bits < 1 << open.length; bits++) {
        const granted = voters.filter((id) => known.get(id) ?? (bits & (1 << open.indexOf(id))) !== 0)
        outcomes.add(granted.length * 2 > voters.length)
      }
      const expected = outcomes.size === 2 ? 'pending' : outcomes.has(true) ? 'won' : 'lost'
      expect(voteResult(configuration, known)).toBe(
        voters.length === 0 ? voteResult(configuration, new Map()) : expected,
      )
    }),
  )
})

test('the quorum value is the largest that a majority has reached', () => {
  const reached = fc.array(fc.nat(20), { minLength: 7, maxLength: 7 })
  fc.assert(
    fc.property(configurations, reached, (configuration, values) => {
      const valueOf = (id: string): number => values[ids.indexOf(id as 'a')] ?? 0
      const voters = voterIds(configuration)
      const isReached = (value: number): boolean =>
        voters.filter((id) => valueOf(id) >= value).length * 2 > voters.length
      let expected = 0
      for (let value = 0; value <= 20; value++) if (isReached(value)) expected = value
      expect(quorumValue(configuration, valueOf)).toBe(voters.length === 0 ? 0 : expected)
    }),
  )
})

test('two majorities of configurations that differ by one change have a server in common (thesis 4.1)', () => {
  const changes: fc.Arbitrary<ServerChange> = fc.oneof(
    fc.record({
      kind: fc.constant('addLearner' as const),
      id: fc.constantFrom(...ids),
      address: fc.constant('x'),
    }),
    fc.record({
      kind: fc.constantFrom('promote' as const, 'demote' as const, 'remove' as const),
      id: fc.constantFrom(...ids),
    }),
  )
  fc.assert(
    fc.property(configurations, changes, (configuration, change) => {
      const next = changed(configuration, change)
      if (!next.ok || voterIds(configuration).length === 0) return
      const before = voterIds(configuration)
      const after = voterIds(next.value)
      for (let bits = 0; bits < 1 << ids.length; bits++) {
        const left = (id: string): boolean => (bits & (1 << ids.indexOf(id as 'a'))) !== 0
        const isOld = before.filter(left).length * 2 > before.length
        const isNew = after.filter((id) => !left(id)).length * 2 > after.length
        expect(isOld && isNew, `${before.join()} and ${after.join()} both decide`).toBe(false)
      }
      expect(next.value.servers.map((server) => server.id)).toEqual(
        next.value.servers.map((server) => server.id).toSorted(),
      )
      expect(isSoleVoter(next.value, 'a')).toBe(after.length === 1 && after[0] === 'a')
    }),
  )
})

type Step =
  | { readonly kind: 'append'; readonly back: number; readonly terms: readonly number[] }
  | { readonly kind: 'drop'; readonly part: number }
  | { readonly kind: 'reset'; readonly index: number; readonly term: number }

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      back: fc.nat(4),
      terms: fc.array(fc.nat(2), { maxLength: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drop' as const), part: fc.nat(100) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('reset' as const), index: fc.nat(50), term: fc.nat(9) }),
  },
)

test('the window of the log is the array it stands for', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 30 }), fc.nat(300), (run, bytesMax) => {
      const log = new RaftLog(0, 0)
      /** Terms from index 0 on; below `base` they are forgotten. */
      let model: number[] = [0]
      let base = 0
      for (const step of run) {
        if (step.kind === 'append') {
          const first = Math.max(base + 1, model.length - step.back)
          let term = model[first - 1] ?? 0
          const entries = step.terms.map((up, at): Entry => {
            term += up
            return { kind: 'command', index: first + at, term, data: new Uint8Array(at * 20) }
          })
          if (entries.length > 0) model = [...model.slice(0, first), ...entries.map((entry) => entry.term)]
          log.append(entries)
        } else if (step.kind === 'drop') {
          base += Math.floor(((model.length - 1 - base) * step.part) / 100)
          log.dropThrough(base)
        } else {
          base = step.index
          model = Array.from({ length: base + 1 }, () => step.term)
          log.reset(base, step.term)
        }
        expect([log.baseIndex, log.lastIndex, log.lastTerm]).toEqual([base, model.length - 1, model.at(-1)])
        for (let index = 0; index < model.length + 2; index++) {
          expect(log.termAt(index)).toBe(index < base ? undefined : model[index])
        }
        const wanted = model.at(-1) ?? 0
        const found = model.findIndex((term, index) => index > base && term >= wanted)
        expect(log.firstIndexOfTerm(wanted)).toBe(found < 0 ? model.length : found)
        const batch = log.batch(base + 1, bytesMax)
        const bytes = batch.reduce((sum, entry) => sum + entryBytes(entry), 0)
        expect(batch.length <= 1 || bytes <= bytesMax).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

const natural = fc.oneof(fc.nat(300), fc.nat(), fc.constantFrom(2 ** 32, 2 ** 48, Number.MAX_SAFE_INTEGER))
const index = natural.map((value) => Math.max(1, value))
const data = fc.uint8Array({ maxLength: 300 })
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ kind: fc.constant('command' as const), index, term: natural, data }),
  fc.record({ kind: fc.constant('noop' as const), index, term: natural }),
  fc.record({
    kind: fc.constant('configuration' as const),
    index,
    term: natural,
    configuration: configurations,
  }),
)
const snapshot = fc.record({
  index,
  term: natural,
  configuration: configurations,
  configurationIndex: fc.constant(1),
  size: natural,
})
const messages: fc.Arbitrary<RaftMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('requestVote' as const),
    term: natural,
    lastIndex: natural,
    lastTerm: natural,
    isPreVote: fc.boolean(),
    isTransfer: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('requestVoteReply' as const),
    term: natural,
    isPreVote: fc.boolean(),
    granted: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('appendEntries' as const),
    term: natural,
    prevIndex: natural,
    prevTerm: natural,
    entries: fc.array(entry, { maxLength: 5 }),
    commitIndex: natural,
    readRound: natural,
    echo: natural,
  }),
  fc.record({
    kind: fc.constant('appendEntriesReply' as const),
    term: natural,
    ok: fc.boolean(),
    matchIndex: natural,
    conflictIndex: natural,
    conflictTerm: natural,
    readRound: natural,
    mark: natural,
  }),
  fc.record({
    kind: fc.constant('installSnapshot' as const),
    term: natural,
    snapshot,
    offset: natural,
    data,
    done: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('installSnapshotReply' as const),
    term: natural,
    snapshotIndex: natural,
    offset: natural,
    done: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('timeoutNow' as const), term: natural }),
)

test('every message is the same after a trip over the wire', () => {
  fc.assert(
    fc.property(messages, (message) => {
      expect(decodeRaftMessage(encodeRaftMessage(message))).toEqual({ ok: true, value: message })
    }),
    { numRuns: 1000 },
  )
})

test('no shorter form of a message is a message', () => {
  fc.assert(
    fc.property(messages, fc.nat(100), (message, part) => {
      const bytes = encodeRaftMessage(message)
      const cut = Math.floor((bytes.length * part) / 101)
      expect(decodeRaftMessage(bytes.subarray(0, cut)).ok).toBe(false)
      expect(decodeRaftMessage(Uint8Array.from([...bytes, 0])).ok).toBe(false)
    }),
  )
})
