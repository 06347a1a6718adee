// `POST /v1/watch`: many watches on one connection, as Server-Sent Events. Takes the connection up again with its token.
import type { ServiceTags } from './catalog.ts'
import { type Connection, ConnectionError } from './connection.ts'
import { dcOf, parse } from './requests.ts'
import { Backoff, isEnded, isPassing } from './retry.ts'
import type { CheckShape, EventShape, KvPairShape, NodeShape, ServiceHealthShape } from './shapes.ts'
import { EventParser, type ServerSentEvent } from './sse.ts'

/** One thing to watch. */
export type StreamWatch =
  | { readonly type: 'kv'; readonly key: string }
  | { readonly type: 'kvPrefix'; readonly prefix: string }
  | {
      readonly type: 'service'
      readonly service: string
      readonly passing?: boolean
      readonly tags?: readonly string[]
    }
  | { readonly type: 'services' }
  | { readonly type: 'nodes' }
  | { readonly type: 'checks'; readonly state: string }
  /** Events that the agent hears of from now on; without a name all. */
  | { readonly type: 'event'; readonly name?: string }

/**
 * What the stream tells. Each event has a token: keep that of the last one that you have dealt with, and you can go on from
 * there later, also in another process and at another agent. After a lost connection changes of one and the same index
 * may be told once more.
 */
export type StreamEvent =
  | { readonly kind: 'change'; readonly token: string; readonly change: StreamChange }
  /**
   * What was told so far does not hold any more, for instance because the store was restored. What is there now follows as
   * changes; what does not come is not there.
   */
  | { readonly kind: 'reset'; readonly token: string; readonly reason: string }
  /** Nothing has changed, and the token is good. */
  | { readonly kind: 'heartbeat'; readonly token: string }

/** One change: of a key, or of all that a watch of the catalog shows. `watch` counts the watches from 0. */
export type StreamChange = {
  readonly watch: number
  readonly index: number
} & (
  | { readonly type: 'kv' | 'kvPrefix'; readonly key: string; readonly value: KvPairShape | null }
  | {
      readonly type: 'service'
      readonly service: string
      readonly value: readonly ServiceHealthShape[]
    }
  | { readonly type: 'services'; readonly value: ServiceTags }
  | { readonly type: 'nodes'; readonly value: readonly NodeShape[] }
  | { readonly type: 'checks'; readonly value: readonly CheckShape[] }
  /** `index` is the event's Lamport time. */
  | { readonly type: 'event'; readonly value: EventShape }
)

/** How to stream. */
export interface StreamOptions {
  readonly dc?: string
  /** Token of the last event that was dealt with. */
  readonly resume?: string
  readonly signal?: AbortSignal
  readonly onError?: (error: unknown, retryInMs: number) => void
}

/** The stream of changes. */
export interface StreamClient {
  /**
   * Changes of all that is watched, until the signal aborts. A lost connection is taken up again where it ended; the
   * rest is as with `Changes`.
   */
  stream(watches: readonly StreamWatch[], options?: StreamOptions): AsyncIterableIterator<StreamEvent>
}

/** A connection that says nothing for so long is taken for lost: heartbeats come more often. */
const silenceMsMax = 60_000

/** Makes the call. */
export function streamCalls(connection: Connection): StreamClient {
  return { stream: (watches, options = {}) => stream(connection, watches, options) }
}

async function* stream(
  connection: Connection,
  watches: readonly StreamWatch[],
  options: StreamOptions,
): AsyncIterableIterator<StreamEvent> {
  const backoff = new Backoff(connection)
  let token = options.resume
  while (!isEnded(options.signal)) {
    const events = once(connection, watches, { ...options, ...(token !== undefined && { resume: token }) })
    let failure: unknown
    try {
      for await (const event of events) {
        token = event.token === '' ? token : event.token
        backoff.reset()
        yield event
      }
      failure = new ConnectionError('Cannot read the stream on: the agent has ended it', '', undefined)
    } catch (error) {
      failure = error
    }
    if (isEnded(options.signal)) return
    if (!(failure instanceof Error) || !isPassing(failure)) throw failure
    const pauseMs = backoff.next()
    options.onError?.(failure, pauseMs)
    await connection.pause(pauseMs, options.signal)
  }
}

/** One connection's worth of events. */
async function* once(
  connection: Connection,
  watches: readonly StreamWatch[],
  options: StreamOptions,
): AsyncGenerator<StreamEvent> {
  const silence = new Silence(connection, options.signal)
  try {
    const response = await connection.send({
      method: 'POST',
      path: '/v1/watch',
      query: { dc: dcOf(connection, options) },
      body: JSON.stringify({ watches, ...(options.resume !== undefined && { resume: options.resume }) }),
      signal: silence.signal,
    })
    const reader = response.body?.getReader()
    if (reader === undefined) return
    const cancel = (): void => void reader.cancel().catch(() => {})
    silence.signal.addEventListener('abort', cancel)
    try {
      yield* eventsOf(reader, silence)
      if (silence.isTooLong) throw silence.signal.reason
    } finally {
      cancel()
    }
  } catch (error) {
    if (!silence.isTooLong) throw error
    throw new ConnectionError('Cannot read the stream on: the agent says nothing any more', '', error)
  } finally {
    silence.end()
  }
}

async function* eventsOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  silence: Silence,
): AsyncGenerator<StreamEvent> {
  const parser = new EventParser()
  for (;;) {
    const { value, done } = await readOf(reader)
    if (done) return
    silence.broken()
    for (const told of parser.push(value)) {
      const event = eventOf(told)
      if (event !== undefined) yield event
    }
  }
}

/** Kinds that are not known are passed over: later agents may have more. */
function eventOf({ event, id: token, data }: ServerSentEvent): StreamEvent | undefined {
  switch (event) {
    case 'change':
      return { kind: 'change', token, change: parse(data) as StreamChange }
    case 'reset':
      return { kind: 'reset', token, reason: (parse(data) as { readonly reason?: string }).reason ?? '' }
    case 'heartbeat':
      return { kind: 'heartbeat', token }
    default:
      return undefined
  }
}

async function readOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read()
  } catch (cause) {
    throw new ConnectionError('Cannot read the stream on: the connection is lost', '', cause)
  }
}

/** Aborts a request that is silent for too long, or when the caller's signal does. */
class Silence {
  readonly #connection: Connection
  readonly #request = new AbortController()
  readonly #caller: AbortSignal | undefined
  #pause = new AbortController()
  isTooLong = false

  constructor(connection: Connection, caller: AbortSignal | undefined) {
    this.#connection = connection
    this.#caller = caller
    caller?.addEventListener('abort', this.#abort)
    if (caller?.aborted === true) this.#abort()
    this.broken()
  }

  get signal(): AbortSignal {
    return this.#request.signal
  }

  readonly #abort = (): void => this.#request.abort(this.#caller?.reason)

  /** Something was heard. */
  broken(): void {
    this.#pause.abort()
    const pause = new AbortController()
    this.#pause = pause
    void this.#connection.pause(silenceMsMax, pause.signal).then(() => {
      if (pause.signal.aborted) return
      this.isTooLong = true
      this.#request.abort()
    })
  }

  end(): void {
    this.#pause.abort()
    this.#caller?.removeEventListener('abort', this.#abort)
    this.#request.abort()
  }
}
