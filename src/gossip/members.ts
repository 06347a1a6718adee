// All members this one knows, itself included: who is live, who is gone, and random choices among them.
// It stores; which news is accepted is decided in news.ts.
import { assert } from '../lib/assert.ts'
import type { Random } from '../lib/random.ts'
import type { Member, MemberStatus } from './events.ts'
import type { AliveUpdate, Digest } from './message.ts'
import type { Liveness } from './precedence.ts'
import type { Suspicion } from './suspicion.ts'

/** One member as this one believes it to be. Changed only by the table and by news.ts. */
export interface MemberRecord {
  readonly name: string
  /** What it last said of itself; its incarnation may be behind `incarnation` until its own word arrives. */
  readonly update: AliveUpdate
  /** Incarnation of the news that decided `liveness`. */
  readonly incarnation: number
  readonly liveness: Liveness
  /** When `liveness` last changed. */
  readonly changedMs: number
  /** Lamport time of the last intent about it, 0 for none. */
  intentTime: number
  /** True if that intent was to leave. */
  readonly isLeaving: boolean
  /** To be forgotten as soon as it is gone (force-leave -prune). */
  isPruned: boolean
  /** Set exactly while `liveness` is suspect. */
  suspicion: Suspicion | null
}

type Stored = { -readonly [K in keyof MemberRecord]: MemberRecord[K] } & {
  readonly nameHash: number
  slot: number
  view: { readonly update: AliveUpdate; readonly status: MemberStatus; readonly member: Member } | null
}

/** True for members that take part: alive, or suspected and not yet given up. */
export function isLive(record: MemberRecord): boolean {
  return record.liveness === 'alive' || record.liveness === 'suspect'
}

/** What the rest of the program is told. */
export function statusOf(record: MemberRecord): MemberStatus {
  if (record.liveness === 'left') return 'left'
  if (record.liveness === 'dead') return 'failed'
  return record.isLeaving ? 'leaving' : 'alive'
}

/** Up to this many members a random choice looks at all of them; above, it draws and retries. */
const exhaustiveMax = 64

/** The table of members. */
export class MemberTable {
  readonly #random: Random
  readonly #selfName: string
  readonly #byName = new Map<string, Stored>()
  readonly #nameById = new Map<string, string>()
  /** All records in no order, for random choices. */
  readonly #slots: Stored[] = []
  readonly #counts: Record<Liveness, number> = { alive: 0, suspect: 0, dead: 0, left: 0 }
  #digest = 0

  constructor(selfName: string, random: Random) {
    this.#selfName = selfName
    this.#random = random
  }

  get size(): number {
    return this.#slots.length
  }

  /** Members that are alive or suspect, this one included. */
  get liveCount(): number {
    return this.#counts.alive + this.#counts.suspect
  }

  /** Which members are live, under which incarnation, and which are leaving, as one number; the order of arrival does not matter. */
  get digest(): Digest {
    return this.#digest
  }

  /** Members by what is believed of them. */
  count(liveness: Liveness): number {
    return this.#counts[liveness]
  }

  get(name: string): MemberRecord | undefined {
    return this.#byName.get(name)
  }

  /** The member with this node id. */
  withId(id: string): MemberRecord | undefined {
    const name = this.#nameById.get(id)
    return name === undefined ? undefined : this.#byName.get(name)
  }

  /** In order of arrival. */
  values(): IterableIterator<MemberRecord> {
    return this.#byName.values()
  }

  /** Adds a member whose name is not yet known. */
  add(update: AliveUpdate, liveness: Liveness, nowMs: number): MemberRecord {
    assert(!this.#byName.has(update.name), () => `member ${update.name} is added twice`)
    const record: Stored = {
      name: update.name,
      update,
      incarnation: update.incarnation,
      liveness,
      changedMs: nowMs,
      intentTime: 0,
      isLeaving: false,
      isPruned: false,
      suspicion: null,
      nameHash: hashName(update.name),
      slot: this.#slots.length,
      view: null,
    }
    this.#byName.set(update.name, record)
    this.#nameById.set(update.id, update.name)
    this.#slots.push(record)
    this.#counts[liveness]++
    this.#toggle(record)
    return record
  }

  /** Forgets a member. */
  remove(record: MemberRecord): void {
    const stored = this.#stored(record)
    this.#toggle(stored)
    this.#byName.delete(stored.name)
    if (this.#nameById.get(stored.update.id) === stored.name) this.#nameById.delete(stored.update.id)
    this.#counts[stored.liveness]--
    const last = this.#slots.pop()
    if (last === undefined || last === stored) return
    last.slot = stored.slot
    this.#slots[stored.slot] = last
  }

  /** Changes what is believed of a member; a suspicion ends with any change. */
  setLiveness(record: MemberRecord, liveness: Liveness, nowMs: number): void {
    const stored = this.#stored(record)
    this.#toggle(stored)
    if (stored.liveness !== liveness) {
      this.#counts[stored.liveness]--
      this.#counts[liveness]++
      stored.liveness = liveness
      stored.changedMs = nowMs
    }
    stored.suspicion = null
    this.#toggle(stored)
  }

  /** Stores under which incarnation the present belief is held. */
  setIncarnation(record: MemberRecord, incarnation: number): void {
    const stored = this.#stored(record)
    this.#toggle(stored)
    stored.incarnation = incarnation
    this.#toggle(stored)
  }

  /** Stores whether a member's last intent was to leave. */
  setLeaving(record: MemberRecord, isLeaving: boolean): void {
    const stored = this.#stored(record)
    this.#toggle(stored)
    stored.isLeaving = isLeaving
    this.#toggle(stored)
  }

  /** Takes a member's part of the digest out, or puts it in. */
  #toggle(stored: Stored): void {
    if (!isLive(stored)) return
    const nameHash = stored.isLeaving ? ~stored.nameHash : stored.nameHash
    this.#digest = (this.#digest ^ mix(nameHash, stored.incarnation)) >>> 0
  }

  /** Stores what a member says of itself. */
  setUpdate(record: MemberRecord, update: AliveUpdate): void {
    const stored = this.#stored(record)
    if (stored.update.id !== update.id) {
      this.#nameById.delete(stored.update.id)
      this.#nameById.set(update.id, stored.name)
    }
    stored.update = update
  }

  /** The member as the rest of the program sees it; the same object until something of it changes. */
  view(record: MemberRecord): Member {
    const stored = this.#stored(record)
    const status = statusOf(stored)
    const known = stored.view
    if (
      known?.update === stored.update &&
      known.status === status &&
      known.member.incarnation === stored.incarnation
    ) {
      return known.member
    }
    const { name, id, address, tags, versionMin, versionMax } = stored.update
    const member = {
      name,
      id,
      address,
      tags,
      status,
      incarnation: stored.incarnation,
      versionMin,
      versionMax,
    }
    stored.view = { update: stored.update, status, member }
    return member
  }

  /** Up to `count` different members, never this one, that `accepts` lets through; fewer if there are not so many. */
  pick(count: number, accepts: (record: MemberRecord) => boolean): MemberRecord[] {
    if (count <= 0) return []
    if (this.#slots.length <= exhaustiveMax) return this.#pickFromAll(count, accepts)
    const picked: MemberRecord[] = []
    for (let tries = 0; tries < exhaustiveMax && picked.length < count; tries++) {
      const record = this.#random.pick(this.#slots)
      if (record === undefined || record.name === this.#selfName) continue
      if (accepts(record) && !picked.includes(record)) picked.push(record)
    }
    return picked.length < count ? this.#pickFromAll(count, accepts) : picked
  }

  #pickFromAll(count: number, accepts: (record: MemberRecord) => boolean): MemberRecord[] {
    const candidates = this.#slots.filter((record) => record.name !== this.#selfName && accepts(record))
    const end = Math.min(count, candidates.length)
    for (let i = 0; i < end; i++) {
      const j = this.#random.between(i, candidates.length - 1)
      const held = candidates[i] as Stored
      candidates[i] = candidates[j] as Stored
      candidates[j] = held
    }
    return candidates.slice(0, end)
  }

  #stored(record: MemberRecord): Stored {
    const stored = this.#byName.get(record.name)
    assert(stored === record, () => `member ${record.name} is not of this table`)
    return stored as Stored
  }
}

/** FNV-1a over UTF-16 units. */
function hashName(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** Spreads a name's hash and an incarnation over 32 bits. */
function mix(nameHash: number, incarnation: number): number {
  let mixed = Math.imul(nameHash ^ Math.imul(incarnation, 0x9e3779b1), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
