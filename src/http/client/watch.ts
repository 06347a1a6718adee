// Blocking queries as iterators: each answer that differs from the one before, until the signal aborts.
import type { Connection } from './connection.ts'
import { type InstanceQuery, type ServiceTags, catalogReads } from './catalog.ts'
import { type EventQuery, eventReads } from './event.ts'
import { kvReads } from './kv.ts'
import { oneService } from './local.ts'
import type { HashedServiceShape } from './local-shapes.ts'
import { type Answer, type RawAnswer, type ReadQuery, type ReadSpec, readRaw } from './requests.ts'
import { Backoff, isEnded, isPassing } from './retry.ts'
import type { CheckShape, EventShape, KvPairShape, NodeShape, ServiceHealthShape } from './shapes.ts'

/** How to watch; `index` is the iterator's own. */
export type WatchOptions<Q extends ReadQuery = ReadQuery> = Omit<Q, 'index'> & {
  /** Told of each failure that is followed by another try, and when that will be. */
  readonly onError?: (error: unknown, retryInMs: number) => void
}

/**
 * Answers as they change. The first is what is there now.
 *
 * An iterator ends when `signal` aborts, never otherwise by itself. It fails on what trying again does not help: a
 * request that the agent refuses (status 400 to 499, except 429). Other failures are followed by further tries, the
 * pauses between which double from a quarter of a second to 30 seconds. Whatever changed meanwhile is in the next
 * answer; changes that follow each other closely may be seen as one.
 */
export type Changes<T> = AsyncIterableIterator<Change<T>>

/** An answer that differs from the one before. */
export interface Change<T> extends Answer<T> {
  /** The index with all its digits; that of events exceeds 2^53. */
  readonly indexText: string
}

/** Watches. */
export interface WatchClient {
  watchKv(key: string, options?: WatchOptions): Changes<KvPairShape | null>
  watchKvPrefix(prefix: string, options?: WatchOptions): Changes<readonly KvPairShape[]>
  watchNodes(options?: WatchOptions): Changes<readonly NodeShape[]>
  watchServices(options?: WatchOptions): Changes<ServiceTags>
  /** Instances of a service with their checks. */
  watchService(service: string, options?: WatchOptions<InstanceQuery>): Changes<readonly ServiceHealthShape[]>
  /** Checks of a service. */
  watchServiceChecks(service: string, options?: WatchOptions): Changes<readonly CheckShape[]>
  /** Checks in a state: any, passing, warning or critical. */
  watchChecks(state: string, options?: WatchOptions): Changes<readonly CheckShape[]>
  watchEvents(options?: WatchOptions<EventQuery>): Changes<readonly EventShape[]>
  /** A service of the agent itself, by its content; null while there is none of this id. Has no index. */
  watchAgentService(
    id: string,
    options?: Pick<WatchOptions, 'signal' | 'onError'>,
  ): Changes<HashedServiceShape | null>
}

/** How long one request waits if nobody says: below the limits that runtimes and proxies put on silent requests. */
const waitDefault = '4m'

/** Makes the watches. */
export function watchCalls(connection: Connection): WatchClient {
  const watch = <T>(spec: ReadSpec<T>, options: WatchOptions = {}): Changes<T> =>
    changes(connection, spec, options)
  return {
    watchKv: (key, options) => firstOf(watch(kvReads.key(key), options)),
    watchKvPrefix: (prefix, options) => watch(kvReads.prefix(prefix), options),
    watchNodes: (options) => watch(catalogReads.nodes, options),
    watchServices: (options) => watch(catalogReads.services, options),
    watchService: (service, options = {}) => watch(catalogReads.instances(service, options), options),
    watchServiceChecks: (service, options) => watch(catalogReads.serviceChecks(service), options),
    watchChecks: (state, options) => watch(catalogReads.state(state), options),
    watchEvents: (options = {}) => watch(eventReads.list(options), options),
    watchAgentService: (id, options = {}) => contents(connection, id, options),
  }
}

async function* firstOf(all: Changes<readonly KvPairShape[]>): Changes<KvPairShape | null> {
  for await (const { value, ...meta } of all) yield { value: value[0] ?? null, ...meta }
}

async function* changes<T>(connection: Connection, spec: ReadSpec<T>, options: WatchOptions): Changes<T> {
  const backoff = new Backoff(connection)
  let index = '0'
  let seen: string | undefined
  while (!isEnded(options.signal)) {
    const answer = await ask(connection, spec, { options, index })
    if (isEnded(options.signal)) return
    if (answer instanceof Error) {
      if (!isPassing(answer)) throw answer
      const pauseMs = backoff.next()
      options.onError?.(answer, pauseMs)
      // The cluster that answers next may be another than the one that counted so far.
      index = '0'
      await connection.pause(pauseMs, options.signal)
      continue
    }
    index = nextIndex(index, answer.indexText)
    if (answer.text !== seen) {
      seen = answer.text
      backoff.reset()
      const { text: _, ...change } = answer
      yield change
    } else if (index === '0') await connection.pause(backoff.next(), options.signal)
    else backoff.reset()
  }
}

/** A service of the agent, as often as its content is another. */
async function* contents(
  connection: Connection,
  id: string,
  options: Pick<WatchOptions, 'signal' | 'onError'>,
): Changes<HashedServiceShape | null> {
  const backoff = new Backoff(connection)
  let seen: string | undefined
  while (!isEnded(options.signal)) {
    const found = await askContent(connection, id, { hash: seen ?? '', signal: options.signal })
    if (isEnded(options.signal)) return
    if (found instanceof Error) {
      if (!isPassing(found)) throw found
      const pauseMs = backoff.next()
      options.onError?.(found, pauseMs)
      await connection.pause(pauseMs, options.signal)
      continue
    }
    const { hash, value } = found
    if (hash !== seen) yield { value, index: 0, indexText: '0', knownLeader: true, lastContactMs: 0 }
    seen = hash
    // What is not there has no content to wait for.
    if (hash === '') await connection.pause(backoff.next(), options.signal)
    else backoff.reset()
  }
}

/** A service with the hash of its content; '' if there is none. */
async function askContent(
  connection: Connection,
  id: string,
  { hash, signal }: { readonly hash: string; readonly signal: AbortSignal | undefined },
): Promise<{ readonly hash: string; readonly value: HashedServiceShape | null } | Error> {
  const wait = hash === '' ? {} : { hash, wait: waitDefault }
  try {
    const value = await oneService(connection, id, { ...wait, ...(signal && { signal }) })
    return { hash: value?.ContentHash ?? '', value }
  } catch (error) {
    return asError(error)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

async function ask<T>(
  connection: Connection,
  spec: ReadSpec<T>,
  { options, index }: { readonly options: WatchOptions; readonly index: string },
): Promise<RawAnswer<T> | Error> {
  const { onError: _, wait, ...query } = options
  try {
    return await readRaw(connection, spec, {
      ...query,
      ...(index !== '0' && { index, wait: wait ?? waitDefault }),
    })
  } catch (error) {
    return asError(error)
  }
}

/** What to wait for next: from the beginning when the index went back, as after a restore. */
function nextIndex(before: string, answered: string): string {
  const [old, now] = [digits(before), digits(answered)]
  return now < old ? '0' : now.toString()
}

function digits(text: string): bigint {
  return /^\d{1,20}$/.test(text) ? BigInt(text) : 0n
}
