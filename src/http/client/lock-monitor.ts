// Watches what is held, so that its loss is seen when it happens.
import type { LockParts } from './lock-types.ts'
import type { LockSession } from './lock-session.ts'
import type { ReadQuery } from './requests.ts'
import { isPassing } from './retry.ts'

const retryMs = 1000

/** Who watches, and how many failures in a row it survives. */
export interface Monitored {
  readonly parts: LockParts
  readonly session: LockSession
  readonly retries: number
}

/** Asks again whenever something has changed, until the session is lost or closed. Tells the session of a loss. */
export async function monitor(
  { parts, session, retries }: Monitored,
  from: number,
  check: (query: ReadQuery) => Promise<number | undefined>,
): Promise<void> {
  let index = from
  let failures = 0
  while (!session.stopped.aborted) {
    try {
      const now = await check({
        consistent: true,
        ...(index > 0 && { index }),
        signal: session.stopped,
      })
      if (now === undefined) return session.lose('somebody else has it, or nobody')
      failures = 0
      index = now < index ? 0 : now
    } catch (error) {
      if (session.stopped.aborted) return
      const isTransient = error instanceof Error && isPassing(error)
      if (!isTransient || failures === retries) return session.lose('it cannot be watched any more', error)
      failures++
      await parts.connection.pause(retryMs, session.stopped)
    }
  }
}
