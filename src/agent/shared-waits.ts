// Blocking reads of this agent's own clients: those that wait for the same share one request to wherever it is answered,
// so that ten thousand watchers of one key cost a server, and the session to it, what one costs.
import { err, type Result } from '../lib/result.ts'
import type { Random } from '../lib/random.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Query, QueryValue, ReadOptions, ReadReply } from '../model/query.ts'
import type { Clock } from '../runtime/host.ts'
import { Deadlines } from './deadlines.ts'
import { queryKey } from './query-key.ts'

/** What becomes of a read. */
type Outcome = Result<ReadReply<unknown>, RequestError>

/** What the waits are made of. */
export interface SharedWaitsOptions {
  readonly clock: Clock
  readonly random: Random
  /** Carries out a read, wherever that is. Never rejects. */
  readonly ask: (query: Query, options: ReadOptions, signal: AbortSignal) => Promise<Outcome>
  /** The longest that a read may wait; shared requests do. */
  readonly waitMsMax: number
  /** `performance.rpc_hold_timeout`: whoever came later than this is not refused together with the others. */
  readonly holdMs: number
  /** Reads that may wait; one more is answered at once with what there is. */
  readonly watchesMax: number
  /** Aborts when the agent stops: whoever waits gets what there is now, and nobody waits any more. */
  readonly ending: AbortSignal
}

/** How long the agent's end waits for what there is. */
const endMsMax = 500

/** Waits that are ended in one turn: some 10 ms of work. */
const atOnceMax = 1024

/** All who wait for the same. */
interface Shared {
  readonly key: string
  readonly query: Query
  readonly options: ReadOptions
  readonly sinceMs: number
  readonly waiters: Set<Waiter>
  readonly cancel: AbortController
  /** It may have been answered already, and the answer be on its way. */
  isUnderWay: boolean
}

/** A question for what there is now. */
interface Fresh {
  /** Reads that had come to wait when it was asked. */
  readonly joins: number
  readonly outcome: Promise<Outcome>
}

interface Waiter {
  /** Counts the reads that come to wait. */
  readonly number: number
  shared: Shared
  readonly sinceMs: number
  isSecondTry: boolean
  /** It came when the request was under way: the answer may lack what was acknowledged before that. */
  isLate: boolean
  readonly resolve: (outcome: Outcome) => void
  readonly signal: AbortSignal
  readonly onAbort: () => void
  dueAtMs: number
}

/** The waits of one agent. */
export class SharedWaits {
  readonly #options: SharedWaitsOptions
  readonly #sharedByKey = new Map<string, Shared>()
  readonly #freshByKey = new Map<string, Fresh>()
  readonly #deadlines: Deadlines<Waiter>
  #waiting = 0
  #joins = 0

  constructor(options: SharedWaitsOptions) {
    this.#options = options
    this.#deadlines = new Deadlines(options.clock, (waiter) => this.#answerNow(waiter))
    options.ending.addEventListener('abort', () => this.#end())
  }

  /** Reads that wait. */
  get waiting(): number {
    return this.#waiting
  }

  /** Requests that they share. */
  get requests(): number {
    return this.#sharedByKey.size
  }

  /** A blocking read: answered when its index has passed, its time is over, or its signal aborts. */
  read<Q extends Query>(
    query: Q,
    options: ReadOptions,
    signal: AbortSignal,
  ): Promise<Result<ReadReply<QueryValue<Q['kind']>>, RequestError>> {
    return this.#read(query, options, signal) as Promise<
      Result<ReadReply<QueryValue<Q['kind']>>, RequestError>
    >
  }

  #read(query: Query, options: ReadOptions, signal: AbortSignal): Promise<Outcome> {
    const { watchesMax, ask, ending } = this.#options
    const question = queryKey(query)
    if (question === null || options.waitMs <= 0) return ask(query, options, signal)
    const isFull = this.#waiting >= watchesMax || ending.aborted
    if (isFull || signal.aborted) return ask(query, { ...options, minIndex: 0 }, signal)
    const { minIndex, consistency, maxStaleMs, datacenter } = options
    const key = `${minIndex} ${consistency} ${maxStaleMs ?? ''} ${JSON.stringify(datacenter)} ${question}`
    return new Promise((resolve) => {
      const shared = this.#sharedByKey.get(key) ?? this.#begin(key, query, options)
      const isLate = shared.isUnderWay && consistency !== 'stale'
      this.#join(shared, options.waitMs, { resolve, signal, isLate })
    })
  }

  #join(shared: Shared, waitMs: number, asked: Pick<Waiter, 'resolve' | 'signal' | 'isLate'>): void {
    const { clock, random } = this.#options
    const waiter: Waiter = {
      number: ++this.#joins,
      shared,
      sinceMs: clock.nowMs(),
      isSecondTry: false,
      ...asked,
      onAbort: () => this.#finish(waiter, gone),
      dueAtMs: 0,
    }
    shared.waiters.add(waiter)
    this.#waiting++
    waiter.signal.addEventListener('abort', waiter.onAbort)
    // Jitter of up to a sixteenth, so that waits that began together do not end together.
    waiter.dueAtMs = this.#deadlines.add(waiter, waitMs + random.below(Math.floor(waitMs / 16) + 1))
  }

  /** A request that all who wait for the same share, from its first one to its answer. */
  #begin(key: string, query: Query, options: ReadOptions): Shared {
    const { clock, ask, waitMsMax } = this.#options
    const shared: Shared = {
      key,
      query,
      options: { ...options, waitMs: waitMsMax },
      sinceMs: clock.nowMs(),
      waiters: new Set(),
      cancel: new AbortController(),
      isUnderWay: false,
    }
    this.#sharedByKey.set(key, shared)
    // What leaves this agent leaves it at the end of the turn.
    clock.soon(() => (shared.isUnderWay = true))
    void ask(query, shared.options, shared.cancel.signal).then((outcome) => this.#onOutcome(shared, outcome))
    return shared
  }

  #onOutcome(shared: Shared, outcome: Outcome): void {
    if (!this.#forget(shared)) return
    const { clock, waitMsMax } = this.#options
    // Whoever came later than the request has time left: an answer that only says so is none for them.
    const isOver = outcome.ok && outcome.value.index <= shared.options.minIndex
    if (!isOver || clock.nowMs() - shared.sinceMs < waitMsMax) return this.#handOut(shared, outcome)
    const next = this.#begin(shared.key, shared.query, shared.options)
    for (const waiter of shared.waiters) this.#move(waiter, next)
  }

  /** Gives the outcome to all of them, some at a time: what else the agent has to do must not wait for the last one. */
  #handOut(shared: Shared, outcome: Outcome): void {
    const { clock, holdMs } = this.#options
    const nowMs = clock.nowMs()
    let count = 0
    for (const waiter of shared.waiters) {
      if (++count > atOnceMax) return void clock.wakeAt(nowMs, () => this.#handOut(shared, outcome))
      const isEarly = nowMs - waiter.sinceMs < holdMs && !waiter.isSecondTry
      // The search for a leader was another's for most of the time.
      if (isEarly && !outcome.ok && isSearchOver(outcome.error)) this.#tryAgain(waiter)
      else if (waiter.isLate && outcome.ok) this.#answerNow(waiter)
      else this.#finish(waiter, outcome)
    }
  }

  #tryAgain(waiter: Waiter): void {
    const { key, query, options } = waiter.shared
    waiter.isSecondTry = true
    this.#move(waiter, this.#sharedByKey.get(key) ?? this.#begin(key, query, options))
  }

  #move(waiter: Waiter, to: Shared): void {
    waiter.shared.waiters.delete(waiter)
    waiter.shared = to
    waiter.isLate = false
    to.waiters.add(waiter)
  }

  /** Answers one of them with what there is now: its time is over, or it came too late for the answer of the others. */
  #answerNow(waiter: Waiter): void {
    const { shared, number } = waiter
    this.#leave(waiter)
    void this.#fresh(shared, number).then(waiter.resolve)
  }

  /** Answers all with what there is now; where nobody tells it soon they get a sentence instead of a broken connection. */
  #end(): void {
    const { clock } = this.#options
    const waiters = [...this.#sharedByKey.values()].flatMap(({ waiters: all }) => [...all])
    if (waiters.length === 0) return
    const late = Promise.withResolvers<Outcome>()
    const cancel = clock.wakeAt(clock.nowMs() + endMsMax, () => late.resolve(stopping))
    const answers = waiters.map(async (waiter) => {
      const { shared, number } = waiter
      this.#leave(waiter)
      waiter.resolve(await Promise.race([this.#fresh(shared, number), late.promise]))
    })
    void Promise.all(answers).then(cancel)
  }

  /** What there is now, asked for after a read came; those whose time is over at the same moment share that too. */
  #fresh({ key, query, options }: Shared, number: number): Promise<Outcome> {
    const underWay = this.#freshByKey.get(key)
    if (underWay !== undefined && underWay.joins >= number) return underWay.outcome
    const outcome = this.#options.ask(query, { ...options, minIndex: 0 }, never)
    const fresh = { joins: this.#joins, outcome }
    this.#freshByKey.set(key, fresh)
    void outcome.then(() => {
      if (this.#freshByKey.get(key) === fresh) this.#freshByKey.delete(key)
    })
    return outcome
  }

  #finish(waiter: Waiter, outcome: Outcome): void {
    this.#leave(waiter)
    waiter.resolve(outcome)
  }

  #leave(waiter: Waiter): void {
    const { shared } = waiter
    if (!shared.waiters.delete(waiter)) return
    this.#waiting--
    waiter.signal.removeEventListener('abort', waiter.onAbort)
    this.#deadlines.remove(waiter, waiter.dueAtMs)
    if (shared.waiters.size === 0 && this.#forget(shared)) shared.cancel.abort()
  }

  /** False if it was forgotten before. */
  #forget(shared: Shared): boolean {
    return this.#sharedByKey.get(shared.key) === shared && this.#sharedByKey.delete(shared.key)
  }
}

/** The request found no place within its time. */
function isSearchOver({ code }: RequestError): boolean {
  return code === 'noLeader' || code === 'noServers' || code === 'timeout'
}

const never: AbortSignal = new AbortController().signal

const stopping: Outcome = err(requestError('overloaded', 'The agent is stopping'))
const gone: Outcome = err(requestError('cancelled', 'The client has gone'))
