// One of everything that is written to disk or wire, with values that use every field.
import type { Configuration, RaftMessage, SnapshotMeta } from '../../../src/raft/message.ts'
import { encodeFrame } from '../../../src/storage/record.ts'
import { encodeSegmentHeader } from '../../../src/storage/segment.ts'
import { snapshotParts } from '../../../src/storage/snapshot-file.ts'

const configuration: Configuration = {
  servers: [
    { id: 'a', address: '10.0.0.1:8300', suffrage: 'voter' },
    { id: 'ü', address: '[fd00::1]:8300', suffrage: 'learner' },
  ],
}

/** A snapshot's meta. */
export const meta: SnapshotMeta = { index: 300, term: 7, configuration, configurationIndex: 2, size: 70_000 }

/** One message of each kind. */
export const samples: readonly RaftMessage[] = [
  { kind: 'requestVote', term: 7, lastIndex: 300, lastTerm: 6, isPreVote: true, isTransfer: false },
  { kind: 'requestVoteReply', term: 7, isPreVote: true, granted: true },
  {
    kind: 'appendEntries',
    term: 7,
    prevIndex: 127,
    prevTerm: 6,
    entries: [
      { kind: 'noop', index: 128, term: 7 },
      { kind: 'command', index: 129, term: 7, data: Uint8Array.of(1, 2, 3) },
      { kind: 'configuration', index: 130, term: 7, configuration },
    ],
    commitIndex: 126,
    readRound: 70_000,
    echo: 2 ** 52,
  },
  {
    kind: 'appendEntriesReply',
    term: 7,
    ok: false,
    matchIndex: 127,
    conflictIndex: 100,
    conflictTerm: 5,
    readRound: 9,
    mark: 2 ** 40 + 3,
  },
  {
    kind: 'installSnapshot',
    term: 7,
    snapshot: meta,
    offset: 65_536,
    data: Uint8Array.of(9, 8),
    done: false,
  },
  { kind: 'installSnapshotReply', term: 7, snapshotIndex: 300, offset: 70_000, done: true },
  { kind: 'timeoutNow', term: 7 },
]

/** A segment's header. */
export function header(): Uint8Array {
  return encodeSegmentHeader({ version: 1, sequence: 42, firstIndex: 2 ** 33 + 5 })
}

/** A frame with every kind of record. */
export function frame(): Uint8Array {
  return encodeFrame(
    [
      { kind: 'base', position: { index: 300, term: 7 } },
      { kind: 'reset', position: { index: 301, term: 8 } },
      { kind: 'hardState', hardState: { term: 9, votedFor: 'a' } },
      { kind: 'hardState', hardState: { term: 10, votedFor: null } },
      { kind: 'entry', entry: { kind: 'command', index: 302, term: 10, data: Uint8Array.of(1, 2, 3) } },
    ],
    { sequence: 42, offset: 24 },
  )
}

/** A snapshot of two records. */
export function snapshotFile(): Uint8Array {
  const parts = [...snapshotParts(meta, [Uint8Array.of(1, 2), new Uint8Array(0)])]
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
