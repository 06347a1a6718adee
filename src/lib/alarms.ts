// Deadlines of many owners in one heap. A deadline that moves later keeps its place, and is put back when that comes.
import { Heap } from './heap.ts'

/** A deadline of somebody. Made by `Alarms.alarm`, moved by `Alarms.set`. */
export interface Alarm<T> {
  readonly owner: T
  /** When it is due; `Infinity` for never. */
  readonly atMs: number
}

interface Placed<T> extends Alarm<T> {
  atMs: number
  /** Where in the heap it is looked at next; never later than `atMs`. */
  placedAtMs: number
}

/** Places in the heap that mean nothing any more are swept out when they are the majority, and this many. */
const sweepMin = 1024

/** Deadlines of many owners. Moving one later costs O(1), which is what a TTL check and a session do all the time. */
export class Alarms<T> {
  readonly #heap = new Heap<Placed<T>>()
  readonly #placed = new Set<Placed<T>>()

  /** When to look for what is due; it may come too early. */
  get wakeAtMs(): number {
    return this.#heap.leastAt
  }

  /** Places in the heap, of use or not. */
  get places(): number {
    return this.#heap.size
  }

  /** Makes an alarm that is never due until it is set. */
  alarm(owner: T): Alarm<T> {
    const made: Placed<T> = { owner, atMs: Infinity, placedAtMs: Infinity }
    return made
  }

  /** Moves an alarm; `Infinity` takes it out. */
  set(alarm: Alarm<T>, atMs: number): void {
    const placed = alarm as Placed<T>
    placed.atMs = atMs
    if (atMs < placed.placedAtMs) this.#place(placed)
    else if (atMs === Infinity && placed.placedAtMs !== Infinity) {
      this.#forget(placed)
      this.#sweep()
    }
  }

  /** Takes out one alarm that is due, with the time that it was set to; undefined when there is none. */
  takeDue(nowMs: number): { readonly owner: T; readonly atMs: number } | undefined {
    while (this.#heap.leastAt <= nowMs) {
      const at = this.#heap.leastAt
      const placed = this.#heap.pop()
      if (placed === undefined || placed.placedAtMs !== at) continue
      this.#forget(placed)
      if (placed.atMs > nowMs) {
        this.#place(placed)
        continue
      }
      const { owner, atMs } = placed
      placed.atMs = Infinity
      return { owner, atMs }
    }
    return undefined
  }

  #place(placed: Placed<T>): void {
    placed.placedAtMs = placed.atMs
    if (placed.atMs === Infinity) return
    this.#placed.add(placed)
    this.#heap.push(placed.atMs, placed)
    this.#sweep()
  }

  #forget(placed: Placed<T>): void {
    placed.placedAtMs = Infinity
    this.#placed.delete(placed)
  }

  #sweep(): void {
    if (this.#heap.size < sweepMin || this.#heap.size <= 2 * this.#placed.size) return
    this.#heap.clear()
    for (const placed of this.#placed) this.#heap.push(placed.placedAtMs, placed)
  }
}
