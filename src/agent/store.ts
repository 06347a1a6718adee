// The state store at work: applies commands, answers questions, and wakes those who wait for a change.
import type { Random } from '../lib/random.ts'
import type { Command, CommandResult, EntryTime } from '../model/command.ts'
import type { Query, QueryValue, ReadOptions } from '../model/query.ts'
import type { Clock } from '../runtime/host.ts'
import type { StateRecord } from '../model/state-record.ts'
import { createState, restoreState, type State } from '../state/state.ts'
import { createWatches, type Watches } from '../state/watch.ts'

/** An answer of the state store: at least everything up to `index` is in it. */
export interface StoreAnswer<T> {
  readonly index: number
  readonly value: T
}

/** What a store is made of. */
export interface StoreOptions {
  readonly clock: Clock
  readonly random: Random
  /** Blocking reads that may wait; past it one is answered at once with what there is. */
  readonly watchesMax: number
}

/** One server's copy of the replicated state. */
export class Store {
  #state: State = createState()
  readonly #watches: Watches<() => void> = createWatches()
  #appliedIndex = 0
  #changed: string[] = []
  readonly #appliers: { readonly index: number; resolve(): void }[] = []
  readonly #clock: Clock
  readonly #random: Random
  readonly #watchesMax: number

  constructor(options: StoreOptions) {
    this.#clock = options.clock
    this.#random = options.random
    this.#watchesMax = options.watchesMax
  }

  /** Blocking reads that wait. */
  get watching(): number {
    return this.#watches.size
  }

  /** Index of the last entry that is in the state. */
  get appliedIndex(): number {
    return this.#appliedIndex
  }

  /** Applies the entry at `index`; watchers wait for `wake`. */
  apply(index: number, command: Command, time: EntryTime): CommandResult {
    const applied = this.#state.apply(index, command, time)
    this.#appliedIndex = index
    for (const topic of applied.changed) this.#changed.push(topic)
    return applied.result
  }

  /** Passes over an entry that is none of the state's business. */
  skip(index: number): CommandResult {
    this.#appliedIndex = index
    return { kind: 'done' }
  }

  /** After a batch of entries up to `index`: lets waiting reads and watchers go on. */
  wake(index: number): void {
    if (this.#changed.length > 0) {
      const changed = this.#changed
      this.#changed = []
      for (const woken of this.#watches.wake(changed)) woken()
    }
    if (this.#appliers.length === 0) return
    for (const waiting of this.#appliers.splice(0)) {
      if (waiting.index <= index) waiting.resolve()
      else this.#appliers.push(waiting)
    }
  }

  query<Q extends Query>(query: Q): StoreAnswer<QueryValue<Q['kind']>> {
    return this.#state.query(query) as StoreAnswer<QueryValue<Q['kind']>>
  }

  /** The state as records, frozen at this moment: the writer goes on meanwhile. */
  records(): Iterable<StateRecord> {
    return this.#state.snapshot().records()
  }

  /** Replaces the state by a snapshot's. Everybody who waits is woken: indexes may have changed. */
  restore(records: Iterable<StateRecord>, index: number): void {
    this.#state = restoreState(records)
    this.#appliedIndex = index
    for (const woken of this.#watches.wakeAll()) woken()
    this.wake(index)
  }

  /** True once everything up to `index` is applied; false if that did not come about by `untilMs`. */
  whenApplied(index: number, untilMs: number): Promise<boolean> {
    if (this.#appliedIndex >= index) return Promise.resolve(true)
    return new Promise((resolve) => {
      const waiting = {
        index,
        resolve: () => {
          cancel()
          resolve(true)
        },
      }
      const cancel = this.#clock.wakeAt(untilMs, () => {
        const at = this.#appliers.indexOf(waiting)
        if (at >= 0) this.#appliers.splice(at, 1)
        resolve(false)
      })
      this.#appliers.push(waiting)
    })
  }

  /** Answers now, or, with `minIndex`, when the answer's index has passed it or the wait is over. */
  async read<Q extends Query>(
    query: Q,
    options: ReadOptions,
    signal: AbortSignal,
  ): Promise<StoreAnswer<QueryValue<Q['kind']>>> {
    let answer = this.query(query)
    const isFull = this.#watches.size >= this.#watchesMax
    if (options.minIndex === 0 || answer.index > options.minIndex || isFull) return answer
    // Jitter of up to a sixteenth, so that waits that began together do not end together.
    const waitMs = options.waitMs + this.#random.below(Math.floor(options.waitMs / 16) + 1)
    const untilMs = this.#clock.nowMs() + waitMs
    while (this.#clock.nowMs() < untilMs && !signal.aborted) {
      const restored = await this.#changeOf(query, untilMs, signal)
      answer = this.query(query)
      if (restored || answer.index > options.minIndex) break
    }
    return answer
  }

  /** Resolves at the next change of what the query reads; true if the whole state was replaced. */
  #changeOf(query: Query, untilMs: number, signal: AbortSignal): Promise<boolean> {
    const state = this.#state
    return new Promise((resolve) => {
      const finish = (): void => {
        remove()
        cancel()
        signal.removeEventListener('abort', finish)
        resolve(this.#state !== state)
      }
      const remove = this.#watches.add(state.topicsOf(query), finish)
      const cancel = this.#clock.wakeAt(untilMs, finish)
      signal.addEventListener('abort', finish)
    })
  }
}
