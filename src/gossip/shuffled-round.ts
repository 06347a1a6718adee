// In which order members are probed: all once in a random order, then all again in another (SWIM 4.3).
import type { Random } from '../lib/random.ts'
import { isLive, type MemberRecord, type MemberTable } from './members.ts'

/** The order of probes. */
export class ShuffledRound {
  readonly #members: MemberTable
  readonly #selfName: string
  readonly #random: Random
  #round: MemberRecord[] = []
  #next = 0

  constructor(members: MemberTable, selfName: string, random: Random) {
    this.#members = members
    this.#selfName = selfName
    this.#random = random
  }

  /** Puts a member that is new or back at a random place among those still to come (SWIM 4.3). */
  insert(record: MemberRecord): void {
    if (this.#round.length >= 2 * this.#members.size) this.#compact()
    if (this.#round.includes(record, this.#next)) return
    this.#round.splice(this.#random.between(this.#next, this.#round.length), 0, record)
  }

  /** Whom to probe now, or undefined when nobody else is live. A round that is used up begins anew. */
  next(): MemberRecord | undefined {
    const found = this.#advance()
    if (found !== undefined) return found
    this.#round = [...this.#members.values()].filter((record) => this.#canBeProbed(record))
    this.#random.shuffle(this.#round)
    this.#next = 0
    return this.#advance()
  }

  /** Lets go of those that were probed already or are gone, so that peers cannot make the round grow. */
  #compact(): void {
    this.#round = this.#round.slice(this.#next).filter((record) => this.#canBeProbed(record))
    this.#next = 0
  }

  #advance(): MemberRecord | undefined {
    while (this.#next < this.#round.length) {
      const record = this.#round[this.#next++]
      if (record !== undefined && this.#canBeProbed(record)) return record
    }
    return undefined
  }

  #canBeProbed(record: MemberRecord): boolean {
    return record.name !== this.#selfName && isLive(record) && this.#members.get(record.name) === record
  }
}
