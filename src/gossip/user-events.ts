// User events: fired by one member, told to all, each heard of once (after serf's user events). A Lamport clock of their
// own orders them; what is older than all that we remember is not taken for new.
import type { Address } from '../model/address.ts'
import type { UserEvent } from '../model/user-event.ts'
import { lamportTimeMax, type Core } from './core.ts'
import { eventBytes } from './size.ts'

/** The events part of the machine. */
export class UserEvents {
  readonly #core: Core
  readonly #recentById = new Map<string, UserEvent>()
  /** The same, by Lamport time, oldest first. */
  readonly #recent: UserEvent[] = []
  #time = 0
  /** Events below this are not heard of any more. */
  #timeMin = 0

  constructor(core: Core) {
    this.#core = core
  }

  /** Our clock of events. */
  get time(): number {
    return this.#time
  }

  /** The events that are remembered, oldest first. */
  recent(): readonly UserEvent[] {
    return [...this.#recent]
  }

  /** Fires an event of ours, which we hear of as well. */
  fire(event: Omit<UserEvent, 'lamportTime'>): void {
    if (this.#core.phase !== 'running') return
    this.#time = Math.min(lamportTimeMax, this.#time + 1)
    this.#hear({ ...event, lamportTime: this.#time })
  }

  /** An event by gossip or out of a full exchange; what is new is passed on. */
  onEvent(event: UserEvent, from: Address): void {
    if (this.#recentById.has(event.id) || event.lamportTime < this.#timeMin) return
    if (this.#isRefused(event, from)) return
    this.#time = Math.max(this.#time, event.lamportTime)
    this.#hear(event)
  }

  /** Takes all events up to a time for known: they were fired before we came. */
  skip(time: number): void {
    if (time > lamportTimeMax) return
    this.#time = Math.max(this.#time, time)
    this.#timeMin = Math.max(this.#timeMin, time + 1)
  }

  #isRefused(event: UserEvent, from: Address): boolean {
    const { id, lamportTime } = event
    if (lamportTime > lamportTimeMax) {
      this.#core.reject('badEventTime', from, `Lamport time ${lamportTime} is claimed for event '${id}'`)
      return true
    }
    const bytes = eventBytes(event)
    const { eventBytesMax } = this.#core.config.limits
    if (bytes <= eventBytesMax) return false
    this.#core.reject(
      'tooLarge',
      from,
      `Event '${id}' has ${bytes} bytes, which is more than ${eventBytesMax}`,
    )
    return true
  }

  #hear(event: UserEvent): void {
    this.#recentById.set(event.id, event)
    this.#recent.splice(this.#positionOf(event.lamportTime), 0, event)
    this.#forgetOld()
    this.#core.announce({ kind: 'userEvent', event })
    this.#core.emit({ kind: 'eventHeard', event })
  }

  /** After the last event of this time. */
  #positionOf(time: number): number {
    let position = this.#recent.length
    while (position > 0 && (this.#recent[position - 1]?.lamportTime ?? 0) > time) position--
    return position
  }

  /** At the limit the oldest go, and with them all others of their time: none may come twice. */
  #forgetOld(): void {
    const oldest = this.#recent[0]
    if (oldest === undefined || this.#recent.length <= this.#core.config.limits.eventsRecentMax) return
    this.#timeMin = Math.max(this.#timeMin, oldest.lamportTime + 1)
    const kept = this.#recent.findIndex((event) => event.lamportTime >= this.#timeMin)
    const gone = this.#recent.splice(0, kept < 0 ? this.#recent.length : kept)
    for (const { id } of gone) this.#recentById.delete(id)
  }
}
