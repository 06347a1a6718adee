// The format of a snapshot file: a header with what it stands for, then blocks of records, each with its checksum,
// then an end that covers all of them. No I/O here but reading through a window. Archives hold this format too.
//
//   header  magic, version u16, 0 u16, length u32 and crc32c of the meta, crc32c of the 16 bytes before; the meta
//   block   length u32, crc32c of the payload; the payload: records, each behind its length
//   end     length 0, crc32c over the checksums of all blocks in order
import { ByteReader, ByteWriter } from '../codec/binary.ts'
import { readSnapshotMeta, writeSnapshotMeta } from '../codec/raft-codec.ts'
import { crc32c } from '../lib/crc32c.ts'
import { err, ok } from '../lib/result.ts'
import type { Result } from '../lib/result.ts'
import { dataVersion } from '../model/version.ts'
import type { SnapshotMeta } from '../raft/message.ts'
import type { Window } from './file-window.ts'
import type { StorageError } from './storage-error.ts'
import { newerVersion } from './storage-error.ts'

const magic = 0x53524350 // 'PCRS'
const fixedBytes = 20
const metaBytesMax = 1024 * 1024
/** Encoding a block must not hold up the loop; a write of this size goes to the thread pool. */
const blockBytes = 96 * 1024
/** One record has a block of its own if it is larger than a block should be. */
const blockBytesMax = 64 * 1024 * 1024
const blockHeaderBytes = 8

/**
 * A snapshot as the parts of a file, in order, each made when it is asked for: no step takes longer than encoding one
 * block does. The records must not change meanwhile.
 */
export function* snapshotParts(
  meta: Omit<SnapshotMeta, 'size'>,
  records: Iterable<Uint8Array>,
): Generator<Uint8Array> {
  yield encodeHeader(meta)
  let total = 0
  let block = emptyBlock()
  for (const record of records) {
    const isFull = block.length > blockHeaderBytes && block.length + record.length > blockBytes
    const full = isFull ? sealBlock(block, total) : null
    if (full !== null) {
      total = full.total
      block = emptyBlock()
    }
    // Before anybody else runs: the record may be a view of what the next one is encoded into.
    block.bytes(record)
    if (full !== null) yield full.part
  }
  if (block.length > blockHeaderBytes) {
    const sealed = sealBlock(block, total)
    total = sealed.total
    yield sealed.part
  }
  yield uint32s(0, total)
}

/** Room for its header, then for the records. */
function emptyBlock(): ByteWriter {
  const block = new ByteWriter(blockBytes + 1024)
  block.raw(new Uint8Array(blockHeaderBytes))
  return block
}

function sealBlock(
  block: ByteWriter,
  totalBefore: number,
): { readonly part: Uint8Array; readonly total: number } {
  const part = block.finish()
  const payload = part.subarray(blockHeaderBytes)
  const crc = crc32c(payload)
  part.set(uint32s(payload.length, crc))
  return { part, total: crc32c(uint32s(crc), totalBefore) }
}

function encodeHeader(meta: Omit<SnapshotMeta, 'size'>): Uint8Array {
  const writer = new ByteWriter(512)
  writeSnapshotMeta(writer, { ...meta, size: 0 })
  const body = writer.finish()
  const bytes = new Uint8Array(fixedBytes + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint16(4, dataVersion, true)
  view.setUint32(8, body.length, true)
  view.setUint32(12, crc32c(body), true)
  view.setUint32(16, crc32c(bytes.subarray(0, 16)), true)
  bytes.set(body, fixedBytes)
  return bytes
}

function uint32s(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  for (const [at, value] of values.entries()) view.setUint32(at * 4, value, true)
  return bytes
}

/**
 * Reads a whole snapshot file and checks every byte of it.
 *
 * @param onBlock called with each payload that is right, in order, and waited for; the bytes are not used again
 * @returns what it stands for, with the file's size
 * Errors: `corrupt`, `newerVersion`. Rejects with HostError if the file cannot be read.
 */
export async function readSnapshot(
  window: Window,
  onBlock: (payload: Uint8Array) => void | undefined | Promise<void>,
): Promise<Result<SnapshotMeta, StorageError>> {
  const header = await readHeader(window)
  if (!header.ok) return header
  let offset = header.value.end
  let total = 0
  for (;;) {
    const head = await window.at(offset, blockHeaderBytes)
    if (head.length < blockHeaderBytes) return err(damaged(window, offset, 'it ends too early'))
    const length = readUint32(head, 0)
    const crc = readUint32(head, 4)
    offset += blockHeaderBytes
    if (length === 0) {
      const isWhole = crc === total && offset === window.size
      return isWhole
        ? ok({ ...header.value.meta, size: window.size })
        : err(damaged(window, offset, 'its end is wrong'))
    }
    const payload = await readPayload(window, offset, length)
    if (payload === undefined || crc32c(payload) !== crc)
      return err(damaged(window, offset, 'a block is damaged'))
    const taken = onBlock(payload)
    if (taken instanceof Promise) await taken
    total = crc32c(uint32s(crc), total)
    offset += length
  }
}

/** What a block holds, or undefined if there cannot be so much. */
async function readPayload(window: Window, offset: number, length: number): Promise<Uint8Array | undefined> {
  if (length > blockBytesMax || offset + length > window.size) return undefined
  const payload = await window.at(offset, length)
  return payload.length === length ? payload : undefined
}

async function readHeader(
  window: Window,
): Promise<Result<{ readonly meta: SnapshotMeta; readonly end: number }, StorageError>> {
  const fixed = await window.at(0, fixedBytes)
  const isSound =
    fixed.length === fixedBytes &&
    readUint32(fixed, 0) === magic &&
    readUint32(fixed, 16) === crc32c(fixed.subarray(0, 16))
  if (!isSound) return err(damaged(window, 0, 'its header is damaged'))
  const version = readUint32(fixed, 4)
  if (version > dataVersion) return err(newerVersion(window.path, version, dataVersion))
  const length = readUint32(fixed, 8)
  const crc = readUint32(fixed, 12)
  if (length > metaBytesMax) return err(damaged(window, 8, 'its header is damaged'))
  const body = await window.at(fixedBytes, length)
  const reader = new ByteReader(body)
  const meta = readSnapshotMeta(reader)
  if (crc32c(body) !== crc || !reader.isDone) return err(damaged(window, fixedBytes, 'its header is damaged'))
  return ok({ meta, end: fixedBytes + length })
}

/** The records of a block; undefined if they make no sense, which a right checksum all but excludes. */
export function recordsOfBlock(payload: Uint8Array): readonly Uint8Array[] | undefined {
  const reader = new ByteReader(payload)
  const records: Uint8Array[] = []
  while (reader.left > 0 && reader.fault === undefined) records.push(reader.bytes())
  return reader.isDone ? records : undefined
}

/** A snapshot file that is not what was written. */
export function damaged(window: Window, offset: number, what: string): StorageError {
  const { path } = window
  const message = `Cannot use the snapshot ${path}: ${what} at byte ${offset}; an older snapshot or another server has the data`
  return { code: 'corrupt', message, path, offset, cause: '' }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true)
}

/** True if a file begins as a snapshot of this program does. */
export function isSnapshotStart(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && readUint32(bytes, 0) === magic
}
