// Answers that a client agent keeps current: what DNS asks for with `dns_config.use_cache`, and the API with `?cached`, is
// watched at a server, and answered from here meanwhile.
import type { Random } from '../lib/random.ts'
import type { Query, QueryValue, ReadOptions, ReadReply } from '../model/query.ts'
import type { Clock } from '../runtime/host.ts'
import { queryKey } from './query-key.ts'
import type { Requests } from './requests.ts'
import { sleep } from './sleep.ts'

/** Questions that are watched; past it others are asked each time. */
const watchesMax = 1024
/** A question that DNS has not asked for so long is not watched any longer. */
const idleMsMax = 10 * 60_000
/**
 * One wait. Then the watch asks whether it is still needed, and anew: a server that is cut off from the others lets wait,
 * but does not answer what is older than `max_stale`.
 */
const waitMsMax = 5 * 60_000
/** After a failure the next try comes within so long. */
const retryMsMax = 1000

/** What a cache is made of. */
export interface DnsCacheOptions {
  readonly requests: Pick<Requests, 'read'>
  readonly clock: Clock
  readonly random: Random
  /** How each question is asked. */
  readonly read: ReadOptions
  /** How old an answer may be whose watch is broken. */
  readonly ageMsMax: number
}

interface Watch {
  readonly query: Query
  value: unknown
  index: number
  epoch: string
  /** Since when the watch is broken; null while it stands, and the answer is of now. */
  brokenAtMs: number | null
  usedAtMs: number
}

/** Watched answers of one agent. */
export class DnsCache {
  readonly #options: DnsCacheOptions
  readonly #watches = new Map<string, Watch>()
  readonly #stopping = new AbortController()
  #version = 1
  #broken = 0

  constructor(options: DnsCacheOptions) {
    this.#options = options
  }

  /** Another number whenever an answer has become another one; null while some may be too old. */
  get version(): number | null {
    return this.#broken === 0 ? this.#version : null
  }

  /** Questions that are watched. */
  get size(): number {
    return this.#watches.size
  }

  /** The watched answer, if there is one that is not too old. */
  find<Q extends Query>(query: Q): { readonly value: QueryValue<Q['kind']> } | null {
    return this.reply(query, this.#options.ageMsMax)
  }

  /** The same with all that an answer tells of itself. Its age is that of the break of its watch; null: whatever it is. */
  reply<Q extends Query>(query: Q, ageMsMax: number | null): ReadReply<QueryValue<Q['kind']>> | null {
    const key = queryKey(query)
    const watch = key === null ? undefined : this.#watches.get(key)
    if (watch === undefined) return null
    const nowMs = this.#options.clock.nowMs()
    const lastContactMs = watch.brokenAtMs === null ? 0 : nowMs - watch.brokenAtMs
    if (ageMsMax !== null && lastContactMs > ageMsMax) return null
    watch.usedAtMs = nowMs
    const { index, epoch } = watch
    const value = watch.value as QueryValue<Q['kind']>
    return { value, index, epoch, lastContactMs, knownLeader: watch.brokenAtMs === null }
  }

  /** From now on this question is watched. `value` was its answer at `index`; only what exists is worth it. */
  watch(query: Query, value: unknown, index: number, epoch = ''): void {
    const key = queryKey(query)
    const isNothing = value === null || (Array.isArray(value) && value.length === 0)
    if (key === null || isNothing || this.#watches.has(key) || this.#watches.size >= watchesMax) return
    const usedAtMs = this.#options.clock.nowMs()
    const watch: Watch = { query, value, index, epoch, brokenAtMs: null, usedAtMs }
    this.#watches.set(key, watch)
    void this.#follow(key, watch)
  }

  stop(): void {
    this.#stopping.abort()
    this.#watches.clear()
  }

  async #follow(key: string, watch: Watch): Promise<void> {
    const { requests, clock, random, read } = this.#options
    const { signal } = this.#stopping
    const waitMs = Math.max(retryMsMax, Math.min(waitMsMax, read.maxStaleMs ?? waitMsMax))
    while (!signal.aborted && clock.nowMs() - watch.usedAtMs <= idleMsMax) {
      const minIndex = watch.brokenAtMs === null ? watch.index : 0
      const sinceMs = clock.nowMs()
      const answer = await requests.read(watch.query, { ...read, minIndex, waitMs }, signal)
      if (signal.aborted) return
      // Nobody lets it wait: it must not ask on and on.
      const isInVain = answer.ok && answer.value.index === minIndex && clock.nowMs() - sinceMs < retryMsMax
      if (answer.ok) this.#take(watch, answer.value)
      else this.#break(watch)
      if (!answer.ok || isInVain) await sleep(clock, random.below(retryMsMax), signal)
    }
    if (watch.brokenAtMs !== null) this.#broken--
    this.#watches.delete(key)
    this.#version++
  }

  #take(watch: Watch, { value, index, epoch }: Pick<ReadReply<unknown>, 'value' | 'index' | 'epoch'>): void {
    if (watch.brokenAtMs !== null) this.#broken--
    watch.brokenAtMs = null
    // Indexes compare only within one history: another cluster, or one that was restored, may be at the same number.
    const isSameHistory = watch.epoch === '' || epoch === watch.epoch
    watch.epoch = epoch
    // The index of a list may move while the list is the same; what is decoded anew is another object all the same.
    if (index === watch.index && isSameHistory) return
    watch.index = index
    watch.value = value
    this.#version++
  }

  #break(watch: Watch): void {
    if (watch.brokenAtMs !== null) return
    watch.brokenAtMs = this.#options.clock.nowMs()
    this.#broken++
  }
}
