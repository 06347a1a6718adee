// What concurrent clients did and were told: operations with the interval in which each must have taken effect.

/** One operation of a history. Times are of one clock, in any unit. */
export interface Operation<I, O> {
  /** Who did it, for people. */
  readonly client: string
  readonly input: I
  /** Null: the outcome is unknown. It may have taken effect at any time after `calledAt`, or never. */
  readonly output: O | null
  readonly calledAt: number
  /** Infinity while the outcome is unknown. */
  readonly returnedAt: number
}

/**
 * What became of an operation. `failed` means that it certainly did not take effect, `unknown` that nobody knows:
 * an operation that was reported as failed and is seen later is a violation.
 */
export type Outcome<O> =
  | { readonly kind: 'answered'; readonly output: O }
  | { readonly kind: 'failed' }
  | { readonly kind: 'unknown' }

interface Begun<I, O> {
  readonly client: string
  readonly input: I
  readonly calledAt: number
  end: { readonly outcome: Outcome<O>; readonly at: number } | null
}

/** Notes operations as they begin and end. */
export class HistoryRecorder<I, O> {
  readonly #begun: Begun<I, O>[] = []

  /** An operation is sent; returns what notes its outcome. */
  begin(client: string, input: I, at: number): (outcome: Outcome<O>, at: number) => void {
    const begun: Begun<I, O> = { client, input, calledAt: at, end: null }
    this.#begun.push(begun)
    return (outcome, endedAt) => {
      begun.end = { outcome, at: endedAt }
    }
  }

  /** Operations begun so far. */
  get size(): number {
    return this.#begun.length
  }

  /** All that can have taken effect. What has not ended yet is unknown. */
  operations(): readonly Operation<I, O>[] {
    return this.#begun.flatMap(({ client, input, calledAt, end }): Operation<I, O>[] => {
      if (end?.outcome.kind === 'failed') return []
      if (end?.outcome.kind === 'answered') {
        return [{ client, input, output: end.outcome.output, calledAt, returnedAt: end.at }]
      }
      return [{ client, input, output: null, calledAt, returnedAt: Infinity }]
    })
  }
}
