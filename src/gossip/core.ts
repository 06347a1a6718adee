// What the parts of the gossip machine share: the members, the queue of news, the clocks, and the way out.
// Each part owns its own deadlines; gossip.ts asks them in a fixed order.
import { assert } from '../lib/assert.ts'
import { seededRandom, type Random } from '../lib/random.ts'
import type { Address } from '../model/address.ts'
import type { Coordinate } from '../model/coordinate.ts'
import { BroadcastQueue, transmitLimit } from './broadcast.ts'
import type { GossipConfig } from './config.ts'
import type { GossipEffect, GossipObservation, GossipRejection } from './events.ts'
import { createLocalHealth, type LocalHealth } from './local-health.ts'
import { MemberTable, type MemberRecord } from './members.ts'
import type { AliveUpdate, PacketMessage, Tags, Update } from './message.ts'
import { messageSizeMax, packetOverheadBytes } from './size.ts'
import { wireVersions } from '../model/version.ts'

/** `leaving`: our leave is being passed on. `left`: the machine is silent for good. */
export type Phase = 'running' | 'leaving' | 'left'

/** Lamport times beyond this are refused: one peer must not use up the clock. */
export const lamportTimeMax = 0xffff_ffff_ffff

/** The state that all parts of one machine work on. */
export class Core {
  readonly config: GossipConfig
  readonly members: MemberTable
  /** News of members. */
  readonly broadcasts: BroadcastQueue
  /** Events that are passed on, in the room that news of members leaves. */
  readonly events: BroadcastQueue
  readonly health: LocalHealth
  readonly #random: Random
  #effects: GossipEffect[] = []
  #self: MemberRecord
  #lamportTime: number
  /** The time of the running step. */
  nowMs: number
  phase: Phase = 'running'
  /** Where we are, once the driver knows; null keeps coordinates off. */
  coordinate: Coordinate | null = null
  /** Set when news was queued; dissemination.ts looks at it at the end of each step. */
  hasFreshNews = false
  /** Members that came to life in this step; probe.ts takes them into its round. */
  readonly arrived: MemberRecord[] = []
  /** Members that others began to suspect in this step; probe.ts may look for itself. */
  readonly doubted: MemberRecord[] = []

  constructor(config: GossipConfig, nowMs: number) {
    this.config = config
    this.nowMs = nowMs
    this.#random = seededRandom(config.seed).fork('gossip')
    this.members = new MemberTable(config.name, this.random('members'))
    this.broadcasts = new BroadcastQueue(config.limits.broadcastsMax)
    this.events = new BroadcastQueue(config.limits.eventsQueuedMax)
    this.health = createLocalHealth(config.timing.localHealthMax)
    this.#lamportTime = config.lamportTime
    this.#self = this.members.add(aliveSelf(config, config.tags, config.incarnation), 'alive', nowMs)
  }

  /** An own stream of draws for one part. */
  random(label: string): Random {
    return this.#random.fork(label)
  }

  get self(): MemberRecord {
    return this.#self
  }

  get lamportTime(): number {
    return this.#lamportTime
  }

  /** The next Lamport time, for an intent of our own. */
  nextLamportTime(): number {
    this.#lamportTime = Math.min(lamportTimeMax, this.#lamportTime + 1)
    return this.#lamportTime
  }

  /** Keeps our clock at or above what others have seen. */
  witnessLamportTime(time: number): void {
    if (time > this.#lamportTime) this.#lamportTime = Math.min(lamportTimeMax, time)
  }

  /** Stores and announces what we are from now on; only we raise our incarnation (SWIM 4.2). */
  renewSelf(tags: Tags, incarnation: number): void {
    assert(incarnation > this.#self.incarnation, 'our incarnation only grows')
    const update = aliveSelf(this.config, tags, incarnation)
    this.members.setUpdate(this.#self, update)
    this.members.setIncarnation(this.#self, incarnation)
    this.announce(update)
  }

  emit(effect: GossipEffect): void {
    this.#effects.push(effect)
  }

  observe(event: GossipObservation): void {
    this.#effects.push({ kind: 'observed', event })
  }

  reject(reason: GossipRejection, from: Address | null, detail: string): void {
    this.#effects.push({ kind: 'rejected', reason, from, detail })
  }

  memberChanged(
    event: 'joined' | 'updated' | 'leaving' | 'left' | 'failed' | 'reaped',
    record: MemberRecord,
  ): void {
    this.#effects.push({ kind: 'memberChanged', event, member: this.members.view(record) })
  }

  /** Hands out what the step has produced. */
  drain(): readonly GossipEffect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  /** Worsens (or betters) our local health. */
  changeHealth(delta: number): void {
    if (this.health.change(delta)) this.observe({ kind: 'localHealth', score: this.health.score })
  }

  /** Queues news for everybody. */
  announce(update: Update): void {
    if (update.kind === 'userEvent') this.events.add(update)
    else this.broadcasts.add(update)
    this.hasFreshNews = true
  }

  /** Sends messages, and fills the rest of the packet with news (SWIM 4.1: piggybacking). */
  send(to: Address, messages: readonly PacketMessage[]): void {
    if (!this.hasNews) {
      this.#effects.push({ kind: 'send', to, messages })
      return
    }
    let room = this.config.limits.packetBytesMax - packetOverheadBytes
    for (const message of messages) room -= messageSizeMax(message)
    const news = this.takeNews(room)
    this.#effects.push({ kind: 'send', to, messages: news.length === 0 ? messages : [...messages, ...news] })
  }

  /** True when there is something to pass on. */
  get hasNews(): boolean {
    return this.broadcasts.size > 0 || this.events.size > 0
  }

  /** How often the news that was sent least was sent; Infinity when there is none. */
  get newsTransmitsMin(): number {
    return Math.min(this.broadcasts.transmitsMin, this.events.transmitsMin)
  }

  /** Takes news for one packet: a flood of events must not hold up news of members. */
  takeNews(bytesMax: number): readonly Update[] {
    const news = this.broadcasts.take(bytesMax, this.transmitsMax)
    if (this.events.size === 0) return news
    const room = news.reduce((left, update) => left - messageSizeMax(update), bytesMax)
    return [...news, ...this.events.take(room, this.transmitsMax)]
  }

  /** How often each piece of news is sent by us. */
  get transmitsMax(): number {
    return transmitLimit(this.config.timing.retransmitMult, this.members.liveCount)
  }
}

function aliveSelf(config: GossipConfig, tags: Tags, incarnation: number): AliveUpdate {
  const { name, id, address } = config
  const versions = { versionMin: wireVersions.min, versionMax: wireVersions.max }
  return { kind: 'alive', name, id, incarnation, address, tags, ...versions }
}
