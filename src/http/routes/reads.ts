// The frame of all reads of replicated state: ask, wait if asked to, answer with the reference's headers.
import type { Result } from '../../lib/result.ts'
import type { TextMap } from '../../model/catalog.ts'
import type { RequestError } from '../../model/errors.ts'
import type {
  Query,
  QueryValue,
  ReadMeta,
  ReadOptions,
  ReadReply,
  ServerQueryKind,
  ServerQueryTable,
} from '../../model/query.ts'
import { Refusal, refusalOf } from '../errors.ts'
import {
  datacenterOf,
  discoveryOptions,
  parseConsistency,
  readOptions,
  refuseFilter,
} from '../read-options.ts'
import type { Translation } from '../render.ts'
import type { Call, SharedAnswer } from '../route.ts'

/** A signal that never aborts, for reads that do not wait. */
const never: AbortSignal = new AbortController().signal

/** Headers that say how fresh an answer is. */
export function metaHeaders(meta: ReadMeta): Record<string, string> {
  return {
    'X-Consul-Index': String(meta.index < 1 ? 1 : meta.index),
    'X-Consul-Knownleader': meta.knownLeader ? 'true' : 'false',
    'X-Consul-Lastcontact': String(meta.lastContactMs),
  }
}

/** Asks the replicated state as the call's parameters say. */
export function read<Q extends Query>(
  call: Call,
  query: Q,
  options: ReadOptions = readOptions(call),
): Promise<Result<ReadReply<QueryValue<Q['kind']>>, RequestError>> {
  return call.backend.read(query, options, options.minIndex > 0 ? call.request.signal : never)
}

/** Asks as `read` does, and answers at once if the answer is here. Throws, or rejects with, Refusal. */
export function answerRead<Q extends Query>(
  call: Call,
  query: Q,
  answer: (reply: ReadReply<QueryValue<Q['kind']>>) => Response | Promise<Response>,
): Response | Promise<Response> {
  const options = readOptions(call)
  const now = call.backend.readNow(query, options)
  if (now !== null) return answer(now)
  return read(call, query, options).then((result) => {
    if (!result.ok) throw refusalOf(result.error)
    return answer(result.value)
  })
}

/** Renders an answer; the same function each time, so that what it makes is kept. */
export type Render<T> = (value: T, translation: Translation) => string

/** Answers a read of the catalog: these print their mode, and index headers even when they fail. */
export function answerCatalog<Q extends Query>(
  call: Call,
  query: Q,
  render: Render<QueryValue<Q['kind']>>,
): Response | Promise<Response> {
  refuseFilter(call.query)
  const options = discoveryOptions(call)
  const answer = (reply: ReadReply<QueryValue<Q['kind']>>): Response | Promise<Response> =>
    answerShared(call, reply, {
      render,
      mode: options.consistency,
      hasBackend: query.kind === 'healthService',
    })
  const now = call.backend.readNow(query, options)
  if (now !== null) return answer(now)
  return read(call, query, options).then((result) => {
    if (result.ok) return answer(result.value)
    const refusal = refusalOf(result.error)
    const headers = metaHeaders({ index: 1, knownLeader: false, lastContactMs: 0, epoch: '' })
    return call.reply.text(refusal.status, refusal.message, headers)
  })
}

/** Answers with a value that others may be answered with as well. */
export function answerShared<T>(
  call: Call,
  reply: ReadReply<T>,
  options: Omit<SharedAnswer<T>, 'meta'>,
): Response | Promise<Response> {
  return call.reply.shared(call, reply.value, { ...options, meta: reply })
}

/** Asks the servers about themselves. Throws Refusal. */
export async function ask<K extends ServerQueryKind>(call: Call, kind: K): Promise<ServerQueryTable[K]> {
  const { consistency } = parseConsistency(call.query)
  const result = await call.backend.ask(kind, datacenterOf(call), consistency)
  if (!result.ok) throw refusalOf(result.error)
  return result.value
}

/** The `node-meta` parameters. */
export function nodeMetaOf(call: Call): TextMap {
  if (call.query.isEmpty) return noMeta
  const meta: Record<string, string> = Object.create(null)
  for (const text of call.query.all('node-meta')) {
    const colon = text.indexOf(':')
    if (colon < 0) meta[text] = ''
    else meta[text.slice(0, colon)] = text.slice(colon + 1)
  }
  return meta
}

/** The rest of the path, which must not be empty. Throws Refusal with the given sentence. */
export function requireName(call: Call, sentence: string): string {
  if (call.name === '') throw new Refusal(400, sentence)
  return call.name
}

const noMeta: TextMap = {}
