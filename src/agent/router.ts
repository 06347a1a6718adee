// Where a request is carried out: here, at the leader, at any server, or in another datacenter.
// Clients forward to a server, followers to the leader, servers across datacenters.
import type { Random } from '../lib/random.ts'
import { formatAddress, isSameAddress, type Address } from '../model/address.ts'
import type { Result } from '../lib/result.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Query, QueryValue, ReadOptions, ReadReply } from '../model/query.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import { failure, type RpcFailure } from '../rpc/failure.ts'
import type { Rpc } from '../rpc/rpc.ts'
import type { Clock } from '../runtime/host.ts'
import { changes } from './actions.ts'
import { createComplaints, type Complaints } from './complaints.ts'
import {
  createSignsOfLife,
  forward,
  type Attempt,
  type ForwardedRequest,
  type Forwarding,
  type SignsOfLife,
} from './forward.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { attemptMsMin, Patience, waitOf, wayBackMs } from './patience.ts'
import type { Written } from './pending-writes.ts'
import type { ServerDirectory, ServerInfo } from './servers.ts'
import { sleep } from './sleep.ts'

/** What a server does by itself. */
export interface LocalServer {
  /** True while this server leads and may answer default reads and writes. */
  isLeader(): boolean
  /** True once this server gives its seat up: it will not hear of a leader any more. */
  isLeaving(): boolean
  /** Where the leader takes RPC, or null when none is known (or when it is this server). */
  leaderAddress(): Address | null
  /** Resolves when the known leader may have changed, or at `untilMs`. */
  leaderChanged(untilMs: number, signal: AbortSignal): Promise<void>
  /** Calls back at each change of role or leader; returns what ends that. */
  onLeaderChange(listener: () => void): () => void
  /** Answers a read from what is here, if that is as fresh as asked for and nothing is to be waited for; else null. */
  readNow<Q extends Query>(query: Q, options: ReadOptions): ReadReply<QueryValue<Q['kind']>> | null
  /** A fresh read that this server answers although it is not the leader; null if the leader must be asked for it. */
  readBeside(request: ForwardedRequest & { readonly kind: 'read' }): Promise<RpcReply | null>
  /** Writes an encoded command if this server leads; null if not. */
  propose(command: Uint8Array): Promise<Result<Written, RequestError>> | null
  /** Carries out a request that is meant for this server. */
  serve(request: RpcRequest, signal: AbortSignal): Promise<RpcReply>
}

/** What the router is made of. `local` is null on clients. */
export interface RouterOptions {
  readonly datacenter: string
  readonly local: LocalServer | null
  readonly rpc: Rpc
  readonly lan: ServerDirectory
  /** Null on clients: they are not in the WAN pool. */
  readonly wan: ServerDirectory | null
  readonly clock: Clock
  readonly random: Random
  /** Questions that may wait at one server at once, so that those that do not wait find room beside them. */
  readonly waitingPerServerMax: number
  /** `performance.rpc_hold_timeout`: no request is held for longer here, whatever the asker says. */
  readonly holdMs: number
  readonly metrics: Pick<Metrics, 'count'>
  readonly log: Logger
}

/** Carries out requests, wherever that is. */
export interface Router {
  /** From this agent's own API, or from another agent. */
  request(request: RpcRequest, signal: AbortSignal): Promise<RpcReply>
  /** Writes an encoded command here, if this agent leads; null if that has to be requested. */
  proposeHere(command: Uint8Array, datacenter: string): Promise<Result<Written, RequestError>> | null
  /** Answers a read at once, if this agent can; null if it has to be requested. */
  readNow<Q extends Query>(query: Q, options: ReadOptions): ReadReply<QueryValue<Q['kind']>> | null
}

/** A request that was forwarded more often than this runs in circles. */
const hopsMax = 4
/** A server that gives no sign for so long is given up. */
const contactMsMax = 3000
/** Failed servers are tried too, but a datacenter of which gossip knows none alive is not waited for. */
const failedMsMax = 2000
/** After the leader has changed a write to the old one is waited for so long: its answer may be on its way. */
const lateAnswerMs = 1000

interface Context extends RouterOptions {
  /** Questions that wait, by the server that they wait at. */
  readonly waitingByServer: Map<string, number>
  readonly signs: SignsOfLife
  readonly complaints: Complaints
}

/** Makes the router of one agent. */
export function createRouter(options: RouterOptions): Router {
  const signs = createSignsOfLife(options.rpc)
  const complaints = createComplaints(options.clock)
  const context: Context = { ...options, waitingByServer: new Map(), signs, complaints }
  const { local } = options
  return {
    request: (request, signal) => route(context, request, signal),
    // Nearly all that a busy leader is asked: its own clients' writes need no search.
    proposeHere(command, datacenter) {
      return local === null || isElsewhere(options, datacenter) ? null : local.propose(command)
    },
    readNow(query, read) {
      if (local === null || isElsewhere(options, read.datacenter)) return null
      return local.readNow(query, read)
    },
  }
}

function refuse(error: RequestError): RpcReply {
  return { kind: 'refused', error }
}

async function route(options: Context, request: RpcRequest, signal: AbortSignal): Promise<RpcReply> {
  const { local } = options
  if (!('datacenter' in request)) {
    return local === null ? refuse(notAServer()) : local.serve(request, signal)
  }
  if (request.hops > hopsMax) {
    return refuse(
      requestError('internal', `The request was forwarded ${request.hops} times without finding its place`),
    )
  }
  const isOther = isElsewhere(options, request.datacenter)
  const call: Call = { request, signal, patience: new Patience(options, request) }
  if (local === null) return toAnyServer(options, call)
  if (isOther) return toDatacenter(options, call)
  return needsLeader(request) ? toLeader(options, local, call) : local.serve(request, signal)
}

function isElsewhere(options: RouterOptions, datacenter: string): boolean {
  return datacenter !== '' && datacenter !== options.datacenter
}

function notAServer(): RequestError {
  return requestError('internal', 'This agent is a client; only servers carry out this request')
}

function needsLeader(request: ForwardedRequest): boolean {
  switch (request.kind) {
    case 'write':
      return true
    case 'act':
      return request.consistency !== 'stale'
    case 'read':
      return request.options.consistency !== 'stale'
    case 'ask':
      return (
        request.question === 'autopilotHealth' ||
        (request.question === 'raftConfiguration' && request.consistency !== 'stale')
      )
    // The server asks for the freshness it needs by itself, for each part of it.
    case 'search':
      return false
    default:
      return request satisfies never
  }
}

interface Call {
  readonly request: ForwardedRequest
  readonly signal: AbortSignal
  readonly patience: Patience
}

/** Asks one agent for at most `shareMs`, besides what it waits on purpose. */
async function askOne(
  options: Context,
  call: Call,
  to: Address,
  attempt: { readonly shareMs: number; readonly onObsolete?: Attempt['onObsolete'] },
): Promise<Forwarding> {
  const nowMs = options.clock.nowMs()
  const { shareMs, onObsolete } = attempt
  const request = call.patience.rest(call.request)
  const place = waitOf(request) > 0 ? takePlace(options, to) : leaveNothing
  if (place === null) return tooMany
  const sent = await forward(options, to, request, {
    deadlineMs: nowMs + shareMs + waitOf(request),
    contactByMs: nowMs + Math.min(shareMs, contactMsMax),
    signal: call.signal,
    ...(onObsolete === undefined ? {} : { onObsolete }),
  })
  place()
  return sent
}

const tooMany: Forwarding = {
  kind: 'failed',
  failure: failure('overloaded', 'Too many blocking queries wait there already', false),
  lastedMs: 0,
}

const leaveNothing = (): void => undefined

/** One more question waits at a server; returns what ends that, or null if there are too many. */
function takePlace({ waitingByServer, waitingPerServerMax }: Context, to: Address): (() => void) | null {
  const key = formatAddress(to)
  const count = waitingByServer.get(key) ?? 0
  if (count >= waitingPerServerMax) return null
  waitingByServer.set(key, count + 1)
  return () => {
    const left = (waitingByServer.get(key) ?? 1) - 1
    if (left > 0) waitingByServer.set(key, left)
    else waitingByServer.delete(key)
  }
}

/** Reads may be asked again; a write that may have arrived may not. */
function mayRetry(request: ForwardedRequest, reason: RpcFailure): boolean {
  return reason.code !== 'cancelled' && (!changes(request) || !reason.sent)
}

function failed(request: ForwardedRequest, reason: RpcFailure): RpcReply {
  if (reason.code === 'cancelled') return refuse(requestError('cancelled', 'The client has gone'))
  const message = `rpc error making call: ${reason.message}`
  if (isTooMuch(reason)) return refuse(requestError('overloaded', message))
  if (!changes(request) || !reason.sent) return refuse(requestError('timeout', message))
  return refuse(requestError('indeterminate', `${message}; the request may or may not have been carried out`))
}

/** At the leader: here, or there; waits up to `rpc_hold_timeout` for one to be elected. */
async function toLeader(options: Context, local: LocalServer, call: Call): Promise<RpcReply> {
  const { clock, random } = options
  const { signal, patience } = call
  if (call.request.kind === 'read' && !local.isLeader() && !local.isLeaving()) {
    const beside = await local.readBeside(call.request)
    if (beside !== null) return beside
  }
  for (;;) {
    const leader = local.leaderAddress()
    const reply = local.isLeader()
      ? await asLeader(options, local, call)
      : leader === null
        ? null
        : await askLeader(options, local, call, leader)
    if (reply !== null) return reply
    if (signal.aborted || patience.isOver || local.isLeaving()) {
      return refuse(requestError('noLeader', 'No cluster leader'))
    }
    const pauseMs = Math.min(patience.searchLeftMs, 100 + random.below(100))
    await local.leaderChanged(clock.nowMs() + pauseMs, signal)
  }
}

/** Carries a request out here; null if this server leads no more, and nothing was changed. */
async function asLeader(options: Context, local: LocalServer, call: Call): Promise<RpcReply | null> {
  const { request, signal, patience } = call
  const startMs = options.clock.nowMs()
  const reply = await local.serve(patience.restHere(request), signal)
  if (!isNoLeader(reply)) return reply
  patience.onBroken(options.clock.nowMs() - startMs)
  return null
}

/** Asks the leader; null if it could not answer, and nothing was changed. */
async function askLeader(
  options: Context,
  local: LocalServer,
  call: Call,
  leader: Address,
): Promise<RpcReply | null> {
  const { request, patience } = call
  const onObsolete = obsoleteOnChange(local, options.clock, request, leader)
  const sent = await askOne(options, call, leader, { shareMs: patience.searchLeftMs, onObsolete })
  if (sent.kind === 'answered') return isNoLeader(sent.reply) ? null : sent.reply
  const isFinal = !mayRetry(request, sent.failure) || isTooMuch(sent.failure)
  if (isFinal) return failed(request, sent.failure)
  patience.onBroken(sent.lastedMs)
  return null
}

/** Nobody waits for a leader that has been replaced: reads go to the new one at once. */
function obsoleteOnChange(
  local: LocalServer,
  clock: Clock,
  request: ForwardedRequest,
  asked: Address,
): NonNullable<Attempt['onObsolete']> {
  return (abandon) => {
    let disarm: (() => void) | null = null
    const end = local.onLeaderChange(() => {
      const leader = local.leaderAddress()
      const isReplaced = local.isLeader() || (leader !== null && !isSameAddress(leader, asked))
      if (!isReplaced || disarm !== null) return
      disarm = clock.wakeAt(clock.nowMs() + (changes(request) ? lateAnswerMs : 0), abandon)
    })
    return () => {
      end()
      disarm?.()
    }
  }
}

/** Too much of our own is on its way there already: that says nothing about the server. */
function isTooMuch(reason: RpcFailure): boolean {
  return reason.code === 'overloaded' && !reason.sent
}

function isNoLeader(reply: RpcReply): boolean {
  return reply.kind === 'refused' && reply.error.code === 'noLeader'
}

/** From a client: at one of our datacenter's servers, another one when it does not answer or knows no leader. */
async function toAnyServer(options: Context, call: Call): Promise<RpcReply> {
  const { clock, random, lan, datacenter } = options
  const { signal, patience } = call
  const isOver = (): boolean => patience.isOver || signal.aborted
  let last: Asked | null = null
  do {
    let isFull = true
    for (const server of lan.candidates(datacenter, clock.nowMs())) {
      if (last !== null && isOver()) break
      const asked = await askServer(options, call, { server, directory: lan, shareMs: patience.searchLeftMs })
      if (asked.isFinal) return asked.reply
      last = moreTelling(last, asked)
      isFull &&= asked.isFull
    }
    const isHopeless = last === null ? lan.all().length === 0 : isFull
    if (isHopeless) break
    await sleep(clock, Math.min(patience.searchLeftMs, 100 + random.below(100)), signal)
  } while (!isOver())
  return last?.reply ?? refuse(requestError('noServers', 'No known Consul servers'))
}

/** What a server says tells more than that another one cannot be reached. */
function moreTelling(last: Asked | null, asked: Asked): Asked {
  return last === null || asked.hasAnswered || !last.hasAnswered ? asked : last
}

/** From a server: at a server of another datacenter. Dead and silent ones must not take longer than the hold. */
async function toDatacenter(options: Context, call: Call): Promise<RpcReply> {
  const { clock, wan } = options
  const { request, signal, patience } = call
  if (wan === null || !wan.datacenters().includes(request.datacenter)) {
    return refuse(requestError('noPathToDatacenter', 'No path to datacenter'))
  }
  options.metrics.count('rpc.cross-dc', 1, { datacenter: request.datacenter })
  const servers = wan.candidates(request.datacenter, clock.nowMs())
  const isGone = servers.every((server) => server.status === 'failed')
  const goneUntilMs = isGone ? clock.nowMs() + failedMsMax : Infinity
  for (const [at, server] of servers.entries()) {
    const leftMs = Math.min(patience.searchLeftMs - wayBackMs, goneUntilMs - clock.nowMs())
    if (at > 0 && (leftMs < attemptMsMin || signal.aborted)) break
    // Each of those that are left gets the same share.
    const shareMs = Math.max(attemptMsMin, Math.floor(leftMs / (servers.length - at)))
    const asked = await askServer(options, call, { server, directory: wan, shareMs })
    if (asked.isFinal || asked.hasAnswered) return asked.reply
  }
  if (signal.aborted) return refuse(requestError('cancelled', 'The client has gone'))
  return refuse(requestError('datacenterUnreachable', 'Remote DC has no server currently reachable'))
}

interface Asked {
  readonly reply: RpcReply
  /** False when another server may be asked: this one has changed nothing. */
  readonly isFinal: boolean
  readonly hasAnswered: boolean
  /** True when it was not even asked: too much of our own waits there. */
  readonly isFull: boolean
}

/** Asks one of several servers, and puts it last if it could not help. */
async function askServer(
  options: Context,
  call: Call,
  place: { readonly server: ServerInfo; readonly directory: ServerDirectory; readonly shareMs: number },
): Promise<Asked> {
  const { request, patience } = call
  const { server, directory, shareMs } = place
  const sent = await askOne(options, call, server.rpc, { shareMs })
  if (sent.kind === 'answered') {
    const isFinal = !isNoLeader(sent.reply)
    if (!isFinal) putLast(options, directory, server, 'it knows no leader')
    return { reply: sent.reply, isFinal, hasAnswered: true, isFull: false }
  }
  const { failure: reason, lastedMs } = sent
  const isFinal = !mayRetry(request, reason)
  patience.onBroken(lastedMs)
  const isFull = isTooMuch(reason)
  const isFailure = !isFull && reason.code !== 'cancelled'
  if (isFailure && directory === options.lan) {
    options.metrics.count('client.rpc.failed', 1, { server: server.name })
  }
  if (!isFinal && !isFull) putLast(options, directory, server, reason.message)
  return { reply: failed(request, reason), isFinal, hasAnswered: false, isFull }
}

function putLast(options: Context, directory: ServerDirectory, server: ServerInfo, why: string): void {
  directory.demote(server)
  const { name, datacenter } = server
  // While no server answers, every request that waits comes by here several times a second.
  const level = options.complaints.mayTell(`${name} ${datacenter} ${why}`) ? 'warn' : 'debug'
  options.log[level]('A server could not answer; asking another', { server: name, datacenter, error: why })
}
