// When news goes out and to whom (SWIM 4.1; memberlist's gossip ticks). Fresh news goes out at once and for a few
// short ticks, then in the regular rhythm; without news nothing is sent and no wake-up is asked for.
import type { Core } from './core.ts'
import { isLive, type MemberRecord } from './members.ts'
import { ShuffledRound } from './shuffled-round.ts'
import { packetOverheadBytes } from './size.ts'

/** A short tick is this part of the regular one. */
const fastDivisor = 8
/** Short ticks in a row; one more is earned with each regular interval, so that churn cannot flood the network. */
const fastTicksMax = 8

/** The gossiping part of the machine. */
export class Dissemination {
  readonly #core: Core
  /** News walks through the members in turn: the few transmits of a piece of news then go to different ones. */
  readonly #round: ShuffledRound
  #tickAtMs = Infinity
  #lastTickMs = -Infinity
  #fastTicks = fastTicksMax
  #earnedAtMs: number

  constructor(core: Core) {
    this.#core = core
    const random = core.random('dissemination')
    this.#round = new ShuffledRound(core.members, core.config.name, random, (record) =>
      this.#isTarget(record),
    )
    this.#earnedAtMs = core.nowMs
  }

  get wakeAtMs(): number {
    return this.#tickAtMs
  }

  /** Takes new members into the walk. */
  admit(arrived: readonly MemberRecord[]): void {
    for (const record of arrived) this.#round.insert(record)
    // What waits for somebody to hear it goes on.
    if (arrived.length > 0 && this.#tickAtMs === Infinity && this.#core.hasNews)
      this.#core.hasFreshNews = true
  }

  /** Plans the next tick after news was queued. */
  refresh(): void {
    if (!this.#core.hasFreshNews) return
    this.#core.hasFreshNews = false
    this.#earn()
    this.#tickAtMs = Math.min(
      this.#tickAtMs,
      Math.max(this.#core.nowMs, this.#lastTickMs + this.#gapMs(true)),
    )
  }

  wake(): void {
    if (this.#core.nowMs < this.#tickAtMs) return
    if (this.#tick()) this.#plan()
    else this.#tickAtMs = Infinity
  }

  #earn(): void {
    const { nowMs, config } = this.#core
    const earned = Math.floor((nowMs - this.#earnedAtMs) / config.timing.gossipIntervalMs)
    if (earned <= 0) return
    this.#earnedAtMs += earned * config.timing.gossipIntervalMs
    this.#fastTicks = Math.min(fastTicksMax, this.#fastTicks + earned)
  }

  #gapMs(isFresh: boolean): number {
    const { gossipIntervalMs } = this.#core.config.timing
    return isFresh && this.#fastTicks > 0
      ? Math.max(1, Math.floor(gossipIntervalMs / fastDivisor))
      : gossipIntervalMs
  }

  #plan(): void {
    const { nowMs, transmitsMax, newsTransmitsMin } = this.#core
    if (newsTransmitsMin === Infinity) {
      this.#tickAtMs = Infinity
      return
    }
    this.#earn()
    // Half of the transmits is kept for the regular rhythm, for those who are out of reach just now.
    const isFresh = newsTransmitsMin * 2 < transmitsMax
    this.#tickAtMs = nowMs + this.#gapMs(isFresh)
  }

  /** False if there is nobody to tell. */
  #tick(): boolean {
    const { nowMs, config } = this.#core
    if (nowMs - this.#lastTickMs < config.timing.gossipIntervalMs)
      this.#fastTicks = Math.max(0, this.#fastTicks - 1)
    this.#lastTickMs = nowMs
    const room = config.limits.packetBytesMax - packetOverheadBytes
    const targets = this.#round.take(config.timing.gossipNodes)
    for (const target of targets) {
      const news = this.#core.takeNews(room)
      if (news.length === 0) break
      this.#core.emit({ kind: 'send', to: target.update.address, messages: news })
    }
    return targets.length > 0
  }

  /** Live members, and those that died lately: they may be alive and must be able to refute. */
  #isTarget(record: MemberRecord): boolean {
    if (isLive(record)) return true
    const { nowMs, config } = this.#core
    return record.liveness === 'dead' && nowMs - record.changedMs < config.timing.gossipToTheDeadMs
  }
}
