// When the start of an agent is over: after a while, or when it is under load sooner.
import type { Host } from '../runtime/host.ts'

/** Joining, electing and the first round of registrations are over by then. */
const startMs = 30_000
/** So many requests are load, whatever the time. */
const startRequests = 5000

/** So many bytes of Raft's messages count as a request: a follower under load serves none. */
const requestBytes = 256

/** Knows when the start is over. */
export interface Settling {
  /** A request has come. */
  note(): void
  /** A message of Raft has come. */
  noteBytes(bytes: number): void
  /** The agent stops. */
  stop(): void
}

/** Tells the host once, when the start is over. */
export function createSettling(host: Pick<Host, 'clock' | 'system'>): Settling {
  let requests = 0
  const settle = (): void => {
    cancel()
    requests = Infinity
    host.system.settled()
  }
  const add = (count: number): void => {
    requests += count
    if (requests >= startRequests && requests !== Infinity) settle()
  }
  const cancel = host.clock.wakeAt(host.clock.nowMs() + startMs, settle)
  return {
    note: () => add(1),
    noteBytes: (bytes) => add(bytes / requestBytes),
    stop: cancel,
  }
}
