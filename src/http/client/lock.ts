// Locks and semaphores: a session that is kept alive, and what it holds. The layout of the keys is the reference's, so that
// its programs and ours exclude each other.
import { enterSemaphore } from './lock-semaphore.ts'
import { acquireMutex } from './lock-mutex.ts'
import { LockSession } from './lock-session.ts'
import type { HeldLock, LockClient, LockParts } from './lock-types.ts'

/** Makes the calls. */
export function lockCalls(parts: LockParts): LockClient {
  return {
    async lock(key, options = {}) {
      const session = await LockSession.open(parts, { ...options, behavior: 'release' })
      return orClosed(session, () => acquireMutex(parts, session, { key, ...options }))
    },
    async semaphore(prefix, limit, options = {}) {
      const session = await LockSession.open(parts, { ...options, behavior: 'delete' })
      return orClosed(session, () => enterSemaphore(parts, session, { prefix, limit, ...options }))
    },
  }
}

/** Who gives up waiting leaves no session behind. */
async function orClosed(session: LockSession, acquire: () => Promise<HeldLock>): Promise<HeldLock> {
  try {
    return await acquire()
  } catch (error) {
    await session.close().catch(() => {})
    throw error
  }
}
