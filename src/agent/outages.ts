// Failures that come with every try: told of once per outage, by one of all those that see the same.
import type { Clock } from '../runtime/host.ts'
import { createComplaints, type Complaints } from './complaints.ts'

/** Who has had no answer yet keeps quiet for so long: an agent that starts has to join first, and a leader to be elected. */
const quietMs = 30_000

/** The outages that several see, each for itself. */
export class Outages {
  readonly #clock: Clock
  readonly #complaints: Complaints
  /** How many are failing that a line of the log speaks for, by what it says. */
  readonly #toldByText = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#complaints = createComplaints(clock)
  }

  /** Somebody who begins to ask now. */
  sight(): Sight {
    const quietUntilMs = this.#clock.nowMs() + quietMs
    let hasAnswer = false
    let told: string | null = null
    const end = (): boolean => {
      if (told === null) return false
      const left = (this.#toldByText.get(told) ?? 1) - 1
      if (left > 0) this.#toldByText.set(told, left)
      else this.#toldByText.delete(told)
      told = null
      return left === 0
    }
    return {
      onFailure: (text) => {
        if (told !== null) return false
        const others = this.#toldByText.get(text) ?? 0
        const isEarly = !hasAnswer && this.#clock.nowMs() < quietUntilMs
        if (others === 0 && (isEarly || !this.#complaints.mayTell(text))) return false
        told = text
        this.#toldByText.set(text, others + 1)
        return others === 0
      },
      onAnswer: () => {
        hasAnswer = true
        return end()
      },
      end: () => void end(),
    }
  }
}

/** Outages as one sees them. */
export interface Sight {
  /** True if this failure is to be told of: nobody has told of this outage yet. */
  onFailure(text: string): boolean
  /** True if with this answer an outage is over for all that a line spoke for. */
  onAnswer(): boolean
  /** Nothing is asked any more. */
  end(): void
}
