// Many gossip machines on a simulated network in virtual time: delays, loss, cuts, pauses, crashes. The machines and
// the codec are the shipped ones; sockets, streams and the driver are stood in for here.
import {
  decodePacket,
  encodeExchangeReply,
  encodeExchangeRequest,
  encodePacket,
} from '../../src/codec/gossip-codec.ts'
import { lanTiming, type GossipConfig, type GossipTiming } from '../../src/gossip/config.ts'
import type { GossipEffect, GossipInput, Member, MemberStatus } from '../../src/gossip/events.ts'
import { createGossip, type Gossip } from '../../src/gossip/gossip.ts'
import type { ExchangeReply, PacketMessage } from '../../src/gossip/message.ts'
import { seededRandom, type Random } from '../../src/lib/random.ts'
import { formatAddress, type Address } from '../../src/model/address.ts'
import type { Coordinate } from '../../src/model/coordinate.ts'
import { limits, type Limits } from '../../src/model/limits.ts'

/** How the network behaves. */
export interface NetworkOptions {
  readonly seed: number
  readonly delayMsMin?: number
  readonly delayMsMax?: number
  readonly lossPerMille?: number
  readonly timing?: GossipTiming
  readonly limits?: Limits
  /** Delay between two nodes instead of a draw, ms. */
  readonly delayMs?: (from: string, to: string) => number | null
  readonly onRoundTrip?: (
    node: SimNode,
    trip: { readonly name: string; readonly coordinate: Coordinate; readonly rttMicros: number },
  ) => void
  /** False saves time: datagrams are handed over as objects, and bytes are counted by encoding all the same. */
  readonly hasCodec?: boolean
  /** False saves more: bytes are not counted. */
  readonly hasBytes?: boolean
}

/** Something that a machine reported. */
export interface LoggedEvent {
  readonly atMs: number
  readonly node: string
  readonly effect: Extract<
    GossipEffect,
    { kind: 'memberChanged' | 'observed' | 'rejected' | 'joined' | 'left' | 'eventHeard' }
  >
}

/** One node: a machine and its place on the network. */
export interface SimNode {
  readonly name: string
  readonly config: GossipConfig
  machine: Gossip
  state: 'running' | 'paused' | 'dead'
  /** Nodes reach each other if their groups are equal. */
  group: number
  held: (() => void)[]
  wakeToken: number
  armedAtMs: number
  /** The ping that is timed. */
  probe: { readonly sequence: number; readonly sentMs: number }
  packetsSent: number
  bytesSent: number
}

/** Headers of a datagram, and of the segments of a short connection. */
const datagramHeaderBytes = 28
const streamHeaderBytes = 7 * 40

interface SimEvent {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

/** A network of gossip machines. */
export class GossipNetwork {
  options: Required<NetworkOptions>
  readonly nodes: Map<string, SimNode> = new Map()
  readonly log: LoggedEvent[] = []
  readonly #byAddress = new Map<string, SimNode>()
  readonly #random: Random
  readonly #heap: SimEvent[] = []
  readonly #inbound = new Map<number, (reply: ExchangeReply) => void>()
  #order = 0
  #nextInbound = -2
  #nextJoin = 1
  #nextEvent = 1
  nowMs: number = 0
  largestPacketBytes: number = 0

  constructor(options: NetworkOptions) {
    this.options = {
      delayMsMin: 1,
      delayMsMax: 3,
      lossPerMille: 0,
      timing: lanTiming,
      limits,
      hasCodec: true,
      hasBytes: true,
      delayMs: () => null,
      onRoundTrip: () => {},
      ...options,
    }
    this.#random = seededRandom(options.seed)
  }

  /** Starts a node; `changes` replace parts of its configuration. */
  add(name: string, changes: Partial<GossipConfig> = {}): SimNode {
    const index = this.nodes.size + 1
    const config: GossipConfig = {
      name,
      id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      address: { ip: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, port: 8301 },
      tags: agentTags(index),
      datacenter: 'dc1',
      pool: 'lan',
      timing: this.options.timing,
      incarnation: 1,
      lamportTime: 0,
      seed: this.options.seed * 1_000_003 + index,
      limits: this.options.limits,
      ...changes,
    }
    const node: SimNode = {
      name,
      config,
      machine: createGossip(config, this.nowMs),
      state: 'running',
      group: 0,
      held: [],
      wakeToken: 0,
      armedAtMs: Infinity,
      probe: { sequence: -1, sentMs: 0 },
      packetsSent: 0,
      bytesSent: 0,
    }
    this.nodes.set(name, node)
    this.#byAddress.set(formatAddress(config.address), node)
    return node
  }

  node(name: string): SimNode {
    const node = this.nodes.get(name)
    if (node === undefined) throw new Error(`no node ${name}`)
    return node
  }

  /** Feeds one input to one node now. */
  feed(name: string, input: GossipInput): void {
    this.#step(this.node(name), input)
  }

  join(name: string, ...contacts: readonly string[]): void {
    const addresses = contacts.map((contact) => this.node(contact).config.address)
    this.feed(name, { kind: 'join', request: this.#nextJoin++, addresses })
  }

  /** Fires an event at a node; its id tells them apart. */
  fire(name: string, event: string, payload: Uint8Array = new Uint8Array(0)): string {
    const id = `00000000-0000-4000-9000-${String(this.#nextEvent++).padStart(12, '0')}`
    const filters = { nodeFilter: '', serviceFilter: '', tagFilter: '' }
    this.feed(name, { kind: 'fireEvent', event: { id, name: event, payload, ...filters, version: 1 } })
    return id
  }

  /** Stops a node without a word; its ports refuse. */
  kill(name: string): void {
    this.node(name).state = 'dead'
  }

  /** Starts a killed node again, with an empty memory. */
  restart(name: string, changes: Partial<GossipConfig> = {}): SimNode {
    const old = this.node(name)
    const config = { ...old.config, ...changes }
    this.#byAddress.delete(formatAddress(old.config.address))
    this.nodes.delete(name)
    const node: SimNode = {
      ...old,
      name: config.name,
      config,
      machine: createGossip(config, this.nowMs),
      state: 'running',
      held: [],
      wakeToken: old.wakeToken + 1,
      armedAtMs: Infinity,
    }
    this.nodes.set(config.name, node)
    this.#byAddress.set(formatAddress(config.address), node)
    return node
  }

  /** Holds everything that would reach a node for a while, as when its process gets no CPU. */
  pause(name: string, forMs: number): void {
    const node = this.node(name)
    if (node.state !== 'running') return
    node.state = 'paused'
    this.at(this.nowMs + forMs, () => {
      if (node.state !== 'paused') return
      node.state = 'running'
      for (const run of node.held.splice(0)) run()
    })
  }

  /** Cuts these nodes off from the others, together. */
  cut(...names: readonly string[]): void {
    for (const name of names) this.node(name).group = 1
  }

  heal(): void {
    for (const node of this.nodes.values()) node.group = 0
  }

  /** Runs something at a time. */
  at(atMs: number, run: () => void): void {
    push(this.#heap, { atMs, order: this.#order++, run })
  }

  /** Runs until virtual time `untilMs`. */
  runUntil(untilMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      pop(this.#heap)
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.run()
    }
    this.nowMs = untilMs
  }

  runFor(ms: number): void {
    this.runUntil(this.nowMs + ms)
  }

  /** Runs until `isDone`, looked at every `everyMs`; the time it took, or null after `maxMs`. */
  runWhile(isDone: () => boolean, maxMs: number, everyMs = 10): number | null {
    const startMs = this.nowMs
    while (this.nowMs - startMs < maxMs) {
      if (isDone()) return this.nowMs - startMs
      this.runFor(everyMs)
    }
    return isDone() ? this.nowMs - startMs : null
  }

  /** Nodes that run (or are paused). */
  alive(): SimNode[] {
    return [...this.nodes.values()].filter((node) => node.state !== 'dead')
  }

  /** True if every running node holds this of `name`. */
  agreeOn(name: string, status: MemberStatus | undefined): boolean {
    return this.alive().every((node) => node.name === name || node.machine.member(name)?.status === status)
  }

  /** True if every running node lists exactly the running nodes as alive. */
  isConverged(): boolean {
    const expected = this.alive()
    return expected.every(
      ({ machine }) =>
        machine.aliveCount === expected.length &&
        expected.every(({ name, machine: other }) => isCurrent(machine.member(name), other)),
    )
  }

  #step(node: SimNode, input: GossipInput): void {
    if (node.state === 'dead') return
    if (node.state === 'paused') {
      node.held.push(() => this.#step(node, input))
      return
    }
    for (const effect of node.machine.step(input, this.nowMs)) this.#perform(node, effect)
    this.#arm(node)
  }

  #arm(node: SimNode): void {
    const atMs = node.machine.wakeAtMs
    if (atMs === node.armedAtMs) return
    node.armedAtMs = atMs
    const token = ++node.wakeToken
    if (atMs === Infinity) return
    this.at(Math.max(atMs, this.nowMs), () => {
      if (node.wakeToken !== token) return
      node.armedAtMs = Infinity
      this.#step(node, { kind: 'wake' })
    })
  }

  #perform(node: SimNode, effect: GossipEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#send(node, effect.to, effect.messages)
        return
      case 'exchange':
        this.#exchange(node, effect)
        return
      case 'answer': {
        const answer = this.#inbound.get(effect.exchange)
        this.#inbound.delete(effect.exchange)
        answer?.(effect.reply)
        return
      }
      case 'forceLeaveUnknown':
        return
      case 'probeSent':
        node.probe = { sequence: effect.sequence, sentMs: this.nowMs }
        return
      case 'probeAnswered':
        this.#onRoundTrip(node, effect)
        return
      default:
        this.log.push({ atMs: this.nowMs, node: node.name, effect })
    }
  }

  #onRoundTrip(node: SimNode, effect: GossipEffect & { readonly kind: 'probeAnswered' }): void {
    const { sequence, name, coordinate } = effect
    if (sequence !== node.probe.sequence) throw new Error('a ping is answered that was not the last')
    const rttMicros = Math.round((this.nowMs - node.probe.sentMs) * 1000)
    this.options.onRoundTrip(node, { name, coordinate, rttMicros })
  }

  #latency(): number {
    return this.#random.between(this.options.delayMsMin, this.options.delayMsMax)
  }

  #send(node: SimNode, to: Address, messages: readonly PacketMessage[]): void {
    node.packetsSent++
    let delivered = messages
    if (this.options.hasCodec || this.options.hasBytes) {
      const bytes = encodePacket(messages)
      node.bytesSent += bytes.length + datagramHeaderBytes
      this.largestPacketBytes = Math.max(this.largestPacketBytes, bytes.length)
      if (this.options.hasCodec) {
        const decoded = decodePacket(bytes)
        if (!decoded.ok) throw new Error(`our own packet is refused: ${decoded.error}`)
        delivered = decoded.value
      }
    }
    const target = this.#byAddress.get(formatAddress(to))
    if (target === undefined || this.#random.chance(this.options.lossPerMille)) return
    const latencyMs = this.options.delayMs(node.name, target.name) ?? this.#latency()
    this.at(this.nowMs + latencyMs, () => {
      if (target.group !== node.group) return
      this.#step(target, { kind: 'packetReceived', from: node.config.address, messages: delivered })
    })
  }

  #exchange(node: SimNode, effect: GossipEffect & { kind: 'exchange' }): void {
    const { exchange } = effect
    const target = this.#byAddress.get(formatAddress(effect.to))
    let isOver = false
    const finish = (input: GossipInput): void => {
      if (isOver) return
      isOver = true
      this.#step(node, input)
    }
    const fail = (reason: string, isRefused: boolean): void =>
      finish({ kind: 'exchangeFailed', exchange, reason, isRefused })
    this.at(this.nowMs + effect.timeoutMs, () => fail('timed out', false))
    if (this.options.hasBytes) {
      node.bytesSent += encodeExchangeRequest(effect.request).length + streamHeaderBytes
    }
    if (target !== undefined && target.group !== node.group) return
    this.at(this.nowMs + 2 * this.#latency(), () => {
      if (target === undefined || target.state === 'dead') {
        fail('connection refused', true)
        return
      }
      const inbound = this.#nextInbound
      this.#nextInbound -= 2
      this.#inbound.set(inbound, (reply) => {
        if (this.options.hasBytes) target.bytesSent += encodeExchangeReply(reply).length
        this.at(this.nowMs + this.#latency(), () => finish({ kind: 'exchangeAnswered', exchange, reply }))
      })
      const from = node.config.address
      this.#step(target, { kind: 'exchangeReceived', exchange: inbound, from, request: effect.request })
    })
  }
}

function isCurrent(member: Member | undefined, other: Gossip): boolean {
  return (
    member?.status === 'alive' && member.id === other.self.id && member.tags.size === other.self.tags.size
  )
}

/** Tags of the size that an agent's are. */
function agentTags(index: number): ReadonlyMap<string, string> {
  return new Map([
    ['build', '1.8.7:0e046bbb'],
    ['dc', 'dc1'],
    ['id', `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`],
    ['role', 'node'],
    ['segment', ''],
    ['vsn', '2'],
    ['vsn_max', '3'],
    ['vsn_min', '2'],
  ])
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

function push(heap: SimEvent[], event: SimEvent): void {
  let index = heap.push(event) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    const above = heap[parent] as SimEvent
    if (!isBefore(event, above)) break
    heap[index] = above
    index = parent
  }
  heap[index] = event
}

function pop(heap: SimEvent[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1] as SimEvent, heap[child] as SimEvent)) child++
    if (!isBefore(heap[child] as SimEvent, last)) break
    heap[index] = heap[child] as SimEvent
    index = child
  }
  heap[index] = last
}
