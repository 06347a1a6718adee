// What `/v1/event/*` needs of the agent.
import type { Result } from '../lib/result.ts'
import type { RequestError } from '../model/errors.ts'
import type { UserEvent } from '../model/user-event.ts'

/** The user events of one agent. */
export interface EventLog {
  /** The last events that concerned this agent, oldest first; never those of remote execution. Another list after each. */
  recent(): readonly UserEvent[]
  /** Resolves when `recent` is no longer this list, or the signal aborts. */
  changed(seen: readonly UserEvent[], signal: AbortSignal): Promise<void>
  /** Tells all agents of a datacenter ('' is our own); its time is set there. */
  fire(event: UserEvent, datacenter: string): Promise<Result<null, RequestError>>
}
