// `/v1/kv/*` and `/v1/txn`: keys, locks on them, and transactions.
import type { Connection, RequestBody } from './connection.ts'
import {
  type Answer,
  type ReadQuery,
  type ReadSpec,
  dcOf,
  encodePath,
  flag,
  json,
  jsonBody,
  read,
} from './requests.ts'
import type { KvPairShape, KvVersionShape, TxnOperationShape, TxnOutcomeShape } from './shapes.ts'

/** Options of a KV write. */
export interface KvPutOptions {
  readonly dc?: string
  readonly flags?: bigint
  readonly cas?: number
  /** Session that is to take or give up the lock. */
  readonly acquire?: string
  readonly release?: string
  /** The key is deleted so long after this write, such as `30s`. */
  readonly ttl?: string
  readonly signal?: AbortSignal
}

/** Options of a KV deletion. */
export interface KvDeleteOptions {
  readonly dc?: string
  readonly recurse?: boolean
  readonly cas?: number
}

/** Options of a transaction. The last two bear on transactions that only read. */
export interface TxnOptions {
  readonly dc?: string
  readonly stale?: boolean
  readonly consistent?: boolean
}

/** Calls about keys. */
export interface KvClient {
  /** A key, or null. */
  kvGet(key: string, options?: ReadQuery): Promise<Answer<KvPairShape | null>>
  kvList(prefix: string, options?: ReadQuery): Promise<Answer<readonly KvPairShape[]>>
  kvKeys(
    prefix: string,
    options?: ReadQuery & { readonly separator?: string },
  ): Promise<Answer<readonly string[]>>
  /** The versions that a key had, the oldest first; empty when there are none. Refused (400) where none are kept. */
  kvHistory(key: string, options?: ReadQuery): Promise<Answer<readonly KvVersionShape[]>>
  /** False when a condition (cas, acquire, release) did not hold; then nothing was written. */
  kvPut(key: string, value: RequestBody, options?: KvPutOptions): Promise<boolean>
  /** False when the condition did not hold. That there is no such key is no failure. */
  kvDelete(key: string, options?: KvDeleteOptions): Promise<boolean>
  /**
   * Carries out operations together or not at all. What made it fail is in `Errors`: then nothing was changed, and
   * the call does not reject.
   */
  txn(operations: readonly TxnOperationShape[], options?: TxnOptions): Promise<TxnOutcomeShape>
}

/** Where the reads are that can also be watched. */
export const kvReads = {
  /** A list of one, or none. */
  key: (key: string): ReadSpec<readonly KvPairShape[]> => ({ path: kvPath(key), whenMissing: [] }),
  prefix: (prefix: string): ReadSpec<readonly KvPairShape[]> => ({
    path: kvPath(prefix),
    query: { recurse: '' },
    whenMissing: [],
  }),
} as const

/** Makes the calls. */
export function kvCalls(connection: Connection): KvClient {
  return {
    async kvGet(key, options) {
      const { value, ...meta } = await read(connection, kvReads.key(key), options)
      return { value: value[0] ?? null, ...meta }
    },
    kvList: (prefix, options) => read(connection, kvReads.prefix(prefix), options),
    kvKeys: (prefix, options) =>
      read(
        connection,
        {
          path: kvPath(prefix),
          query: { keys: '', separator: options?.separator },
          whenMissing: [] as readonly string[],
        },
        options,
      ),
    kvHistory: (key, options) =>
      read(
        connection,
        { path: kvPath(key), query: { history: '' }, whenMissing: [] as readonly KvVersionShape[] },
        options,
      ),
    kvPut: (key, value, options = {}) => put(connection, { key, value, options }),
    kvDelete: (key, options = {}) =>
      json(connection, {
        method: 'DELETE',
        path: kvPath(key),
        query: {
          dc: dcOf(connection, options),
          recurse: flag(options.recurse, ''),
          cas: options.cas?.toString(),
        },
      }),
    txn: (operations, options = {}) =>
      json(connection, {
        method: 'PUT',
        path: '/v1/txn',
        query: {
          dc: dcOf(connection, options),
          stale: flag(options.stale, ''),
          consistent: flag(options.consistent, ''),
        },
        body: jsonBody(operations),
        alsoAccept: 409,
      }),
  }
}

interface Put {
  readonly key: string
  readonly value: RequestBody
  readonly options: KvPutOptions
}

function put(connection: Connection, { key, value, options }: Put): Promise<boolean> {
  return json(connection, {
    method: 'PUT',
    path: kvPath(key),
    query: {
      dc: dcOf(connection, options),
      flags: options.flags?.toString(),
      cas: options.cas?.toString(),
      acquire: options.acquire,
      release: options.release,
      ttl: options.ttl,
    },
    body: value,
    signal: options.signal,
  })
}

function kvPath(key: string): string {
  return `/v1/kv/${key.startsWith('/') ? encodePath(key.slice(1)) : encodePath(key)}`
}
