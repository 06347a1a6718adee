// What one server does with a request that is meant for it: read its copy, propose a write, tell about itself.
import { err, ok, type Result } from '../lib/result.ts'
import { formatAddress, type Address } from '../model/address.ts'
import type { DatacenterCoordinates } from '../model/coordinate.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type {
  Consistency,
  AutopilotHealthView,
  MemberView,
  Query,
  QueryValue,
  RaftConfigurationView,
  ReadMeta,
  ReadOptions,
  ReadReply,
  ServerQueryKind,
} from '../model/query.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import { isSoleVoter } from '../raft/quorum.ts'
import type { Clock } from '../runtime/host.ts'
import type { Bootstrap } from './bootstrap.ts'
import { LookupMetrics } from './lookup-metrics.ts'
import type { Metrics } from './metrics.ts'
import { createRequestTimes, type RequestTimes } from './request-times.ts'
import { LeaderIndex, type AskIndex } from './leader-index.ts'
import type { Written } from './pending-writes.ts'
import type { RaftNode } from './raft-node.ts'
import type { Searches } from './prepared-search.ts'
import type { LocalServer } from './router.ts'
import type { ServerDirectory } from './servers.ts'
import type { Store } from './store.ts'
import { act, type Actions } from './actions.ts'

/** What a server is made of, for its requests. */
export interface LocalServerOptions {
  readonly clock: Clock
  readonly selfId: string
  readonly raft: RaftNode
  readonly store: Store
  readonly lan: ServerDirectory
  readonly bootstrap: Bootstrap
  readonly actions: Actions
  readonly search: Searches
  /** Asks the leader from which index on a read may be answered; null if it does not say. */
  readonly askIndex: AskIndex
  /** A server leaves and has asked this one to take it out of the Raft configuration. */
  readonly expectLeave: (id: string) => void
  readonly datacenters: () => readonly string[]
  readonly wanMembers: () => readonly MemberView[]
  readonly datacenterCoordinates: () => readonly DatacenterCoordinates[]
  readonly autopilotHealth: () => AutopilotHealthView
  readonly metrics: Pick<Metrics, 'sampler' | 'tally'>
  /** `performance.rpc_hold_timeout`: the longest a read waits for entries to be applied. */
  readonly holdMs: number
}

/** The server's side of the router, with the agent's own hooks. */
export interface LocalServerNode extends LocalServer {
  /**
   * The number of the last applied entry: another one whenever the answers of `readNow` may be others. Null while it
   * gives none, or only older ones than `staleMsMax`.
   */
  versionNow(consistency: Consistency, staleMsMax: number): number | null
  /** Call it when role, term or leader have changed. */
  leaderHasChanged(): void
  /** Call it when this server begins to leave. */
  startLeaving(): void
}

/** Makes the server's side. */
export function createLocalServer(options: LocalServerOptions): LocalServerNode {
  return new Server(options)
}

/** A follower that has not applied so far by then is slow: the leader itself is asked. */
const catchUpMsMax = 100

class Server implements LocalServerNode {
  readonly #options: LocalServerOptions
  readonly #listeners = new Set<() => void>()
  readonly #indexes: LeaderIndex
  readonly #lookups: LookupMetrics
  readonly #times: RequestTimes
  #isLeaving = false

  constructor(options: LocalServerOptions) {
    this.#options = options
    this.#indexes = new LeaderIndex(options.askIndex, (task) => options.clock.soon(task))
    this.#lookups = new LookupMetrics(options.metrics)
    this.#times = createRequestTimes(options.metrics, options.clock)
  }

  isLeader(): boolean {
    return this.#options.raft.machine.role === 'leader'
  }

  isLeaving(): boolean {
    return this.#isLeaving
  }

  startLeaving(): void {
    this.#isLeaving = true
  }

  leaderAddress(): Address | null {
    const { raft, selfId } = this.#options
    const { leader } = raft.machine
    return leader === null || leader === selfId ? null : (raft.addressOf(leader) ?? null)
  }

  leaderHasChanged(): void {
    this.#indexes.abandon()
    for (const listener of this.#listeners) listener()
  }

  onLeaderChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  leaderChanged(untilMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const finish = (): void => {
        end()
        cancel()
        signal.removeEventListener('abort', finish)
        resolve()
      }
      const end = this.onLeaderChange(finish)
      const cancel = this.#options.clock.wakeAt(untilMs, finish)
      signal.addEventListener('abort', finish)
    })
  }

  serve(request: RpcRequest, signal: AbortSignal): Promise<RpcReply> {
    return this.#times.taken(request, this.#serve(request, signal))
  }

  #serve(request: RpcRequest, signal: AbortSignal): Promise<RpcReply> {
    const options = this.#options
    switch (request.kind) {
      case 'read':
        return this.#read(request, signal)
      case 'write':
        return write(options, request.command)
      case 'ask':
        return Promise.resolve({ kind: 'asked', value: answer(options, request.question) })
      case 'act':
        return act(options.actions, request.action, signal)
      case 'search':
        return options.search(request, signal)
      case 'readIndex':
        return readIndex(options, request.consistency)
      case 'bootstrapState':
        return Promise.resolve(options.bootstrap.promise(request.servers))
      case 'removeServer':
        return removeServer(options, request.id)
      default:
        return request satisfies never
    }
  }

  readNow<Q extends Query>(query: Q, read: ReadOptions): ReadReply<QueryValue<Q['kind']>> | null {
    const index = freshNow(this.#options, read.consistency)
    const { store } = this.#options
    if (index === null || store.appliedIndex < index) return null
    const end = this.#times.begin(query)
    const answer = store.query(query)
    end()
    if (read.minIndex > 0 && answer.index <= read.minIndex) return null
    this.#lookups.onRead()
    this.#lookups.onAnswer(query, answer.value)
    const { knownLeader, lastContactMs, epoch } = meta(this.#options, answer.index)
    return { index: Math.max(1, answer.index), knownLeader, lastContactMs, epoch, value: answer.value }
  }

  versionNow(consistency: Consistency, staleMsMax: number): number | null {
    const { store, raft, clock } = this.#options
    if (consistency === 'stale') {
      const nowMs = clock.nowMs()
      const sinceMs = raft.lastContactMs(nowMs)
      return sinceMs === null || nowMs - sinceMs > staleMsMax ? null : store.appliedIndex
    }
    const index = freshNow(this.#options, consistency)
    return index === null || store.appliedIndex < index ? null : store.appliedIndex
  }

  propose(command: Uint8Array): Promise<Result<Written, RequestError>> | null {
    return this.isLeader() ? this.#options.raft.propose(command) : null
  }

  async readBeside(request: ReadRequest): Promise<RpcReply | null> {
    const { store, clock } = this.#options
    const leader = this.leaderAddress()
    const { consistency } = request.options
    if (leader === null || consistency === 'stale') return null
    const index = await this.#indexes.next(leader, consistency)
    if (index === null || !(await store.whenApplied(index, clock.nowMs() + catchUpMsMax))) return null
    const answer = store.query(request.query)
    if (request.options.minIndex > 0 && answer.index <= request.options.minIndex) return null
    this.#lookups.onRead()
    this.#lookups.onAnswer(request.query, answer.value)
    const { epoch } = store
    const meta = { index: Math.max(1, answer.index), knownLeader: true, lastContactMs: 0, epoch }
    return { kind: 'read', meta, value: answer.value }
  }

  async #read(request: ReadRequest, signal: AbortSignal): Promise<RpcReply> {
    const { store, clock, holdMs } = this.#options
    this.#lookups.onRead()
    const fresh = await this.#fresh(request.options.consistency)
    if (!fresh.ok) return refuse(fresh.error)
    const isApplied = await store.whenApplied(fresh.value, clock.nowMs() + holdMs)
    if (!isApplied) return refuse(requestError('timeout', 'Not ready to serve consistent reads'))
    const mustLead = request.options.consistency !== 'stale' && request.options.minIndex > 0
    return mustLead ? this.#waitAsLeader(request, signal) : this.#readNow(request, signal)
  }

  #fresh(consistency: Consistency): Promise<Result<number, RequestError>> {
    return this.#times.confirmed(consistency, freshness(this.#options, consistency))
  }

  async #readNow(request: ReadRequest, signal: AbortSignal): Promise<RpcReply> {
    const answered = await this.#options.store.read(request.query, request.options, signal)
    this.#lookups.onAnswer(request.query, answered.value)
    return { kind: 'read', meta: meta(this.#options, answered.index), value: answered.value }
  }

  /** A change may never reach a server that was deposed while a question waits here: it is asked again elsewhere. */
  async #waitAsLeader(request: ReadRequest, signal: AbortSignal): Promise<RpcReply> {
    const deposed = new AbortController()
    const abort = (): void => deposed.abort()
    const end = this.onLeaderChange(() => {
      if (!this.isLeader()) abort()
    })
    signal.addEventListener('abort', abort)
    // Either may have come about while the index was waited for.
    if (signal.aborted || !this.isLeader()) abort()
    const reply = await this.#readNow(request, deposed.signal)
    end()
    signal.removeEventListener('abort', abort)
    const isCutShort = deposed.signal.aborted && !signal.aborted
    return isCutShort ? refuse(requestError('noLeader', 'No cluster leader')) : reply
  }
}

function refuse(error: RequestError): RpcReply {
  return { kind: 'refused', error }
}

type ReadRequest = Extract<RpcRequest, { readonly kind: 'read' }>

/** The index that must be applied before a read of this consistency may be answered here (thesis 6.4). */
async function freshness(
  options: LocalServerOptions,
  consistency: ReadRequest['options']['consistency'],
): Promise<Result<number, RequestError>> {
  const { raft, clock } = options
  if (consistency === 'stale') {
    // What a disk brought back may be of any age: nothing is told before that is known.
    const nowMs = clock.nowMs()
    const isSoon = raft.lastContactMs(nowMs) !== null || raft.machine.leader !== null
    const isKnown = isSoon && (await raft.whenFresh(nowMs + options.holdMs))
    return isKnown ? ok(0) : err(requestError('noLeader', 'No cluster leader'))
  }
  return leaderIndex(options, consistency)
}

/** From which index on a read of this consistency may be answered, by the leader's lease or a quorum (thesis 6.4). */
async function leaderIndex(
  { raft, clock }: LocalServerOptions,
  consistency: Consistency,
): Promise<Result<number, RequestError>> {
  if (consistency === 'default') {
    const leased = raft.machine.leaseReadIndex(clock.nowMs())
    if (leased !== null) return ok(leased)
  }
  return raft.readIndex()
}

/** As `freshness`, if that is known without asking anybody; else null. */
function freshNow(options: LocalServerOptions, consistency: ReadOptions['consistency']): number | null {
  const { raft, clock, selfId } = options
  const nowMs = clock.nowMs()
  if (consistency === 'stale') return raft.lastContactMs(nowMs) === null ? null : 0
  // Nobody but the only voter could have become leader since: no round confirms more.
  const isUnconfirmed = consistency === 'consistent' && !isSoleVoter(raft.machine.configuration, selfId)
  return isUnconfirmed ? null : raft.machine.leaseReadIndex(nowMs)
}

function meta(options: LocalServerOptions, index: number): ReadMeta {
  const nowMs = options.clock.nowMs()
  return {
    index: Math.max(1, index),
    knownLeader: options.raft.machine.leader !== null,
    lastContactMs: Math.max(0, nowMs - (options.raft.lastContactMs(nowMs) ?? 0)),
    epoch: options.store.epoch,
  }
}

async function write(options: LocalServerOptions, command: Uint8Array): Promise<RpcReply> {
  const written = await options.raft.propose(command)
  return written.ok ? { kind: 'written', ...written.value } : refuse(written.error)
}

async function readIndex(options: LocalServerOptions, consistency: Consistency): Promise<RpcReply> {
  const index = await leaderIndex(options, consistency)
  return index.ok ? { kind: 'readIndex', index: index.value } : refuse(index.error)
}

async function removeServer(options: LocalServerOptions, id: string): Promise<RpcReply> {
  options.expectLeave(id)
  const removed = await options.raft.changeServer({ kind: 'remove', id })
  return removed.ok ? { kind: 'done' } : refuse(removed.error)
}

function answer(options: LocalServerOptions, question: ServerQueryKind): unknown {
  switch (question) {
    case 'leader':
      return leaderText(options)
    case 'peers':
      return options.raft.machine.configuration.servers.map((s) => addressText(options, s.id, s.address))
    case 'datacenters':
      return options.datacenters()
    case 'wanMembers':
      return options.wanMembers()
    case 'datacenterCoordinates':
      return options.datacenterCoordinates()
    case 'raftConfiguration':
      return raftConfiguration(options)
    case 'autopilotHealth':
      return options.autopilotHealth()
    default:
      return question satisfies never
  }
}

function leaderText(options: LocalServerOptions): string {
  const leader = options.raft.machine.leader
  if (leader === null) return ''
  const address = options.raft.addressOf(leader)
  return address === undefined ? '' : formatAddress(address)
}

function addressText(options: LocalServerOptions, id: string, hint: string): string {
  const address = options.raft.addressOf(id)
  return address === undefined ? hint : formatAddress(address)
}

function raftConfiguration(options: LocalServerOptions): RaftConfigurationView {
  const { machine } = options.raft
  const lastIndexById = new Map(machine.progress.map((p) => [p.id, p.matchIndex]))
  return {
    servers: machine.configuration.servers.map((server) => ({
      id: server.id,
      node: options.lan.byId(server.id)?.name ?? '(unknown)',
      address: addressText(options, server.id, server.address),
      isLeader: server.id === machine.leader,
      isVoter: server.suffrage === 'voter',
      protocolVersion: '3',
      lastIndex: server.id === options.selfId ? machine.lastIndex : (lastIndexById.get(server.id) ?? 0),
    })),
    index: machine.configurationIndex,
    clusterId: options.store.clusterId,
  }
}
