// Raft at work on one server: the machine, its log on disk, its messages, and the state store behind it.
import { decodeCommand } from '../codec/command-codec.ts'
import { decodeRaftMessage, encodeRaftMessage } from '../codec/raft-codec.ts'
import { assert } from '../lib/assert.ts'
import type { Machine } from '../lib/machine.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Address } from '../model/address.ts'
import type { CommandResult } from '../model/command.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Limits } from '../model/limits.ts'
import type { ProposalRefusal, RaftEffect, RaftInput, ServerChange } from '../raft/events.ts'
import type { Configuration, Entry, RaftMessage } from '../raft/message.ts'
import type { RaftTiming, RestoredLog } from '../raft/config.ts'
import { createRaft, type Raft } from '../raft/raft.ts'
import type { Rpc } from '../rpc/rpc.ts'
import type { Clock } from '../runtime/host.ts'
import { channels } from './channels.ts'
import type { Logger } from './log.ts'
import { createPump, type Pump } from './loop.ts'
import type { Metrics } from './metrics.ts'
import type { RaftStorage } from './raft-storage.ts'
import type { Store } from './store.ts'

/** What happens in Raft that the rest of the agent reacts to. */
export interface RaftEvents {
  onRole(effect: RaftEffect & { readonly kind: 'roleChanged' }): void
  onConfiguration(configuration: Configuration, isCommitted: boolean): void
  onCaughtUp(id: string): void
  /** The log can no longer be written: the agent must stop. */
  onFatal(error: unknown): void
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
  readonly log: Logger
  readonly metrics: Metrics
  readonly events: RaftEvents
  /** Where a server takes RPC now, by gossip; undefined falls back to the configuration's hint. */
  readonly addressOf: (id: string) => Address | undefined
}

/** An applied write. */
export interface Written {
  readonly result: CommandResult
  readonly index: number
}

interface Waiting<T> {
  readonly resolve: (value: Result<T, RequestError>) => void
}

/** One server's part in the consensus. */
export class RaftNode {
  readonly machine: Raft
  readonly #options: RaftNodeOptions
  readonly #pump: Pump<RaftInput>
  #nextRequest = 1
  readonly #accepting = new Map<number, Waiting<Written>>()
  readonly #pendingByIndex = new Map<number, Waiting<Written> & { readonly term: number }>()
  readonly #readers = new Map<number, Waiting<number>>()
  #queued: { readonly request: number; readonly data: Uint8Array }[] = []
  #writesInFlight = 0
  /** Term of the last applied entry: what a snapshot is labelled with. */
  #appliedTerm: number
  #transferWaiters: ((ok: boolean) => void)[] = []
  #isStopped = false

  constructor(options: RaftNodeOptions) {
    this.#options = options
    const { id, timing, seed, limits, storage, clock } = options
    this.#appliedTerm = storage.restored.snapshot?.term ?? 0
    this.machine = createRaft({ id, timing, seed, limits, restored: storage.restored }, clock.nowMs())
    options.events.onStart?.(storage.restored)
    this.#pump = createPump<RaftInput, RaftEffect>(
      observed(this.machine, options.events),
      clock,
      (effect) => {
        options.events.onEffect?.(effect)
        this.#perform(effect)
      },
    )
  }

  /** The leader's heartbeat interval. */
  get heartbeatMs(): number {
    return this.#options.timing.heartbeatMs
  }

  /** Feeds what arrived from a peer. */
  onMessage(bytes: Uint8Array, from: string): void {
    const message = decodeRaftMessage(bytes)
    if (message.ok) this.#pump.feed({ kind: 'received', from, message: message.value })
    else this.#options.metrics.count(`raft.rejected.${message.error.code}`)
  }

  /** Tells Raft at once what it would notice only by silence. */
  onLeaderUnreachable(leader: string): void {
    this.#pump.feed({ kind: 'leaderUnreachable', leader })
  }

  bootstrap(configuration: Configuration): void {
    this.#pump.feed({ kind: 'bootstrap', configuration })
  }

  /** Appends an encoded command; resolves when it is applied here. */
  propose(data: Uint8Array): Promise<Result<Written, RequestError>> {
    const request = this.#nextRequest++
    return new Promise((resolve) => {
      this.#accepting.set(request, { resolve })
      this.#queued.push({ request, data })
      // While a write is on its way to the disk, proposals gather and share the next one (group commit).
      if (this.#writesInFlight === 0) this.#flush()
    })
  }

  changeServer(change: ServerChange): Promise<Result<Written, RequestError>> {
    const request = this.#nextRequest++
    return new Promise((resolve) => {
      this.#accepting.set(request, { resolve })
      this.#pump.feed({ kind: 'changeServer', request, change })
    })
  }

  /** Hands the leadership over; false if that did not work. */
  transferLeadership(to: string | null): Promise<boolean> {
    return new Promise((resolve) => {
      this.#transferWaiters.push(resolve)
      this.#pump.feed({ kind: 'transferLeadership', to })
    })
  }

  /** An index such that a read that has applied it is linearizable (thesis 6.4). */
  readIndex(): Promise<Result<number, RequestError>> {
    const request = this.#nextRequest++
    return new Promise((resolve) => {
      this.#readers.set(request, { resolve })
      this.#pump.feed({ kind: 'readIndex', request })
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#pump.stop()
    const stopped = requestError('indeterminate', 'The agent is stopping')
    for (const waiting of [...this.#accepting.values(), ...this.#pendingByIndex.values()])
      waiting.resolve(err(stopped))
    for (const waiting of this.#readers.values()) waiting.resolve(err(stopped))
    for (const done of this.#transferWaiters.splice(0)) done(false)
    await this.#options.storage.close()
  }

  #flush(): void {
    if (this.#queued.length === 0) return
    const proposals = this.#queued
    this.#queued = []
    this.#pump.feed({ kind: 'propose', proposals })
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
        this.#performSnapshot(effect)
    }
  }

  #performSnapshot(effect: SnapshotEffect): void {
    const { storage } = this.#options
    switch (effect.kind) {
      case 'compact':
        return this.#background(storage.compact(effect.index))
      case 'snapshotDue':
        return this.#background(this.#takeSnapshot())
      case 'readSnapshotChunk':
        return this.#background(this.#readChunk(effect))
      case 'writeSnapshotChunk':
        return this.#background(this.#writeChunk(effect))
      case 'restoreSnapshot':
        return this.#background(this.#restore(effect))
      default:
        effect satisfies never
    }
  }

  /** Work on files whose failure means that this server cannot go on. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#isStopped) this.#options.events.onFatal(error)
    })
  }

  #send(to: string, message: RaftMessage): void {
    const address = this.addressOf(to)
    if (address !== undefined) this.#options.rpc.post(address, channels.raft, encodeRaftMessage(message))
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
    this.#options.storage.persist(effect).then(
      () => {
        this.#writesInFlight--
        if (this.#isStopped) return
        for (const { to, message } of effect.sendWhenDurable) this.#send(to, message)
        this.#pump.feed({ kind: 'persisted', write: effect.write })
        if (this.#writesInFlight === 0) this.#flush()
      },
      (error: unknown) => {
        if (!this.#isStopped) this.#options.events.onFatal(error)
      },
    )
  }

  #apply(entries: readonly Entry[]): void {
    const { store } = this.#options
    for (const entry of entries) {
      const result =
        entry.kind === 'command' ? this.#applyCommand(entry.index, entry.data) : store.skip(entry.index)
      const waiting = this.#pendingByIndex.get(entry.index)
      if (waiting === undefined) continue
      this.#pendingByIndex.delete(entry.index)
      waiting.resolve(waiting.term === entry.term ? ok({ result, index: entry.index }) : err(lost()))
    }
    const last = entries.at(-1)
    assert(last !== undefined, 'apply without entries')
    this.#appliedTerm = last.term
    store.wake(last.index)
    this.#pump.feed({ kind: 'applied', index: last.index })
  }

  #applyCommand(index: number, data: Uint8Array): CommandResult {
    const command = decodeCommand(data)
    assert(command.ok, () => `entry ${index} of the log holds no command this version knows`)
    return this.#options.store.apply(index, command.value)
  }

  #onProposal(effect: RaftEffect & { readonly kind: 'proposalAccepted' | 'proposalRefused' }): void {
    const waiting = this.#accepting.get(effect.request)
    this.#accepting.delete(effect.request)
    if (waiting === undefined) return
    if (effect.kind === 'proposalRefused') waiting.resolve(err(refusal(effect.reason)))
    else this.#pendingByIndex.set(effect.index, { ...waiting, term: effect.term })
  }

  #onRead(effect: RaftEffect & { readonly kind: 'readReady' | 'readRefused' }): void {
    const waiting = this.#readers.get(effect.request)
    this.#readers.delete(effect.request)
    waiting?.resolve(
      effect.kind === 'readReady' ? ok(effect.index) : err(requestError('noLeader', 'No cluster leader')),
    )
  }

  #onRole(effect: RaftEffect & { readonly kind: 'roleChanged' }): void {
    if (effect.role !== 'leader') {
      for (const waiting of this.#pendingByIndex.values()) waiting.resolve(err(lost()))
      this.#pendingByIndex.clear()
    }
    this.#options.events.onRole(effect)
  }

  async #takeSnapshot(): Promise<void> {
    const { storage, store } = this.#options
    const { committedConfiguration, committedConfigurationIndex } = this.machine
    assert(committedConfigurationIndex <= store.appliedIndex, 'a final configuration is applied')
    const meta = {
      index: store.appliedIndex,
      term: this.#appliedTerm,
      configuration: committedConfiguration,
      configurationIndex: committedConfigurationIndex,
    }
    const saved = await storage.save(meta, store.records())
    if (!this.#isStopped) this.#pump.feed({ kind: 'snapshotTaken', snapshot: saved })
  }

  async #readChunk(effect: RaftEffect & { readonly kind: 'readSnapshotChunk' }): Promise<void> {
    const { to, snapshot, offset } = effect
    const data = await this.#options.storage.readChunk(snapshot, offset, effect.length)
    if (this.#isStopped) return
    if (data === null) this.#pump.feed({ kind: 'snapshotChunkUnreadable', to, snapshotIndex: snapshot.index })
    else this.#pump.feed({ kind: 'snapshotChunkRead', to, snapshot, offset, data })
  }

  async #writeChunk(effect: RaftEffect & { readonly kind: 'writeSnapshotChunk' }): Promise<void> {
    const { snapshot, offset, data } = effect
    await this.#options.storage.writeChunk(snapshot, offset, data)
    if (!this.#isStopped) {
      this.#pump.feed({
        kind: 'snapshotChunkWritten',
        snapshotIndex: snapshot.index,
        offset: offset + data.length,
      })
    }
  }

  async #restore(effect: RaftEffect & { readonly kind: 'restoreSnapshot' }): Promise<void> {
    const { storage, store, log } = this.#options
    const records = await storage.finish(effect.snapshot)
    if (this.#isStopped) return
    if (!records.ok) {
      log.error('A received snapshot is damaged; asking for it again', { error: records.error })
      this.#pump.feed({ kind: 'snapshotRejected', snapshotIndex: effect.snapshot.index })
      return
    }
    store.restore(records.value, effect.snapshot.index)
    this.#appliedTerm = effect.snapshot.term
    for (const [index, waiting] of this.#pendingByIndex) {
      if (index > effect.snapshot.index) continue
      this.#pendingByIndex.delete(index)
      waiting.resolve(err(lost()))
    }
    this.#pump.feed({ kind: 'snapshotRestored', snapshot: effect.snapshot })
  }
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

type SnapshotEffect = Extract<
  RaftEffect,
  {
    readonly kind: 'compact' | 'snapshotDue' | 'readSnapshotChunk' | 'writeSnapshotChunk' | 'restoreSnapshot'
  }
>

function parseHint(hint: string): Address | undefined {
  const at = hint.lastIndexOf(':')
  const port = Number(hint.slice(at + 1))
  return at > 0 && port > 0 ? { ip: hint.slice(0, at).replace(/^\[|\]$/g, ''), port } : undefined
}

function lost(): RequestError {
  return requestError(
    'indeterminate',
    'leadership lost while committing log; the write may or may not have been applied',
  )
}

const refusalMessages: Readonly<Record<ProposalRefusal, string>> = {
  notLeader: 'No cluster leader',
  overloaded: 'The leader has too many writes waiting; try again',
  tooLarge: 'The write is larger than a log entry may be',
  transferring: 'No cluster leader: leadership is being transferred',
  changeInProgress: 'Another change of the servers is in progress; try again',
  unknownServer: 'No such server in the Raft configuration',
  noChange: 'The Raft configuration already says so',
  lastVoter: 'The change would leave the cluster without a voter',
}

function refusal(reason: ProposalRefusal): RequestError {
  const message = refusalMessages[reason]
  if (reason === 'notLeader' || reason === 'transferring') return requestError('noLeader', message)
  if (reason === 'overloaded') return requestError('overloaded', message)
  return requestError(reason === 'tooLarge' ? 'tooLarge' : 'refused', message)
}
