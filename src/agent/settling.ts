// When the start of an agent is over: after a while, or when it is under load sooner.
import type { Host } from '../runtime/host.ts'

/** Joining, electing and the first round of registrations are over by then. */
const startMs = 30_000
/** So many requests are load, whatever the time. */
const startRequests = 5000

/** Tells the host once, when the start is over. Call `note` for each request; `stop` when the agent stops. */
export function createSettling(host: Pick<Host, 'clock' | 'system'>): { note(): void; stop(): void } {
  let requests = 0
  const settle = (): void => {
    cancel()
    requests = Infinity
    host.system.settled()
  }
  const cancel = host.clock.wakeAt(host.clock.nowMs() + startMs, settle)
  return {
    note() {
      if (++requests === startRequests) settle()
    },
    stop: cancel,
  }
}
