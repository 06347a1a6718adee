// Checks whose output has changed and waits to be told to the catalog.
import { Heap } from '../lib/heap.ts'

/**
 * When the output of which check is to be sent. A check has one place in the heap at most: what was called off and is
 * asked for again before its time takes the old one.
 */
export class Deferrals {
  readonly #heap = new Heap<string>()
  /** Of all in the heap: whether it still waits. */
  readonly #waits = new Map<string, boolean>()

  get leastAtMs(): number {
    return this.#heap.leastAt
  }

  has(checkId: string): boolean {
    return this.#waits.get(checkId) === true
  }

  /** Lets a check wait. */
  add(checkId: string, atMs: number): void {
    if (!this.#waits.has(checkId)) this.#heap.push(atMs, checkId)
    this.#waits.set(checkId, true)
  }

  /** It was sent, or is gone. */
  cancel(checkId: string): void {
    if (this.#waits.has(checkId)) this.#waits.set(checkId, false)
  }

  /** Takes out those whose time has come. */
  takeDue(nowMs: number): readonly string[] {
    const due: string[] = []
    while (this.#heap.leastAt <= nowMs) {
      const id = this.#heap.pop()
      if (id === undefined) break
      if (this.has(id)) due.push(id)
      this.#waits.delete(id)
    }
    return due
  }
}
