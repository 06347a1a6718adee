// Finds members that believe something else when all should agree: pings and acks carry a digest of the live
// members, and two that differ at rest exchange their full states (our addition; DESIGN.md decision 3).
import { log2CeilOfRatio } from '../lib/integers.ts'
import type { Address } from '../model/address.ts'
import type { Core } from './core.ts'
import { isLive } from './members.ts'
import type { Digest } from './message.ts'

/** Above this many members news takes longer and states are larger: both waits grow. */
const membersMax = 32
/** News is given this many gossip intervals to arrive by itself. */
const quietIntervals = 2

/** After a join this many gossip intervals count as unsettled. */
const unsettledIntervals = 10

/** The digest part of the machine. */
export class Repair {
  readonly #core: Core
  readonly #exchangeWith: (address: Address) => void
  /** Our digest as it was seen last, and since when it is so. */
  #digest: Digest
  #changedMs: number
  /** Our digest at the last exchange: if it is still the same, the exchange was of no use. */
  #digestRepaired: Digest | null = null
  #pauseMs = 0
  #allowedMs = -Infinity
  #unsettledUntilMs = -Infinity
  #agreedMs = -Infinity
  #differedMs = -Infinity

  constructor(core: Core, exchangeWith: (address: Address) => void) {
    this.#core = core
    this.#exchangeWith = exchangeWith
    this.#digest = core.members.digest
    this.#changedMs = core.nowMs
  }

  /** Notices changes of our own belief. */
  refresh(): void {
    const { members, nowMs } = this.#core
    if (members.digest === this.#digest) return
    this.#digest = members.digest
    this.#changedMs = nowMs
  }

  /** We have just joined: what we are told is likely to lack somebody, so we wait less before we ask. */
  unsettle(): void {
    const { nowMs, config } = this.#core
    this.#unsettledUntilMs = nowMs + unsettledIntervals * config.timing.gossipIntervalMs
  }

  /** True if since a time some member has shown our digest and none has shown another. */
  hasAgreedSince(sinceMs: number): boolean {
    return this.#agreedMs >= sinceMs && this.#differedMs < sinceMs
  }

  /** A member has told its digest. */
  onDigest(name: string, digest: Digest): void {
    const { members, nowMs, phase } = this.#core
    if (digest === 0 || phase !== 'running') return
    if (digest === members.digest) {
      this.#agreedMs = nowMs
      return
    }
    this.#differedMs = nowMs
    const record = members.get(name)
    if (record === undefined || !isLive(record) || !this.#isQuiet() || nowMs < this.#allowedMs) return
    this.#plan()
    this.#exchangeWith(record.update.address)
  }

  /** True when no news is on its way, as far as we can tell. */
  #isQuiet(): boolean {
    const { broadcasts, members, nowMs, config } = this.#core
    const { gossipIntervalMs } = config.timing
    if (members.digest !== this.#digest) return false
    const quietMs = nowMs - this.#changedMs
    if (nowMs < this.#unsettledUntilMs) return quietMs * 2 >= gossipIntervalMs
    return broadcasts.size === 0 && quietMs >= gossipIntervalMs * (quietIntervals + this.#scale())
  }

  #scale(): number {
    return log2CeilOfRatio(this.#core.members.liveCount, membersMax)
  }

  /** Exchanges that change nothing become rarer, down to the regular rhythm: some differences are for good. */
  #plan(): void {
    const { members, nowMs, config } = this.#core
    const { probeIntervalMs, pushPullIntervalMs } = config.timing
    const isUseless = this.#digestRepaired === members.digest
    const baseMs = probeIntervalMs * (1 + this.#scale())
    this.#pauseMs = isUseless ? Math.min(pushPullIntervalMs, this.#pauseMs * 2) : baseMs
    this.#digestRepaired = members.digest
    this.#allowedMs = nowMs + this.#pauseMs
  }
}
