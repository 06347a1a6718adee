// Sessions: what holds locks, and what makes it let go.
import { utf8Length } from '../lib/bytes.ts'
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
  const problem = uuidProblem(id)
  return problem === null ? null : `failed session lookup: index error: ${problem}`
}

/** Why a text is no UUID, in the words of the reference, which counts bytes of UTF-8; null if it is one. */
export function uuidProblem(id: string): string | null {
  if (utf8Length(id) !== 36) return 'UUID must be 36 characters'
  const digits = id.replaceAll('-', '')
  const dashes = id.length - digits.length
  if (dashes > 4) return `UUID should have maximum of 4 "-"; got ${dashes}`
  if (utf8Length(digits) % 2 !== 0) return 'Input (without hyphens) must be even length'
  const wrong = /[^0-9a-fA-F]/u.exec(digits)?.[0]
  if (wrong === undefined) return null
  const byte = firstByte(wrong.codePointAt(0) ?? 0)
  const code = byte.toString(16).toUpperCase().padStart(4, '0')
  return `Invalid UUID: encoding/hex: invalid byte: U+${code} '${String.fromCharCode(byte)}'`
}

/** First byte of a character in UTF-8. */
function firstByte(code: number): number {
  if (code < 0x80) return code
  if (code < 0x800) return 0xc0 | (code >> 6)
  return code < 0x1_0000 ? 0xe0 | (code >> 12) : 0xf0 | (code >> 18)
}
