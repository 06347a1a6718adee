// What one step says to the outside: effects in order, and the one write that carries what must be durable first.
// It also knows which writes are durable, so it is the place where "ack only what is durable" is decided.
import { assert } from '../lib/assert.ts'
import type { LogPosition, RaftEffect } from './events.ts'
import type { Entry, HardState, RaftMessage, ServerId } from './message.ts'

/** A message on its way. */
interface Envelope {
  readonly to: ServerId
  readonly message: RaftMessage
}

/** Collects the effects of a step and numbers its write. */
export class Outbox {
  #effects: RaftEffect[] = []
  #entries: Entry[] = []
  #hardState: HardState | null = null
  #reset: LogPosition | null = null
  #whenDurable: Envelope[] = []
  #lastWrite = 0
  #durableWrite = 0
  /** The write that carries the present term and vote. */
  #hardStateWrite = 0
  /** Writes in flight that hold entries, oldest first; `lastIndex` shrinks when a later write replaces them. */
  #inFlight: { readonly write: number; lastIndex: number }[] = []
  #durableIndex: number

  /** A fresh outbox of a server whose disk holds entries up to `durableIndex`. */
  constructor(durableIndex: number) {
    this.#durableIndex = durableIndex
  }

  /** Entries up to here survive a crash; never more than the log holds. */
  get durableIndex(): number {
    return this.#durableIndex
  }

  /** True if the present term and vote survive a crash. */
  get isHardStateDurable(): boolean {
    return this.#hardState === null && this.#durableWrite >= this.#hardStateWrite
  }

  emit(effect: RaftEffect): void {
    this.#effects.push(effect)
  }

  /** Sends at once: only for what nobody relies on after a crash of this server. */
  send(to: ServerId, message: RaftMessage): void {
    this.#effects.push({ kind: 'send', to, message })
  }

  /** Sends when all that was written so far, this step's write included, is durable. */
  sendWhenDurable(to: ServerId, message: RaftMessage): void {
    this.#whenDurable.push({ to, message })
  }

  /** Sends when term and vote are durable: for replies that claim nothing about new entries. */
  sendWithHardState(to: ServerId, message: RaftMessage): void {
    if (this.isHardStateDurable) this.send(to, message)
    else this.sendWhenDurable(to, message)
  }

  /** Term and vote, in one record (paper figure 2: updated on stable storage before responding). */
  writeHardState(hardState: HardState): void {
    this.#hardState = hardState
  }

  /** Entries that were put into the log. */
  writeEntries(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    const last = this.#entries.at(-1)
    assert(last === undefined || last.index + 1 === first.index, 'one step writes one run of entries')
    this.#forgetFrom(first.index)
    for (const entry of entries) this.#entries.push(entry)
  }

  /** All entries so far are void. */
  writeReset(position: LogPosition): void {
    this.#reset = position
    this.#entries = []
    this.#inFlight = []
    this.#durableIndex = position.index
  }

  /** All writes up to this one are durable (paper figure 2, "persistent state on all servers"). */
  onPersisted(write: number): void {
    assert(
      write <= this.#lastWrite,
      () => `write ${write} was never asked for, the last is ${this.#lastWrite}`,
    )
    this.#durableWrite = Math.max(this.#durableWrite, write)
    for (let head = this.#inFlight[0]; head !== undefined && head.write <= write; head = this.#inFlight[0]) {
      this.#durableIndex = Math.max(this.#durableIndex, head.lastIndex)
      this.#inFlight.shift()
    }
  }

  /** Ends the step: what was collected, with at most one write, last. */
  finish(): readonly RaftEffect[] {
    this.#flush()
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #flush(): void {
    const isEmpty = this.#entries.length === 0 && this.#hardState === null && this.#reset === null
    if (isEmpty && this.#whenDurable.length === 0) return
    if (isEmpty && this.#durableWrite === this.#lastWrite) {
      for (const { to, message } of this.#whenDurable) this.send(to, message)
      this.#whenDurable = []
      return
    }
    this.#lastWrite += 1
    if (this.#hardState !== null) this.#hardStateWrite = this.#lastWrite
    const last = this.#entries.at(-1)
    if (last !== undefined) this.#inFlight.push({ write: this.#lastWrite, lastIndex: last.index })
    this.#effects.push({
      kind: 'persist',
      write: this.#lastWrite,
      hardState: this.#hardState,
      reset: this.#reset,
      entries: this.#entries,
      sendWhenDurable: this.#whenDurable,
    })
    this.#hardState = null
    this.#reset = null
    this.#entries = []
    this.#whenDurable = []
  }

  /** What was durable from `index` on is about to be replaced, and no longer what the log holds. */
  #forgetFrom(index: number): void {
    this.#durableIndex = Math.min(this.#durableIndex, index - 1)
    for (const item of this.#inFlight) item.lastIndex = Math.min(item.lastIndex, index - 1)
  }
}
