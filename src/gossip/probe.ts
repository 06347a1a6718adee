// The failure detector: one probe round after the other (SWIM 3.1, 4.3), more patient when our own health is bad
// (Lifeguard, LHA-Probe), and the answers to the probes of others.
import type { Random } from '../lib/random.ts'
import type { Address } from '../model/address.ts'
import { isSameAddress } from '../model/address.ts'
import type { Core } from './core.ts'
import type { Exchanges, StreamOutcome } from './exchanges.ts'
import { isLive, type MemberRecord } from './members.ts'
import type { Ack, Ping, PingRequest, Update } from './message.ts'
import type { News } from './news.ts'
import type { Repair } from './repair.ts'
import { ShuffledRound } from './shuffled-round.ts'

/**
 * One probe of one member. `direct`: its answer to a ping is awaited; `insistent`: also to a second ping and over a
 * stream; `indirect`: also that of others about it.
 */
interface Probe {
  readonly target: MemberRecord
  readonly sequence: number
  /** Suspected under this one, so that a refutation during the probe wins. */
  readonly incarnation: number
  readonly startedMs: number
  readonly phase: 'direct' | 'insistent' | 'indirect'
  /** End of this phase, and what follows it. */
  readonly phaseEndsAtMs: number
  readonly timeoutAtMs: number
  readonly endsAtMs: number
  readonly nacksExpected: number
  readonly nacks: number
  readonly stream: 'open' | 'failed' | 'refused'
}

/** A probe that we make for another member. */
interface Relay {
  readonly sequence: number
  readonly asker: Address
  readonly nackAtMs: number
  readonly endsAtMs: number
  isNacked: boolean
}

/** Without an answer after this part of the timeout the ping is repeated, and a stream tried. */
const insistFifths = 1
/** How many members look for themselves when they hear of a suspicion. */
const doubtersWanted = 8
/** Doubted members that wait for their probe at most. */
const doubtedMax = 8
/** Early probes after a join. */
const hurriedProbes = 3
/** A helper says that it had no answer after this part of its probe timeout, in fifths. */
const nackFifths = 4

/** The probing part of the machine. */
export class Prober {
  readonly #core: Core
  readonly #news: News
  readonly #exchanges: Exchanges
  readonly #repair: Repair
  readonly #round: ShuffledRound
  readonly #random: Random
  readonly #relays = new Map<number, Relay>()
  /** Members that somebody doubts, to be probed before the round goes on. */
  readonly #doubted: MemberRecord[] = []
  #wasDoubted = false
  #probe: Probe | null = null
  #nextAtMs = Infinity
  #startedMs = -Infinity
  /** Early probes still to be made. */
  #hurried = 0
  #sequenceAnswered: number | null = null
  #relaysAtMs = Infinity
  #sequence: number

  constructor(core: Core, news: News, exchanges: Exchanges, repair: Repair) {
    this.#random = core.random('probe')
    this.#core = core
    this.#news = news
    this.#exchanges = exchanges
    this.#repair = repair
    this.#round = new ShuffledRound(core.members, core.config.name, this.#random)
    this.#sequence = this.#random.uint32()
  }

  get wakeAtMs(): number {
    return Math.min(this.#probe?.phaseEndsAtMs ?? this.#nextAtMs, this.#relaysAtMs)
  }

  get relayCount(): number {
    return this.#relays.size
  }

  /** Takes members that came to life into the round (SWIM 4.3), and starts probing when there was nobody before. */
  admit(arrived: readonly MemberRecord[]): void {
    for (const record of arrived) if (isLive(record)) this.#round.insert(record)
    if (this.#nextAtMs === Infinity && this.#core.members.liveCount > 1) {
      this.#nextAtMs = this.#core.nowMs + this.#random.below(this.#core.config.timing.probeIntervalMs)
    }
  }

  /** Handles all that is due: the end of a probe, its second phase, a new one, and overdue relays. */
  wake(): void {
    const { nowMs } = this.#core
    const probe = this.#probe
    if (probe !== null && nowMs >= probe.phaseEndsAtMs) this.#endPhase(probe)
    if (nowMs >= this.#nextAtMs && this.#probe === null) this.#begin()
    if (nowMs >= this.#relaysAtMs) this.#sweepRelays()
  }

  #endPhase(probe: Probe): void {
    switch (probe.phase) {
      case 'direct':
        this.#insist(probe)
        return
      case 'insistent':
        if (probe.stream === 'refused') this.#fail(probe)
        else this.#probeIndirectly(probe)
        return
      case 'indirect':
        this.#fail(probe)
        return
      default:
        probe.phase satisfies never
    }
  }

  /**
   * Members that others suspect: some of us look for themselves, so that the suspect hears of it early and a right
   * suspicion is soon confirmed (our addition; DESIGN.md decision 4).
   */
  doubt(suspects: readonly MemberRecord[]): void {
    for (const record of suspects) {
      const chancePerMille = Math.floor((doubtersWanted * 1000) / this.#core.members.liveCount)
      if (this.#random.chance(chancePerMille)) this.#doubt(record)
    }
  }

  #doubt(record: MemberRecord): void {
    if (this.#doubted.length < doubtedMax && !this.#doubted.includes(record)) this.#doubted.push(record)
  }

  /** A hint from outside gossip: the member is probed at once, or right after the running probe. */
  onContactLost(name: string): void {
    const record = this.#core.members.get(name)
    if (record === undefined || record === this.#core.self || !isLive(record)) return
    this.#doubt(record)
    const { nowMs, config } = this.#core
    if (this.#nextAtMs === Infinity) return
    const earliestMs = this.#probe?.endsAtMs ?? this.#startedMs + config.timing.probeTimeoutMs
    this.#nextAtMs = Math.min(this.#nextAtMs, Math.max(nowMs, earliestMs))
  }

  /** Whom to probe now: one that is doubted, but no more than every other time (SWIM 4.3 for all the others). */
  #nextTarget(): MemberRecord | undefined {
    this.#wasDoubted = !this.#wasDoubted
    while (this.#wasDoubted) {
      const record = this.#doubted.shift()
      if (record === undefined) break
      if (isLive(record) && this.#core.members.get(record.name) === record) return record
    }
    this.#wasDoubted = false
    return this.#round.next()
  }

  /**
   * Makes the next probes early: we have just joined, and the digests they bring show whether we have missed anybody
   * who joined at the same moment (DESIGN.md decision 3).
   */
  hurry(): void {
    this.#hurried = hurriedProbes
    this.#nextAtMs = Math.min(this.#nextAtMs, this.#hurriedAtMs())
  }

  #hurriedAtMs(): number {
    const { gossipIntervalMs } = this.#core.config.timing
    return this.#core.nowMs + this.#random.between(Math.floor(gossipIntervalMs / 2), gossipIntervalMs)
  }

  /** Gives up the running probe without a verdict: this process itself stood still. */
  abandon(): void {
    this.#probe = null
    if (this.#nextAtMs !== Infinity)
      this.#nextAtMs = this.#core.nowMs + this.#core.config.timing.probeTimeoutMs
  }

  /** Ends all probing: we have left. */
  stop(): void {
    this.#probe = null
    this.#nextAtMs = Infinity
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) >>> 0
    return this.#sequence
  }

  /** SWIM 3.1: a ping to the next member of the round. */
  #begin(): void {
    const { health, nowMs, config } = this.#core
    const target = this.#nextTarget()
    if (target === undefined) {
      this.#nextAtMs = Infinity
      return
    }
    const timeoutMs = health.scale(config.timing.probeTimeoutMs)
    const endsAtMs = nowMs + health.scale(config.timing.probeIntervalMs)
    this.#hurried = Math.max(0, this.#hurried - 1)
    this.#nextAtMs = this.#hurried > 0 ? Math.min(endsAtMs, this.#hurriedAtMs()) : endsAtMs
    this.#startedMs = nowMs
    this.#probe = {
      target,
      sequence: this.#nextSequence(),
      incarnation: target.incarnation,
      startedMs: nowMs,
      phase: 'direct',
      phaseEndsAtMs: nowMs + Math.floor((timeoutMs * insistFifths) / 5),
      timeoutAtMs: nowMs + timeoutMs,
      endsAtMs,
      nacksExpected: 0,
      nacks: 0,
      stream: 'open',
    }
    const { sequence } = this.#probe
    this.#core.send(target.update.address, [this.#ping(target.name, sequence), ...this.#notice(target)])
    if (this.#core.coordinate !== null) this.#core.emit({ kind: 'probeSent', sequence })
  }

  #ping(target: string, sequence: number): Ping {
    const { name, address } = this.#core.config
    return {
      kind: 'ping',
      sequence,
      target,
      from: name,
      fromAddress: address,
      digest: this.#core.members.digest,
    }
  }

  /** One lost datagram must not raise a suspicion, and a network that drops them all has streams. */
  #insist(probe: Probe): void {
    const { target, sequence, timeoutAtMs, endsAtMs } = probe
    this.#probe = { ...probe, phase: 'insistent', phaseEndsAtMs: Math.max(timeoutAtMs, this.#core.nowMs) }
    this.#core.send(target.update.address, [this.#ping(target.name, sequence)])
    this.#exchanges.streamPing(target, sequence, Math.max(1, endsAtMs - this.#core.nowMs))
  }

  /** SWIM 3.1: no answer in time, so k others try. */
  #probeIndirectly(probe: Probe): void {
    const { members, config, nowMs } = this.#core
    const { target, sequence } = probe
    const helpers = members.pick(
      config.timing.indirectProbes,
      (record) => record.liveness === 'alive' && record !== target,
    )
    const request: PingRequest = {
      kind: 'pingRequest',
      sequence,
      target: target.name,
      targetAddress: target.update.address,
      from: config.name,
      fromAddress: config.address,
    }
    for (const helper of helpers) this.#core.send(helper.update.address, [request])
    // A wake that came late must not shorten the time that the helpers have.
    const endsAtMs = probe.endsAtMs + nowMs - probe.timeoutAtMs
    this.#nextAtMs = Math.max(this.#nextAtMs, endsAtMs)
    this.#settle({
      ...probe,
      phase: 'indirect',
      phaseEndsAtMs: endsAtMs,
      endsAtMs,
      nacksExpected: helpers.length,
    })
  }

  onAck(ack: Ack, from: Address): void {
    const { sequence, digest } = ack
    const probe = this.#probe
    if (probe !== null && probe.sequence === sequence) {
      const isDirect = isSameAddress(from, probe.target.update.address)
      if (isDirect) {
        const rttMs = this.#core.nowMs - probe.startedMs
        this.#core.observe({ kind: 'acked', name: probe.target.name, rttMs })
        this.#repair.onDigest(probe.target.name, digest)
        this.#onTimed(probe, ack)
      }
      this.#succeed()
      return
    }
    const relay = this.#relays.get(sequence)
    if (relay === undefined) {
      // A repeated ping is answered twice.
      if (sequence === this.#sequenceAnswered) return
      this.#core.reject('unknownSequence', from, `Ack ${sequence} answers no open probe`)
      return
    }
    this.#relays.delete(sequence)
    const { digest: ours } = this.#core.members
    this.#core.send(relay.asker, [{ kind: 'ack', sequence: relay.sequence, digest: ours }])
  }

  /** The round trip of a ping that was sent once: of a repeated one nobody knows which was answered (Karn). */
  #onTimed(probe: Probe, { coordinate }: Ack): void {
    if (probe.phase !== 'direct' || coordinate === undefined || this.#core.coordinate === null) return
    const { sequence, target } = probe
    this.#core.emit({ kind: 'probeAnswered', sequence, name: target.name, coordinate })
  }

  onNack(sequence: number, from: Address): void {
    const probe = this.#probe
    if (probe === null || probe.sequence !== sequence || probe.phase !== 'indirect') {
      this.#core.reject('unknownSequence', from, `Nack ${sequence} answers no open probe`)
      return
    }
    this.#settle({ ...probe, nacks: Math.min(probe.nacksExpected, probe.nacks + 1) })
  }

  /** The fallback probe over a stream was answered, or failed. */
  onStream(sequence: number, outcome: StreamOutcome): void {
    const probe = this.#probe
    if (probe === null || probe.sequence !== sequence) return
    if (outcome === 'answered') this.#succeed()
    else this.#settle({ ...probe, stream: outcome })
  }

  /** Lifeguard, LHA-Probe: a probe that is answered betters our own health. */
  #succeed(): void {
    this.#sequenceAnswered = this.#probe?.sequence ?? null
    this.#probe = null
    this.#core.changeHealth(-1)
  }

  /** Ends the probe early when nothing more can come: all helpers said no, and the stream failed. */
  #settle(probe: Probe): void {
    this.#probe = probe
    const isSettled =
      probe.phase === 'indirect' && probe.stream !== 'open' && probe.nacks >= probe.nacksExpected
    if (isSettled) this.#fail(probe)
  }

  /** Lifeguard, LHA-Probe: helpers that should have sent a nack and did not make us doubt ourselves. */
  #fail(probe: Probe): void {
    const { target, incarnation, nacksExpected, nacks, phase, stream } = probe
    this.#probe = null
    const isProven = phase === 'insistent' && stream === 'refused'
    if (!isProven) this.#core.changeHealth(nacksExpected > 0 ? nacksExpected - nacks : 1)
    this.#core.observe({ kind: 'probeFailed', name: target.name })
    if (this.#core.members.get(target.name) !== target) return
    const suspect = { kind: 'suspect', name: target.name, incarnation, from: this.#core.config.name } as const
    this.#news.onSuspect(suspect, { from: null, isPassedOn: true })
    if (stream === 'refused') this.#news.onRefused(target)
  }

  /** SWIM 3.1: an ack to whoever asks for us by name. One that we believe gone is told so, and can refute. */
  onPing(ping: Ping, from: Address): void {
    if (ping.target !== this.#core.config.name) {
      this.#core.reject('wrongTarget', from, `Ping for '${ping.target}' reached '${this.#core.config.name}'`)
      return
    }
    this.#repair.onDigest(ping.from, ping.digest)
    const asker = this.#core.members.get(ping.from)
    const notice =
      asker !== undefined && isSameAddress(asker.update.address, ping.fromAddress) ? this.#notice(asker) : []
    this.#core.send(from, [this.#ack(ping.sequence), ...notice])
  }

  #ack(sequence: number): Ack {
    const { coordinate, members } = this.#core
    const ack: Ack = { kind: 'ack', sequence, digest: members.digest }
    return coordinate === null ? ack : { ...ack, coordinate }
  }

  /** SWIM 3.1: a ping on behalf of another; its answer is passed back, or a nack (Lifeguard). */
  onPingRequest(request: PingRequest, from: Address): void {
    const { members, config, nowMs } = this.#core
    const target = members.get(request.target)
    if (target === undefined || this.#relays.size >= config.limits.relaysMax) {
      this.#core.send(from, [{ kind: 'nack', sequence: request.sequence }])
      return
    }
    const sequence = this.#nextSequence()
    const nackAtMs = nowMs + Math.floor((config.timing.probeTimeoutMs * nackFifths) / 5)
    const endsAtMs = nowMs + config.timing.probeIntervalMs
    this.#relays.set(sequence, {
      sequence: request.sequence,
      asker: from,
      nackAtMs,
      endsAtMs,
      isNacked: false,
    })
    this.#relaysAtMs = Math.min(this.#relaysAtMs, nackAtMs)
    this.#core.send(request.targetAddress, [this.#ping(target.name, sequence), ...this.#notice(target)])
  }

  #sweepRelays(): void {
    const { nowMs } = this.#core
    this.#relaysAtMs = Infinity
    for (const [sequence, relay] of this.#relays) {
      if (nowMs >= relay.endsAtMs) {
        this.#relays.delete(sequence)
        continue
      }
      if (!relay.isNacked && nowMs >= relay.nackAtMs) {
        relay.isNacked = true
        this.#core.send(relay.asker, [{ kind: 'nack', sequence: relay.sequence }])
      }
      this.#relaysAtMs = Math.min(this.#relaysAtMs, relay.isNacked ? relay.endsAtMs : relay.nackAtMs)
    }
  }

  /** Lifeguard, buddy system: who is suspected (or worse) hears it with the very next message. */
  #notice(record: MemberRecord): readonly Update[] {
    const { name, incarnation, liveness, suspicion } = record
    const us = this.#core.config.name
    if (liveness === 'alive') return []
    if (liveness === 'suspect') {
      const [from = us] = suspicion?.suspectedBy ?? []
      return [{ kind: 'suspect', name, incarnation, from }]
    }
    return [{ kind: 'dead', name, incarnation, from: us, left: liveness === 'left' }]
  }
}
