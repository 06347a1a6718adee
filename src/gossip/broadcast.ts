// The news that waits to be passed on (SWIM 4.1): what was sent least goes first, of that the newest first.
// News about a member replaces older news about it. Not who receives it: see dissemination.ts.
import { log10Ceil } from '../lib/integers.ts'
import type { Update } from './message.ts'
import { messageBytesMin, messageSizeMax } from './size.ts'

/** One piece of news. */
interface Broadcast {
  readonly update: Update
  readonly sizeMax: number
  /** Order of arrival: larger is newer. */
  readonly order: number
  transmits: number
}

/** Entries that a packet may skip because they do not fit, before it counts as full. */
const skipsMax = 8

/** How often each piece of news is sent: `mult × ceil(log10(n + 1))` (SWIM 4.1). */
export function transmitLimit(mult: number, members: number): number {
  return mult * Math.max(1, log10Ceil(members + 1))
}

/** True for news of a member's intent, which does not replace news of its state. */
function isIntent(update: Update): boolean {
  return update.kind === 'joinIntent' || update.kind === 'leaveIntent'
}

/** What news is about: newer news about the same takes its place. No event takes another's. */
export function subjectOf(update: Update): string {
  return update.kind === 'userEvent' ? update.event.id : update.name
}

/** The queue of news. */
export class BroadcastQueue {
  readonly #broadcastsMax: number
  /** By number of transmits; each sorted by `order`, oldest first. */
  readonly #byTransmits: Broadcast[][] = [[]]
  readonly #states = new Map<string, Broadcast>()
  readonly #intents = new Map<string, Broadcast>()
  #nextOrder = 0

  constructor(broadcastsMax: number) {
    this.#broadcastsMax = broadcastsMax
  }

  get size(): number {
    return this.#states.size + this.#intents.size
  }

  /** Transmits of the news that was sent least; Infinity when there is none. */
  get transmitsMin(): number {
    const lowest = this.#byTransmits.findIndex((entries) => entries.length > 0)
    return lowest < 0 ? Infinity : lowest
  }

  /** How often the news about a member's state was sent so far; Infinity when it is no longer queued. */
  stateTransmits(name: string): number {
    return this.#states.get(name)?.transmits ?? Infinity
  }

  /** How often the news of a member's intent was sent so far; Infinity when it is no longer queued. */
  intentTransmits(name: string): number {
    return this.#intents.get(name)?.transmits ?? Infinity
  }

  /** Queues news; at the limit the entry that was sent most often, and of those the oldest, makes room. */
  add(update: Update): void {
    const index = isIntent(update) ? this.#intents : this.#states
    const replaced = index.get(subjectOf(update))
    if (replaced !== undefined) this.#drop(replaced)
    else if (this.size >= this.#broadcastsMax) this.#dropMostSent()
    const entry = { update, sizeMax: messageSizeMax(update), order: this.#nextOrder++, transmits: 0 }
    index.set(subjectOf(update), entry)
    this.#insert(entry)
  }

  /** Forgets news about a member that is no longer known. */
  forget(name: string): void {
    const state = this.#states.get(name)
    if (state !== undefined) this.#drop(state)
  }

  /**
   * Takes news for one packet and counts it as sent once.
   *
   * @param bytesMax      room in the packet
   * @param transmitsMax  news sent this often is forgotten
   */
  take(bytesMax: number, transmitsMax: number): Update[] {
    const chosen = this.#choose(bytesMax)
    for (const entry of chosen) {
      this.#remove(entry)
      entry.transmits++
      if (entry.transmits >= transmitsMax) this.#indexOf(entry).delete(subjectOf(entry.update))
      else this.#insert(entry)
    }
    return chosen.map((entry) => entry.update)
  }

  #choose(bytesMax: number): Broadcast[] {
    const chosen: Broadcast[] = []
    let room = bytesMax
    let skips = 0
    for (const entries of this.#byTransmits) {
      for (let i = entries.length - 1; i >= 0; i--) {
        if (room < messageBytesMin || skips >= skipsMax) return chosen
        const entry = entries[i]
        if (entry === undefined) continue
        if (entry.sizeMax > room) {
          skips++
          continue
        }
        room -= entry.sizeMax
        chosen.push(entry)
      }
    }
    return chosen
  }

  #indexOf(entry: Broadcast): Map<string, Broadcast> {
    return isIntent(entry.update) ? this.#intents : this.#states
  }

  #drop(entry: Broadcast): void {
    this.#remove(entry)
    this.#indexOf(entry).delete(subjectOf(entry.update))
  }

  #dropMostSent(): void {
    for (let transmits = this.#byTransmits.length - 1; transmits >= 0; transmits--) {
      const oldest = this.#byTransmits[transmits]?.[0]
      if (oldest !== undefined) {
        this.#drop(oldest)
        return
      }
    }
  }

  #insert(entry: Broadcast): void {
    while (this.#byTransmits.length <= entry.transmits) this.#byTransmits.push([])
    const entries = this.#byTransmits[entry.transmits] ?? []
    entries.splice(positionOf(entries, entry.order), 0, entry)
  }

  #remove(entry: Broadcast): void {
    const entries = this.#byTransmits[entry.transmits] ?? []
    entries.splice(positionOf(entries, entry.order), 1)
  }
}

/** Where `order` stands or belongs in a list sorted by it. */
function positionOf(entries: readonly Broadcast[], order: number): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((entries[middle]?.order ?? Infinity) < order) low = middle + 1
    else high = middle
  }
  return low
}
