// The state store at work: applies commands, answers questions, and wakes those who wait for a change.
// Who asks the same shares: one evaluation per question and change, however many wait for it.
import type { Random } from '../lib/random.ts'
import type { Command, CommandResult, EntryTime } from '../model/command.ts'
import type { Query, QueryValue, ReadOptions } from '../model/query.ts'
import type { Marks, StateRecord } from '../model/state-record.ts'
import type { Clock } from '../runtime/host.ts'
import type { Expiry } from '../state/kv-tables.ts'
import { buildState, createState, restoreState, type SessionChange, type State } from '../state/state.ts'
import { tableTopic } from '../state/topics.ts'
import { createWatches, type Watches } from '../state/watch.ts'
import { Answers, isKept, type StoreAnswer } from './answers.ts'
import { Deadlines } from './deadlines.ts'
import { queryKey } from './query-key.ts'

/** What a store is made of. */
export interface StoreOptions {
  readonly clock: Clock
  readonly random: Random
  /** Blocking reads that may wait; past it one is answered at once with what there is. */
  readonly watchesMax: number
}

/** A snapshot's records on their way in: nothing is seen of them until the end. */
export interface StateRestore {
  put(records: readonly StateRecord[]): void
  /** Replaces the state; the snapshot was taken at `index`. */
  finish(index: number): void
}

/** Who follows what becomes of sessions and expiring keys, entry by entry. */
export interface StoreFollower {
  onSessions(changes: readonly SessionChange[]): void
  /** The key that expires next may be another one. */
  onExpiring(): void
  /** The whole state was replaced. */
  onReplaced(): void
}

/** All who wait for a change of the answer to one question. */
interface Group {
  readonly key: string
  readonly query: Query
  readonly waiters: Set<Waiter>
  /** Takes it out of the watches. */
  unwatch: () => void
}

/** One blocking read. */
interface Waiter {
  readonly group: Group
  readonly minIndex: number
  readonly resolve: (answer: StoreAnswer<unknown>) => void
  /** Ends the listening to the asker's signal. */
  readonly unlisten: () => void
  /** Where it stands among the deadlines. */
  dueAtMs: number
}

/** One server's copy of the replicated state. */
export class Store {
  #state: State = createState()
  readonly #watches: Watches<Group> = createWatches()
  readonly #groups = new Map<string, Group>()
  readonly #deadlines: Deadlines<Waiter>
  readonly #answers = new Answers()
  #waiting = 0
  #epoch = '-0'
  #appliedIndex = 0
  #lastRestoreMs: number | null = null
  #changed: string[] = []
  #follower: StoreFollower | null = null
  readonly #appliers: { readonly index: number; resolve(): void }[] = []
  readonly #clock: Clock
  readonly #random: Random
  readonly #watchesMax: number

  constructor(options: StoreOptions) {
    this.#clock = options.clock
    this.#random = options.random
    this.#watchesMax = options.watchesMax
    this.#deadlines = new Deadlines(options.clock, (waiter) => this.#end(waiter))
  }

  /** Blocking reads that wait. */
  get watching(): number {
    return this.#waiting
  }

  /** Names the cluster; '' until its first leader has named it. */
  get clusterId(): string {
    return this.#state.marks.clusterId
  }

  /** Names the cluster and its last restore: indexes compare only within one. */
  get epoch(): string {
    return this.#epoch
  }

  /** Index of the last entry that is in the state. */
  get appliedIndex(): number {
    return this.#appliedIndex
  }

  /** Index of the last command in the state, as clients know it. */
  get lastIndex(): number {
    return this.#state.lastIndex
  }

  /** What the whole state has one of. */
  get marks(): Readonly<Marks> {
    return this.#state.marks
  }

  /** How long it took to take in the last snapshot; null if none was. */
  get lastRestoreMs(): number | null {
    return this.#lastRestoreMs
  }

  /** The key that expires next. */
  nextExpiry(): Expiry | null {
    return this.#state.nextExpiry()
  }

  /** Keys whose time is over at `wallMs`, at most `max` of them. */
  dueExpiries(wallMs: number, max: number): readonly Expiry[] {
    return this.#state.dueExpiries(wallMs, max)
  }

  /** From when on there is history of keys to be dropped; null for never. */
  historyDueAtWallMs(): number | null {
    return this.#state.historyDueAtWallMs()
  }

  /** The restore that is under way in the log, or was given up; null for none. */
  get stagedRestore(): string | null {
    return this.#state.stagedRestore
  }

  /** Tells one follower of the sessions that come and go, and of keys that expire. */
  follow(follower: StoreFollower): void {
    this.#follower = follower
  }

  /** Applies the entry at `index`; watchers wait for `wake`. */
  apply(index: number, command: Command, time: EntryTime): CommandResult {
    const applied = this.#state.apply(index, command, time)
    this.#appliedIndex = index
    for (const topic of applied.changed) this.#changed.push(topic)
    if (applied.sessions.length > 0) this.#follower?.onSessions(applied.sessions)
    if (applied.changed.includes(expiryTopic)) this.#follower?.onExpiring()
    if (beginsEpoch(command, applied.result)) this.#onEpoch(command.kind !== 'setClusterId')
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
      this.#answers.forget(changed)
      for (const group of this.#watches.wake(changed)) this.#renew(group)
    }
    if (this.#appliers.length === 0) return
    for (const waiting of this.#appliers.splice(0)) {
      if (waiting.index <= index) waiting.resolve()
      else this.#appliers.push(waiting)
    }
  }

  /** Answers from the state as it is. Values are shared, with the state and with others who ask the same. */
  query<Q extends Query>(query: Q): StoreAnswer<QueryValue<Q['kind']>> {
    // Between an entry and `wake` kept answers may be of the past.
    const key = isKept(query) && this.#changed.length === 0 ? queryKey(query) : null
    if (key === null) return this.#state.query(query) as StoreAnswer<QueryValue<Q['kind']>>
    let answer = this.#answers.get(key)
    if (answer === undefined) {
      answer = this.#state.query(query)
      this.#answers.put(key, query, this.#state.topicsOf(query), answer)
    }
    return answer as StoreAnswer<QueryValue<Q['kind']>>
  }

  /** The state as records, frozen at this moment: the writer goes on meanwhile. They can be walked again and again. */
  records(): Iterable<StateRecord> {
    const snapshot = this.#state.snapshot()
    return { [Symbol.iterator]: () => snapshot.records()[Symbol.iterator]() }
  }

  /** Replaces the state by a snapshot's. Everybody who waits is woken: indexes may have changed. */
  restore(records: Iterable<StateRecord>, index: number): void {
    this.#replace(restoreState(records), index)
  }

  #replace(state: State, index: number): void {
    this.#state = state
    this.#appliedIndex = index
    this.#onEpoch(true)
    this.wake(index)
  }

  /** The cluster has got its name, or the state was replaced: then nobody waits any longer, indexes may have changed. */
  #onEpoch(isRestored: boolean): void {
    const { clusterId, restoredIndex } = this.#state.marks
    this.#epoch = `${clusterId.slice(0, 8)}-${restoredIndex}`
    if (!isRestored) return
    this.#follower?.onReplaced()
    this.#changed = []
    this.#answers.clear()
    for (const group of this.#watches.wakeAll()) {
      const answer = this.query(group.query)
      for (const waiter of group.waiters) this.#finish(waiter, answer)
    }
  }

  /** Takes a snapshot's records in, bit by bit; at the end they replace the state. */
  beginRestore(): StateRestore {
    const builder = buildState()
    const startMs = this.#clock.nowMs()
    return {
      put: (records) => builder.put(records),
      finish: (index) => {
        this.#replace(builder.finish(), index)
        this.#lastRestoreMs = this.#clock.nowMs() - startMs
      },
    }
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
  read<Q extends Query>(
    query: Q,
    options: ReadOptions,
    signal: AbortSignal,
  ): Promise<StoreAnswer<QueryValue<Q['kind']>>> {
    const answer = this.query(query)
    const isOver = options.minIndex === 0 || answer.index > options.minIndex || signal.aborted
    if (isOver || options.waitMs <= 0 || this.#waiting >= this.#watchesMax) return Promise.resolve(answer)
    const key = queryKey(query)
    if (key === null) return Promise.resolve(answer)
    return new Promise((resolve) => {
      const end = (): void => this.#end(waiter)
      const waiter: Waiter = {
        group: this.#groups.get(key) ?? this.#newGroup(key, query),
        minIndex: options.minIndex,
        resolve: resolve as Waiter['resolve'],
        unlisten: () => signal.removeEventListener('abort', end),
        dueAtMs: 0,
      }
      signal.addEventListener('abort', end)
      waiter.group.waiters.add(waiter)
      this.#waiting++
      // Jitter of up to a sixteenth, so that waits that began together do not end together.
      const jitterMs = this.#random.below(Math.floor(options.waitMs / 16) + 1)
      waiter.dueAtMs = this.#deadlines.add(waiter, options.waitMs + jitterMs)
    })
  }

  #newGroup(key: string, query: Query): Group {
    const group: Group = { key, query, waiters: new Set(), unwatch: () => undefined }
    group.unwatch = this.#watches.add(this.#state.topicsOf(query), group)
    this.#groups.set(key, group)
    return group
  }

  /** What a group asks for may have changed: evaluated once, and given to all who wait for less. */
  #renew(group: Group): void {
    const answer = this.query(group.query)
    for (const waiter of group.waiters) {
      if (answer.index > waiter.minIndex) this.#finish(waiter, answer)
    }
    if (group.waiters.size > 0) {
      group.unwatch = this.#watches.add(this.#state.topicsOf(group.query), group)
    }
  }

  /** A wait is over, or nobody waits for its answer any more. */
  #end(waiter: Waiter): void {
    this.#finish(waiter, this.query(waiter.group.query))
  }

  #finish(waiter: Waiter, answer: StoreAnswer<unknown>): void {
    const { group } = waiter
    if (!group.waiters.delete(waiter)) return
    this.#waiting--
    this.#deadlines.remove(waiter, waiter.dueAtMs)
    waiter.unlisten()
    if (group.waiters.size === 0) {
      group.unwatch()
      this.#groups.delete(group.key)
    }
    waiter.resolve(answer)
  }
}

/** True if indexes before and after the command are not of the same history, or its name is only known now. */
function beginsEpoch(command: Command, result: CommandResult): boolean {
  if (result.kind === 'refused') return false
  return epochKinds.has(command.kind)
}

const epochKinds: ReadonlySet<Command['kind']> = new Set(['restoreEnd', 'setClusterId', 'raiseIndexes'])
const expiryTopic = tableTopic('expiry')
