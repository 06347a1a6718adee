// What the sessions of one agent have done so far. Plain counters; the agent turns them into metrics.

import type { CloseReason, RpcFailureCode } from './failure.ts'

/** Counters since the start, and what is open now. */
export interface RpcStatistics {
  /** Sessions now: those we opened (connecting ones included), and those we accepted. */
  sessionsOut: number
  sessionsIn: number
  connects: number
  accepts: number
  calls: number
  posts: number
  /** Posts that were not sent: queue full, no session, or lost with a broken one. */
  postsDropped: number
  requestsHandled: number
  postsHandled: number
  /** Requests that were answered `overloaded`. */
  requestsRefused: number
  bytesIn: number
  bytesOut: number
  readonly failures: Partial<Record<RpcFailureCode, number>>
  readonly closes: Partial<Record<CloseReason, number>>
}

/** Counters at zero. */
export function newStatistics(): RpcStatistics {
  return {
    sessionsOut: 0,
    sessionsIn: 0,
    connects: 0,
    accepts: 0,
    calls: 0,
    posts: 0,
    postsDropped: 0,
    requestsHandled: 0,
    postsHandled: 0,
    requestsRefused: 0,
    bytesIn: 0,
    bytesOut: 0,
    failures: {},
    closes: {},
  }
}

/** Adds one to a counter by name. */
export function count<K extends string>(counters: Partial<Record<K, number>>, name: K): void {
  counters[name] = (counters[name] ?? 0) + 1
}
