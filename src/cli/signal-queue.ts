// Signals for commands that go through phases: what comes between two handlers is kept for the next.
import type { Host, SignalName } from '../runtime/host.ts'

/** Takes signals in place of their default actions, and hands them to whoever listens. */
export class SignalQueue {
  readonly #removers: readonly (() => void)[]
  readonly #waiting: SignalName[] = []
  #listener: ((signal: SignalName) => void) | undefined

  constructor({ signals }: Pick<Host, 'signals'>, names: readonly SignalName[]) {
    this.#removers = names.map((name) => signals.on(name, () => this.#take(name)))
  }

  /** Hands signals to `listener`, beginning with those that nobody has taken; returns what ends that. */
  listen(listener: (signal: SignalName) => void): () => void {
    this.#listener = listener
    for (const signal of this.#waiting.splice(0)) listener(signal)
    return () => {
      if (this.#listener === listener) this.#listener = undefined
    }
  }

  /** Gives the signals their default actions back. */
  close(): void {
    for (const remove of this.#removers) remove()
  }

  #take(signal: SignalName): void {
    if (this.#listener === undefined) this.#waiting.push(signal)
    else this.#listener(signal)
  }
}
