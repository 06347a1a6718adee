// What one server does with a request that is meant for it: read its copy, propose a write, tell about itself.
import { err, ok, type Result } from '../lib/result.ts'
import { formatAddress, type Address } from '../model/address.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type {
  AutopilotHealthView,
  MemberView,
  RaftConfigurationView,
  ReadMeta,
  ServerQueryKind,
} from '../model/query.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import type { Clock } from '../runtime/host.ts'
import type { Bootstrap } from './bootstrap.ts'
import type { RaftNode } from './raft-node.ts'
import type { LocalServer } from './router.ts'
import type { ServerDirectory } from './servers.ts'
import type { Store } from './store.ts'
import { autopilotHealth } from './autopilot.ts'

/** What a server is made of, for its requests. */
export interface LocalServerOptions {
  readonly clock: Clock
  readonly selfId: string
  readonly raft: RaftNode
  readonly store: Store
  readonly lan: ServerDirectory
  readonly bootstrap: Bootstrap
  readonly datacenters: () => readonly string[]
  readonly wanMembers: () => readonly MemberView[]
  /** `autopilot.last_contact_threshold` and `max_trailing_logs`. */
  readonly thresholds: { readonly lastContactMs: number; readonly trailingLogs: number }
  /** `performance.rpc_hold_timeout`: the longest a read waits for entries to be applied. */
  readonly holdMs: number
}

/** The server's side of the router, with the agent's own hook for changes of the leader. */
export interface LocalServerNode extends LocalServer {
  /** Call it when role, term or leader have changed. */
  onLeaderChanged(): void
}

/** Makes the server's side. */
export function createLocalServer(options: LocalServerOptions): LocalServerNode {
  const waiters = new Set<() => void>()
  return {
    isLeader: () => options.raft.machine.role === 'leader',
    leaderAddress: () => leaderAddress(options),
    leaderChanged: (untilMs, signal) => waitForLeader(options.clock, waiters, untilMs, signal),
    onLeaderChanged() {
      for (const wake of waiters) wake()
    },
    serve: (request, signal) => serve(options, request, signal),
  }
}

function waitForLeader(
  clock: Clock,
  waiters: Set<() => void>,
  untilMs: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      waiters.delete(finish)
      cancel()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const cancel = clock.wakeAt(untilMs, finish)
    signal.addEventListener('abort', finish)
    waiters.add(finish)
  })
}

function leaderAddress(options: LocalServerOptions): Address | null {
  const leader = options.raft.machine.leader
  return leader === null || leader === options.selfId ? null : (options.raft.addressOf(leader) ?? null)
}

function refuse(error: RequestError): RpcReply {
  return { kind: 'refused', error }
}

function serve(options: LocalServerOptions, request: RpcRequest, signal: AbortSignal): Promise<RpcReply> {
  switch (request.kind) {
    case 'read':
      return read(options, request, signal)
    case 'write':
      return write(options, request.command)
    case 'ask':
      return Promise.resolve({ kind: 'asked', value: answer(options, request.question) })
    case 'readIndex':
      return readIndex(options)
    case 'bootstrapState':
      return Promise.resolve(options.bootstrap.promise(request.servers))
    case 'removeServer':
      return removeServer(options, request.id)
    default:
      return request satisfies never
  }
}

type ReadRequest = Extract<RpcRequest, { readonly kind: 'read' }>

async function read(
  options: LocalServerOptions,
  request: ReadRequest,
  signal: AbortSignal,
): Promise<RpcReply> {
  const fresh = await freshness(options, request.options.consistency)
  if (!fresh.ok) return refuse(fresh.error)
  const isApplied = await options.store.whenApplied(fresh.value, options.clock.nowMs() + options.holdMs)
  if (!isApplied) return refuse(requestError('timeout', 'Not ready to serve consistent reads'))
  const answered = await options.store.read(request.query, request.options, signal)
  return { kind: 'read', meta: meta(options, answered.index), value: answered.value }
}

/** The index that must be applied before a read of this consistency may be answered here (thesis 6.4). */
async function freshness(
  options: LocalServerOptions,
  consistency: ReadRequest['options']['consistency'],
): Promise<Result<number, RequestError>> {
  const { raft, clock } = options
  if (consistency === 'stale') {
    const hasHeard = raft.machine.leader !== null || raft.machine.commitIndex > 0
    return hasHeard ? ok(0) : err(requestError('noLeader', 'No cluster leader'))
  }
  if (consistency === 'default') {
    const leased = raft.machine.leaseReadIndex(clock.nowMs())
    if (leased !== null) return ok(leased)
  }
  return raft.readIndex()
}

function meta(options: LocalServerOptions, index: number): ReadMeta {
  const { machine } = options.raft
  const isLeader = machine.role === 'leader'
  return {
    index: Math.max(1, index),
    knownLeader: machine.leader !== null,
    lastContactMs: isLeader ? 0 : Math.max(0, options.clock.nowMs() - (machine.lastContactMs ?? 0)),
  }
}

async function write(options: LocalServerOptions, command: Uint8Array): Promise<RpcReply> {
  const written = await options.raft.propose(command)
  return written.ok ? { kind: 'written', ...written.value } : refuse(written.error)
}

async function readIndex(options: LocalServerOptions): Promise<RpcReply> {
  const index = await options.raft.readIndex()
  return index.ok ? { kind: 'readIndex', index: index.value } : refuse(index.error)
}

async function removeServer(options: LocalServerOptions, id: string): Promise<RpcReply> {
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
    case 'raftConfiguration':
      return raftConfiguration(options)
    case 'autopilotHealth':
      return autopilotHealth(options) satisfies AutopilotHealthView
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
  }
}
