// The leader removes keys whose time is over. Times are of the state: a key's end was worked out from the time of the
// entry that wrote it, and it is compared with the time that the next entry would get.
import type { Command } from '../model/command.ts'
import type { Clock } from '../runtime/host.ts'
import type { Expiry } from '../state/kv-tables.ts'
import { createChore } from './chore.ts'
import type { EntryClock } from './entry-clock.ts'
import type { LeaderDuties } from './leadership.ts'

/** What the duty needs of its server. */
export interface ExpiryDutyOptions {
  readonly clock: Clock
  readonly entryClock: EntryClock
  /** The key that expires next. */
  readonly next: () => Expiry | null
  /** Keys whose time is over at `wallMs`, at most `max` of them. */
  readonly due: (wallMs: number, max: number) => readonly Expiry[]
  /** Appends a command; false if it was not applied, or nobody knows. */
  readonly write: (command: Command) => Promise<boolean>
}

/** Expiring keys at work. */
export interface ExpiryDuty extends LeaderDuties {
  /** The key that expires next may be another one now. */
  touch(): void
}

/** Keys that go with one entry of the log. */
const keysPerEntry = 512
/** The clocks may run apart by a little: it is looked again at least this often while a key waits. */
const lookMsMax = 60_000

/** Makes the duty of one server; it sleeps until `start`. */
export function createExpiryDuty(options: ExpiryDutyOptions): ExpiryDuty {
  const { clock, entryClock, write } = options
  const dueAtMs = (): number => {
    const next = options.next()
    if (next === null) return Infinity
    const inMs = Math.max(0, next.atWallMs - entryClock.nowMs())
    return clock.nowMs() + Math.min(inMs, lookMsMax)
  }
  const expireDue = (): Promise<boolean> => {
    const due = options.due(entryClock.nowMs(), keysPerEntry)
    if (due.length === 0) return Promise.resolve(true)
    const commands = due.map(({ key, modifyIndex }) => ({ kind: 'kvExpire' as const, key, modifyIndex }))
    return write({ kind: 'batch', commands })
  }
  return createChore({ clock, dueAtMs, work: expireDue })
}
