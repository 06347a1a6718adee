// Sessions: what holds locks, and what makes it let go.
import type { Indexes } from './catalog.ts'

/** What becomes of the keys that a session has locked when it ends. */
export type SessionBehavior = 'release' | 'delete'

/** A session as it is created. */
export interface SessionInfo {
  /** UUID, chosen by the agent that takes the request. */
  readonly id: string
  readonly name: string
  readonly node: string
  /** Keys of a session that was invalidated cannot be locked for so long; nanoseconds, as the API prints it. */
  readonly lockDelayNanos: number
  readonly behavior: SessionBehavior
  /** As the client gave it, such as `15s`; '' for none. */
  readonly ttl: string
  /** The same in milliseconds; 0 for none. */
  readonly ttlMs: number
  /** IDs of checks of the node; when one is critical or gone the session ends. */
  readonly nodeChecks: readonly string[]
  /** Checks of services on the node; likewise. */
  readonly serviceChecks: readonly SessionServiceCheck[]
}

/** A check of a service that a session depends on. */
export interface SessionServiceCheck {
  readonly id: string
  /** As the client gave it. */
  readonly namespace: string
}

/** A session as stored. */
export type Session = SessionInfo & Indexes

/** Why a text cannot be the ID of a session, in the reference's words; null if it can be. */
export function sessionIdProblem(id: string): string | null {
  if (id.length !== 36) return 'failed session lookup: index error: UUID must be 36 characters'
  const digits = id.replaceAll('-', '')
  const wrong = /[^0-9a-fA-F]/u.exec(digits)?.[0]
  if (wrong === undefined) return null
  const code = (wrong.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return `failed session lookup: index error: Invalid UUID: encoding/hex: invalid byte: U+${code} '${wrong}'`
}
