// The gossip machine: SWIM with Lifeguard, push/pull and intents. Inputs in, effects out; see DESIGN.md.
// This file only distributes: each part keeps its own rules and deadlines.
import type { Machine } from '../lib/machine.ts'
import type { Address } from '../model/address.ts'
import type { GossipConfig } from './config.ts'
import { Core } from './core.ts'
import { Departure } from './departure.ts'
import { Dissemination } from './dissemination.ts'
import type { GossipEffect, GossipInput, Member } from './events.ts'
import { Exchanges } from './exchanges.ts'
import { Intents } from './intents.ts'
import type { PacketMessage, Tags } from './message.ts'
import { News, type Origin } from './news.ts'
import { Prober } from './probe.ts'
import { Repair } from './repair.ts'
import { tagsBytes } from './size.ts'
import { UserEvents } from './user-events.ts'

/** Figures for `info` and the metrics. */
export interface GossipStatistics {
  readonly members: number
  readonly alive: number
  readonly suspect: number
  readonly failed: number
  readonly left: number
  readonly localHealth: number
  /** News waiting to be passed on. */
  readonly broadcastsQueued: number
  /** Intents kept for members that are not known. */
  readonly intentsQueued: number
  readonly relaysOpen: number
  readonly exchangesOpen: number
  /** Events waiting to be passed on. */
  readonly eventsQueued: number
}

/** The machine of one pool, and what may be read of it between steps. */
export interface Gossip extends Machine<GossipInput, GossipEffect> {
  /** All known members, ourselves included, in order of arrival. */
  members(): readonly Member[]
  member(name: string): Member | undefined
  readonly self: Member
  /** Members that are alive or suspect, ourselves included. */
  readonly aliveCount: number
  readonly localHealth: number
  readonly lamportTime: number
  /** Lamport time of the pool's events. */
  readonly eventTime: number
  readonly incarnation: number
  statistics(): GossipStatistics
}

/**
 * A member of one pool, alone until it is told to join.
 *
 * @param nowMs monotonic time; later steps must not be earlier
 */
export function createGossip(config: GossipConfig, nowMs: number): Gossip {
  return new GossipMachine(config, nowMs)
}

class GossipMachine implements Gossip {
  readonly #core: Core
  readonly #news: News
  readonly #intents: Intents
  readonly #userEvents: UserEvents
  readonly #exchanges: Exchanges
  readonly #repair: Repair
  readonly #prober: Prober
  readonly #dissemination: Dissemination
  readonly #departure: Departure
  #wakeAtMs = Infinity

  constructor(config: GossipConfig, nowMs: number) {
    const core = new Core(config, nowMs)
    const intents: Intents = new Intents(core, () => this.#news)
    const news = new News(core, (record) => intents.onKnown(record))
    this.#core = core
    this.#intents = intents
    this.#userEvents = new UserEvents(core)
    this.#news = news
    this.#exchanges = new Exchanges(
      { core, news, intents, userEvents: this.#userEvents },
      {
        onStream: (sequence, outcome) => this.#prober.onStream(sequence, outcome),
        onJoined: () => {
          this.#prober.hurry()
          this.#repair.unsettle()
        },
        hasAgreedSince: (sinceMs) => this.#repair.hasAgreedSince(sinceMs),
      },
    )
    this.#repair = new Repair(core, (address) => this.#exchanges.exchangeState(address, false))
    this.#prober = new Prober(core, news, this.#exchanges, this.#repair)
    this.#dissemination = new Dissemination(core)
    this.#departure = new Departure(core, news, intents)
  }

  get wakeAtMs(): number {
    return this.#wakeAtMs
  }

  step(input: GossipInput, nowMs: number): readonly GossipEffect[] {
    const core = this.#core
    core.nowMs = Math.max(core.nowMs, nowMs)
    this.#noticePause()
    this.#onInput(input)
    if (core.phase !== 'left') this.#wake()
    this.#refresh()
    return core.drain()
  }

  /**
   * Notices that this process stood still: a wake-up is later than a probe may take. Answers and refutations wait
   * unread in our sockets, so nobody is judged by what happened meanwhile (our addition; DESIGN.md decision 6).
   */
  #noticePause(): void {
    const core = this.#core
    const lateMs = core.nowMs - this.#wakeAtMs
    if (!(lateMs >= core.config.timing.probeTimeoutMs)) return
    core.changeHealth(1)
    this.#prober.abandon()
    this.#news.postpone(lateMs)
    if (lateMs >= core.config.timing.probeIntervalMs) this.#exchanges.hurry()
  }

  #onInput(input: GossipInput): void {
    switch (input.kind) {
      case 'wake':
        return
      case 'packetReceived':
        this.#onPacket(input.messages, input.from)
        return
      case 'exchangeReceived':
        this.#exchanges.onReceived(input.exchange, input.from, input.request)
        return
      case 'exchangeAnswered':
        this.#exchanges.onAnswered(input.exchange, input.reply)
        return
      case 'exchangeFailed':
        this.#exchanges.onFailed(input.exchange, input.reason, input.isRefused === true)
        return
      case 'contactLost':
        this.#prober.onContactLost(input.name)
        return
      default:
        this.#onCommand(input)
    }
  }

  /** What the agent wants of us. */
  #onCommand(
    input: GossipInput & {
      readonly kind: 'join' | 'leave' | 'forceLeave' | 'setTags' | 'fireEvent' | 'setCoordinate'
    },
  ): void {
    switch (input.kind) {
      case 'join':
        this.#exchanges.join(input.request, input.addresses)
        return
      case 'leave':
        this.#departure.leave()
        this.#prober.stop()
        return
      case 'forceLeave':
        this.#departure.forceLeave(input.name, input.prune)
        return
      case 'setTags':
        this.#onTags(input.tags)
        return
      case 'fireEvent':
        this.#userEvents.fire(input.event)
        return
      case 'setCoordinate':
        this.#core.coordinate = input.coordinate
        return
      default:
        input satisfies never
    }
  }

  #onPacket(messages: readonly PacketMessage[], from: Address): void {
    if (this.#core.phase === 'left') return
    for (const message of messages) this.#onMessage(message, from)
  }

  #onMessage(message: PacketMessage, from: Address): void {
    const origin: Origin = { from, isPassedOn: true }
    switch (message.kind) {
      case 'ping':
        this.#prober.onPing(message, from)
        return
      case 'pingRequest':
        this.#prober.onPingRequest(message, from)
        return
      case 'ack':
        this.#prober.onAck(message, from)
        return
      case 'nack':
        this.#prober.onNack(message.sequence, from)
        return
      case 'alive':
        this.#news.onAlive(message, origin)
        return
      case 'suspect':
        this.#news.onSuspect(message, origin)
        return
      case 'dead':
        this.#news.onDead(message, origin)
        return
      case 'joinIntent':
      case 'leaveIntent':
        this.#intents.onIntent(message, from, true)
        return
      case 'userEvent':
        this.#userEvents.onEvent(message.event, from)
        return
      default:
        message satisfies never
    }
  }

  /** Our tags have changed: a new incarnation carries them to the others. */
  #onTags(tags: Tags): void {
    const core = this.#core
    const bytes = tagsBytes(tags)
    const bytesMax = core.config.limits.tagsBytesMax
    if (bytes > bytesMax) {
      core.reject('tooLarge', null, `Our tags take ${bytes} bytes, which is more than ${bytesMax}`)
      return
    }
    if (core.phase !== 'running') return
    core.renewSelf(tags, core.self.incarnation + 1)
    core.memberChanged('updated', core.self)
  }

  /** All that is due, in this order: verdicts before probes, so that a probe carries the latest news. */
  #wake(): void {
    this.#news.expire()
    this.#prober.wake()
    this.#exchanges.wake()
    this.#departure.wake()
  }

  #refresh(): void {
    const core = this.#core
    if (core.arrived.length > 0) {
      if (core.phase === 'running') this.#prober.admit(core.arrived)
      this.#dissemination.admit(core.arrived)
      core.arrived.length = 0
    }
    this.#prober.doubt(core.doubted.splice(0))
    this.#dissemination.refresh()
    if (core.phase !== 'left') this.#dissemination.wake()
    this.#exchanges.refresh()
    this.#repair.refresh()
    this.#departure.refresh()
    this.#dissemination.refresh()
    this.#wakeAtMs = core.phase === 'left' ? Infinity : this.#nextWakeMs()
  }

  #nextWakeMs(): number {
    return Math.min(
      this.#news.wakeAtMs,
      this.#prober.wakeAtMs,
      this.#exchanges.wakeAtMs,
      this.#dissemination.wakeAtMs,
      this.#departure.wakeAtMs,
    )
  }

  members(): readonly Member[] {
    const members: Member[] = []
    for (const record of this.#core.members.values()) members.push(this.#core.members.view(record))
    return members
  }

  member(name: string): Member | undefined {
    const record = this.#core.members.get(name)
    return record === undefined ? undefined : this.#core.members.view(record)
  }

  get self(): Member {
    return this.#core.members.view(this.#core.self)
  }

  get aliveCount(): number {
    return this.#core.members.liveCount
  }

  get localHealth(): number {
    return this.#core.health.score
  }

  get lamportTime(): number {
    return this.#core.lamportTime
  }

  get eventTime(): number {
    return this.#userEvents.time
  }

  get incarnation(): number {
    return this.#core.self.incarnation
  }

  statistics(): GossipStatistics {
    const { members, broadcasts, events, health } = this.#core
    return {
      members: members.size,
      alive: members.count('alive'),
      suspect: members.count('suspect'),
      failed: members.count('dead'),
      left: members.count('left'),
      localHealth: health.score,
      broadcastsQueued: broadcasts.size,
      intentsQueued: this.#intents.rememberedCount,
      relaysOpen: this.#prober.relayCount,
      exchangesOpen: this.#exchanges.openCount,
      eventsQueued: events.size,
    }
  }
}
