// The form of a transaction's body: fields and types, as the reference's client library names them in its errors.
import type { TextMap } from '../model/catalog.ts'
import { fromBase64 } from './base64.ts'
import { type Reader, isObject, list, required, struct, text, textMapReader } from '../definition/decode.ts'
import { type Place, mismatch } from '../definition/misfit.ts'
import { refusing } from './decode.ts'
import { Refusal } from './errors.ts'
import { parseJsonExact } from './json-parse.ts'
import { type GivenCheck, type GivenService, checkFields, serviceFields } from './registration.ts'

/** An operation as it was given: one of the kinds, or several of which the first counts. */
export interface GivenOperation {
  readonly KV: GivenKv | null
  readonly Node: { readonly Verb: string; readonly Node: GivenNode } | null
  readonly Service: { readonly Verb: string; readonly Node: string; readonly Service: GivenTxnService } | null
  readonly Check: { readonly Verb: string; readonly Check: GivenTxnCheck } | null
  readonly Session: { readonly Verb: string; readonly Session: { readonly ID: string } } | null
}

/** Of keys. */
export interface GivenKv {
  readonly Verb: string
  readonly Key: string
  readonly Value: Uint8Array
  readonly Flags: bigint
  readonly Index: bigint
  readonly Session: string
}

/** Of nodes. */
export interface GivenNode {
  readonly ID: string
  readonly Node: string
  readonly Address: string
  readonly Datacenter: string
  readonly TaggedAddresses: TextMap
  readonly Meta: TextMap
  readonly ModifyIndex: bigint
}

/** Of services. */
export type GivenTxnService = GivenService & { readonly ModifyIndex: bigint }
/** Of checks. */
export type GivenTxnCheck = GivenCheck & { readonly ModifyIndex: bigint }

/** An unsigned 64-bit number, to the last digit. */
const uint64: Reader<bigint> = (value, at) => {
  if (value === null) return 0n
  const digits = isObject(value) ? value['#digits'] : undefined
  const exact = typeof digits === 'string' ? BigInt(digits) : undefined
  if (exact !== undefined && exact < 2n ** 64n) return exact
  if (exact !== undefined) throw mismatch(0, at, 'uint64', String(exact))
  if (typeof value !== 'number') throw mismatch(value, at, 'uint64')
  if (!Number.isSafeInteger(value) || value < 0) throw mismatch(value, at, 'uint64', String(value))
  return BigInt(value)
}

/** Bytes: base64, or a list of numbers as Go takes it too. */
const bytes: Reader<Uint8Array> = (value, at) => {
  if (value === null) return noBytes
  if (typeof value === 'string') {
    const decoded = fromBase64(value)
    if (decoded.ok) return decoded.value
    throw new Refusal(400, `Request decode failed: illegal base64 data at input byte ${decoded.error}`)
  }
  return Uint8Array.from(list(byte, '[]uint8')(value, at))
}

const byte: Reader<number> = (value, at: Place) => {
  const number = uint64(value, at)
  if (number > 255n) throw mismatch(value, at, 'uint8', String(number))
  return Number(number)
}

const noBytes = new Uint8Array(0)

const kv = struct<GivenKv>(
  {
    Verb: text('api.KVOp'),
    Key: text(),
    Value: bytes,
    Flags: uint64,
    Index: uint64,
    Session: text(),
  },
  { goType: 'api.KVTxnOp', ignored: ['Namespace', 'Partition'] },
)

const node = struct<GivenNode>(
  {
    ID: text(),
    Node: text(),
    Address: text(),
    Datacenter: text(),
    TaggedAddresses: textMapReader,
    Meta: textMapReader,
    ModifyIndex: uint64,
  },
  { goType: 'api.Node', ignored: ['CreateIndex', 'Partition', 'PeerName', 'Locality'] },
)

const service = struct<GivenTxnService>(
  { ...serviceFields, ModifyIndex: uint64 },
  {
    goType: 'api.AgentService',
    ignored: ['CreateIndex', 'ContentHash', 'Namespace', 'Partition', 'PeerName', 'Locality'],
  },
)

const check = struct<GivenTxnCheck>(
  { ...checkFields, ModifyIndex: uint64 },
  {
    goType: 'api.HealthCheck',
    ignored: ['CreateIndex', 'Namespace', 'Partition', 'PeerName', 'ExposedPort'],
  },
)

const operation = struct<GivenOperation>(
  {
    KV: kv,
    Node: struct({ Verb: text('api.NodeOp'), Node: required(node) }, { goType: 'api.NodeTxnOp' }),
    Service: struct(
      { Verb: text('api.ServiceOp'), Node: text(), Service: required(service) },
      { goType: 'api.ServiceTxnOp' },
    ),
    Check: struct({ Verb: text('api.CheckOp'), Check: required(check) }, { goType: 'api.CheckTxnOp' }),
    Session: struct(
      {
        Verb: text('api.SessionOp'),
        Session: required(struct<{ ID: string }>({ ID: text() }, { goType: 'api.Session', isOpen: true })),
      },
      { goType: 'api.SessionTxnOp' },
    ),
  },
  { goType: 'api.TxnOp' },
)

/** Reads the operations of a body. Throws Refusal (400). */
export function readOperations(body: string): readonly (GivenOperation | null)[] {
  try {
    return refusing(() => list(operation, 'api.TxnOps')(parseJsonExact(body), { struct: '', path: '' }))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new Refusal(
      error.status,
      error.message.replace(/^Request decode failed: /, 'Failed to parse body: '),
    )
  }
}
