// Writes that are in this server's log and not applied yet, with those who wait for them. What became of one is known
// when its index is applied, also after the leadership has ended: with its own term it was carried out, with another
// term it never will be.
import { err, type Result } from '../lib/result.ts'
import type { DecodedCommand } from '../codec/command-codec.ts'
import type { CommandResult } from '../model/command.ts'
import type { RequestError } from '../model/errors.ts'
import type { Clock } from '../runtime/host.ts'
import { lost, refusal } from './raft-refusals.ts'

/** An applied write. */
export interface Written {
  readonly result: CommandResult
  readonly index: number
}

/** Told what became of a write. */
export type Outcome = (outcome: Result<Written, RequestError>) => void

/** A write that this server has taken on. */
export interface OwnWrite {
  /** As it was read when it was taken on: what every server will read of the log. */
  readonly decoded: DecodedCommand | null
  /** When it was taken on, monotonic µs. */
  readonly atMicros: number
  readonly resolve: Outcome
}

interface Pending {
  readonly term: number
  readonly write: OwnWrite
}

/** After the end of the leadership it is waited for so long: the next leader mostly settles it within a second. */
const settleMsMax = 2000

/** Writes of one server. */
export class PendingWrites {
  readonly #clock: Clock
  readonly #byIndex = new Map<number, Pending>()
  readonly #disarms = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A write is in the log at this place. */
  add(index: number, term: number, write: OwnWrite): void {
    // Whoever leads now has all that was ever committed: what stood here before is gone for good.
    this.#byIndex.get(index)?.write.resolve(err(refusal('notLeader')))
    this.#byIndex.set(index, { term, write })
  }

  /** The entry at this place is being applied: the write that it is, if it came from here, which is no longer pending. */
  take(index: number, term: number): OwnWrite | null {
    const pending = this.#byIndex.get(index)
    if (pending === undefined) return null
    this.#byIndex.delete(index)
    if (pending.term === term) return pending.write
    pending.write.resolve(err(refusal('notLeader')))
    return null
  }

  /** The leadership is over: those that are not settled soon are in doubt. */
  endLeadership(): void {
    if (this.#byIndex.size === 0) return
    const unsettled = [...this.#byIndex]
    const disarm = this.#clock.wakeAt(this.#clock.nowMs() + settleMsMax, () => {
      this.#disarms.delete(disarm)
      for (const [index, pending] of unsettled) {
        if (this.#byIndex.get(index) === pending) this.#lose(index, pending)
      }
    })
    this.#disarms.add(disarm)
  }

  /** Nobody here will learn what became of the writes up to this index. */
  loseUpTo(index: number): void {
    for (const [at, pending] of this.#byIndex) if (at <= index) this.#lose(at, pending)
  }

  /** This server stops. */
  stop(): void {
    for (const disarm of this.#disarms) disarm()
    this.#disarms.clear()
    this.loseUpTo(Infinity)
  }

  #lose(index: number, pending: Pending): void {
    this.#byIndex.delete(index)
    pending.write.resolve(err(lost()))
  }
}
