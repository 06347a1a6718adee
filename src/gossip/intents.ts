// Wishes to join and to leave, ordered by Lamport time (serf's intents): what turns a death into a departure,
// and how an operator declares a failed member left.
import type { Address } from '../model/address.ts'
import { lamportTimeMax, type Core } from './core.ts'
import { isLive, type MemberRecord } from './members.ts'
import type { IntentUpdate } from './message.ts'
import type { News } from './news.ts'

/** An intent for a member that is not known (yet, or any more). */
interface RememberedIntent {
  readonly intent: IntentUpdate
  readonly heardMs: number
  /** True when it was carried out on a member that has been forgotten since. */
  readonly isSpent: boolean
}

/** Intents for unknown members are kept this long (serf's recent intent timeout). */
const retentionMs = 300_000

/** The intents part of the machine. */
export class Intents {
  readonly #core: Core
  readonly #news: () => News
  readonly #remembered = new Map<string, RememberedIntent>()

  /** @param news looked up late, because news.ts calls back into this part */
  constructor(core: Core, news: () => News) {
    this.#core = core
    this.#news = news
  }

  get rememberedCount(): number {
    return this.#remembered.size
  }

  /** An intent by gossip or, when `isPassedOn` is false, out of a full exchange. */
  onIntent(intent: IntentUpdate, from: Address | null, isPassedOn: boolean): void {
    if (intent.lamportTime > lamportTimeMax) {
      this.#core.reject(
        'badIncarnation',
        from,
        `Lamport time ${intent.lamportTime} is claimed for '${intent.name}'`,
      )
      return
    }
    this.#core.witnessLamportTime(intent.lamportTime)
    const record = this.#core.members.get(intent.name)
    const isNews = record === undefined ? this.#remember(intent, false) : this.#apply(record, intent)
    if (isNews && isPassedOn) this.#core.announce(intent)
  }

  /** Declares our own intent and passes it on. */
  declare(kind: 'joinIntent' | 'leaveIntent', name: string, prune: boolean): void {
    const intent: IntentUpdate = { kind, name, lamportTime: this.#core.nextLamportTime(), prune }
    const record = this.#core.members.get(name)
    this.#core.announce(intent)
    if (record === undefined) return
    if (record !== this.#core.self) {
      this.#apply(record, intent)
      return
    }
    record.intentTime = intent.lamportTime
    this.#core.members.setLeaving(record, kind === 'leaveIntent')
  }

  /** Applies what was heard of a member before it became known. */
  onKnown(record: MemberRecord): void {
    const remembered = this.#remembered.get(record.name)
    if (remembered === undefined) return
    this.#remembered.delete(record.name)
    if (this.#core.nowMs - remembered.heardMs > retentionMs) return
    if (remembered.isSpent) record.intentTime = remembered.intent.lamportTime
    else this.#apply(record, remembered.intent)
  }

  /** Takes in an intent about a known member; true if it was news. */
  #apply(record: MemberRecord, intent: IntentUpdate): boolean {
    if (record === this.#core.self) return this.#applyToSelf(record, intent)
    if (intent.lamportTime <= record.intentTime) return false
    record.intentTime = intent.lamportTime
    if (intent.kind === 'leaveIntent') this.#leave(record, intent)
    else if (record.isLeaving && isLive(record)) {
      this.#core.members.setLeaving(record, false)
      record.isPruned = false
      this.#core.memberChanged('updated', record)
    }
    return true
  }

  /** Somebody says that we leave: we stay, and say so with a later time. */
  #applyToSelf(self: MemberRecord, intent: IntentUpdate): boolean {
    if (intent.kind === 'joinIntent' || this.#core.phase !== 'running') return false
    // Also at the same time: some may hold us for back, and some for leaving still.
    if (intent.lamportTime < self.intentTime) return false
    this.declare('joinIntent', intent.name, false)
    return false
  }

  #leave(record: MemberRecord, intent: IntentUpdate): void {
    const wasLeaving = record.isLeaving
    this.#core.members.setLeaving(record, true)
    record.isPruned = intent.prune
    if (isLive(record)) {
      if (!wasLeaving) this.#core.memberChanged('leaving', record)
      return
    }
    if (intent.prune) this.#remember(intent, true)
    if (record.liveness === 'dead') this.#news().bury(record, 'left')
    else if (intent.prune) this.#news().forget(record)
  }

  /** Keeps an intent for a member that is not known; true if it is newer than what is kept. */
  #remember(intent: IntentUpdate, isSpent: boolean): boolean {
    const known = this.#remembered.get(intent.name)
    if (known !== undefined && known.intent.lamportTime >= intent.lamportTime) return false
    this.#remembered.delete(intent.name)
    this.#forgetOld()
    this.#remembered.set(intent.name, { intent, heardMs: this.#core.nowMs, isSpent })
    return true
  }

  /** Makes room for one more: what has expired goes, and at the limit the oldest. */
  #forgetOld(): void {
    const { nowMs, config } = this.#core
    for (const [name, { heardMs }] of this.#remembered) {
      if (nowMs - heardMs <= retentionMs && this.#remembered.size < config.limits.intentsMax) return
      this.#remembered.delete(name)
    }
  }
}
