// A token bucket: so many requests per second on average, and some at once (`limits.rpc_rate`, `rpc_max_burst`).
import type { AgentConfig } from '../config/agent-config.ts'
import type { Clock } from '../runtime/host.ts'
import type { Metrics } from './metrics.ts'

/** Decides which requests are one too many. */
export interface RateLimit {
  /** True if one more request may be made now; it is counted then. */
  admit(): boolean
  /** Another rate from now on. */
  set(rate: Rate): void
}

/** Requests per second, Infinity for all; and how many more may come at once. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** Makes a full bucket, which counts what it is asked and what it turns down. */
export function createRateLimit(clock: Clock, rate: Rate, metrics: Pick<Metrics, 'tally'>): RateLimit {
  const asked = metrics.tally('client.rpc')
  const exceeded = metrics.tally('client.rpc.exceeded')
  let { perSecond } = rate
  let burst = Math.max(1, rate.burst)
  let tokens = burst
  let filledAtMs = clock.nowMs()
  return {
    admit() {
      asked()
      if (perSecond === Infinity) return true
      const nowMs = clock.nowMs()
      tokens = Math.min(burst, tokens + ((nowMs - filledAtMs) * perSecond) / 1000)
      filledAtMs = nowMs
      if (tokens < 1) {
        exceeded()
        return false
      }
      tokens -= 1
      return true
    },
    set(next) {
      perSecond = next.perSecond
      burst = Math.max(1, next.burst)
      tokens = Math.min(tokens, burst)
    },
  }
}

/** What a client agent may send; servers answer by themselves. */
export function rateOf({ server, limits }: AgentConfig): Rate {
  return { perSecond: server ? Infinity : limits.rpcRate, burst: limits.rpcBurstMax }
}
