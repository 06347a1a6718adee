// Fresh reads on a follower: the leader is asked for an index, not for the answer, once for all who came since the last
// question was sent (thesis 6.4). What is applied here up to that index holds every write acknowledged before.
import type { Address } from '../model/address.ts'
import type { Consistency } from '../model/query.ts'

/** Asks the leader for a read index; null if it gave none. */
export type AskIndex = (leader: Address, consistency: Consistency) => Promise<number | null>

/** Read indexes of the leader, for a server that is not it. */
export class LeaderIndex {
  readonly #ask: AskIndex
  readonly #soon: (task: () => void) => void
  #lines = { default: new Line(), consistent: new Line() }

  /** `soon`: the host clock's. */
  constructor(ask: AskIndex, soon: (task: () => void) => void) {
    this.#ask = ask
    this.#soon = soon
  }

  /** An index that the leader gives from now on; null if it gives none, or leads no more. */
  next(leader: Address, consistency: 'default' | 'consistent'): Promise<number | null> {
    const line = this.#lines[consistency]
    return new Promise((resolve) => {
      line.waiting.push(resolve)
      if (line.isAsking) return
      line.isAsking = true
      this.#soon(() => void this.#serve(line, leader, consistency))
    })
  }

  /** The leader may have changed: nobody waits for the old one. */
  abandon(): void {
    const lines = Object.values(this.#lines)
    this.#lines = { default: new Line(), consistent: new Line() }
    for (const line of lines) {
      for (const resolve of line.asked.splice(0)) resolve(null)
      for (const resolve of line.waiting.splice(0)) resolve(null)
    }
  }

  /** Who comes while a question is under way may need a newer index than its answer: they share the next one. */
  async #serve(line: Line, leader: Address, consistency: Consistency): Promise<void> {
    while (line.waiting.length > 0) {
      line.asked = line.waiting
      line.waiting = []
      const index = await this.#ask(leader, consistency)
      for (const resolve of line.asked.splice(0)) resolve(index)
    }
    line.isAsking = false
  }
}

type Resolve = (index: number | null) => void

/** Those who wait for an index of one consistency. */
class Line {
  isAsking = false
  /** Those whom the question under way is for, and those who wait for the next one. */
  asked: Resolve[] = []
  waiting: Resolve[] = []
}
