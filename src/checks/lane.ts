// Runs of one kind in flight, and the checks that wait for a place: whoever waits longest is next, but checks that
// hang can never take all places away from those that answer.

/** Somebody who wants a place. */
export interface Waiter {
  /** Its last run took long; it may then have one of half of the places only. */
  readonly isSlow: boolean
}

/** Who waits, in the order of coming. */
interface Waiting<T> {
  readonly queue: Map<T, number>
  running: number
}

/** Places for runs of one kind. */
export class Lane<T extends Waiter> {
  readonly #max: number
  readonly #quick: Waiting<T> = { queue: new Map(), running: 0 }
  readonly #slow: Waiting<T> = { queue: new Map(), running: 0 }
  /** Who has a place, and of which kind. */
  readonly #places = new Map<T, Waiting<T>>()
  #tickets = 0

  /** @param max places, at least 2 */
  constructor(max: number) {
    this.#max = max
  }

  /** Places in use. */
  get running(): number {
    return this.#places.size
  }

  /** Those that wait. */
  get waiting(): number {
    return this.#quick.queue.size + this.#slow.queue.size
  }

  /** Joins the end of the queue. */
  join(waiter: T): void {
    const side = waiter.isSlow ? this.#slow : this.#quick
    side.queue.set(waiter, this.#tickets++)
  }

  /** Gives up its place, or its place in the queue. */
  leave(waiter: T): void {
    this.#quick.queue.delete(waiter)
    this.#slow.queue.delete(waiter)
    const side = this.#places.get(waiter)
    if (side === undefined) return
    side.running--
    this.#places.delete(waiter)
  }

  /** Gives the next one its place; undefined if nobody waits or all places are taken. */
  admit(): T | undefined {
    if (this.#places.size >= this.#max) return undefined
    const quick = first(this.#quick)
    const slow = this.#slow.running < this.#max >> 1 ? first(this.#slow) : undefined
    const isSlowNext = slow !== undefined && (quick === undefined || slow[1] < quick[1])
    const next = isSlowNext ? slow : quick
    if (next === undefined) return undefined
    const side = isSlowNext ? this.#slow : this.#quick
    side.queue.delete(next[0])
    side.running++
    this.#places.set(next[0], side)
    return next[0]
  }
}

function first<T>({ queue }: Waiting<T>): readonly [T, number] | undefined {
  return queue.entries().next().value
}
