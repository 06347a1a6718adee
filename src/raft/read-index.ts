// Linearizable reads without the log: batched rounds that a quorum confirms (thesis 6.4), and the lease (6.4.1).

/** A batch of reads that waits for one round. */
interface ReadBatch {
  readonly round: number
  readonly index: number
  readonly requests: readonly number[]
}

/** Rounds of a leadership: a message of round r was sent after the round began, so its reply confirms that moment. */
export class Rounds {
  #round = 0
  #confirmed = 0
  #confirmedStartMs = -Infinity
  /** Rounds that are not confirmed yet, oldest first. */
  #starts: { readonly round: number; readonly startMs: number }[] = []
  #waiting: number[] = []
  #batch: ReadBatch | null = null

  /** The round that messages sent now belong to. */
  get current(): number {
    return this.#round
  }

  /** The last round that a quorum has confirmed. */
  get confirmed(): number {
    return this.#confirmed
  }

  /** When the last confirmed round began: until then a quorum knew this leader. */
  get confirmedStartMs(): number {
    return this.#confirmedStartMs
  }

  /** Reads that wait to join a round. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** True while reads wait for the confirmation of their round. */
  get hasBatch(): boolean {
    return this.#batch !== null
  }

  /** A new round begins: everything sent from now on carries it. */
  begin(nowMs: number): void {
    this.#round += 1
    this.#starts.push({ round: this.#round, startMs: nowMs })
  }

  /** A read arrives. */
  wait(request: number): void {
    this.#waiting.push(request)
  }

  /** All waiting reads join the current round, which must have begun after they arrived. */
  join(commitIndex: number): void {
    this.#batch = { round: this.#round, index: commitIndex, requests: this.#waiting }
    this.#waiting = []
  }

  /** A quorum has confirmed `round`. Returns the reads that may be answered. */
  confirm(round: number): { readonly index: number; readonly requests: readonly number[] } | undefined {
    if (round <= this.#confirmed) return undefined
    this.#confirmed = round
    for (let head = this.#starts[0]; head !== undefined && head.round <= round; head = this.#starts[0]) {
      this.#confirmedStartMs = head.startMs
      this.#starts.shift()
    }
    const batch = this.#batch
    if (batch === null || batch.round > round) return undefined
    this.#batch = null
    return batch
  }

  /** The leadership is over: all reads that were not answered. */
  end(): readonly number[] {
    const requests = [...(this.#batch?.requests ?? []), ...this.#waiting]
    this.#batch = null
    this.#waiting = []
    return requests
  }
}
