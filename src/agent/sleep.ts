// Waiting as a promise, on the host's clock, cut short by an abort.
import type { Clock } from '../runtime/host.ts'

/** Resolves after `ms`, or when the signal aborts. Never rejects. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve()
      return
    }
    const finish = (): void => {
      cancel()
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const cancel = clock.wakeAt(clock.nowMs() + ms, finish)
    signal?.addEventListener('abort', finish)
  })
}
