// What a frame holds: records of one batch, in the order in which they were written.
import { ByteReader, ByteWriter } from '../codec/binary.ts'
import { readEntry, readHardState, writeEntry, writeHardState } from '../codec/raft-codec.ts'
import type { LogPosition } from '../raft/events.ts'
import type { Entry, HardState } from '../raft/message.ts'
import type { FramePlace } from './segment.ts'
import { headerBytes, sealFrame } from './segment.ts'

/** One durable write, as the Raft machine asks for it. */
export interface LogWrite {
  readonly hardState: HardState | null
  readonly reset: LogPosition | null
  readonly entries: readonly Entry[]
}

/** One record. */
export type LogRecord =
  /** Where the log ended when the segment began; first in every segment. */
  | { readonly kind: 'base'; readonly position: LogPosition }
  | { readonly kind: 'hardState'; readonly hardState: HardState }
  /** All entries so far are void; the log goes on behind this position. */
  | { readonly kind: 'reset'; readonly position: LogPosition }
  /** Replaces whatever the log holds from its index on. */
  | { readonly kind: 'entry'; readonly entry: Entry }

/** First byte of each record. Never reuse a number. */
const tags = { base: 1, hardState: 2, reset: 3, entry: 4 } as const

/** Records of a write: the reset first, then term and vote, then the entries. */
export function recordsOf(write: LogWrite): readonly LogRecord[] {
  const records: LogRecord[] = []
  if (write.reset !== null) records.push({ kind: 'reset', position: write.reset })
  if (write.hardState !== null) records.push({ kind: 'hardState', hardState: write.hardState })
  for (const entry of write.entries) records.push({ kind: 'entry', entry })
  return records
}

/** A sealed frame. */
export function encodeFrame(records: readonly LogRecord[], place: FramePlace): Uint8Array {
  let size = headerBytes
  for (const record of records) size += recordSizeHint(record)
  const writer = new ByteWriter(size)
  writer.raw(new Uint8Array(headerBytes))
  for (const record of records) writeRecord(writer, record)
  const frame = writer.finish()
  sealFrame(frame, place)
  return frame
}

function recordSizeHint(record: LogRecord): number {
  return record.kind === 'entry' && record.entry.kind === 'command' ? record.entry.data.length + 24 : 64
}

function writeRecord(writer: ByteWriter, record: LogRecord): void {
  writer.byte(tags[record.kind])
  switch (record.kind) {
    case 'base':
    case 'reset':
      writer.natural(record.position.index)
      writer.natural(record.position.term)
      break
    case 'hardState':
      writeHardState(writer, record.hardState)
      break
    case 'entry':
      writeEntry(writer, record.entry)
      break
  }
}

/** The records of a payload whose checksum is right, or undefined if this release cannot read them. */
export function decodeRecords(payload: Uint8Array): readonly LogRecord[] | undefined {
  const reader = new ByteReader(payload)
  const records: LogRecord[] = []
  while (reader.left > 0 && reader.fault === undefined) records.push(readRecord(reader))
  return reader.isDone ? records : undefined
}

function readRecord(reader: ByteReader): LogRecord {
  const tag = reader.byte()
  switch (tag) {
    case tags.base:
      return { kind: 'base', position: readPosition(reader) }
    case tags.reset:
      return { kind: 'reset', position: readPosition(reader) }
    case tags.hardState:
      return { kind: 'hardState', hardState: readHardState(reader) }
    default:
      if (tag !== tags.entry) reader.fail()
      return { kind: 'entry', entry: readEntry(reader) }
  }
}

function readPosition(reader: ByteReader): LogPosition {
  return { index: reader.natural(), term: reader.natural() }
}
