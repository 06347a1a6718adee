// Plain sets of a key, and keys at rest, in a layout of their own: nearly all that a busy store writes are these, and
// CBOR with its checks takes several times as long (DESIGN of the log: the first byte tells the layouts apart).
//
//   set     2, the entry's time u64; key, flags u64, the value to the end
//   record  1; key, flags u64, session, and as naturals lockIndex, createIndex, modifyIndex, fencingToken, expiry;
//           the value to the end
//
// Texts are UTF-8 behind their length.
import { err, ok, type Result } from '../lib/result.ts'
import type { KvEntry } from '../model/catalog.ts'
import { ByteReader, ByteWriter } from './binary.ts'
import type { CodecError } from './cbor.ts'

/** First byte of a plain set; a head with the time follows, as in every command. */
export const setFormat = 2
/** First byte of a key at rest. CBOR's records begin with a list: 0x80 or more. */
export const kvRecordFormat = 1

/** Bytes of a key in one piece of data at rest: far more than a request path can hold. */
const textBytesMax = 2 ** 24

/** A set without a time to live. */
export interface PlainSet {
  readonly key: string
  readonly value: Uint8Array
  readonly flags: bigint
}

/** Encodes a set behind `headBytes` that the caller fills in. The bytes are the caller's own. */
export function encodeSet(set: PlainSet, headBytes: number): Uint8Array {
  // Exact for a short key of ASCII, so that the writer's own bytes are handed out.
  const writer = new ByteWriter(headBytes + 1 + set.key.length + 8 + set.value.length)
  writer.skip(headBytes)
  writer.string(set.key)
  writer.uint64(set.flags)
  writer.raw(set.value)
  const bytes = writer.finish()
  return bytes.length === headBytes + 9 + set.key.length + set.value.length ? bytes : bytes.slice()
}

/** Decodes what stands behind the head of a set. What it holds is independent of `data`. Never throws. */
export function decodeSet(data: Uint8Array, headBytes: number): Result<PlainSet, CodecError> {
  const reader = new ByteReader(data, headBytes)
  const key = reader.string(textBytesMax)
  const flags = reader.uint64()
  const value = reader.rest()
  return reader.isDone ? ok({ key, value, flags }) : fault(reader, 'set')
}

/** Snapshots encode keys by the hundred thousand: these share a buffer, large ones get their own. */
const sharedBytes = 4096
const shared = new ByteWriter(sharedBytes)

/**
 * Encodes a key at rest. Equal entries give equal bytes. The bytes are a view that the next encoding may share a buffer
 * with.
 */
export function encodeKvRecord(entry: KvEntry): Uint8Array {
  const size = 3 * (entry.key.length + entry.session.length) + entry.value.length + 80
  const writer = size > sharedBytes ? new ByteWriter(size) : shared
  writer.reset()
  writer.byte(kvRecordFormat)
  writer.string(entry.key)
  writer.uint64(entry.flags)
  writer.string(entry.session)
  writer.natural(entry.lockIndex)
  writer.natural(entry.createIndex)
  writer.natural(entry.modifyIndex)
  writer.natural(entry.fencingToken)
  writer.natural(entry.expiresAtWallMs)
  writer.raw(entry.value)
  return writer.finish()
}

/** Decodes a key at rest. What it holds is independent of `data`. Never throws. */
export function decodeKvRecord(data: Uint8Array): Result<KvEntry, CodecError> {
  const reader = new ByteReader(data, 1)
  const key = reader.string(textBytesMax)
  const flags = reader.uint64()
  const session = reader.string(textBytesMax)
  const lockIndex = reader.natural()
  const createIndex = reader.natural()
  const modifyIndex = reader.natural()
  const fencingToken = reader.natural()
  const expiresAtWallMs = reader.natural()
  const value = reader.rest()
  if (!reader.isDone) return fault(reader, 'key at rest')
  return ok({
    key,
    value,
    flags,
    lockIndex,
    session,
    createIndex,
    modifyIndex,
    fencingToken,
    expiresAtWallMs,
  })
}

function fault(reader: ByteReader, what: string): Result<never, CodecError> {
  return err({ code: reader.fault ?? 'malformed', detail: `Expected a ${what}` })
}
