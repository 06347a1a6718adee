// Raft's messages and log entries as bytes: a compact binary layout of our own, the same for an entry on the wire
// and on disk. Decoding is strict: one form per value, nothing left over, limits on every count; it never throws.
import { err, ok } from '../lib/result.ts'
import type { Result } from '../lib/result.ts'
import type {
  AppendEntries,
  Configuration,
  Entry,
  HardState,
  InstallSnapshot,
  RaftMessage,
  ServerEntry,
  ServerId,
  SnapshotMeta,
} from '../raft/message.ts'
import { ByteReader, ByteWriter } from './binary.ts'
import type { CodecError } from './cbor.ts'

/** Servers in one configuration, and bytes of an id or an address: far above what a cluster can use. */
const serversMax = 1024
const textBytesMax = 256

/** Entries in one message: a window of noops is the worst case of `appendBytesMax`. */
const entriesMax = 65_536

/** First byte of each message. Never reuse a number. */
const messageTags = {
  requestVote: 1,
  requestVoteReply: 2,
  appendEntries: 3,
  appendEntriesReply: 4,
  installSnapshot: 5,
  installSnapshotReply: 6,
  timeoutNow: 7,
} as const

/** First byte of each entry. Never reuse a number. */
const entryTags = { command: 1, configuration: 2, noop: 3 } as const

/** A message as bytes. */
export function encodeRaftMessage(message: RaftMessage): Uint8Array {
  const writer = new ByteWriter(sizeHint(message))
  writer.byte(messageTags[message.kind])
  writer.natural(message.term)
  switch (message.kind) {
    case 'requestVote':
      writer.natural(message.lastIndex)
      writer.natural(message.lastTerm)
      writer.byte(flags(message.isPreVote, message.isTransfer))
      break
    case 'requestVoteReply':
      writer.byte(flags(message.isPreVote, message.granted))
      break
    case 'appendEntries':
      writeAppendEntries(writer, message)
      break
    case 'appendEntriesReply':
      writer.byte(flags(message.ok))
      writer.natural(message.matchIndex)
      writer.natural(message.conflictIndex)
      writer.natural(message.conflictTerm)
      writer.natural(message.readRound)
      writer.natural(message.mark)
      break
    case 'installSnapshot':
      writeSnapshotMeta(writer, message.snapshot)
      writer.natural(message.offset)
      writer.byte(flags(message.done))
      writer.bytes(message.data)
      break
    case 'installSnapshotReply':
      writer.natural(message.snapshotIndex)
      writer.natural(message.offset)
      writer.byte(flags(message.done))
      break
    case 'timeoutNow':
      break
  }
  return writer.finish()
}

function flags(first: boolean, second = false): number {
  return (first ? 1 : 0) | (second ? 2 : 0)
}

function sizeHint(message: RaftMessage): number {
  let size = 64
  if (message.kind === 'installSnapshot') size += 1024 + message.data.length
  if (message.kind !== 'appendEntries') return size
  for (const entry of message.entries) size += entrySizeHint(entry)
  return size
}

function entrySizeHint(entry: Entry): number {
  return entry.kind === 'command' ? entry.data.length + 24 : 24
}

function writeAppendEntries(writer: ByteWriter, message: AppendEntries): void {
  writer.natural(message.prevIndex)
  writer.natural(message.prevTerm)
  writer.natural(message.commitIndex)
  writer.natural(message.readRound)
  writer.natural(message.echo)
  writer.natural(message.entries.length)
  for (const entry of message.entries) writeEntry(writer, entry)
}

/** An entry; `data` goes in as it is. */
export function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.byte(entryTags[entry.kind])
  writer.natural(entry.index)
  writer.natural(entry.term)
  if (entry.kind === 'command') writer.bytes(entry.data)
  else if (entry.kind === 'configuration') writeConfiguration(writer, entry.configuration)
}

/** An entry, or a fault in the reader. The data is copied: it outlives the buffer it came in. */
export function readEntry(reader: ByteReader): Entry {
  const tag = reader.byte()
  const index = reader.natural()
  const term = reader.natural()
  if (index === 0) reader.fail()
  switch (tag) {
    case entryTags.command:
      return { kind: 'command', index, term, data: reader.bytes().slice() }
    case entryTags.configuration:
      return { kind: 'configuration', index, term, configuration: readConfiguration(reader) }
    case entryTags.noop:
      return { kind: 'noop', index, term }
    default:
      reader.fail()
      return { kind: 'noop', index, term }
  }
}

/** Term and vote. */
export function writeHardState(writer: ByteWriter, hardState: HardState): void {
  writer.natural(hardState.term)
  writer.byte(hardState.votedFor === null ? 0 : 1)
  if (hardState.votedFor !== null) writer.string(hardState.votedFor)
}

/** Term and vote, or a fault in the reader. */
export function readHardState(reader: ByteReader): HardState {
  const term = reader.natural()
  return { term, votedFor: reader.flag() ? reader.string(textBytesMax) : null }
}

function writeConfiguration(writer: ByteWriter, configuration: Configuration): void {
  writer.natural(configuration.servers.length)
  for (const server of configuration.servers) {
    writer.string(server.id)
    writer.string(server.address)
    writer.byte(server.suffrage === 'voter' ? 1 : 0)
  }
}

function readConfiguration(reader: ByteReader): Configuration {
  const count = reader.natural()
  if (count > serversMax) reader.fail()
  const servers: ServerEntry[] = []
  while (servers.length < count && reader.fault === undefined) {
    const id: ServerId = reader.string(textBytesMax)
    const address = reader.string(textBytesMax)
    const previous = servers.at(-1)
    if (previous !== undefined && previous.id >= id) reader.fail()
    servers.push({ id, address, suffrage: reader.flag() ? 'voter' : 'learner' })
  }
  return { servers }
}

/** What a snapshot stands for. */
export function writeSnapshotMeta(writer: ByteWriter, snapshot: SnapshotMeta): void {
  writer.natural(snapshot.index)
  writer.natural(snapshot.term)
  writer.natural(snapshot.configurationIndex)
  writer.natural(snapshot.size)
  writeConfiguration(writer, snapshot.configuration)
}

/** What a snapshot stands for, or a fault in the reader. */
export function readSnapshotMeta(reader: ByteReader): SnapshotMeta {
  const index = reader.natural()
  const term = reader.natural()
  const configurationIndex = reader.natural()
  const size = reader.natural()
  if (index === 0 || configurationIndex > index) reader.fail()
  return { index, term, configurationIndex, size, configuration: readConfiguration(reader) }
}

/**
 * A message from bytes that a peer sent.
 *
 * Bounds: O(bytes); counts are checked before anything is kept for them. Errors: `truncated`, `malformed`.
 */
export function decodeRaftMessage(bytes: Uint8Array): Result<RaftMessage, CodecError> {
  const reader = new ByteReader(bytes)
  const message = readMessage(reader)
  if (message !== undefined && reader.isDone) return ok(message)
  const code = reader.fault ?? 'malformed'
  return err({ code, detail: `Raft message of ${bytes.length} bytes` })
}

function readMessage(reader: ByteReader): RaftMessage | undefined {
  const tag = reader.byte()
  const term = reader.natural()
  switch (tag) {
    case messageTags.requestVote:
      return {
        kind: 'requestVote',
        term,
        lastIndex: reader.natural(),
        lastTerm: reader.natural(),
        ...voteFlags(reader),
      }
    case messageTags.requestVoteReply: {
      const { isPreVote, isTransfer: granted } = voteFlags(reader)
      return { kind: 'requestVoteReply', term, isPreVote, granted }
    }
    case messageTags.appendEntries:
      return readAppendEntries(reader, term)
    case messageTags.appendEntriesReply:
      return {
        kind: 'appendEntriesReply',
        term,
        ok: reader.flag(),
        matchIndex: reader.natural(),
        conflictIndex: reader.natural(),
        conflictTerm: reader.natural(),
        readRound: reader.natural(),
        mark: reader.natural(),
      }
    case messageTags.installSnapshot:
      return readInstallSnapshot(reader, term)
    case messageTags.installSnapshotReply: {
      const snapshotIndex = reader.natural()
      return {
        kind: 'installSnapshotReply',
        term,
        snapshotIndex,
        offset: reader.natural(),
        done: reader.flag(),
      }
    }
    case messageTags.timeoutNow:
      return { kind: 'timeoutNow', term }
    default:
      return undefined
  }
}

function voteFlags(reader: ByteReader): { readonly isPreVote: boolean; readonly isTransfer: boolean } {
  const flags = reader.byte()
  if (flags > 3) reader.fail()
  return { isPreVote: (flags & 1) === 1, isTransfer: (flags & 2) === 2 }
}

function readAppendEntries(reader: ByteReader, term: number): AppendEntries {
  const prevIndex = reader.natural()
  const prevTerm = reader.natural()
  const commitIndex = reader.natural()
  const readRound = reader.natural()
  const echo = reader.natural()
  const count = reader.natural()
  if (count > entriesMax) reader.fail()
  const entries: Entry[] = []
  while (entries.length < count && reader.fault === undefined) entries.push(readEntry(reader))
  return { kind: 'appendEntries', term, prevIndex, prevTerm, entries, commitIndex, readRound, echo }
}

function readInstallSnapshot(reader: ByteReader, term: number): InstallSnapshot {
  const snapshot = readSnapshotMeta(reader)
  const offset = reader.natural()
  const done = reader.flag()
  return { kind: 'installSnapshot', term, snapshot, offset, done, data: reader.bytes().slice() }
}
