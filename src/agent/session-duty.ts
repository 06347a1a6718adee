// The leader ends sessions whose time is over, and renews those whose owners say that they live. The timers are a value
// of state/; here they are told what happens, and what they find is proposed.
import type { Command } from '../model/command.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Session } from '../model/session.ts'
import type { Clock } from '../runtime/host.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { SessionTimers } from '../state/session-timers.ts'
import type { SessionChange } from '../state/state.ts'
import { createChore, type Chore } from './chore.ts'
import type { LeaderDuties } from './leadership.ts'

/** What the duty needs of its server. */
export interface SessionDutyOptions {
  readonly clock: Clock
  readonly session: (id: string) => Session | null
  readonly sessions: () => Iterable<Session>
  /** True in the moment in which this server leads, for all it knows. */
  readonly isLeader: () => boolean
  /** This server leads, and has applied all that was acknowledged when it was asked. */
  readonly confirm: () => Promise<Result<void, RequestError>>
  /** Appends a command; false if it was not applied, or nobody knows. */
  readonly write: (command: Command) => Promise<boolean>
}

/** Timers of sessions at work. */
export interface SessionDuty extends LeaderDuties {
  onSessions(changes: readonly SessionChange[]): void
  /** The whole state was replaced. */
  onReplaced(): void
  /** Gives a session its full time again; null if it is not there, or is just ending. */
  renew(id: string): Promise<Result<Session | null, RequestError>>
}

/** Sessions that end with one entry of the log: each may release many keys, and others wait meanwhile. */
const endsPerEntry = 128

/** Makes the duty of one server; it sleeps until `start`. */
export function createSessionDuty(options: SessionDutyOptions): SessionDuty {
  return new Duty(options)
}

class Duty implements SessionDuty {
  readonly #options: SessionDutyOptions
  readonly #timers = new SessionTimers()
  readonly #chore: Chore
  #isLeading = false

  constructor(options: SessionDutyOptions) {
    this.#options = options
    this.#chore = createChore({
      clock: options.clock,
      dueAtMs: () => this.#timers.wakeAtMs,
      work: () => this.#endDue(),
      // Renewals may wait in the sockets: whoever could not be heard meanwhile gets its full time.
      onSlept: () => this.#reset(),
    })
  }

  start(): void {
    this.#isLeading = true
    this.#reset()
    this.#chore.start()
  }

  stop(): void {
    this.#isLeading = false
    this.#chore.stop()
    this.#timers.clear()
  }

  onSessions(changes: readonly SessionChange[]): void {
    if (!this.#isLeading) return
    const nowMs = this.#options.clock.nowMs()
    for (const change of changes) this.#timers.onChange(change, nowMs)
    this.#chore.touch()
  }

  onReplaced(): void {
    if (!this.#isLeading) return
    this.#reset()
    this.#chore.touch()
  }

  #reset(): void {
    this.#timers.reset(this.#options.sessions(), this.#options.clock.nowMs())
  }

  async renew(id: string): Promise<Result<Session | null, RequestError>> {
    const { confirm, isLeader, session: find, clock } = this.#options
    const confirmed = await confirm()
    if (!confirmed.ok) return confirmed
    // From here on nothing is waited for: what is answered holds in this moment.
    if (!isLeader()) return err(requestError('noLeader', 'No cluster leader'))
    const session = find(id)
    if (session === null || session.ttlMs === 0) return ok(session)
    // Before the duty has begun there are no timers: it begins with full time for all.
    const renewal = this.#isLeading ? this.#timers.renew(session.id, clock.nowMs()) : 'renewed'
    return ok(renewal === 'renewed' ? session : null)
  }

  async #endDue(): Promise<boolean> {
    const { clock, write } = this.#options
    const ids = this.#timers.takeDue(clock.nowMs(), endsPerEntry)
    if (ids.length === 0) return true
    const commands = ids.map((id) => ({ kind: 'sessionDestroy' as const, id }))
    const isWritten = await write({ kind: 'batch', commands })
    // Those that have ended are not among the timers any more.
    this.#timers.onFailed(ids, clock.nowMs())
    return isWritten
  }
}
