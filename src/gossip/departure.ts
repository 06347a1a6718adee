// How members go: our own graceful leave, an operator's force-leave, and forgetting those long gone.
import type { Core } from './core.ts'
import type { Intents } from './intents.ts'
import type { MemberRecord } from './members.ts'
import type { News } from './news.ts'

/** How far our own leave has come. */
type Leave =
  | { readonly kind: 'none' }
  /** The intent is being passed on, so that others expect our death. */
  | { readonly kind: 'announced'; readonly untilMs: number }
  /** Our death is being passed on. */
  | { readonly kind: 'departing'; readonly untilMs: number }
  | { readonly kind: 'done' }

/** Members long gone are looked for this often at most. */
const reapCheckMs = 15_000

/** The departing part of the machine. */
export class Departure {
  readonly #core: Core
  readonly #news: News
  readonly #intents: Intents
  #leave: Leave = { kind: 'none' }
  #reapAtMs = Infinity

  constructor(core: Core, news: News, intents: Intents) {
    this.#core = core
    this.#news = news
    this.#intents = intents
  }

  get wakeAtMs(): number {
    const leave = this.#leave
    const leaveAtMs = leave.kind === 'announced' || leave.kind === 'departing' ? leave.untilMs : Infinity
    return Math.min(leaveAtMs, this.#reapAtMs)
  }

  /** Starts looking for members to reap once there are any that are gone. */
  refresh(): void {
    const { members, nowMs, config, phase } = this.#core
    if (phase === 'left' || members.size === members.liveCount) this.#reapAtMs = Infinity
    else if (this.#reapAtMs === Infinity) this.#reapAtMs = nowMs + Math.min(reapCheckMs, config.timing.reapMs)
    this.#proceed()
  }

  wake(): void {
    if (this.#core.nowMs >= this.#reapAtMs) this.#reap()
  }

  /** Begins our graceful leave: the intent first, then our death by our own word. */
  leave(): void {
    const core = this.#core
    if (core.phase !== 'running') return
    core.phase = 'leaving'
    this.#intents.declare('leaveIntent', core.config.name, false)
    core.memberChanged('leaving', core.self)
    this.#leave = { kind: 'announced', untilMs: core.nowMs + core.config.timing.gossipIntervalMs }
  }

  /** Takes the leave a step further when its news is out or its time is over. */
  #proceed(): void {
    if (this.#leave.kind === 'none' || this.#leave.kind === 'done') return
    const { broadcasts, config, members } = this.#core
    const isAlone = members.liveCount <= 1
    if (this.#leave.kind === 'announced') {
      const isHeard = broadcasts.intentTransmits(config.name) >= config.timing.gossipNodes
      if (isAlone || isHeard || this.#isOver(this.#leave.untilMs)) this.#depart()
    }
    if (this.#leave.kind === 'departing') {
      const isHeard = broadcasts.stateTransmits(config.name) === Infinity
      if (isAlone || isHeard || this.#isOver(this.#leave.untilMs)) this.#finish()
    }
  }

  #isOver(untilMs: number): boolean {
    return this.#core.nowMs >= untilMs
  }

  #depart(): void {
    const { config, self, nowMs } = this.#core
    const { name } = config
    this.#core.announce({ kind: 'dead', name, incarnation: self.incarnation, from: name, left: true })
    this.#leave = { kind: 'departing', untilMs: nowMs + config.timing.leavePropagateMs }
  }

  #finish(): void {
    this.#leave = { kind: 'done' }
    this.#core.phase = 'left'
    this.#news.bury(this.#core.self, 'left')
    this.#core.emit({ kind: 'left' })
  }

  /** An operator declares a member left; one that is alive hears of it and stays. */
  forceLeave(name: string, prune: boolean): void {
    if (this.#core.members.get(name) === undefined) {
      this.#core.emit({ kind: 'forceLeaveUnknown', name })
      return
    }
    if (name !== this.#core.config.name) this.#intents.declare('leaveIntent', name, prune)
  }

  #reap(): void {
    const { members, nowMs, config } = this.#core
    this.#reapAtMs = Infinity
    const due: MemberRecord[] = []
    for (const record of members.values()) {
      const isGone = record.liveness === 'dead' || record.liveness === 'left'
      if (isGone && nowMs - record.changedMs >= config.timing.reapMs) due.push(record)
    }
    for (const record of due) this.#news.forget(record)
  }
}
