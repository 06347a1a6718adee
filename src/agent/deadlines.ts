// Many waits that end at some time, with one wake-up for all of them: ten thousand timers of the platform would cost
// more than the waits. Deadlines are rounded up, so that those that are close share a bucket.
import type { Clock } from '../runtime/host.ts'

/** Waits of up to `shortMsMax` end up to 16 ms late, longer ones up to 128 ms. */
const shortMsMax = 4000
const shortStepMs = 16
const longStepMs = 128

/** Items with a time each; `onDue` gets those whose time has come. */
export class Deadlines<T> {
  readonly #clock: Clock
  readonly #onDue: (item: T) => void
  /** By the rounded time. */
  readonly #buckets = new Map<number, Set<T>>()
  #armedAtMs = Infinity
  #disarm: (() => void) | null = null

  constructor(clock: Clock, onDue: (item: T) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /** Adds an item for `waitMs` from now; returns the time that it is kept under, which `remove` needs. */
  add(item: T, waitMs: number): number {
    const stepMs = waitMs > shortMsMax ? longStepMs : shortStepMs
    const atMs = Math.ceil((this.#clock.nowMs() + waitMs) / stepMs) * stepMs
    const bucket = this.#buckets.get(atMs)
    if (bucket === undefined) this.#buckets.set(atMs, new Set([item]))
    else bucket.add(item)
    if (atMs < this.#armedAtMs) this.#arm(atMs)
    return atMs
  }

  /** Takes an item out before its time; no harm if it is out already. */
  remove(item: T, atMs: number): void {
    const bucket = this.#buckets.get(atMs)
    if (bucket === undefined) return
    bucket.delete(item)
    if (bucket.size > 0) return
    this.#buckets.delete(atMs)
    // Others are found when the wake-up comes; without any there is none to keep.
    if (this.#buckets.size === 0) this.#arm(Infinity)
  }

  #arm(atMs: number): void {
    this.#disarm?.()
    this.#armedAtMs = atMs
    this.#disarm = atMs === Infinity ? null : this.#clock.wakeAt(atMs, () => this.#wake())
  }

  #wake(): void {
    this.#armedAtMs = Infinity
    this.#disarm = null
    const nowMs = this.#clock.nowMs()
    const due: T[] = []
    let nextMs = Infinity
    for (const [atMs, bucket] of this.#buckets) {
      if (atMs > nowMs) {
        nextMs = Math.min(nextMs, atMs)
        continue
      }
      this.#buckets.delete(atMs)
      for (const item of bucket) due.push(item)
    }
    if (nextMs < Infinity) this.#arm(nextMs)
    for (const item of due) this.#onDue(item)
  }
}
