// The leader removes keys whose time is over. Times are of the state: a key's end was worked out from the time of the
// entry that wrote it, and it is compared with the time that the next entry would get.
import type { Command } from '../model/command.ts'
import type { Clock } from '../runtime/host.ts'
import { createChore } from './chore.ts'
import type { EntryClock } from './entry-clock.ts'
import type { LeaderDuties } from './leadership.ts'

/** A key whose time will be over, as the state tells of it. */
export interface Expiring {
  readonly key: string
  readonly modifyIndex: number
  readonly atWallMs: number
}

/** What the duty needs of its server. */
export interface ExpiryDutyOptions {
  readonly clock: Clock
  readonly entryClock: EntryClock
  /** Keys that expire, the next one first. */
  readonly expiring: () => Iterable<Expiring>
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
  const { clock, entryClock, expiring, write } = options
  const dueAtMs = (): number => {
    for (const { atWallMs } of expiring()) {
      const inMs = Math.max(0, atWallMs - entryClock.nowMs())
      return clock.nowMs() + Math.min(inMs, lookMsMax)
    }
    return Infinity
  }
  const expireDue = (): Promise<boolean> => {
    const nowMs = entryClock.nowMs()
    const commands: Extract<Command, { readonly kind: 'kvExpire' }>[] = []
    for (const { key, modifyIndex, atWallMs } of expiring()) {
      if (atWallMs > nowMs || commands.length === keysPerEntry) break
      commands.push({ kind: 'kvExpire', key, modifyIndex })
    }
    return commands.length === 0 ? Promise.resolve(true) : write({ kind: 'batch', commands })
  }
  return createChore({ clock, dueAtMs, work: expireDue })
}
