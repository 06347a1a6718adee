// One run of a program on a machine, from its start to its end. Whatever calls into the program goes through here,
// so that a dead one is never called and a paused one is called late, in order.
import { HostError } from '../../src/runtime/host.ts'
import type { Scheduler } from './scheduler.ts'

/** How a process ends: `kill` leaves the machine running (streams are reset); `power` takes everything at once. */
export type Ending = 'kill' | 'power'

/** A process. */
export class SimProcess {
  readonly name: string
  readonly pid: number
  readonly #scheduler: Scheduler
  #isAlive = true
  #isPaused = false
  readonly #held: (() => void)[] = []
  /** What must be undone when it ends, in order of opening. */
  readonly #onEnd = new Set<(ending: Ending) => void>()
  /** Host calls whose promise is not settled, wake-ups that are armed: counted for the check of resources. */
  openCalls = 0
  armedTimers = 0

  constructor(scheduler: Scheduler, name: string, pid: number) {
    this.#scheduler = scheduler
    this.name = name
    this.pid = pid
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Sockets, files, servers and locks that are open. */
  get openHandles(): number {
    return this.#onEnd.size
  }

  /** Registers what ends with the process; returns what takes it back. */
  own(end: (ending: Ending) => void): () => void {
    this.#onEnd.add(end)
    return () => void this.#onEnd.delete(end)
  }

  /** Calls into the program now, or when it goes on, or never. */
  enter(call: () => void): void {
    if (!this.#isAlive) return
    if (this.#isPaused) this.#held.push(call)
    else call()
  }

  /** A host call that takes a while: `finish` runs at its end and its outcome is the promise's. */
  call<T>(micros: number, finish: () => T): Promise<T> {
    if (!this.#isAlive) return new Promise(() => undefined)
    this.openCalls++
    return new Promise((resolve, reject) => {
      this.#scheduler.after(micros, () =>
        this.enter(() => {
          this.openCalls--
          try {
            resolve(finish())
          } catch (error) {
            reject(error instanceof Error ? error : new HostError('EIO', String(error)))
          }
        }),
      )
    })
  }

  /** Wakes the program at a time. */
  wakeAt(micros: number, wake: () => void): () => void {
    if (!this.#isAlive) return () => undefined
    let isOver = false
    this.armedTimers++
    const end = (): boolean => {
      if (isOver) return false
      isOver = true
      this.armedTimers--
      return true
    }
    const cancel = this.#scheduler.at(micros, () =>
      this.enter(() => {
        if (end()) wake()
      }),
    )
    return () => {
      if (end()) cancel()
    }
  }

  pause(): void {
    this.#isPaused = true
  }

  /** Goes on: everything that was held comes now, in order, each as an event of its own. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    for (const call of this.#held.splice(0)) this.#scheduler.after(0, () => this.enter(call))
  }

  end(ending: Ending): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    this.#held.length = 0
    for (const each of this.#onEnd) each(ending)
    this.#onEnd.clear()
  }
}
