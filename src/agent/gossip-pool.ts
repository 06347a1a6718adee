// One gossip pool (LAN or WAN) at work: the machine, its socket, its stream exchanges, and joins.
import {
  decodeExchangeReply,
  decodeExchangeRequest,
  encodeExchangeReply,
  encodeExchangeRequest,
} from '../codec/gossip-codec.ts'
import { decodePacket, encodePacket } from '../codec/gossip-codec.ts'
import type { GossipConfig } from '../gossip/config.ts'
import type { GossipEffect, GossipInput, JoinFailure, Member } from '../gossip/events.ts'
import { createGossip, type Gossip } from '../gossip/gossip.ts'
import type { ExchangeReply, Tags } from '../gossip/message.ts'
import { formatAddress, type Address } from '../model/address.ts'
import type { Coordinate } from '../model/coordinate.ts'
import type { UserEvent } from '../model/user-event.ts'
import { exchange, listenExchanges } from '../rpc/exchange.ts'
import type { Host, UdpSocket } from '../runtime/host.ts'
import { createComplaints, type Complaints } from './complaints.ts'
import { GossipMetrics } from './gossip-metrics.ts'
import type { Logger } from './log.ts'
import { createPump, type Pump } from './loop.ts'
import type { Metrics } from './metrics.ts'

/** What became of a join. */
export interface JoinOutcome {
  readonly contacted: number
  readonly failures: readonly JoinFailure[]
}

/** What happens in a pool. */
export interface PoolEvents {
  /** A user event is new here. */
  onUserEvent(event: UserEvent): void
  /** A member has answered a ping, and says where it is; only while we have a place ourselves. */
  onRoundTrip(name: string, coordinate: Coordinate, rttMicros: number): void
  onMember(event: (GossipEffect & { readonly kind: 'memberChanged' })['event'], member: Member): void
  /** Our own bug: the machine or its driver has thrown, and nothing goes on. */
  onFault(error: unknown): void
  /** Every effect, before it is carried out; for the trace. */
  onEffect?(effect: GossipEffect): void
}

/** A running pool. */
export interface GossipPool {
  readonly machine: Gossip
  join(addresses: readonly Address[]): Promise<JoinOutcome>
  /** Announces our leave; resolves when it has been passed on. */
  leave(): Promise<void>
  /** False when no member has this name. */
  forceLeave(name: string, prune: boolean): boolean
  setTags(tags: Tags): void
  /** Where we are from now on. */
  setCoordinate(coordinate: Coordinate): void
  /** Tells all members, ourselves included. */
  fireEvent(event: Omit<UserEvent, 'lamportTime'>): void
  /** A session with this member broke: a hint to probe it next. */
  contactLost(name: string): void
  stop(): Promise<void>
}

/** What a pool is made of. */
export interface PoolOptions {
  readonly config: GossipConfig
  readonly bind: Address
  readonly host: Pick<Host, 'clock' | 'udp' | 'tcp'>
  readonly log: Logger
  readonly metrics: Metrics
  readonly events: PoolEvents
}

/** Binds the pool's socket and listener and starts the machine. Rejects with HostError when an address is taken. */
export async function startGossipPool(options: PoolOptions): Promise<GossipPool> {
  const pool = new Pool(options)
  try {
    await pool.open()
  } catch (error) {
    await pool.stop()
    throw error
  }
  return pool
}

class Pool implements GossipPool {
  readonly machine: Gossip
  readonly #options: PoolOptions
  readonly #pump: Pump<GossipInput>
  #socket: UdpSocket | null = null
  #closeListener: (() => Promise<void>) | null = null
  #nextRequest = 1
  /** Inbound exchanges have even numbers below zero: they can never meet the machine's own. */
  #nextInbound = -2
  readonly #joins = new Map<number, (outcome: JoinOutcome) => void>()
  readonly #inbound = new Map<number, (reply: ExchangeReply) => void>()
  readonly #complaints: Complaints
  #leaveWaiters: (() => void)[] = []
  #isUnknownName = false
  /** When the datagram that is being taken in has come. */
  #receivedMicros = 0
  /** The ping that is timed. */
  #timed: { readonly sequence: number; readonly sentMicros: number } | null = null
  #isStopped = false
  readonly #metrics: GossipMetrics

  constructor(options: PoolOptions) {
    this.#options = options
    this.#complaints = createComplaints(options.host.clock)
    this.#metrics = new GossipMetrics(options.metrics)
    this.machine = createGossip(options.config, options.host.clock.nowMs())
    this.#pump = createPump<GossipInput, GossipEffect>(this.machine, options.host.clock, {
      perform: (effect) => {
        options.events.onEffect?.(effect)
        this.#perform(effect)
      },
      onFault: (error) => options.events.onFault(error),
    })
  }

  async open(): Promise<void> {
    const { host, bind, config } = this.#options
    this.#socket = await host.udp.bind(bind, (bytes, from) => this.#onPacket(bytes, from))
    const listener = await listenExchanges(host, bind, config.limits.exchangeBytesMax, (bytes, from) =>
      this.#onExchange(bytes, from),
    )
    this.#closeListener = () => listener.close()
  }

  #onPacket(bytes: Uint8Array, from: Address): void {
    this.#receivedMicros = this.#options.host.clock.nowMicros()
    this.#metrics.onReceived(bytes.length)
    const packet = decodePacket(bytes)
    if (!packet.ok) {
      this.#options.metrics.count(`memberlist.udp.rejected.${packet.error}`)
      return
    }
    this.#pump.feed({ kind: 'packetReceived', from, messages: packet.value })
  }

  #onExchange(bytes: Uint8Array, from: Address): Promise<Uint8Array> {
    this.#metrics.onVisit(bytes.length)
    const request = decodeExchangeRequest(bytes)
    if (!request.ok) {
      this.#options.metrics.count(`memberlist.tcp.rejected.${request.error}`)
      return Promise.reject(new Error(`malformed exchange: ${request.error}`))
    }
    const id = this.#nextInbound
    this.#nextInbound -= 2
    const reply = new Promise<Uint8Array>((resolve) => {
      this.#inbound.set(id, (answer) => {
        const reply = encodeExchangeReply(answer)
        this.#metrics.onAnswered(reply.length)
        resolve(reply)
      })
    })
    this.#pump.feed({ kind: 'exchangeReceived', exchange: id, from, request: request.value })
    return reply
  }

  #perform(effect: GossipEffect): void {
    switch (effect.kind) {
      case 'send': {
        const bytes = encodePacket(effect.messages)
        this.#metrics.onSent(bytes.length)
        this.#socket?.send(bytes, effect.to)
        return
      }
      case 'exchange':
        void this.#exchange(effect)
        return
      case 'answer': {
        const answer = this.#inbound.get(effect.exchange)
        this.#inbound.delete(effect.exchange)
        answer?.(effect.reply)
        return
      }
      case 'memberChanged':
        this.#metrics.onMember(effect.event)
        this.#options.events.onMember(effect.event, effect.member)
        return
      case 'eventHeard':
        this.#metrics.onUserEvent(effect.event.name)
        this.#options.events.onUserEvent(effect.event)
        return
      case 'probeSent':
        this.#timed = { sequence: effect.sequence, sentMicros: this.#options.host.clock.nowMicros() }
        return
      case 'probeAnswered':
        this.#onRoundTrip(effect)
        return
      default:
        this.#report(effect)
    }
  }

  /** Effects that answer our own commands or are only looked at. */
  #report(
    effect: GossipEffect & {
      readonly kind: 'joined' | 'left' | 'forceLeaveUnknown' | 'observed' | 'rejected'
    },
  ): void {
    switch (effect.kind) {
      case 'joined': {
        const joined = this.#joins.get(effect.request)
        this.#joins.delete(effect.request)
        joined?.(effect)
        return
      }
      case 'left':
        for (const done of this.#leaveWaiters.splice(0)) done()
        return
      case 'forceLeaveUnknown':
        this.#isUnknownName = true
        return
      case 'observed':
        this.#observe(effect)
        return
      case 'rejected':
        this.#onRejected(effect)
        return
      default:
        effect satisfies never
    }
  }

  #onRoundTrip({ sequence, name, coordinate }: GossipEffect & { readonly kind: 'probeAnswered' }): void {
    const timed = this.#timed
    if (timed === null || timed.sequence !== sequence) return
    const rttMicros = Math.max(0, this.#receivedMicros - timed.sentMicros)
    this.#options.events.onRoundTrip(name, coordinate, rttMicros)
  }

  /** Counted always, told once a minute per sender and reason: whoever floods us must not fill the log too. */
  #onRejected(effect: GossipEffect & { readonly kind: 'rejected' }): void {
    const { reason, detail } = effect
    const { log, metrics } = this.#options
    const from = effect.from === null ? 'self' : formatAddress(effect.from)
    metrics.count(`serf.rejected.${reason}`)
    if (this.#complaints.mayTell(`${effect.from?.ip ?? ''} ${reason}`)) {
      log.warn('Message rejected', { reason, detail, from })
    }
  }

  #observe(effect: GossipEffect & { readonly kind: 'observed' }): void {
    const { log, metrics } = this.#options
    const event = effect.event
    switch (event.kind) {
      case 'suspected':
        metrics.count('memberlist.msg.suspect')
        log.debug('Member suspected', { member: event.name, from: event.from })
        return
      case 'refuted':
        log.warn('Refuting a suspicion', { incarnation: event.incarnation })
        return
      case 'localHealth':
        // Told when somebody looks (gaugePools).
        return
      case 'acked':
        this.#metrics.onProbe(event.rttMs)
        return
      case 'probeFailed':
        log.debug('No answer to a probe', { member: event.name })
        return
      default:
        event satisfies never
    }
  }

  async #exchange(effect: GossipEffect & { readonly kind: 'exchange' }): Promise<void> {
    const { host, config } = this.#options
    const request = encodeExchangeRequest(effect.request)
    const sinceMs = host.clock.nowMs()
    const answer = await exchange(host, effect.to, request, {
      timeoutMs: effect.timeoutMs,
      limitBytes: config.limits.exchangeBytesMax,
    })
    if (this.#isStopped) return
    if (!answer.ok) {
      const { code, message } = answer.error
      this.#pump.feed({
        kind: 'exchangeFailed',
        exchange: effect.exchange,
        reason: message,
        isRefused: code === 'refusedConnection',
      })
      return
    }
    this.#metrics.onExchange(request.length, answer.value.length, host.clock.nowMs() - sinceMs)
    const reply = decodeExchangeReply(answer.value)
    this.#pump.feed(
      reply.ok
        ? { kind: 'exchangeAnswered', exchange: effect.exchange, reply: reply.value }
        : {
            kind: 'exchangeFailed',
            exchange: effect.exchange,
            reason: `malformed reply (${reply.error})`,
          },
    )
  }

  join(addresses: readonly Address[]): Promise<JoinOutcome> {
    if (this.#isStopped) return Promise.resolve({ contacted: 0, failures: [] })
    const request = this.#nextRequest++
    return new Promise((resolve) => {
      this.#joins.set(request, resolve)
      this.#pump.feed({ kind: 'join', request, addresses })
    })
  }

  leave(): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    return new Promise((resolve) => {
      this.#leaveWaiters.push(resolve)
      this.#pump.feed({ kind: 'leave' })
    })
  }

  forceLeave(name: string, prune: boolean): boolean {
    this.#isUnknownName = false
    this.#pump.feed({ kind: 'forceLeave', name, prune })
    return !this.#isUnknownName
  }

  setTags(tags: Tags): void {
    this.#pump.feed({ kind: 'setTags', tags })
  }

  setCoordinate(coordinate: Coordinate): void {
    this.#pump.feed({ kind: 'setCoordinate', coordinate })
  }

  fireEvent(event: Omit<UserEvent, 'lamportTime'>): void {
    this.#pump.feed({ kind: 'fireEvent', event })
  }

  contactLost(name: string): void {
    this.#pump.feed({ kind: 'contactLost', name })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#pump.stop()
    await this.#socket?.close()
    await this.#closeListener?.()
    for (const joined of this.#joins.values()) joined({ contacted: 0, failures: [] })
    this.#joins.clear()
    for (const done of this.#leaveWaiters.splice(0)) done()
    this.#inbound.clear()
  }
}
