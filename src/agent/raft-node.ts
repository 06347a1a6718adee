// Raft at work on one server: the machine, its log on disk, its messages, and the state store behind it.
import { decodeCommand, stampCommand, type DecodedCommand } from '../codec/command-codec.ts'
import { decodeRaftMessage } from '../codec/raft-codec.ts'
import { assert } from '../lib/assert.ts'
import type { Machine } from '../lib/machine.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Address } from '../model/address.ts'
import type { Command, CommandResult } from '../model/command.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Limits } from '../model/limits.ts'
import type { Proposal, RaftEffect, RaftInput, RoleName, ServerChange } from '../raft/events.ts'
import type { Configuration, Entry, RaftMessage } from '../raft/message.ts'
import type { RaftTiming, RestoredLog } from '../raft/config.ts'
import { createRaft, type Raft } from '../raft/raft.ts'
import type { Rpc } from '../rpc/rpc.ts'
import { behaviourMax } from '../state/behaviour.ts'
import type { Clock } from '../runtime/host.ts'
import { passGate } from './behaviour-gate.ts'
import { channels } from './channels.ts'
import { type EntryClock, lateMsMax } from './entry-clock.ts'
import type { Logger } from './log.ts'
import { createPump, type Pump } from './loop.ts'
import type { Metrics } from './metrics.ts'
import {
  createSnapshotWork,
  type HeldSnapshot,
  type SnapshotEffect,
  type SnapshotWork,
} from './raft-snapshots.ts'
import { RaftEncoder } from './raft-encoder.ts'
import { RaftMetrics } from './raft-metrics.ts'
import { PendingWrites, type OwnWrite, type Written } from './pending-writes.ts'
import { refusal } from './raft-refusals.ts'
import type { RaftStorage } from './raft-storage.ts'
import type { Store } from './store.ts'

/** What happens in Raft that the rest of the agent reacts to. */
export interface RaftEvents {
  onRole(effect: RaftEffect & { readonly kind: 'roleChanged' }): void
  onConfiguration(configuration: Configuration, isCommitted: boolean): void
  onCaughtUp(id: string): void
  /** The log can no longer be written: the agent must stop. */
  onFatal(error: unknown): void
  /** Entries of so many bytes were applied. */
  onApplied?(bytes: number): void
  /** Our own bug: the machine or its driver has thrown, and nothing goes on. */
  onFault(error: unknown): void
  /** What the disk held at the start, every input, and every effect before it is carried out; for the trace. */
  onStart?(restored: RestoredLog): void
  onInput?(input: RaftInput): void
  onEffect?(effect: RaftEffect): void
}

/** What a Raft node is made of. */
export interface RaftNodeOptions {
  readonly id: string
  readonly timing: RaftTiming
  readonly seed: number
  readonly limits: Limits
  readonly storage: RaftStorage
  readonly store: Store
  readonly rpc: Rpc
  readonly clock: Clock
  /** The time of new entries. */
  readonly entryClock: EntryClock
  readonly log: Logger
  readonly metrics: Metrics
  readonly events: RaftEvents
  /** After a recovery: no write is taken until the indexes are raised. */
  readonly isRaiseDue: () => boolean
  /** Where a server takes RPC now, by gossip; undefined falls back to the configuration's hint. */
  readonly addressOf: (id: string) => Address | undefined
}

interface Waiting<T> {
  readonly resolve: (value: Result<T, RequestError>) => void
}

/** Proposals gather, behind a write or over turns of the event loop, for at most so long. */
const gatherMsMax = 50
/** So many proposals go without waiting whether the next turn brings more. */
const gatherProposalsMax = 64

/** One server's part in the consensus. */
export class RaftNode {
  readonly machine: Raft
  readonly #options: RaftNodeOptions
  readonly #pump: Pump<RaftInput>
  #nextRequest = 1
  readonly #accepting = new Map<number, OwnWrite>()
  readonly #pending: PendingWrites
  readonly #metrics: RaftMetrics
  readonly #readers = new Map<number, Waiting<number>>()
  readonly #snapshots: SnapshotWork
  #queued: Proposal[] = []
  #disarmFlush: (() => void) | null = null
  #isFlushDue = false
  #writesInFlight = 0
  #transferWaiters: ((ok: boolean) => void)[] = []
  #freshWaiters: (() => void)[] = []
  #role: RoleName = 'follower'
  #isStopped = false
  readonly #encoder = new RaftEncoder()

  constructor(options: RaftNodeOptions) {
    this.#options = options
    this.#pending = new PendingWrites(options.clock)
    const { id, timing, seed, limits, storage, store, clock, log } = options
    this.machine = createRaft({ id, timing, seed, limits, restored: storage.restored }, clock.nowMs())
    this.#metrics = new RaftMetrics(options.metrics, clock, this.machine)
    options.events.onStart?.(storage.restored)
    this.#pump = createPump<RaftInput, RaftEffect>(observed(this.machine, options.events), clock, {
      perform: (effect) => {
        options.events.onEffect?.(effect)
        this.#perform(effect)
      },
      onFault: (error) => options.events.onFault(error),
    })
    this.#snapshots = createSnapshotWork({
      storage,
      store,
      clock,
      log,
      metrics: this.#metrics,
      meta: () => this.machine.snapshotMeta(store.appliedIndex),
      feed: (input) => this.#feed(input),
      onRestored: (index) => this.#pending.loseUpTo(index),
      onFatal: (error) => options.events.onFatal(error),
    })
  }

  /** The leader's heartbeat interval. */
  get heartbeatMs(): number {
    return this.#options.timing.heartbeatMs
  }

  /** Feeds what arrived from a peer. */
  onMessage(bytes: Uint8Array, from: string): void {
    const message = decodeRaftMessage(bytes)
    if (message.ok) this.#feed({ kind: 'received', from, message: message.value })
    else this.#options.metrics.count(`raft.rejected.${message.error.code}`)
  }

  /** Tells Raft at once what it would notice only by silence. */
  onLeaderUnreachable(leader: string): void {
    this.#pump.feed({ kind: 'leaderUnreachable', leader })
  }

  bootstrap(configuration: Configuration): void {
    this.#pump.feed({ kind: 'bootstrap', configuration })
  }

  /** What arrives from outside or has become of the state may be what somebody waits for. */
  #feed(input: RaftInput): void {
    this.#pump.feed(input)
    if (this.#freshWaiters.length === 0 || this.lastContactMs(this.#options.clock.nowMs()) === null) return
    for (const resolve of this.#freshWaiters.splice(0)) resolve()
  }

  /**
   * Since when the state here may lack what was acknowledged elsewhere: it is as old as that at most. Null if nothing
   * is known of its age, because no leader was heard since the start or what was promised is not applied yet.
   */
  lastContactMs(nowMs: number): number | null {
    return this.machine.freshMs(nowMs)
  }

  /** True once the age of the state here is known; false if that did not come about by `untilMs`. */
  whenFresh(untilMs: number): Promise<boolean> {
    const { clock } = this.#options
    if (this.lastContactMs(clock.nowMs()) !== null) return Promise.resolve(true)
    if (this.#isStopped) return Promise.resolve(false)
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel()
        resolve(this.lastContactMs(clock.nowMs()) !== null)
      }
      const cancel = clock.wakeAt(untilMs, () => {
        this.#freshWaiters = this.#freshWaiters.filter((waiter) => waiter !== finish)
        resolve(false)
      })
      this.#freshWaiters.push(finish)
    })
  }

  /** Appends an encoded command; resolves when it is applied here. */
  propose(data: Uint8Array): Promise<Result<Written, RequestError>> {
    // What stands in the log every server has to read, for ever: one entry that cannot be read would end them all.
    const readable = decodeCommand(data)
    if (!readable.ok) {
      const message = `The write cannot be kept in the log: ${readable.error.detail}`
      return Promise.resolve(err(requestError('badRequest', message)))
    }
    const { command } = readable.value
    const { store, isRaiseDue } = this.#options
    const isGated = store.marks.behaviour < behaviourMax || isRaiseDue()
    return isGated ? this.#proposeGated(data, command) : this.#propose(data, command)
  }

  /** While not all servers are known to be able to apply what this one can, or a recovery is not finished. */
  async #proposeGated(data: Uint8Array, command: Command): Promise<Result<Written, RequestError>> {
    const { store, clock, isRaiseDue } = this.#options
    const isLeader = (): boolean => this.#role === 'leader'
    const refused = await passGate(command, { store, clock, isLeader, isRaiseDue })
    return refused === null ? this.#propose(data, command) : err(refused)
  }

  #propose(data: Uint8Array, command: Command): Promise<Result<Written, RequestError>> {
    const refused = this.#refuse(this.#accepting.size)
    if (refused !== null) return Promise.resolve(err(refused))
    const request = this.#nextRequest++
    const { clock, entryClock } = this.#options
    const wallMs = stampCommand(data, entryClock.nowMs())
    return new Promise((resolve) => {
      const atMicros = clock.nowMicros()
      this.#accepting.set(request, { decoded: { command, wallMs }, atMicros, resolve })
      this.#queued.push({ request, data })
      // While a write is on its way to the disk, proposals gather and share the next one (group commit).
      if (this.#writesInFlight === 0 || this.#role !== 'leader') this.#flushSoon()
      else this.#flushLater()
    })
  }

  /** Proposals that arrive together go into one write. */
  #flushSoon(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    this.#gather(this.#queued.length, this.#options.clock.nowMs() + gatherMsMax)
  }

  /** Under load each turn of the event loop brings some more: they go along, while that is so and they are few. */
  #gather(known: number, untilMs: number): void {
    const { clock } = this.#options
    clock.soon(() => {
      const { length } = this.#queued
      const goesOn = length > known && length < gatherProposalsMax && clock.nowMs() < untilMs
      if (goesOn) return this.#gather(length, untilMs)
      this.#isFlushDue = false
      this.#flush()
    })
  }

  /** A disk that stalls must not hold up what a majority of others can make durable. */
  #flushLater(): void {
    const { clock } = this.#options
    this.#disarmFlush ??= clock.wakeAt(clock.nowMs() + gatherMsMax, () => {
      this.#disarmFlush = null
      this.#flush()
    })
  }

  /** Why no more can be taken on, if so: what waits here for its turn is bounded as the machine's own queue is. */
  #refuse(waiting: number): RequestError | null {
    if (this.#isStopped) return requestError('noLeader', 'The agent is stopping')
    return waiting < this.#options.limits.proposalsMax ? null : refusal('overloaded')
  }

  changeServer(change: ServerChange): Promise<Result<Written, RequestError>> {
    if (this.#isStopped) return Promise.resolve(err(refusal('notLeader')))
    const request = this.#nextRequest++
    return new Promise((resolve) => {
      this.#accepting.set(request, { decoded: null, atMicros: 0, resolve })
      this.#pump.feed({ kind: 'changeServer', request, change })
    })
  }

  /** Hands the leadership over; false if that did not work. */
  transferLeadership(to: string | null): Promise<boolean> {
    if (this.#isStopped) return Promise.resolve(false)
    return new Promise((resolve) => {
      this.#transferWaiters.push(resolve)
      this.#pump.feed({ kind: 'transferLeadership', to })
    })
  }

  /** An index such that a read that has applied it is linearizable (thesis 6.4). */
  readIndex(): Promise<Result<number, RequestError>> {
    const refused = this.#refuse(this.#readers.size)
    if (refused !== null) return Promise.resolve(err(refused))
    const request = this.#nextRequest++
    this.#metrics.onVerify()
    return new Promise((resolve) => {
      this.#readers.set(request, { resolve })
      this.#pump.feed({ kind: 'readIndex', request })
    })
  }

  /** A snapshot of the state as it is now, held until it is let go; the error is a sentence. */
  takeSnapshot(): Promise<Result<HeldSnapshot, string>> {
    return this.#snapshots.take()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#pump.stop()
    // What the machine has not seen is not in the log; what it has accepted may yet be carried out by others.
    const stopped = requestError('noLeader', 'The agent is stopping')
    for (const waiting of this.#accepting.values()) waiting.resolve(err(stopped))
    for (const waiting of this.#readers.values()) waiting.resolve(err(stopped))
    this.#accepting.clear()
    this.#readers.clear()
    this.#queued = []
    this.#disarmFlush?.()
    this.#pending.stop()
    for (const done of this.#transferWaiters.splice(0)) done(false)
    for (const resolve of this.#freshWaiters.splice(0)) resolve()
    await this.#snapshots.stop()
    await this.#options.storage.close()
  }

  #flush(): void {
    this.#disarmFlush?.()
    this.#disarmFlush = null
    if (this.#queued.length === 0) return
    const proposals = this.#queued
    this.#queued = []
    this.#pump.feed({ kind: 'propose', proposals })
    if (this.#role === 'leader') this.#metrics.onProposed(proposals.length, this.machine.lastIndex)
  }

  #perform(effect: RaftEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.#send(effect.to, effect.message)
      case 'persist':
        return this.#persist(effect)
      case 'apply':
        return this.#apply(effect.entries)
      case 'proposalAccepted':
      case 'proposalRefused':
        return this.#onProposal(effect)
      case 'readReady':
      case 'readRefused':
        return this.#onRead(effect)
      case 'roleChanged':
        return this.#onRole(effect)
      case 'configurationChanged':
        return this.#options.events.onConfiguration(effect.configuration, effect.committed)
      case 'learnerCaughtUp':
        return this.#options.events.onCaughtUp(effect.id)
      default:
        this.#report(effect)
    }
  }

  /** Effects that tell of something, and those that concern snapshots. */
  #report(
    effect: SnapshotEffect | Extract<RaftEffect, { readonly kind: 'transferEnded' | 'rejected' }>,
  ): void {
    switch (effect.kind) {
      case 'transferEnded':
        for (const done of this.#transferWaiters.splice(0)) done(effect.ok)
        return
      case 'rejected':
        this.#options.metrics.count(`raft.rejected.${effect.reason}`)
        this.#options.log.debug('Message rejected', {
          reason: effect.reason,
          from: effect.from,
          detail: effect.detail,
        })
        return
      default:
        this.#snapshots.perform(effect)
    }
  }

  #send(to: string, message: RaftMessage): void {
    const address = this.addressOf(to)
    if (address !== undefined) this.#options.rpc.post(address, channels.raft, this.#encoder.encode(message))
  }

  /** Where a server takes RPC: by gossip, else by the configuration's hint. */
  addressOf(id: string): Address | undefined {
    const known = this.#options.addressOf(id)
    if (known !== undefined) return known
    const hint = this.machine.configuration.servers.find((server) => server.id === id)?.address
    return hint === undefined ? undefined : parseHint(hint)
  }

  #persist(effect: RaftEffect & { readonly kind: 'persist' }): void {
    this.#writesInFlight++
    const sinceMicros = this.#options.clock.nowMicros()
    this.#options.storage.persist(effect).then(
      () => {
        this.#writesInFlight--
        if (this.#isStopped) return
        if (this.#role === 'leader') this.#metrics.onPersisted(effect.entries.length, sinceMicros)
        for (const { to, message } of effect.sendWhenDurable) this.#send(to, message)
        // The next write goes out first: what this one commits is then told along with the one after it.
        if (this.#writesInFlight === 0) this.#flush()
        // What becomes durable may be what makes the state's age known: a server that is alone hears nothing else.
        this.#feed({ kind: 'persisted', write: effect.write })
      },
      (error: unknown) => {
        if (!this.#isStopped) this.#options.events.onFatal(error)
      },
    )
  }

  #apply(entries: readonly Entry[]): void {
    const { store, events, clock } = this.#options
    const nowMicros = clock.nowMicros()
    let bytes = 0
    for (const entry of entries) {
      const own = this.#pending.take(entry.index, entry.term)
      const result = this.#applyEntry(entry, own?.decoded ?? null)
      if (entry.kind === 'command') bytes += entry.data.length
      if (own === null) continue
      if (own.decoded !== null) {
        this.#metrics.onWritten(own.decoded.command.kind, (nowMicros - own.atMicros) / 1000)
      }
      own.resolve(ok({ result, index: entry.index }))
    }
    const last = entries.at(-1)
    assert(last !== undefined, 'apply without entries')
    if (bytes > 0 && this.#role !== 'leader') this.#keepTime(last.term)
    store.wake(last.index)
    this.#metrics.onApplied(entries.length, last.index, nowMicros)
    events.onApplied?.(bytes)
    this.#pump.feed({ kind: 'applied', index: last.index })
  }

  /** `known` is what was read of the entry before, if it came from here. */
  #applyEntry(entry: Entry, known: DecodedCommand | null): CommandResult {
    const { store } = this.#options
    if (entry.kind !== 'command') return store.skip(entry.index)
    const decoded = known ?? readEntry(entry.index, entry.data)
    return store.apply(entry.index, decoded.command, decoded)
  }

  /** Entries that come late, after a start or a pause, tell nothing of the present. */
  #keepTime(term: number): void {
    const { clock, entryClock, store } = this.#options
    const nowMs = clock.nowMs()
    const freshMs = this.lastContactMs(nowMs)
    if (freshMs !== null && nowMs - freshMs < lateMsMax) entryClock.onEntry(store.marks.wallMs, term)
  }

  #onProposal(effect: RaftEffect & { readonly kind: 'proposalAccepted' | 'proposalRefused' }): void {
    const waiting = this.#accepting.get(effect.request)
    this.#accepting.delete(effect.request)
    if (waiting === undefined) return
    if (effect.kind === 'proposalRefused') waiting.resolve(err(refusal(effect.reason)))
    else this.#pending.add(effect.index, effect.term, waiting)
  }

  #onRead(effect: RaftEffect & { readonly kind: 'readReady' | 'readRefused' }): void {
    const waiting = this.#readers.get(effect.request)
    this.#readers.delete(effect.request)
    waiting?.resolve(
      effect.kind === 'readReady' ? ok(effect.index) : err(requestError('noLeader', 'No cluster leader')),
    )
  }

  #onRole(effect: RaftEffect & { readonly kind: 'roleChanged' }): void {
    const wasLeader = this.#role === 'leader'
    this.#role = effect.role
    this.#metrics.onRole(effect.role)
    if (wasLeader && effect.role !== 'leader') this.#endLeadership()
    if (!wasLeader && effect.role === 'leader') this.#options.entryClock.onLeading()
    this.#options.events.onRole(effect)
  }

  /** What is in the log is in others' hands; what only waited for its turn is refused, so that it is tried elsewhere. */
  #endLeadership(): void {
    this.#pending.endLeadership()
    this.#flush()
  }
}

function readEntry(index: number, data: Uint8Array): DecodedCommand {
  const decoded = decodeCommand(data)
  assert(decoded.ok, () => `entry ${index} of the log holds no command this version knows`)
  return decoded.value
}

/** The machine with its inputs shown to the trace. */
function observed(machine: Raft, events: RaftEvents): Machine<RaftInput, RaftEffect> {
  if (events.onInput === undefined) return machine
  return {
    step(input, nowMs) {
      events.onInput?.(input)
      return machine.step(input, nowMs)
    },
    get wakeAtMs() {
      return machine.wakeAtMs
    },
  }
}

function parseHint(hint: string): Address | undefined {
  const at = hint.lastIndexOf(':')
  const port = Number(hint.slice(at + 1))
  return at > 0 && port > 0 ? { ip: hint.slice(0, at).replace(/^\[|\]$/g, ''), port } : undefined
}
