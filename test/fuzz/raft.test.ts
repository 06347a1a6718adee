// Hostile bytes at the Raft codec, and well-formed nonsense at the machine: counted and dropped, never thrown.
import { expect, test } from 'vitest'
import { decodeRaftMessage, encodeRaftMessage } from '../../src/codec/raft-codec.ts'
import { seededRandom } from '../../src/lib/random.ts'
import type { Random } from '../../src/lib/random.ts'
import { raftTiming } from '../../src/raft/config.ts'
import type { RaftEffect, RaftInput } from '../../src/raft/events.ts'
import type { Configuration, Entry, RaftMessage } from '../../src/raft/message.ts'
import { createRaft } from '../../src/raft/raft.ts'
import type { Raft } from '../../src/raft/raft.ts'
import { tinyLimits } from '../sim/raft-network.ts'

const configuration: Configuration = {
  servers: ['a', 'b', 'c'].map((id) => ({ id, address: `${id}:8300`, suffrage: 'voter' })),
}

/** A message in which every number is drawn from those that hurt. */
function anyMessage(random: Random, raft: Raft): RaftMessage {
  const near = (value: number): number => Math.max(0, value + random.between(-3, 3))
  const number = (): number => random.pick([0, 1, near(raft.lastIndex), near(raft.commitIndex), 2 ** 40]) ?? 0
  const term =
    random.pick([0, raft.term, raft.term, raft.term, raft.term + 1, Math.max(0, raft.term - 1)]) ?? 0
  const flag = (): boolean => random.chance(500)
  const snapshot = {
    index: 1 + number(),
    term: random.below(raft.term + 2),
    configuration,
    configurationIndex: 1,
    size: random.below(20),
  }
  const data = new Uint8Array(random.below(20))
  switch (random.below(7)) {
    case 0:
      return {
        kind: 'requestVote',
        term,
        lastIndex: number(),
        lastTerm: number(),
        isPreVote: flag(),
        isTransfer: flag(),
      }
    case 1:
      return { kind: 'requestVoteReply', term, isPreVote: flag(), granted: flag() }
    case 2: {
      const prevIndex = number()
      return {
        kind: 'appendEntries',
        term,
        prevIndex,
        prevTerm: random.below(raft.term + 2),
        entries: anyEntries(random, raft, prevIndex),
        commitIndex: number(),
        readRound: number(),
        echo: number(),
      }
    }
    case 3:
      return {
        kind: 'appendEntriesReply',
        term,
        ok: flag(),
        matchIndex: number(),
        conflictIndex: number(),
        conflictTerm: random.below(raft.term + 2),
        readRound: random.below(50),
        mark: number(),
      }
    case 4:
      return { kind: 'installSnapshot', term, snapshot, offset: random.below(20), data, done: flag() }
    case 5:
      return {
        kind: 'installSnapshotReply',
        term,
        snapshotIndex: number(),
        offset: random.below(30),
        done: flag(),
      }
    default:
      return { kind: 'timeoutNow', term }
  }
}

function anyEntries(random: Random, raft: Raft, prevIndex: number): readonly Entry[] {
  const entries: Entry[] = []
  const count = random.below(5)
  for (let at = 1; at <= count; at++) {
    const index = random.chance(30) ? random.below(100) + 1 : prevIndex + at
    const term = random.below(raft.term + 2)
    const kind = random.below(3)
    if (kind === 0) entries.push({ kind: 'noop', index, term })
    else if (kind === 1) entries.push({ kind: 'configuration', index, term, configuration })
    else entries.push({ kind: 'command', index, term, data: new Uint8Array(random.below(9)) })
  }
  return entries
}

/** What an honest driver answers. */
function answers(effects: readonly RaftEffect[]): readonly RaftInput[] {
  return effects.flatMap((effect): readonly RaftInput[] => {
    switch (effect.kind) {
      case 'persist':
        return [{ kind: 'persisted', write: effect.write }]
      case 'apply':
        return [{ kind: 'applied', index: effect.entries.at(-1)?.index ?? 0 }]
      case 'writeSnapshotChunk':
        return [
          {
            kind: 'snapshotChunkWritten',
            snapshotIndex: effect.snapshot.index,
            offset: effect.offset + effect.data.length,
          },
        ]
      case 'restoreSnapshot':
        return [{ kind: 'snapshotRestored', snapshot: effect.snapshot }]
      case 'readSnapshotChunk':
        return [
          {
            kind: 'snapshotChunkRead',
            to: effect.to,
            snapshot: effect.snapshot,
            offset: effect.offset,
            data: new Uint8Array(effect.length),
          },
        ]
      default:
        return []
    }
  })
}

function settle(raft: Raft, first: RaftInput, nowMs: number): void {
  const inputs: RaftInput[] = [first]
  for (let input = inputs.shift(); input !== undefined; input = inputs.shift()) {
    inputs.push(...answers(raft.step(input, nowMs)))
  }
}

test('no well-formed message makes the machine throw, in any role', () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = seededRandom(seed)
    const restored = { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] }
    const raft = createRaft({ id: 'a', timing: raftTiming(1), seed, limits: tinyLimits, restored }, 0)
    settle(raft, { kind: 'bootstrap', configuration }, 0)
    for (let nowMs = 1; nowMs < 2000; nowMs += random.between(1, 20)) {
      if (nowMs >= raft.wakeAtMs) settle(raft, { kind: 'wake' }, nowMs)
      const from = random.pick(['b', 'c', 'z', 'a']) ?? 'b'
      settle(raft, { kind: 'received', from, message: anyMessage(random, raft) }, nowMs)
      if (random.chance(100)) {
        settle(raft, { kind: 'propose', proposals: [{ request: 1, data: new Uint8Array(3) }] }, nowMs)
      }
    }
  }
})

test('no bytes make the decoder throw, and what it accepts has one form', () => {
  const random = seededRandom(1)
  const restored = { hardState: { term: 9, votedFor: null }, snapshot: null, entries: [] }
  const raft = createRaft({ id: 'a', timing: raftTiming(1), seed: 1, limits: tinyLimits, restored }, 0)
  let accepted = 0
  for (let round = 0; round < 60_000; round++) {
    const bytes = random.chance(200)
      ? Uint8Array.from({ length: random.below(60) }, () => random.below(256))
      : damagedBytes(random, encodeRaftMessage(anyMessage(random, raft)))
    const decoded = decodeRaftMessage(bytes)
    if (!decoded.ok) continue
    accepted += 1
    expect(encodeRaftMessage(decoded.value)).toEqual(bytes)
  }
  expect(accepted).toBeGreaterThan(1000)
})

test('a message that announces more than it holds costs nothing', () => {
  // appendEntries of term 1 that announces 2^49 entries, and an entry of 2^49 bytes.
  const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
  expect(decodeRaftMessage(Uint8Array.from([3, 1, 0, 0, 0, 0, ...huge])).ok).toBe(false)
  expect(decodeRaftMessage(Uint8Array.from([3, 1, 0, 0, 0, 0, 1, 1, 1, 1, ...huge])).ok).toBe(false)
})

function damagedBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice(0, random.chance(300) ? random.below(bytes.length + 1) : bytes.length)
  const flips = random.below(3)
  for (let flip = 0; flip < flips && copy.length > 0; flip++)
    copy[random.below(copy.length)] = random.below(256)
  return copy
}
