// CBOR (RFC 8949) in and out: the only importer of cbor-x. Its decoder knows many tags (records compiled with
// Function, shared references, packed tables); a scan before it admits only the plain forms that we write.
import { Encoder } from 'cbor-x/encode'
import { err, ok, type Result } from '../lib/result.ts'

/** Why bytes were refused. Each becomes a counter. */
export type CodecErrorCode =
  | 'truncated'
  | 'malformed'
  | 'unsupported'
  | 'tooLarge'
  | 'wrongKind'
  | 'versionMismatch'
  | 'invalid'

/** A refusal of bytes: a code for counters, and words for people. */
export interface CodecError {
  readonly code: CodecErrorCode
  readonly detail: string
}

/** Nesting that a message may have. Ours need five at most. */
const depthMax = 16

/** Values that one buffer may hold unless the caller says otherwise; bounds the memory of the decoded form. */
const itemsMaxDefault = 1_000_000

const coder = new Encoder({
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  tagUint8Array: false,
  int64AsNumber: true,
} as ConstructorParameters<typeof Encoder>[0])

/** Encodings above this leave cbor-x with a working buffer of that size for good; it is given a new one. */
const retainedBytesMax = 256 * 1024

/**
 * Encodes plain data: null, undefined, booleans, numbers, strings, Uint8Array, arrays, objects with string keys.
 *
 * The bytes are a view of a larger buffer that is not written again there; copy what is kept for long.
 */
export function encodeCbor(value: unknown): Uint8Array {
  const bytes = coder.encode(value)
  if (bytes.length > retainedBytesMax) renewBuffer()
  return bytes
}

/** Lets go of a buffer that grew for one large message. */
function renewBuffer(): void {
  const reset = coder as unknown as { useBuffer(buffer: Uint8Array): void }
  reset.useBuffer(new Uint8Array(8192))
}

/**
 * Decodes exactly one value.
 *
 * Byte strings are views of `bytes`. Text that is not UTF-8 has U+FFFD in the places of the bad bytes.
 * Errors: a CodecError; never throws, and allocates in proportion to `bytes` at most.
 */
export function decodeCbor(
  bytes: Uint8Array,
  itemsMax: number = itemsMaxDefault,
): Result<unknown, CodecError> {
  const values = decodeCborSequence(bytes, itemsMax)
  if (!values.ok) return values
  if (values.value.length !== 1) return malformed(`${values.value.length} values where one is expected`)
  return ok(values.value[0])
}

/**
 * Decodes a CBOR sequence (RFC 8742): values one after the other. An empty buffer is an empty sequence.
 *
 * @param itemsMax how many values, nested ones included, the buffer may hold
 * Errors: a CodecError; never throws.
 */
export function decodeCborSequence(
  bytes: Uint8Array,
  itemsMax: number = itemsMaxDefault,
): Result<readonly unknown[], CodecError> {
  if (bytes.length === 0) return ok([])
  const problem = scan(bytes, itemsMax)
  if (problem !== null) return err(problem)
  try {
    return ok(coder.decodeMultiple(bytes) as readonly unknown[])
  } catch (error) {
    return malformed(error instanceof Error ? error.message : 'not CBOR')
  }
}

function malformed(detail: string): Result<never, CodecError> {
  return err({ code: 'malformed', detail })
}

/** One open array or map: how many values it still lacks, and whether keys and values alternate. */
interface Frame {
  left: number
  readonly isMap: boolean
}

/** Walks the headers of a sequence; null when every item is of a kind and form that we write ourselves. */
function scan(bytes: Uint8Array, itemsMax: number): CodecError | null {
  const open: Frame[] = []
  let position = 0
  let items = 0
  while (position < bytes.length) {
    if (++items > itemsMax) return { code: 'tooLarge', detail: `more than ${itemsMax} values` }
    const head = readHead(bytes, position)
    if ('code' in head) return head
    position = head.next
    const problem = nest(open, head, bytes.length - position)
    if (problem !== null) return problem
  }
  return open.length === 0 ? null : truncated()
}

/** Counts a value into the array or map around it, and opens it if it has values of its own. */
function nest(open: Frame[], head: Head, bytesLeft: number): CodecError | null {
  const top = open.at(-1)
  if (top !== undefined) {
    if (top.isMap && top.left % 2 === 0 && head.major !== 3) return unsupported('a map key that is not text')
    top.left--
  }
  if (head.count > bytesLeft) return truncated()
  if (head.count > 0) {
    if (open.length >= depthMax) return unsupported(`nested deeper than ${depthMax}`)
    open.push({ left: head.count, isMap: head.major === 5 })
  }
  while (open.at(-1)?.left === 0) open.pop()
  return null
}

/** A value's header: where the next value begins, and how many values it contains. */
interface Head {
  readonly major: number
  readonly next: number
  readonly count: number
}

function readHead(bytes: Uint8Array, start: number): Head | CodecError {
  const first = bytes[start] ?? 0
  const major = first >> 5
  const info = first & 0x1f
  if (major === 6) return unsupported('a tag')
  if (info > 27) return unsupported('an indefinite length')
  const size = info < 24 ? 0 : 1 << (info - 24)
  const next = start + 1 + size
  if (next > bytes.length) return truncated()
  if (major === 7) return readSimple(info, next)
  const argument = size === 0 ? info : readUint(bytes, start + 1, size)
  if (argument > Number.MAX_SAFE_INTEGER) return unsupported('a number beyond 2^53')
  return (
    readSpan(major, next, argument) ??
    truncatedUnless(argument <= bytes.length - next, major, next + argument)
  )
}

/** Heads of integers, arrays and maps; null for strings, which are followed by their bytes. */
function readSpan(major: number, next: number, argument: number): Head | null {
  if (major === 2 || major === 3) return null
  const valuesPerCount = major === 4 ? 1 : major === 5 ? 2 : 0
  return { major, next, count: argument * valuesPerCount }
}

function truncatedUnless(isComplete: boolean, major: number, next: number): Head | CodecError {
  return isComplete ? { major, next, count: 0 } : truncated()
}

/** false, true, null, undefined, and numbers of 64 bits: what the encoder writes of major type 7. */
function readSimple(info: number, next: number): Head | CodecError {
  if ((info >= 20 && info <= 23) || info === 27) return { major: 7, next, count: 0 }
  return unsupported('a simple value or a short float')
}

function readUint(bytes: Uint8Array, start: number, size: number): number {
  let value = 0
  for (let i = 0; i < size; i++) value = value * 256 + (bytes[start + i] ?? 0)
  return value
}

function truncated(): CodecError {
  return { code: 'truncated', detail: 'the bytes end in the middle of a value' }
}

function unsupported(detail: string): CodecError {
  return { code: 'unsupported', detail }
}
