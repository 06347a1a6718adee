// Answers that are worth keeping until what they tell of changes: lists, whose evaluation walks a part of the state.
import type { Query, QueryKind } from '../model/query.ts'
import { createWatches } from '../state/watch.ts'

/** An answer of the state store: everything up to `index` that concerns it is in it. */
export interface StoreAnswer<T> {
  readonly index: number
  readonly value: T
}

interface Kept {
  readonly key: string
  readonly answer: StoreAnswer<unknown>
  readonly items: number
  readonly unwatch: () => void
}

/** Answers kept at most, and items in all of them together; past either the one not used for the longest time goes. */
const answersMax = 1024
const itemsMax = 100_000

/**
 * What has to change for an answer to be another one, beyond the question's topics: the index of some follows a
 * whole table. Questions that are not in the table are cheap, or depend on too much, and are evaluated each time.
 */
const tablesByKind: Readonly<Partial<Record<QueryKind, readonly string[]>>> = {
  nodes: [],
  node: ['t:nodes', 't:services'],
  nodesByAddress: [],
  servicesByAddress: [],
  services: [],
  serviceNodes: [],
  healthNode: ['t:checks'],
  healthChecks: ['t:checks', 't:nodes'],
  healthService: [],
  healthState: [],
  kvList: [],
  kvKeys: [],
}

/** True if the answers to such a question are kept. Distances change all the time: an order by them is not. */
export function isKept(query: Query): boolean {
  return tablesByKind[query.kind] !== undefined && !('near' in query && query.near !== '')
}

/** Kept answers of one store. */
export class Answers {
  /** In the order of use. */
  readonly #kept = new Map<string, Kept>()
  readonly #watches = createWatches<Kept>()
  #items = 0

  get size(): number {
    return this.#kept.size
  }

  get(key: string): StoreAnswer<unknown> | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept.answer
  }

  /** Keeps an answer until one of the topics changes. The index of an empty one may follow others: it is not kept. */
  put(key: string, query: Query, topics: readonly string[], answer: StoreAnswer<unknown>): void {
    const items = Array.isArray(answer.value) ? answer.value.length : answer.value === null ? 0 : 1
    if (items === 0 || items > itemsMax) return
    const tables = tablesByKind[query.kind]
    if (tables === undefined) return
    const kept: Kept = {
      key,
      answer,
      items,
      unwatch: () => remove(),
    }
    const remove = this.#watches.add([...topics, ...tables], kept)
    this.#kept.set(key, kept)
    this.#items += items
    for (const oldest of this.#kept.values()) {
      if (this.#kept.size <= answersMax && this.#items <= itemsMax) break
      oldest.unwatch()
      this.#drop(oldest)
    }
  }

  /** Forgets what these changes concern. */
  forget(changed: readonly string[]): void {
    if (this.#kept.size > 0) for (const kept of this.#watches.wake(changed)) this.#drop(kept)
  }

  /** Forgets everything: after a restore nothing is as it was. */
  clear(): void {
    for (const kept of this.#watches.wakeAll()) this.#drop(kept)
  }

  #drop(kept: Kept): void {
    this.#kept.delete(kept.key)
    this.#items -= kept.items
  }
}
