// CBOR (RFC 8949) in and out: the only importer of cbor-x. Its decoder knows many tags (records compiled with
// Function, shared references, packed tables); a scan before it admits only the plain forms that we write.
import { Encoder } from 'cbor-x/encode'
import { err, ok, type Result } from '../lib/result.ts'
import { scanCbor, type ScanProblem } from './cbor-scan.ts'

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

/** Nesting that a message may have: the 200 of clients' own JSON (http/json-parse.ts) and some around it. */
const depthMax = 216

/** What a refusal by the scan means, in words. */
const problems: Readonly<Record<ScanProblem, string>> = {
  truncated: 'the bytes end in the middle of a value',
  unsupported: 'a tag, an open length, or another form that is not ours',
  tooLarge: 'more values than such a message may hold',
}

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
  if (bytes.length > retainedBytesMax) renewBuffer(bytes)
  return bytes
}

/**
 * Lets go of a buffer that grew for one large message. cbor-x writes long text by a method of the runtime's own kind of
 * buffer, where it has one: the new buffer must be of the kind that it makes itself.
 */
function renewBuffer({ constructor }: Uint8Array): void {
  const reset = coder as unknown as { useBuffer(buffer: Uint8Array): void }
  const kind = constructor as { alloc?: (size: number) => Uint8Array }
  reset.useBuffer(kind.alloc?.(8192) ?? new Uint8Array(8192))
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
  const problem = scanCbor(bytes, { itemsMax, depthMax })
  if (problem !== null) return err({ code: problem, detail: problems[problem] })
  try {
    return ok(coder.decodeMultiple(bytes) as readonly unknown[])
  } catch (error) {
    return malformed(error instanceof Error ? error.message : 'not CBOR')
  }
}

function malformed(detail: string): Result<never, CodecError> {
  return err({ code: 'malformed', detail })
}
