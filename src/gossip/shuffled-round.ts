// In which order members are probed, and in which they are told news: all once in a random order, then all again
// in another (SWIM 4.3).
import type { Random } from '../lib/random.ts'
import { isLive, type MemberRecord, type MemberTable } from './members.ts'

/** An endless walk through all members that some condition admits, never through this one. */
export class ShuffledRound {
  readonly #members: MemberTable
  readonly #selfName: string
  readonly #random: Random
  readonly #accepts: (record: MemberRecord) => boolean
  #round: MemberRecord[] = []
  #next = 0

  /** @param accepts who takes part, asked when a member's turn comes */
  constructor(
    members: MemberTable,
    selfName: string,
    random: Random,
    accepts: (record: MemberRecord) => boolean = isLive,
  ) {
    this.#members = members
    this.#selfName = selfName
    this.#random = random
    this.#accepts = accepts
  }

  /** Puts a member that is new or back at a random place among those still to come (SWIM 4.3). */
  insert(record: MemberRecord): void {
    if (this.#round.length >= 2 * this.#members.size) this.#compact()
    if (this.#round.includes(record, this.#next)) return
    this.#round.splice(this.#random.between(this.#next, this.#round.length), 0, record)
  }

  /** Whose turn it is, or undefined when nobody else takes part. A round that is used up begins anew. */
  next(): MemberRecord | undefined {
    const found = this.#advance()
    if (found !== undefined) return found
    this.#round = [...this.#members.values()].filter((record) => this.#takesPart(record))
    this.#random.shuffle(this.#round)
    this.#next = 0
    return this.#advance()
  }

  /** Lets go of those that were probed already or are gone, so that peers cannot make the round grow. */
  #compact(): void {
    this.#round = this.#round.slice(this.#next).filter((record) => this.#takesPart(record))
    this.#next = 0
  }

  /** The next `count` members of the walk, all different; fewer if there are not so many. */
  take(count: number): MemberRecord[] {
    const taken: MemberRecord[] = []
    while (taken.length < count) {
      const record = this.next()
      if (record === undefined || taken.includes(record)) break
      taken.push(record)
    }
    return taken
  }

  #advance(): MemberRecord | undefined {
    while (this.#next < this.#round.length) {
      const record = this.#round[this.#next++]
      if (record !== undefined && this.#takesPart(record)) return record
    }
    return undefined
  }

  #takesPart(record: MemberRecord): boolean {
    return (
      record.name !== this.#selfName && this.#accepts(record) && this.#members.get(record.name) === record
    )
  }
}
