// Closes the parts of an agent in an order, none of which may keep the others open.
import type { Clock } from '../runtime/host.ts'
import { describe } from './identity.ts'
import type { Logger } from './log.ts'
import { sleep } from './sleep.ts'

/** A part: what it is called, and how it is closed; undefined where it is not there. */
export type Closing = readonly [what: string, close: () => Promise<unknown> | undefined]

/** How long each part of the agent may take to close. */
const closeMsMax = 10_000

/** Closes one part after the other. */
export async function closeInOrder(clock: Clock, log: Logger, parts: readonly Closing[]): Promise<void> {
  for (const [what, close] of parts) await closeOne(clock, log, [what, close])
}

/** A disk that hangs must not keep the agent from ending either: what it has not written nobody was told of. */
async function closeOne(clock: Clock, log: Logger, [what, close]: Closing): Promise<void> {
  const isClosed = new AbortController()
  const closing = Promise.resolve()
    .then(close)
    .catch((error: unknown) => log.warn('Cannot close', { what, error: describe(error) }))
    .finally(() => isClosed.abort())
  await Promise.race([closing, sleep(clock, closeMsMax, isClosed.signal)])
  if (!isClosed.signal.aborted) log.warn('Not closed in time; ending without it', { what })
}
