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
import { Refusal, failedRead, refusalOf } from '../errors.ts'
import { type CacheControl, cacheControlOf } from '../cache-control.ts'
import type { Filtering, Narrow } from '../filters.ts'
import { datacenterOf, discoveryOptions, parseConsistency, readOptions } from '../read-options.ts'
import type { Translation } from '../render.ts'
import type { CacheUse, Call, SharedAnswer } from '../route.ts'

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

/** How answers of one endpoint are shown, and what may be asked of them. One object for each endpoint. */
export interface View<V> {
  readonly render: Render<V>
  /** Takes `filter`; without it the parameter has no meaning. */
  readonly filtering?: Filtering<V>
  /** Takes `cached`. */
  readonly takesCached?: true
  /** Says `X-Consul-Query-Backend`. */
  readonly saysBackend?: true
  /** Does not say `X-Consul-Effective-Consistency`. */
  readonly isInternal?: true
  /** True of an answer that is none: 404, without a body. */
  readonly isMissing?: (value: V) => boolean
}

/** Answers a read of the catalog: these print their mode, and index headers even when they fail. Throws Refusal. */
export function answerCatalog<Q extends Query>(
  call: Call,
  query: Q,
  view: View<QueryValue<Q['kind']>>,
): Response | Promise<Response> {
  const control = view.takesCached === true && call.backend.useCache ? cacheControlOf(call) : null
  if (control !== null) return answerCached(call, query, { view, control })
  const narrow = narrowingOf(call, view)
  const options = discoveryOptions(call)
  const now = call.backend.readNow(query, options)
  if (now !== null) return answerView(call, now, { view, narrow, options })
  return read(call, query, options).then((result) =>
    result.ok ? answerView(call, result.value, { view, narrow, options }) : failed(call, result.error),
  )
}

/**
 * Answers with what this agent has itself if that is as young as the client wants it (`HIT`), and else asks (`MISS`). A
 * server has the whole state, kept current by the log; a client what was asked for before, kept current by a watch.
 */
function answerCached<Q extends Query>(
  call: Call,
  query: Q,
  { view, control }: { readonly view: View<QueryValue<Q['kind']>>; readonly control: CacheControl },
): Response | Promise<Response> {
  const narrow = narrowingOf(call, view)
  const ageMsMax = control.mustRevalidate ? 0 : control.maxAgeMs
  const asked = noOlder(readOptions(call), ageMsMax)
  const own = ownAnswer(call, query, { asked, ageMsMax })
  if (own !== null) return answerView(call, own.reply, { view, narrow, options: own.options, cache: 'HIT' })
  return read(call, query, asked).then((result) => {
    if (result.ok) {
      if (asked.datacenter === '') call.backend.keep(query, result.value)
      return answerView(call, result.value, { view, narrow, options: asked, cache: 'MISS' })
    }
    const lateMs = control.staleIfErrorMs
    const late = { ...asked, minIndex: 0, consistency: 'default' as const, maxStaleMs: null }
    const old = lateMs > 0 ? ownAnswer(call, query, { asked: late, ageMsMax: lateMs }) : null
    if (old === null) return failed(call, result.error)
    return answerView(call, old.reply, { view, narrow, options: old.options, cache: 'HIT' })
  })
}

/** A stale read that takes no older answer than that. */
function noOlder(asked: ReadOptions, ageMsMax: number | null): ReadOptions {
  if (asked.consistency !== 'stale' || ageMsMax === null) return asked
  return { ...asked, maxStaleMs: Math.min(asked.maxStaleMs ?? ageMsMax, ageMsMax) }
}

/** What this agent has itself, no older than that; 0 is as fresh as a leader's. */
function ownAnswer<Q extends Query>(
  { backend }: Call,
  query: Q,
  { asked, ageMsMax }: { readonly asked: ReadOptions; readonly ageMsMax: number | null },
): { readonly reply: ReadReply<QueryValue<Q['kind']>>; readonly options: ReadOptions } | null {
  const fresh = backend.readNow(query, asked)
  if (fresh !== null) return { reply: fresh, options: asked }
  if (ageMsMax === 0 || asked.minIndex > 0) return null
  const options: ReadOptions = { ...asked, consistency: 'stale', maxStaleMs: ageMsMax }
  const stale = backend.readNow(query, options)
  if (stale !== null) return { reply: stale, options }
  const kept = asked.datacenter === '' ? backend.readKept(query, ageMsMax) : null
  return kept === null ? null : { reply: kept, options: asked }
}

interface Answering<V> {
  readonly view: View<V>
  readonly narrow: Narrow<V> | null
  readonly options: ReadOptions
  readonly cache?: CacheUse
}

function answerView<V>(
  call: Call,
  reply: ReadReply<V>,
  { view, narrow, options, cache }: Answering<V>,
): Response | Promise<Response> {
  if (view.isMissing?.(reply.value) === true) return call.reply.empty(404)
  const value = narrow === null ? reply.value : call.filters.narrowed(reply.value, narrow)
  return call.reply.shared(call, value, {
    render: view.render,
    meta: reply,
    ...(view.isInternal !== true && { mode: options.consistency }),
    ...(view.saysBackend === true && { hasBackend: true }),
    ...(cache !== undefined && { cache }),
  })
}

/** The expression of a call; null for none. Throws Refusal with the headers of a read that failed. */
function narrowingOf<V>({ query, filters }: Call, { filtering }: View<V>): Narrow<V> | null {
  if (query.isEmpty || filtering === undefined) return null
  const text = query.get('filter')
  if (text === '') return null
  return filters.narrowing(filtering, text)
}

function failed(call: Call, error: RequestError): Response {
  const refusal = refusalOf(error)
  return call.reply.text(refusal.status, refusal.message, failedRead)
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

/**
 * The `near` parameter: the node that answers are sorted around; '' for none. Another datacenter knows nothing of our
 * nodes' places, and is asked for no order.
 */
export function nearOf(call: Call): string {
  if (call.query.isEmpty) return ''
  const near = call.query.get('near')
  if (near === '' || datacenterOf(call) !== '') return ''
  return near === '_agent' ? call.backend.nodeName : near
}

/** The rest of the path, which must not be empty. Throws Refusal with the given sentence. */
export function requireName(call: Call, sentence: string): string {
  if (call.name === '') throw new Refusal(400, sentence)
  return call.name
}

const noMeta: TextMap = {}
