// One wake-up for many deadlines: armed at the earliest, moved only when an earlier one comes.

import type { Clock } from '../runtime/host.ts'

/** A single wake-up of the host's clock. `onWake` must arm it again. */
export class Alarm {
  readonly #clock: Pick<Clock, 'nowMs' | 'wakeAt'>
  readonly #onWake: (nowMs: number) => void
  #atMs = Infinity
  #cancel: (() => void) | undefined

  constructor(clock: Pick<Clock, 'nowMs' | 'wakeAt'>, onWake: (nowMs: number) => void) {
    this.#clock = clock
    this.#onWake = onWake
  }

  /** Makes sure that `onWake` is called at `atMs` or earlier. */
  armBy(atMs: number): void {
    if (atMs >= this.#atMs) return
    this.#cancel?.()
    this.#atMs = atMs
    this.#cancel = this.#clock.wakeAt(atMs, () => {
      this.#atMs = Infinity
      this.#cancel = undefined
      this.#onWake(this.#clock.nowMs())
    })
  }

  /** Cancels the wake-up. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#atMs = Infinity
  }
}
