// Clients at work until they are told to stop, and whether all of them have had their last answer.

/** What clients have in common that work at the same time. */
export class Crew {
  readonly #onError: (error: unknown) => void
  #isOn = true
  #active = 0

  /** `onError` is told of what goes wrong in a client itself. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** False once they are to stop: loops look here. */
  get isOn(): boolean {
    return this.#isOn
  }

  /** True when every client has had its last answer. */
  get isIdle(): boolean {
    return this.#active === 0
  }

  stop(): void {
    this.#isOn = false
  }

  /** Counts a client in until its work is done. */
  launch(work: Promise<void>): void {
    this.#active++
    work.then(
      () => this.#active--,
      (error: unknown) => {
        this.#active--
        this.#onError(error)
      },
    )
  }
}

/** Where a mistake in a client was made, for a list of problems. */
export function problemOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
