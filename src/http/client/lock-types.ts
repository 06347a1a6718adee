// What the makers of locks and their users share.
import type { Connection } from './connection.ts'
import type { KvClient } from './kv.ts'
import type { SessionClient } from './session.ts'

/** What a lock is taken with. */
export interface LockOptions {
  /** Shown with the session, so that people see who holds the lock. */
  readonly name?: string
  readonly dc?: string
  /** The lock is given up when the agent has not confirmed the session for so long. By default 15,000; at least 10,000. */
  readonly ttlMs?: number
  /** After a session has ended without a release, nobody gets the lock for so long. By default 15,000. */
  readonly lockDelayMs?: number
  /** How many failures in a row the watching of a held lock survives, a second apart. By default 3. */
  readonly monitorRetries?: number
  /** Gives up waiting. */
  readonly signal?: AbortSignal
}

/** A lock that is held, or a place in a semaphore. */
export interface HeldLock {
  readonly session: string
  /**
   * A number that is larger with each acquisition. Give it to what the lock protects, and have that refuse smaller ones:
   * only so is a holder shut out that was stopped for a while and does not know yet that it has lost the lock.
   */
  readonly fencingToken: number
  /** Aborts when the lock is lost; the reason is a LockLostError. */
  readonly lost: AbortSignal
  /** Gives the lock back. Resolves with false if the key stays because others hold or want it. */
  release(): Promise<boolean>
}

/** Calls that take locks. They wait until they have it, or reject with the signal's reason. */
export interface LockClient {
  /** Takes the lock at a key; one at a time holds it. The reference's command uses keys that end in `/.lock`. */
  lock(key: string, options?: LockOptions): Promise<HeldLock>
  /** Takes one of `limit` places below a prefix. All who take part must name the same limit. */
  semaphore(prefix: string, limit: number, options?: LockOptions): Promise<HeldLock>
}

/** A lock was lost while it was held. */
export class LockLostError extends Error {
  override readonly name = 'LockLostError'
}

/** The session of a lock could not be created; `cause` tells why. */
export class SessionCreationError extends Error {
  override readonly name = 'SessionCreationError'
}

/** A key is used for something else, or with another limit. */
export class LockConflictError extends Error {
  override readonly name = 'LockConflictError'
}

/** What the making of locks needs. */
export interface LockParts {
  readonly connection: Connection
  readonly kv: KvClient
  readonly session: SessionClient
}
