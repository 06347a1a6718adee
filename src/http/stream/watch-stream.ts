// Many watches on one connection: a loop of blocking reads for each, one stream of events for all. Equal reads of all
// streams and clients are shared behind the backend, so that a loop costs little more than its memory.
import { err, ok, type Result } from '../../lib/result.ts'
import { requestError, type RequestError, type RequestErrorCode } from '../../model/errors.ts'
import type { KvChanges, Query, ReadReply } from '../../model/query.ts'
import type { UserEvent } from '../../model/user-event.ts'
import { type Epoch, parseEpoch, relationOf } from './epoch.ts'
import { catalogData, catalogValue, eventText, keyChanges, type TextOf } from './events.ts'
import { Outbox } from './outbox.ts'
import type { EventLog } from '../backend-events.ts'
import { renderEvent } from '../render-event.ts'
import { type ReadWatch, type StreamRequest, type WatchSpec, queryOf } from './request.ts'
import { formatToken } from './token.ts'

/** What a stream needs of the agent. */
export interface StreamSource {
  /** A read; with a `minIndex` above 0 one that waits. */
  read(query: Query, minIndex: number, signal: AbortSignal): Promise<Result<ReadReply<unknown>, RequestError>>
  pause(ms: number, signal: AbortSignal): Promise<void>
  readonly textOf: TextOf
  readonly events: Pick<EventLog, 'recent' | 'changed'>
}

/** A stream without news says so this often. */
const heartbeatMs = 15_000
/** Between a read that failed, or that ended without news, and the next one. */
const pauseMs = 500

/** One watch at work. */
interface Watching {
  readonly number: number
  readonly spec: WatchSpec
  /** Its own: a thousand listeners to one signal are slow to come and go. */
  readonly cancel: AbortController
  /** Everything up to here was told. */
  index: number
  /** The value as it was told last; null if that is not known. */
  told: string | null
  isFailing: boolean
}

type Reply = ReadReply<unknown>

/** What came of a read. `again`: it could not be used, and is to be made once more. */
type Told = 'told' | 'nothing' | 'again'

/** Why what was told so far does not hold any more. */
type ResetReason = 'restored' | 'elsewhere' | 'forgotten'

/** A stream. */
export class WatchStream {
  readonly #source: StreamSource
  readonly #request: StreamRequest
  readonly #outbox: Outbox
  readonly #end = new AbortController()
  #watching: readonly Watching[] = []
  #starting = 0
  #epoch: Epoch = { cluster: '', restoredIndex: 0 }

  constructor(source: StreamSource, request: StreamRequest, signal: AbortSignal) {
    this.#source = source
    this.#request = request
    this.#outbox = new Outbox(() => this.#stop())
    if (signal.aborted) this.#stop()
    else signal.addEventListener('abort', () => this.#stop())
  }

  /** Begins, if the first watch can be read at all: then what is returned is the stream. */
  async open(): Promise<Result<ReadableStream<Uint8Array>, RequestError>> {
    const { watches, resume } = this.#request
    const probe = await this.#source.read(firstQuery(this.#request), 0, this.#end.signal)
    if (!probe.ok) return probe
    if (this.#end.signal.aborted) return err(requestError('cancelled', 'The client has gone'))
    const epoch = parseEpoch(probe.value.epoch)
    // Headers leave with the first bytes.
    this.#outbox.push(': changes follow\n\n')
    const relation = resume === null ? 'same' : relationOf(resume.epoch, epoch)
    const isResumed = resume !== null && (relation === 'same' || relation === 'behind')
    this.#epoch = relation === 'behind' && resume !== null ? resume.epoch : epoch
    this.#start(watches.map((_, i) => (isResumed ? (resume.indexes[i] ?? 0) : 0)))
    if (resume !== null && !isResumed) this.#tellReset(relation as ResetReason)
    void this.#beat()
    return ok(this.#outbox.stream)
  }

  #stop(): void {
    this.#end.abort()
    this.#cancelAll()
    this.#outbox.close()
  }

  #cancelAll(): void {
    for (const { cancel } of this.#watching) cancel.abort()
  }

  #start(indexes: readonly number[]): void {
    this.#watching = this.#request.watches.map((spec, number) => {
      const cancel = new AbortController()
      return { number, spec, cancel, index: indexes[number] ?? 0, told: null, isFailing: false }
    })
    this.#starting = this.#watching.length
    for (const watching of this.#watching) {
      const { spec } = watching
      void (spec.type === 'event' ? this.#hear(watching, spec.name) : this.#follow(watching, spec))
    }
  }

  #reset(reason: ResetReason): void {
    const indexes = this.#watching.map(({ spec, index }) => (spec.type === 'event' ? index : 0))
    this.#cancelAll()
    this.#start(indexes)
    this.#tellReset(reason)
  }

  #tellReset(reason: ResetReason): void {
    this.#outbox.push(eventText('reset', this.#token(), `{"reason":"${reason}"}`))
  }

  #token(): string {
    const indexes = this.#watching.map(({ index }) => index)
    return formatToken({ epoch: this.#epoch, indexes }, this.#request.list)
  }

  async #beat(): Promise<void> {
    const { signal } = this.#end
    while (!signal.aborted) {
      await this.#source.pause(heartbeatMs, signal)
      // A reader that has not taken what is there needs no sign of life.
      await this.#outbox.room()
      if (!signal.aborted) this.#tellHeartbeat()
    }
  }

  #tellHeartbeat(): void {
    this.#outbox.push(eventText('heartbeat', this.#token(), '{}'))
  }

  /** One watch, until it is cancelled. */
  async #follow(watching: Watching, spec: ReadWatch): Promise<void> {
    const { signal } = watching.cancel
    let isFirst = true
    while (!signal.aborted) {
      await this.#outbox.room()
      const { index } = watching
      const minIndex = isFirst ? 0 : Math.max(1, index)
      const result = await this.#source.read(queryOf(spec, index), minIndex, signal)
      if (signal.aborted) return
      const outcome = result.ok
        ? await this.#onReply(watching, result.value, { signal, isFirst })
        : this.#onFailure(watching, result.error)
      if (signal.aborted) return
      if (isFirst && outcome !== 'again') {
        isFirst = false
        this.#hasStarted()
      } else if (outcome !== 'told') await this.#source.pause(pauseMs, signal)
    }
  }

  /** One watch tells what it begins with. */
  #hasStarted(): void {
    this.#starting--
    // All that was there is told.
    if (this.#starting === 0) this.#tellHeartbeat()
  }

  /** Events that are heard of from now on, or since what the token tells; its index is one more than a Lamport time. */
  async #hear(watching: Watching, name: string): Promise<void> {
    const { signal } = watching.cancel
    const { events } = this.#source
    const tell = (some: readonly UserEvent[]): void => this.#tellEvents(watching, name, some)
    let seen = events.recent()
    if (watching.index === 0) watching.index = Math.max(1, ...seen.map(({ lamportTime }) => lamportTime + 1))
    else tell(seen.filter((event) => event.lamportTime + 1 > watching.index))
    this.#hasStarted()
    while (!signal.aborted) {
      await events.changed(seen, signal)
      await this.#outbox.room()
      if (signal.aborted) return
      const known = new Set(seen)
      seen = events.recent()
      tell(seen.filter((event) => !known.has(event)))
    }
  }

  #tellEvents(watching: Watching, name: string, events: readonly UserEvent[]): void {
    for (const event of events) {
      watching.index = Math.max(watching.index, event.lamportTime + 1)
      if (name !== '' && event.name !== name) continue
      const head = `"watch":${watching.number},"type":"event","index":${event.lamportTime}`
      this.#outbox.push(eventText('change', this.#token(), `{${head},"value":${renderEvent(event)}}`))
    }
  }

  async #onReply(
    watching: Watching,
    reply: Reply,
    { signal, isFirst }: { readonly signal: AbortSignal; readonly isFirst: boolean },
  ): Promise<Told> {
    watching.isFailing = false
    const epoch = parseEpoch(reply.epoch)
    const relation = relationOf(this.#epoch, epoch)
    if (relation === 'behind') return 'again'
    if (relation !== 'same') {
      this.#epoch = epoch
      this.#reset(relation)
      return 'told'
    }
    if (this.#epoch.cluster === '') this.#epoch = epoch
    const isNew = reply.index > watching.index
    if (!isNew && !(isFirst && watching.index === 0)) return 'nothing'
    if (watching.spec.type === 'kv' || watching.spec.type === 'kvPrefix') {
      await this.#tellKeys(watching, reply as ReadReply<KvChanges>, signal)
    } else this.#tellValue(watching, reply)
    return 'told'
  }

  async #tellKeys(watching: Watching, reply: ReadReply<KvChanges>, signal: AbortSignal): Promise<void> {
    const isPresent = watching.index === 0
    // Deletions that nobody remembers cannot be told: all that is there is told anew.
    if (!isPresent && !reply.value.isComplete) return this.#reset('forgotten')
    const changes = keyChanges(watching, reply, { isPresent, textOf: this.#source.textOf })
    for (const [at, { index, data }] of changes.entries()) {
      if (this.#outbox.isFull) await this.#outbox.room()
      if (signal.aborted) return
      // Changes of one entry of the log share an index: the last of them ends it.
      const isLast = changes[at + 1]?.index !== index
      if (isLast) watching.index = Math.max(watching.index, index)
      this.#outbox.push(eventText('change', isLast ? this.#token() : null, data()))
    }
    watching.index = Math.max(watching.index, reply.index)
  }

  #tellValue(watching: Watching, reply: Reply): void {
    const { number, spec } = watching
    watching.index = Math.max(watching.index, reply.index)
    const value = catalogValue(spec, reply.value, this.#source.textOf)
    // The index may have passed for what this watch does not show.
    if (value === watching.told) return
    watching.told = value
    this.#outbox.push(eventText('change', this.#token(), catalogData(number, spec, reply.index, value)))
  }

  /** Some failures pass, others do not. */
  #onFailure(watching: Watching, error: RequestError): Told {
    const isLasting = lasting.has(error.code)
    if (isLasting || !watching.isFailing) {
      const message = JSON.stringify(error.message)
      this.#outbox.push(
        `event: failure\ndata: {"watch":${watching.number},"message":${message},"ends":${isLasting}}\n\n`,
      )
    }
    watching.isFailing = true
    if (isLasting) this.#stop()
    return 'again'
  }
}

/** What is asked first, to see whether anything can be; of servers events need nothing but the cluster's name. */
function firstQuery({ watches, resume }: StreamRequest): Query {
  const first = watches.findIndex(({ type }) => type !== 'event')
  const spec = watches[first]
  if (spec === undefined || spec.type === 'event') return { kind: 'autopilotConfig' }
  return queryOf(spec, resume?.indexes[first] ?? 0)
}

/** Refusals that another try will not change. */
const lasting: ReadonlySet<RequestErrorCode> = new Set([
  'badRequest',
  'notFound',
  'noPathToDatacenter',
  'internal',
])
