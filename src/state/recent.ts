// Keys that changed lately, so that who follows a prefix is told what is new without a walk over all that is under it.
// Not part of the replicated state: an answer is the same with it and without, only sooner.

/** Changes that are remembered; who is further behind is answered by the walk. */
export const recentMax = 4096

/** The last changes of keys, in order of their indexes. */
export class RecentKeys {
  readonly #indexes: number[] = []
  readonly #keys: string[] = []
  /** Where the next one goes; the oldest stands there once all places are taken. */
  #next = 0
  /** All changes after this index are here. */
  #floor = 0

  /** Remembers a change. Indexes never fall. */
  note(index: number, key: string): void {
    const oldest = this.#indexes[this.#next]
    if (oldest !== undefined) this.#floor = oldest
    this.#indexes[this.#next] = index
    this.#keys[this.#next] = key
    this.#next = (this.#next + 1) % recentMax
  }

  /** Forgets all up to `index`, which changed more than is noted here. */
  forget(index: number): void {
    this.#indexes.length = 0
    this.#keys.length = 0
    this.#next = 0
    this.#floor = index
  }

  /** Keys that changed after `since`, each once, in no order; undefined if that is too long ago. */
  since(since: number): ReadonlySet<string> | undefined {
    if (since < this.#floor) return undefined
    const keys = new Set<string>()
    const size = this.#indexes.length
    for (let back = 1; back <= size; back++) {
      const at = (this.#next - back + recentMax) % recentMax
      if ((this.#indexes[at] ?? 0) <= since) break
      keys.add(this.#keys[at] ?? '')
    }
    return keys
  }
}
