// `POST /v1/watch`: many watches on one connection, as Server-Sent Events. Takes the connection up again with its token.
import type { Json } from '../../model/catalog.ts'
import { type Connection, ConnectionError } from './connection.ts'
import { dcOf } from './requests.ts'
import { Backoff, isEnded, isPassing } from './retry.ts'
import { EventParser } from './sse.ts'

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

/** What the stream tells. */
export interface StreamEvent {
  /**
   * `change`: something that is watched. `reset`: what was told so far does not hold any more, as after a restore of the
   * store; what is there now follows as changes. `heartbeat`: nothing has changed, and the token is good.
   */
  readonly kind: 'change' | 'reset' | 'heartbeat'
  /** Keep the last one to go on from there later, also in another process. */
  readonly token: string
  readonly data: Json
}

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
    try {
      yield* eventsOf(reader, silence)
    } finally {
      await reader.cancel().catch(() => {})
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
    for (const { event, id, data } of parser.push(value)) {
      if (event !== 'change' && event !== 'reset' && event !== 'heartbeat') continue
      yield { kind: event, token: id, data: data === '' ? null : (JSON.parse(data) as Json) }
    }
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
