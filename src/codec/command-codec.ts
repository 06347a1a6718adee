// Commands of the replicated log to bytes and back, behind a head that holds the entry's time. They are data at rest: the
// first byte tells the layout, and none is ever given a second meaning.
import { err, ok, type Result } from '../lib/result.ts'
import type { Command } from '../model/command.ts'
import { ByteReader, ByteWriter } from './binary.ts'
import { decodeCbor, encodeCbor, type CodecError } from './cbor.ts'
import { command as commandShape, packCommand, simple, type Simple } from './command-shapes.ts'
import { decodeRegister, encodeRegister, registerFormat } from './register-codec.ts'
import { decodeSet, encodeSet, setFormat } from './set-codec.ts'
import { readShape } from './shapes.ts'

/** A decoded entry of the log. */
export interface DecodedCommand {
  readonly command: Command
  /** The leader's wall clock when it took the command on, ms; 0 if it was not written down. */
  readonly wallMs: number
}

/**
 * The head: the number of this format and the time, 64 bits, big endian. The format before it had none; it began with
 * a list of CBOR, whose first byte is 0x80 or more.
 */
const headBytes = 9
const headFormat = 1
const firstOfHeadless = 0x80

/** Encodes a command, not yet stamped. The bytes are the caller's own. */
export function encodeCommand(command: Command): Uint8Array {
  const own = encodeInOwnLayout(command)
  if (own !== null) return own
  const body = encodeCbor(packCommand(command))
  const data = new Uint8Array(headBytes + body.length)
  data[0] = headFormat
  data.set(body, headBytes)
  return data
}

/** What has a layout of its own; null for all else. */
function encodeInOwnLayout(command: Command): Uint8Array | null {
  switch (command.kind) {
    case 'kvSet':
      return command.ttlMs === 0 ? withFormat(encodeSet(command, headBytes), setFormat) : null
    case 'register': {
      const registration = encodeRegister(command, headBytes)
      return registration === null ? null : withFormat(registration, registerFormat)
    }
    case 'batch':
      return command.commands.some(({ kind }) => kind === 'register') ? encodeBatch(command.commands) : null
    default:
      return null
  }
}

function withFormat(data: Uint8Array, format: number): Uint8Array {
  data[0] = format
  return data
}

/** Batches with registrations in them: what an agent or the leader puts into the catalog all at once. */
const batchFormat = 4

/** Behind the head: the number of commands; each is the number of its layout, and its bytes behind their length. */
function encodeBatch(commands: readonly Simple[]): Uint8Array {
  const writer = new ByteWriter(256 * commands.length)
  writer.skip(headBytes)
  writer.natural(commands.length)
  for (const each of commands) {
    const registration = each.kind === 'register' ? encodeRegister(each, 0) : null
    writer.byte(registration === null ? headFormat : registerFormat)
    writer.bytes(registration ?? encodeCbor(packCommand(each)))
  }
  return withFormat(writer.finish().slice(0, writer.length), batchFormat)
}

function decodeBatch(data: Uint8Array): Result<Command, CodecError> {
  const reader = new ByteReader(data, headBytes)
  const count = reader.natural()
  const commands: Simple[] = []
  for (let i = 0; i < count && reader.fault === undefined; i++) {
    const format = reader.byte()
    const read = decodePart(format, reader.bytes())
    if (!read.ok) return read
    commands.push(read.value)
  }
  if (!reader.isDone) return err({ code: reader.fault ?? 'malformed', detail: 'the bytes are no batch' })
  return ok({ kind: 'batch', commands })
}

function decodePart(format: number, data: Uint8Array): Result<Simple, CodecError> {
  if (format === registerFormat) return decodeRegister(data, 0)
  if (format !== headFormat) return err({ code: 'invalid', detail: 'Expected a layout of commands' })
  const decoded = decodeCbor(data)
  return decoded.ok ? readShape(simple, decoded.value) : decoded
}

/** Writes the time into an encoded command, in place, and returns it as it will be read; 0 for one without a head. */
export function stampCommand(data: Uint8Array, wallMs: number): number {
  if (!hasHead(data)) return 0
  const stamp = Math.min(Math.max(0, Math.floor(wallMs)), Number.MAX_SAFE_INTEGER)
  // Byte by byte: a view would make the engine give this small array a buffer of its own.
  let time = stamp
  for (let at = headBytes - 1; at > 0; at--) {
    data[at] = time % 0x100
    time = Math.floor(time / 0x100)
  }
  return stamp
}

function hasHead(data: Uint8Array): boolean {
  const format = data[0] ?? 0
  return data.length >= headBytes && format >= headFormat && format <= batchFormat
}

/** Decodes a command with its time. What it holds is independent of `data`. Errors: a CodecError; never throws. */
export function decodeCommand(data: Uint8Array): Result<DecodedCommand, CodecError> {
  const isHeadless = (data[0] ?? 0) >= firstOfHeadless
  const wallMs = isHeadless ? 0 : readHead(data)
  if (wallMs === undefined) return err({ code: 'invalid', detail: 'Expected the head of a command' })
  const read = readBody(data, isHeadless)
  return read.ok ? ok({ command: read.value, wallMs }) : read
}

function readBody(data: Uint8Array, isHeadless: boolean): Result<Command, CodecError> {
  switch (data[0]) {
    case setFormat: {
      const set = decodeSet(data, headBytes)
      return set.ok ? ok({ kind: 'kvSet', ...set.value, ttlMs: 0 }) : set
    }
    case registerFormat:
      return decodeRegister(data, headBytes)
    case batchFormat:
      return decodeBatch(data)
    default: {
      const decoded = decodeCbor(isHeadless ? data : data.subarray(headBytes))
      return decoded.ok ? readShape(commandShape, decoded.value) : decoded
    }
  }
}

function readHead(data: Uint8Array): number | undefined {
  if (!hasHead(data)) return undefined
  let wallMs = 0
  for (let at = 1; at < headBytes; at++) wallMs = wallMs * 0x100 + (data[at] ?? 0)
  return Number.isSafeInteger(wallMs) ? wallMs : undefined
}
