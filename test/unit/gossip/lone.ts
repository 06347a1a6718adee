// One gossip machine under a test's thumb: the test plays all other members.
import { lanTiming, type GossipConfig } from '../../../src/gossip/config.ts'
import type {
  GossipEffect,
  GossipInput,
  GossipObservation,
  GossipRejection,
} from '../../../src/gossip/events.ts'
import { createGossip, type Gossip } from '../../../src/gossip/gossip.ts'
import type {
  AliveUpdate,
  ExchangeReply,
  ExchangeRequest,
  MemberState,
  PacketMessage,
  PushPull,
} from '../../../src/gossip/message.ts'
import type { Address } from '../../../src/model/address.ts'
import { limits } from '../../../src/model/limits.ts'

type Effect<K extends GossipEffect['kind']> = Extract<GossipEffect, { kind: K }>
type Message<K extends PacketMessage['kind']> = PacketMessage & { readonly kind: K }

/** The address of a peer: `p7` is at 10.0.0.7. */
export function addressOf(name: string): Address {
  return { ip: `10.0.0.${Number(name.replace(/\D/g, '')) || 250}`, port: 8301 }
}

/** What a peer says of itself. */
export function alive(name: string, changes: Partial<AliveUpdate> = {}): AliveUpdate {
  return {
    kind: 'alive',
    name,
    id: `id-of-${name}`,
    incarnation: 1,
    address: addressOf(name),
    tags: new Map([['role', 'node']]),
    versionMin: 1,
    versionMax: 1,
    ...changes,
  }
}

/** A peer as a full exchange shows it. */
export function stateOf(update: AliveUpdate, changes: Partial<MemberState> = {}): MemberState {
  return { update, status: 'alive', intentTime: 0, isLeaving: false, ...changes }
}

/** A full exchange as `from` sends it. */
export function pushPull(
  from: string,
  members: readonly MemberState[],
  changes: Partial<PushPull> = {},
): PushPull {
  return {
    kind: 'pushPull',
    from,
    join: false,
    datacenter: 'dc1',
    lamportTime: 1,
    members,
    eventTime: 0,
    events: [],
    ...changes,
  }
}

/** A machine called `me` at 10.0.0.250, and all it has done. */
export class Lone {
  readonly machine: Gossip
  readonly effects: GossipEffect[] = []
  nowMs = 1000
  #exchange = -2

  constructor(changes: Partial<GossipConfig> = {}) {
    const config: GossipConfig = {
      name: 'me',
      id: 'id-of-me',
      address: addressOf('me'),
      tags: new Map([['role', 'node']]),
      datacenter: 'dc1',
      pool: 'lan',
      timing: lanTiming,
      incarnation: 1,
      lamportTime: 0,
      seed: 7,
      limits,
      ...changes,
    }
    this.machine = createGossip(config, this.nowMs)
  }

  /** Feeds one input; returns and records what it did. */
  feed(input: GossipInput): readonly GossipEffect[] {
    const effects = this.machine.step(input, this.nowMs)
    this.effects.push(...effects)
    return effects
  }

  /** A datagram from a peer. */
  packet(from: string, ...messages: readonly PacketMessage[]): readonly GossipEffect[] {
    return this.feed({ kind: 'packetReceived', from: addressOf(from), messages })
  }

  /** Makes peers known, and waits until there is no news left to send. */
  meet(...names: readonly string[]): this {
    for (const name of names) for (const effect of this.packet(name, alive(name))) this.#answer(effect)
    return this.settle()
  }

  /** Answers probes until the queue of news is empty, then forgets the effects. */
  settle(): this {
    for (let i = 0; i < 1000 && this.machine.statistics().broadcastsQueued > 0; i++) this.advanceAnswering(50)
    this.effects.length = 0
    return this
  }

  /** Lets time pass, with every wake-up when it is due. */
  advance(ms: number): readonly GossipEffect[] {
    const untilMs = this.nowMs + ms
    const from = this.effects.length
    while (this.machine.wakeAtMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.machine.wakeAtMs)
      this.feed({ kind: 'wake' })
    }
    this.nowMs = untilMs
    return this.effects.slice(from)
  }

  /** Lets time pass while every ping is answered. */
  advanceAnswering(ms: number): void {
    const untilMs = this.nowMs + ms
    while (this.machine.wakeAtMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.machine.wakeAtMs)
      for (const effect of this.feed({ kind: 'wake' })) this.#answer(effect)
    }
    this.nowMs = untilMs
  }

  #answer(effect: GossipEffect): void {
    if (effect.kind !== 'send') return
    for (const message of effect.messages) {
      if (message.kind !== 'ping') continue
      this.feed({
        kind: 'packetReceived',
        from: effect.to,
        messages: [{ kind: 'ack', sequence: message.sequence, digest: 0 }],
      })
    }
  }

  /** Waits for the next direct ping and returns it with its receiver's name. */
  nextPing(): { readonly ping: Message<'ping'>; readonly to: string } {
    for (let i = 0; i < 100; i++) {
      const atMs = this.machine.wakeAtMs
      if (atMs === Infinity) break
      const [found] = pingsOf(this.advance(Math.max(0, atMs - this.nowMs)))
      if (found !== undefined) return { ping: found, to: found.target }
    }
    throw new Error('no ping is sent')
  }

  /** Asks as a peer would over a stream; returns the answer. */
  ask(from: string, request: ExchangeRequest): ExchangeReply {
    const exchange = this.#exchange
    this.#exchange -= 2
    const effects = this.feed({ kind: 'exchangeReceived', exchange, from: addressOf(from), request })
    const answer = effects.find((effect) => effect.kind === 'answer')
    if (answer === undefined) throw new Error('no answer')
    return answer.reply
  }

  /** Joins `contact`, which answers with `reply`. */
  join(contact: string, reply: ExchangeReply): Effect<'joined'> {
    const effects = this.feed({ kind: 'join', request: 1, addresses: [addressOf(contact)] })
    const asked = effects.find((effect) => effect.kind === 'exchange')
    if (asked === undefined) throw new Error('no exchange')
    const outcome = this.feed({ kind: 'exchangeAnswered', exchange: asked.exchange, reply })
    const joined = outcome.find((effect) => effect.kind === 'joined')
    if (joined === undefined) throw new Error('not joined')
    return joined
  }

  /** Status of a member, or undefined. */
  status(name: string): string | undefined {
    return this.machine.member(name)?.status
  }

  /** Reasons of all rejections so far. */
  rejections(): GossipRejection[] {
    return this.of('rejected').map((effect) => effect.reason)
  }

  /** Member events so far, as `event name`. */
  events(): string[] {
    return this.of('memberChanged').map(({ event, member }) => `${event} ${member.name}`)
  }

  /** Observations of one kind so far. */
  observed<K extends GossipObservation['kind']>(kind: K): Extract<GossipObservation, { kind: K }>[] {
    return this.of('observed')
      .map((effect) => effect.event)
      .filter((event): event is Extract<GossipObservation, { kind: K }> => event.kind === kind)
  }

  of<K extends GossipEffect['kind']>(kind: K): Effect<K>[] {
    return this.effects.filter((effect): effect is Effect<K> => effect.kind === kind)
  }
}

/** All messages of one kind in a list of effects. */
export function sent<K extends PacketMessage['kind']>(
  effects: readonly GossipEffect[],
  kind: K,
): Message<K>[] {
  return effects
    .flatMap((effect) => (effect.kind === 'send' ? effect.messages : []))
    .filter((message): message is Message<K> => message.kind === kind)
}

function pingsOf(effects: readonly GossipEffect[]): Message<'ping'>[] {
  return sent(effects, 'ping')
}
