// The leader's timers of sessions: when each ends unless it is renewed. A value that is told the time; nothing here
// is replicated, and a new leader begins with full time for all.

import { type Alarm, Alarms } from '../lib/alarms.ts'
import type { SessionChange } from './state.ts'

/** What a renewal found: `ending` means that the end was proposed, so that nobody may rely on the session any more. */
export type Renewal = 'renewed' | 'ending' | 'unknown'

interface Timer {
  readonly id: string
  readonly ttlMs: number
  /** When the session ends; never while its end is proposed. */
  readonly end: Alarm<string>
  /** Its end was proposed at least once. */
  isEnding: boolean
}

/** A session ends so many times its TTL after its last renewal: never before the TTL has passed once (reference). */
const ttlFactor = 2
/** A proposal that failed is made again after this. */
const retryMs = 1000

/** Timers of all sessions that have a TTL. A renewal costs O(1), and one wake-up serves all. */
export class SessionTimers {
  readonly #timerById = new Map<string, Timer>()
  /** Of sessions, by their IDs. */
  #alarms = new Alarms<string>()

  /** Timers that run. */
  get size(): number {
    return this.#timerById.size
  }

  /** Places in the heap, in use or not. */
  get places(): number {
    return this.#alarms.places
  }

  /** When to call `takeDue` next; it may come too early. */
  get wakeAtMs(): number {
    return this.#alarms.wakeAtMs
  }

  /** Takes in a session that was created or has ended. */
  onChange(change: SessionChange, nowMs: number): void {
    const before = this.#timerById.get(change.id)
    if (before !== undefined) this.#alarms.set(before.end, Infinity)
    this.#timerById.delete(change.id)
    if (change.ttlMs !== null && change.ttlMs > 0) this.#add(change.id, change.ttlMs, nowMs)
  }

  /** Leadership begins or the state was replaced: every session has its full time from now on. */
  reset(sessions: Iterable<SessionChange>, nowMs: number): void {
    this.clear()
    for (const session of sessions) this.onChange(session, nowMs)
  }

  /** Leadership is over. */
  clear(): void {
    this.#timerById.clear()
    this.#alarms = new Alarms()
  }

  /** Gives a session its full time again. */
  renew(id: string, nowMs: number): Renewal {
    const timer = this.#timerById.get(id)
    if (timer === undefined) return 'unknown'
    if (timer.isEnding) return 'ending'
    this.#alarms.set(timer.end, nowMs + ttlFactor * timer.ttlMs)
    return 'renewed'
  }

  /** Up to `max` sessions whose time is over; their end must be proposed, and answered by `onFailed` if that fails. */
  takeDue(nowMs: number, max: number): readonly string[] {
    const due: string[] = []
    while (due.length < max) {
      const id = this.#alarms.takeDue(nowMs)?.owner
      const timer = id === undefined ? undefined : this.#timerById.get(id)
      if (timer === undefined) break
      timer.isEnding = true
      due.push(timer.id)
    }
    return due
  }

  /** The end of these could not be proposed: they stay in `ending`, and are due again a moment later. */
  onFailed(ids: readonly string[], nowMs: number): void {
    for (const id of ids) {
      const timer = this.#timerById.get(id)
      if (timer?.end.atMs === Infinity) this.#alarms.set(timer.end, nowMs + retryMs)
    }
  }

  #add(id: string, ttlMs: number, nowMs: number): void {
    const end = this.#alarms.alarm(id)
    this.#timerById.set(id, { id, ttlMs, end, isEnding: false })
    this.#alarms.set(end, nowMs + ttlFactor * ttlMs)
  }
}
