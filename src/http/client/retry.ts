// When to try again, for what runs until it is told to end.
import { ApiError, type Connection } from './connection.ts'

const pauseMsMin = 250
const pauseMsMax = 30_000

/** Pauses that double, each drawn from the upper half of its range, so that many clients do not come back at once. */
export class Backoff {
  readonly #connection: Pick<Connection, 'random'>
  #rangeMs = pauseMsMin

  constructor(connection: Pick<Connection, 'random'>) {
    this.#connection = connection
  }

  /** The next pause in ms. */
  next(): number {
    const range = this.#rangeMs
    this.#rangeMs = Math.min(range * 2, pauseMsMax)
    return Math.floor(range / 2 + (this.#connection.random() * range) / 2)
  }

  /** Begins with the shortest pause again. */
  reset(): void {
    this.#rangeMs = pauseMsMin
  }
}

/** True for failures that may pass: nobody answered, or a server had trouble. A refusal does not pass. */
export function isPassing(error: Error): boolean {
  if (!(error instanceof ApiError)) return error.name === 'ConnectionError'
  return error.status >= 500 || error.status === 429
}

/** True when the caller wants no more. */
export function isEnded(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}
