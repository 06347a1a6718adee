// Everything over streams: joins, the regular full exchange, attempts to reach failed members, the fallback probe,
// and the answers to what peers ask. After memberlist (push/pull, TCP fallback) and serf (reconnects).
import { log2CeilOfRatio } from '../lib/integers.ts'
import type { Random } from '../lib/random.ts'
import type { Address } from '../model/address.ts'
import { formatAddress } from '../model/address.ts'
import type { JoinFailure } from './events.ts'
import type { MemberRecord } from './members.ts'
import type { ExchangeReply, ExchangeRequest, PushPull } from './message.ts'
import { checkPeer, describeState, mergeState, type MergeParts } from './push-pull.ts'

/** How a fallback probe ended; `refused` proves that nothing listens at the member's address. */
export type StreamOutcome = 'answered' | 'failed' | 'refused'

/** Why an exchange of ours is under way. */
type Purpose =
  | { readonly kind: 'join'; readonly join: Join; readonly address: Address }
  | { readonly kind: 'pushPull'; readonly address: Address }
  | { readonly kind: 'streamPing'; readonly sequence: number }

/** One request to join. */
interface Join {
  readonly request: number
  readonly waiting: Address[]
  readonly failures: JoinFailure[]
  contacted: number
  inFlight: number
}

/** Contact addresses that one join asks at the same time. */
const joinsInParallelMax = 16
/** Regular exchanges in a row that may be left out while all digests agree. */
const skipsMax = 3
/** Above this many members the regular exchange becomes rarer. */
const pushPullMembersMax = 32

/** What the stream part asks and tells the parts that are made after it. */
export interface ExchangeLinks {
  /** Is told how a fallback probe ended. */
  onStream(sequence: number, outcome: StreamOutcome): void
  /** Is told when a join has brought members. */
  onJoined(): void
  /** True if the members' digests have agreed since a time. */
  hasAgreedSince(sinceMs: number): boolean
}

/** The stream part of the machine. */
export class Exchanges {
  readonly #parts: MergeParts
  readonly #links: ExchangeLinks
  readonly #random: Random
  readonly #open = new Map<number, Purpose>()
  #next = 1
  #pushPullAtMs = Infinity
  #skips = 0
  #reconnectAtMs = Infinity
  constructor(parts: MergeParts, links: ExchangeLinks) {
    this.#parts = parts
    this.#links = links
    this.#random = parts.core.random('exchanges')
  }

  get wakeAtMs(): number {
    return Math.min(this.#pushPullAtMs, this.#reconnectAtMs)
  }

  get openCount(): number {
    return this.#open.size
  }

  /** Starts and stops the regular work as members come and go. */
  refresh(): void {
    const { members, nowMs, config, phase } = this.#parts.core
    const { pushPullIntervalMs, reconnectIntervalMs } = config.timing
    if (phase !== 'running' || members.liveCount === 1) this.#pushPullAtMs = Infinity
    else if (this.#pushPullAtMs === Infinity)
      this.#pushPullAtMs = nowMs + this.#random.between(1, pushPullIntervalMs)
    if (phase !== 'running' || members.count('dead') === 0) this.#reconnectAtMs = Infinity
    else if (this.#reconnectAtMs === Infinity) this.#reconnectAtMs = nowMs + reconnectIntervalMs
  }

  wake(): void {
    const { nowMs } = this.#parts.core
    if (nowMs >= this.#pushPullAtMs) this.#pushPull()
    if (nowMs >= this.#reconnectAtMs) this.#reconnect()
  }

  /** Exchanges state soon: this process stood still and has missed news. */
  hurry(): void {
    if (this.#pushPullAtMs !== Infinity) this.#pushPullAtMs = this.#parts.core.nowMs
  }

  /**
   * A full exchange with a random live member; its pause grows with the logarithm of the cluster (memberlist). While
   * the digests of all members agree most are left out (our addition; DESIGN.md decision 3).
   */
  #pushPull(): void {
    const { core } = this.#parts
    const scale = log2CeilOfRatio(core.members.liveCount, pushPullMembersMax) + 1
    const regularMs = core.config.timing.pushPullIntervalMs * scale
    this.#pushPullAtMs = core.nowMs + regularMs
    const hasAgreed = this.#links.hasAgreedSince(core.nowMs - regularMs)
    if (hasAgreed && this.#skips < skipsMax) {
      this.#skips++
      return
    }
    this.#skips = 0
    const [target] = core.members.pick(1, (record) => record.liveness === 'alive')
    if (target !== undefined) this.exchangeState(target.update.address, false)
  }

  /** Tries a failed member again, all members together about one attempt per failed one and interval (serf). */
  #reconnect(): void {
    const { core } = this.#parts
    this.#reconnectAtMs = core.nowMs + core.config.timing.reconnectIntervalMs
    if (this.#random.below(core.members.liveCount) >= core.members.count('dead')) return
    const [target] = core.members.pick(1, (record) => record.liveness === 'dead')
    if (target !== undefined) this.exchangeState(target.update.address, true)
  }

  /** Exchanges full states with whoever is at an address. */
  exchangeState(address: Address, isJoin: boolean): void {
    this.#ask(address, describeState(this.#parts, isJoin), { kind: 'pushPull', address })
  }

  /** The fallback probe of a member over a stream. */
  streamPing(target: MemberRecord, sequence: number, timeoutMs: number): void {
    const request: ExchangeRequest = {
      kind: 'streamPing',
      target: target.name,
      from: this.#parts.core.config.name,
    }
    this.#ask(target.update.address, request, { kind: 'streamPing', sequence }, timeoutMs)
  }

  #ask(to: Address, request: ExchangeRequest, purpose: Purpose, timeoutMs?: number): void {
    const { core } = this.#parts
    const exchange = this.#next++
    this.#open.set(exchange, purpose)
    core.emit({
      kind: 'exchange',
      exchange,
      to,
      request,
      timeoutMs: timeoutMs ?? core.config.timing.streamTimeoutMs,
    })
  }

  /** Contacts all addresses, some at a time. */
  join(request: number, addresses: readonly Address[]): void {
    const waiting = [...new Map(addresses.map((address) => [formatAddress(address), address])).values()]
    const join: Join = { request, waiting: waiting.reverse(), failures: [], contacted: 0, inFlight: 0 }
    if (this.#parts.core.phase !== 'running') {
      for (const address of waiting.splice(0))
        join.failures.push({ address, reason: 'this agent is leaving', isRefusal: false })
    }
    this.#proceed(join)
  }

  /** Fills the free places of a join, or reports when nothing is left. */
  #proceed(join: Join): void {
    while (join.inFlight < joinsInParallelMax) {
      const address = join.waiting.pop()
      if (address === undefined) break
      join.inFlight++
      this.#ask(address, describeState(this.#parts, true), { kind: 'join', join, address })
    }
    if (join.inFlight > 0) return
    const { request, contacted, failures } = join
    this.#parts.core.emit({ kind: 'joined', request, contacted, failures })
  }

  onAnswered(exchange: number, reply: ExchangeReply): void {
    const purpose = this.#open.get(exchange)
    this.#open.delete(exchange)
    if (purpose === undefined) return
    if (purpose.kind === 'streamPing') {
      this.#links.onStream(purpose.sequence, reply.kind === 'streamAck' ? 'answered' : 'failed')
      return
    }
    const refusal = this.#takeIn(purpose, reply)
    if (purpose.kind !== 'join') return
    const { join, address } = purpose
    this.#concludeJoin(join, refusal === null ? null : { address, reason: refusal, isRefusal: true })
  }

  onFailed(exchange: number, reason: string, isRefused: boolean): void {
    const purpose = this.#open.get(exchange)
    this.#open.delete(exchange)
    if (purpose?.kind === 'streamPing')
      this.#links.onStream(purpose.sequence, isRefused ? 'refused' : 'failed')
    if (purpose?.kind !== 'join') return
    this.#concludeJoin(purpose.join, { address: purpose.address, reason, isRefusal: false })
  }

  /** Merges an answer; returns why it was not merged, or null. */
  #takeIn(purpose: Purpose & { readonly address: Address }, reply: ExchangeReply): string | null {
    if (reply.kind === 'refused') return reply.reason
    if (reply.kind === 'streamAck') return 'the answer is not of the kind that was asked for'
    const { core } = this.#parts
    if (core.phase !== 'running') return 'this agent is leaving'
    const refusal = checkPeer(core, reply)
    if (refusal !== null) {
      core.reject(refusal.reason, purpose.address, refusal.detail)
      return refusal.detail
    }
    mergeState(this.#parts, reply, purpose.address, purpose.kind === 'join')
    if (purpose.kind === 'join' && core.members.liveCount > 1) {
      // Those who joined at the same moment do not know of us, and the contact has much to tell.
      core.announce(core.self.update)
      this.#links.onJoined()
    }
    return null
  }

  #concludeJoin(join: Join, failure: JoinFailure | null): void {
    join.inFlight--
    if (failure === null) join.contacted++
    else join.failures.push(failure)
    this.#proceed(join)
  }

  /** A peer asks; the answer is given at once. */
  onReceived(exchange: number, from: Address, request: ExchangeRequest): void {
    const { core } = this.#parts
    const reply =
      core.phase === 'left' ? refused('This agent has left the cluster') : this.#reply(from, request)
    core.emit({ kind: 'answer', exchange, reply })
  }

  #reply(from: Address, request: ExchangeRequest): ExchangeReply {
    return request.kind === 'streamPing'
      ? this.#replyToPing(from, request.target)
      : this.#replyToState(from, request)
  }

  #replyToPing(from: Address, target: string): ExchangeReply {
    const { core } = this.#parts
    if (target === core.config.name) return { kind: 'streamAck' }
    const detail = `Stream ping for '${target}' reached '${core.config.name}'`
    core.reject('wrongTarget', from, detail)
    return refused(detail)
  }

  #replyToState(from: Address, state: PushPull): ExchangeReply {
    const { core } = this.#parts
    const refusal = checkPeer(core, state)
    if (refusal !== null) {
      core.reject(refusal.reason, from, refusal.detail)
      return refused(refusal.detail)
    }
    if (core.phase === 'running') mergeState(this.#parts, state, from, false)
    const isNewcomer = state.join && state.members.length === 1
    return describeState(this.#parts, false, !isNewcomer)
  }
}

function refused(reason: string): ExchangeReply {
  return { kind: 'refused', reason }
}
