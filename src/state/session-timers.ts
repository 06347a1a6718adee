// The leader's timers of sessions: when each ends unless it is renewed. A value that is told the time; nothing here
// is replicated, and a new leader begins with full time for all.

import { Heap } from '../lib/heap.ts'
import type { SessionChange } from './state.ts'

/** What a renewal found: `ending` means that the end was proposed, so that nobody may rely on the session any more. */
export type Renewal = 'renewed' | 'ending' | 'unknown'

interface Timer {
  readonly id: string
  readonly ttlMs: number
  deadlineMs: number
  /** Its end was proposed at least once. */
  isEnding: boolean
  /** It is in the heap; not so while its end is proposed. */
  isQueued: boolean
}

/** A session ends so many times its TTL after its last renewal: never before the TTL has passed once (reference). */
const ttlFactor = 2
/** A proposal that failed is made again after this. */
const retryMs = 1000
/** Entries of the heap that belong to no timer are swept out when they are the majority, and this many. */
const sweepMin = 1024

/**
 * Timers of all sessions that have a TTL.
 *
 * A renewal only moves the deadline in the timer; the heap holds each timer at a time that is not later than its
 * deadline, and it is put back when that comes too early. So a renewal costs O(1), and one wake-up serves all.
 */
export class SessionTimers {
  readonly #timerById = new Map<string, Timer>()
  readonly #heap = new Heap<Timer>()

  /** Timers that run. */
  get size(): number {
    return this.#timerById.size
  }

  /** Places in the heap, in use or not. */
  get places(): number {
    return this.#heap.size
  }

  /** When to call `takeDue` next; it may come too early. */
  get wakeAtMs(): number {
    return this.#heap.leastAt
  }

  /** Takes in a session that was created or has ended. */
  onChange(change: SessionChange, nowMs: number): void {
    this.#timerById.delete(change.id)
    if (change.ttlMs !== null && change.ttlMs > 0) this.#add(change.id, change.ttlMs, nowMs)
    this.#sweep()
  }

  /** Leadership begins or the state was replaced: every session has its full time from now on. */
  reset(sessions: Iterable<SessionChange>, nowMs: number): void {
    this.clear()
    for (const session of sessions) this.onChange(session, nowMs)
  }

  /** Leadership is over. */
  clear(): void {
    this.#timerById.clear()
    this.#heap.clear()
  }

  /** Gives a session its full time again. */
  renew(id: string, nowMs: number): Renewal {
    const timer = this.#timerById.get(id)
    if (timer === undefined) return 'unknown'
    if (timer.isEnding) return 'ending'
    timer.deadlineMs = nowMs + ttlFactor * timer.ttlMs
    return 'renewed'
  }

  /** Up to `max` sessions whose time is over; their end must be proposed, and answered by `onFailed` if that fails. */
  takeDue(nowMs: number, max: number): readonly string[] {
    const due: string[] = []
    while (due.length < max && this.#heap.leastAt <= nowMs) {
      const timer = this.#heap.pop()
      if (timer === undefined || this.#timerById.get(timer.id) !== timer) continue
      if (timer.deadlineMs > nowMs) {
        this.#heap.push(timer.deadlineMs, timer)
        continue
      }
      timer.isEnding = true
      timer.isQueued = false
      due.push(timer.id)
    }
    return due
  }

  /** The end of these could not be proposed: they stay in `ending`, and are due again a moment later. */
  onFailed(ids: readonly string[], nowMs: number): void {
    for (const id of ids) {
      const timer = this.#timerById.get(id)
      if (timer === undefined || timer.isQueued) continue
      timer.deadlineMs = nowMs + retryMs
      timer.isQueued = true
      this.#heap.push(timer.deadlineMs, timer)
    }
  }

  #add(id: string, ttlMs: number, nowMs: number): void {
    const deadlineMs = nowMs + ttlFactor * ttlMs
    const timer: Timer = { id, ttlMs, deadlineMs, isEnding: false, isQueued: true }
    this.#timerById.set(id, timer)
    this.#heap.push(timer.deadlineMs, timer)
  }

  /** Sessions that ended early leave their places in the heap: they go before they are more than those in use. */
  #sweep(): void {
    if (this.#heap.size < sweepMin || this.#heap.size <= 2 * this.#timerById.size) return
    this.#heap.clear()
    for (const timer of this.#timerById.values()) {
      if (timer.isQueued) this.#heap.push(timer.deadlineMs, timer)
    }
  }
}
