// Takes in news about members: alive, suspect, dead. Keeps the table, the suspicions and the queue in step.
import type { Address } from '../model/address.ts'
import {
  checkMember,
  checkName,
  checkRename,
  isSameContent,
  nameConflict,
  type Refusal,
} from './admission.ts'
import type { Core } from './core.ts'
import { isLive, type MemberRecord } from './members.ts'
import type { AliveUpdate, DeadUpdate, SuspectUpdate } from './message.ts'
import { supersedes, suspectIncarnationMax } from './precedence.ts'
import {
  confirmSuspicion,
  postponeSuspicion,
  refuseSuspicion,
  startSuspicion,
  suspicionEndsAtMs,
  type Suspicion,
} from './suspicion.ts'

/** Where news comes from, and whether it is passed on. */
export interface Origin {
  readonly from: Address | null
  /** False for what a peer told us that it has told everybody else already. */
  readonly isPassedOn: boolean
}

/** Called when a member becomes known, to apply what was heard of it before. */
export type OnKnown = (record: MemberRecord) => void

/** The rules of SWIM 4.2 and Lifeguard's suspicion, applied to the shared state. */
export class News {
  readonly #core: Core
  readonly #onKnown: OnKnown
  readonly #suspects = new Set<MemberRecord>()
  /** No suspicion ends before this; exact again after each `expire`. */
  #expiresAtMs = Infinity

  constructor(core: Core, onKnown: OnKnown) {
    this.#core = core
    this.#onKnown = onKnown
  }

  /** When `expire` must be called next. */
  get wakeAtMs(): number {
    return this.#expiresAtMs
  }

  get suspectCount(): number {
    return this.#suspects.size
  }

  /** SWIM 4.2, alive: a member speaks of itself. */
  onAlive(update: AliveUpdate, origin: Origin): void {
    if (update.name === this.#core.config.name) {
      this.#onAliveSelf(update, origin)
      return
    }
    const known = this.#core.members.get(update.name)
    if (known !== undefined && known.update.id === update.id) this.#onAliveKnown(known, update, origin)
    else this.#onAliveNew(known, update, origin)
  }

  #onAliveKnown(known: MemberRecord, update: AliveUpdate, origin: Origin): void {
    const isNewer = supersedes({ incarnation: update.incarnation, liveness: 'alive' }, known)
    // A suspicion may come before the news that it refers to: what the member says of itself is taken all the same.
    const isContent = update.incarnation > known.update.incarnation
    if (!isNewer && !isContent) return
    if (this.#refuse(checkMember(this.#core.config, update), origin)) return
    const isSame = isSameContent(known.update, update)
    this.#core.members.setUpdate(known, update)
    if (isNewer) {
      this.#core.members.setIncarnation(known, update.incarnation)
      this.#live(known, update, origin, isSame ? null : 'updated')
    } else if (!isSame && isLive(known)) {
      this.#core.memberChanged('updated', known)
    }
  }

  /** A name that is new here, or a node that is new under a known name. */
  #onAliveNew(known: MemberRecord | undefined, update: AliveUpdate, origin: Origin): void {
    const { config, members, nowMs } = this.#core
    const renamed = members.withId(update.id)
    const refusal =
      checkMember(config, update) ??
      (known === undefined ? null : checkName(config, known, update, nowMs)) ??
      (renamed === undefined ? null : checkRename(renamed, update)) ??
      this.#checkRoom(known, renamed, update)
    if (this.#refuse(refusal, origin)) return
    if (renamed !== undefined) this.forget(renamed)
    if (known !== undefined) {
      members.setUpdate(known, update)
      this.#core.members.setIncarnation(known, update.incarnation)
      this.#live(known, update, origin, 'updated')
      return
    }
    const record = members.add(update, 'alive', nowMs)
    this.#core.arrived.push(record)
    this.#core.memberChanged('joined', record)
    if (origin.isPassedOn) this.#core.announce(update)
    this.#onKnown(record)
  }

  #checkRoom(
    known: MemberRecord | undefined,
    renamed: MemberRecord | undefined,
    update: AliveUpdate,
  ): Refusal | null {
    const { config, members } = this.#core
    const isAdded = known === undefined && renamed === undefined
    if (!isAdded || members.size < config.limits.membersMax) return null
    const detail = `Member '${update.name}' is one more than the ${config.limits.membersMax} that are kept`
    return { reason: 'tooManyMembers', detail }
  }

  /** Marks a member alive; `change` is the event for one that was alive before. */
  #live(record: MemberRecord, update: AliveUpdate, origin: Origin, change: 'updated' | null): void {
    const wasLive = isLive(record)
    this.#endSuspicion(record)
    this.#core.members.setLiveness(record, 'alive', this.#core.nowMs)
    if (!wasLive) {
      this.#core.members.setLeaving(record, false)
      record.isPruned = false
      this.#core.arrived.push(record)
      this.#core.memberChanged('joined', record)
    } else if (change !== null) this.#core.memberChanged(change, record)
    if (origin.isPassedOn) this.#core.announce(update)
  }

  /** News of ourselves that is not our own: a namesake, or what was left of us before a restart. */
  #onAliveSelf(update: AliveUpdate, origin: Origin): void {
    const { self } = this.#core
    if (update.id !== self.update.id) {
      this.#refuse(nameConflict(self.update, update), origin)
      return
    }
    const isGhost = update.incarnation === self.incarnation && !isSameContent(update, self.update)
    if (isGhost || update.incarnation > self.incarnation) this.#raise(update.incarnation)
  }

  /** SWIM 4.2, suspect: `update.from` could not reach the member. */
  onSuspect(update: SuspectUpdate, origin: Origin): void {
    const { members } = this.#core
    const known = members.get(update.name)
    if (known === undefined || update.incarnation < known.incarnation) return
    if (this.#refuseIncarnation(update, origin)) return
    if (known === this.#core.self) {
      this.refute(update.incarnation)
      return
    }
    if (known.suspicion !== null && update.incarnation === known.incarnation) {
      this.#confirm(known, known.suspicion, update)
      return
    }
    if (!supersedes({ incarnation: update.incarnation, liveness: 'suspect' }, known)) return
    const wasLive = isLive(known)
    this.#core.members.setIncarnation(known, update.incarnation)
    this.#suspect(known, update)
    if (update.from !== this.#core.config.name) this.#core.doubted.push(known)
    if (wasLive) return
    this.#core.members.setLeaving(known, false)
    this.#core.arrived.push(known)
    this.#core.memberChanged('joined', known)
  }

  #suspect(record: MemberRecord, update: SuspectUpdate): void {
    const { members, config, nowMs } = this.#core
    members.setLiveness(record, 'suspect', nowMs)
    this.#setSuspicion(record, startSuspicion(config.timing, members.liveCount, update.from, nowMs))
    this.#core.observe({ kind: 'suspected', name: update.name, from: update.from })
    this.#core.announce(update)
  }

  /** Lifeguard, LHA-Suspicion: an independent suspicion shortens the wait, and is passed on. */
  #confirm(record: MemberRecord, suspicion: Suspicion, update: SuspectUpdate): void {
    const confirmed = confirmSuspicion(suspicion, update.from)
    if (confirmed === null) return
    this.#setSuspicion(record, confirmed)
    this.#core.announce(update)
  }

  /** We saw that a suspected member's process is gone (DESIGN.md decision 5). */
  onRefused(record: MemberRecord): void {
    if (record.suspicion !== null) this.#setSuspicion(record, refuseSuspicion(record.suspicion))
  }

  #setSuspicion(record: MemberRecord, suspicion: Suspicion): void {
    record.suspicion = suspicion
    this.#suspects.add(record)
    this.#expiresAtMs = Math.min(this.#expiresAtMs, suspicionEndsAtMs(suspicion))
  }

  #endSuspicion(record: MemberRecord): void {
    if (this.#suspects.delete(record) && this.#suspects.size === 0) this.#expiresAtMs = Infinity
  }

  /** SWIM 4.2, confirm: the member is gone, by another's word, or by its own or an operator's. */
  onDead(update: DeadUpdate, origin: Origin): void {
    const known = this.#core.members.get(update.name)
    if (known === undefined) return
    const hasLeft = update.left || known.isLeaving
    if (!supersedes({ incarnation: update.incarnation, liveness: hasLeft ? 'left' : 'dead' }, known)) return
    if (this.#refuseIncarnation(update, origin)) return
    if (known === this.#core.self) {
      this.refute(update.incarnation)
      return
    }
    this.#core.members.setIncarnation(known, update.incarnation)
    this.bury(known, hasLeft ? 'left' : 'dead')
    if (origin.isPassedOn) this.#core.announce(update)
  }

  /** Marks a member gone and tells the rest of the program. */
  bury(record: MemberRecord, liveness: 'dead' | 'left'): void {
    this.#endSuspicion(record)
    this.#core.members.setLiveness(record, liveness, this.#core.nowMs)
    this.#core.memberChanged(liveness === 'left' ? 'left' : 'failed', record)
    if (record.isPruned && liveness === 'left') this.forget(record)
  }

  /** Stores a member that was gone before we heard of it. */
  addGone(update: AliveUpdate, liveness: 'dead' | 'left', origin: Origin): void {
    const { config, members, nowMs } = this.#core
    if (members.get(update.name) !== undefined || members.withId(update.id) !== undefined) return
    if (this.#refuse(checkMember(config, update) ?? this.#checkRoom(undefined, undefined, update), origin))
      return
    const record = members.add(update, liveness, nowMs)
    this.#core.memberChanged(liveness === 'left' ? 'left' : 'failed', record)
  }

  /** Removes a member from the table. */
  forget(record: MemberRecord): void {
    this.#endSuspicion(record)
    this.#core.broadcasts.forget(record.name)
    this.#core.memberChanged('reaped', record)
    this.#core.members.remove(record)
  }

  /**
   * Clears our own name: a suspicion of us is answered by a higher incarnation (SWIM 4.2). That others could not
   * reach us counts against our own health (Lifeguard).
   */
  refute(incarnation: number): void {
    if (this.#core.phase !== 'running') return
    this.#core.changeHealth(1)
    this.#raise(incarnation)
  }

  #raise(incarnation: number): void {
    const { self, phase } = this.#core
    const next = Math.max(self.incarnation, incarnation) + 1
    if (phase !== 'running' || incarnation > suspectIncarnationMax) return
    this.#core.renewSelf(self.update.tags, next)
    this.#core.observe({ kind: 'refuted', incarnation: self.incarnation })
  }

  /** Gives up those whose suspicion has lasted long enough. */
  expire(): void {
    const { nowMs, config } = this.#core
    if (nowMs < this.#expiresAtMs) return
    this.#expiresAtMs = Infinity
    for (const record of this.#suspects) {
      if (record.suspicion === null) continue
      const endsAtMs = suspicionEndsAtMs(record.suspicion)
      if (endsAtMs > nowMs) this.#expiresAtMs = Math.min(this.#expiresAtMs, endsAtMs)
      else {
        const { name, incarnation } = record
        this.onDead(
          { kind: 'dead', name, incarnation, from: config.name, left: false },
          { from: null, isPassedOn: true },
        )
      }
    }
  }

  /** Moves the end of all suspicions: while this process stood still no refutation could reach it. */
  postpone(byMs: number): void {
    this.#expiresAtMs = Infinity
    for (const record of this.#suspects) {
      if (record.suspicion !== null) this.#setSuspicion(record, postponeSuspicion(record.suspicion, byMs))
    }
  }

  #refuseIncarnation(
    update: { readonly name: string; readonly incarnation: number },
    origin: Origin,
  ): boolean {
    if (update.incarnation <= suspectIncarnationMax) return false
    this.#core.reject(
      'badIncarnation',
      origin.from,
      `Incarnation ${update.incarnation} is claimed of '${update.name}'`,
    )
    return true
  }

  #refuse(refusal: Refusal | null, origin: Origin): boolean {
    if (refusal === null) return false
    this.#core.reject(refusal.reason, origin.from, refusal.detail)
    return true
  }
}
