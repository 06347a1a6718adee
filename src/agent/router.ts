// Where a request is carried out: here, at the leader, at any server, or in another datacenter.
// Clients forward to a server, followers to the leader, servers across datacenters.
import { decodeReply, encodeRequest } from '../codec/request-codec.ts'
import type { Random } from '../lib/random.ts'
import type { Address } from '../model/address.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import type { RpcFailure } from '../rpc/failure.ts'
import type { Rpc } from '../rpc/rpc.ts'
import type { Clock } from '../runtime/host.ts'
import { channels } from './channels.ts'
import type { Logger } from './log.ts'
import type { ServerDirectory, ServerInfo } from './servers.ts'
import { sleep } from './sleep.ts'

/** What a server does by itself. */
export interface LocalServer {
  /** True while this server leads and may answer default reads and writes. */
  isLeader(): boolean
  /** Where the leader takes RPC, or null when none is known (or when it is this server). */
  leaderAddress(): Address | null
  /** Resolves when the known leader may have changed, or at `untilMs`. */
  leaderChanged(untilMs: number, signal: AbortSignal): Promise<void>
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
  /** `performance.rpc_hold_timeout`. */
  readonly holdMs: number
  readonly log: Logger
}

/** Carries out requests, wherever that is. */
export interface Router {
  /** From this agent's own API. */
  request(request: RpcRequest, signal: AbortSignal): Promise<RpcReply>
}

/** A request that was forwarded more often than this runs in circles. */
const hopsMax = 4
/** One server may take this long to answer a short request before the next one is asked. */
const attemptMs = 3000

/** Makes the router of one agent. */
export function createRouter(options: RouterOptions): Router {
  return { request: (request, signal) => route(options, request, signal) }
}

function refuse(error: RequestError): RpcReply {
  return { kind: 'refused', error }
}

async function route(options: RouterOptions, request: RpcRequest, signal: AbortSignal): Promise<RpcReply> {
  const { local } = options
  if (!('datacenter' in request)) {
    return local === null ? refuse(notAServer()) : local.serve(request, signal)
  }
  if (request.hops > hopsMax) {
    return refuse(
      requestError('internal', `The request was forwarded ${request.hops} times without finding its place`),
    )
  }
  if (local === null) return toAnyServer(options, request, signal)
  const isElsewhere = request.datacenter !== '' && request.datacenter !== options.datacenter
  if (isElsewhere) return toDatacenter(options, request, signal)
  return needsLeader(request) ? toLeader(options, local, request, signal) : local.serve(request, signal)
}

function notAServer(): RequestError {
  return requestError('internal', 'This agent is a client; only servers carry out this request')
}

type Forwarded = Extract<RpcRequest, { readonly hops: number }>

function needsLeader(request: Forwarded): boolean {
  switch (request.kind) {
    case 'write':
      return true
    case 'read':
      return request.options.consistency !== 'stale'
    case 'ask':
      return (
        request.question === 'autopilotHealth' ||
        (request.question === 'raftConfiguration' && request.consistency !== 'stale')
      )
    default:
      return request satisfies never
  }
}

/** Extra time that the asked server may spend waiting, on purpose. */
function waitOf(request: Forwarded): number {
  if (request.kind !== 'read' || request.options.minIndex === 0) return 0
  return request.options.waitMs + Math.ceil(request.options.waitMs / 16)
}

/** Reads may be asked again; a write that may have arrived may not. */
function mayRetry(request: Forwarded, failure: RpcFailure): boolean {
  return failure.code !== 'cancelled' && (request.kind !== 'write' || !failure.sent)
}

async function send(
  options: RouterOptions,
  to: Address,
  request: Forwarded,
  control: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<
  { readonly ok: true; readonly reply: RpcReply } | { readonly ok: false; readonly failure: RpcFailure }
> {
  const answer = await options.rpc.call(
    to,
    channels.request,
    encodeRequest({ ...request, hops: request.hops + 1 }),
    control,
  )
  if (!answer.ok) return { ok: false, failure: answer.error }
  const reply = decodeReply(answer.value)
  if (!reply.ok)
    return {
      ok: true,
      reply: refuse(requestError('internal', `Malformed reply from ${to.ip}: ${reply.error.detail}`)),
    }
  return { ok: true, reply: reply.value }
}

function failed(request: Forwarded, failure: RpcFailure): RpcReply {
  if (failure.code === 'cancelled') return refuse(requestError('cancelled', 'The client has gone'))
  if (request.kind === 'write' && failure.sent) {
    return refuse(
      requestError(
        'indeterminate',
        `rpc error making call: ${failure.message}; the write may or may not have been applied`,
      ),
    )
  }
  return refuse(requestError('timeout', `rpc error making call: ${failure.message}`))
}

/** At the leader: here, or there; waits up to `rpc_hold_timeout` for one to be elected. */
async function toLeader(
  options: RouterOptions,
  local: LocalServer,
  request: Forwarded,
  signal: AbortSignal,
): Promise<RpcReply> {
  const { clock, holdMs } = options
  const holdUntilMs = clock.nowMs() + holdMs
  for (;;) {
    if (local.isLeader()) {
      const reply = await local.serve(request, signal)
      if (!isNoLeader(reply) || clock.nowMs() >= holdUntilMs) return reply
    }
    const leader = local.leaderAddress()
    if (leader !== null) {
      const deadlineMs = clock.nowMs() + holdMs + waitOf(request)
      const sent = await send(options, leader, request, { deadlineMs, signal })
      if (sent.ok && !isNoLeader(sent.reply)) return sent.reply
      if (!sent.ok && !mayRetry(request, sent.failure)) return failed(request, sent.failure)
    }
    if (signal.aborted || clock.nowMs() >= holdUntilMs)
      return refuse(requestError('noLeader', 'No cluster leader'))
    await local.leaderChanged(Math.min(holdUntilMs, clock.nowMs() + 100 + options.random.below(100)), signal)
  }
}

function isNoLeader(reply: RpcReply): boolean {
  return reply.kind === 'refused' && reply.error.code === 'noLeader'
}

/** From a client: at one of our datacenter's servers, another one when it does not answer. */
async function toAnyServer(
  options: RouterOptions,
  request: Forwarded,
  signal: AbortSignal,
): Promise<RpcReply> {
  const { clock, holdMs, lan, datacenter } = options
  const holdUntilMs = clock.nowMs() + holdMs
  let last: RpcFailure | null = null
  do {
    const servers = lan.candidates(datacenter, clock.nowMs())
    if (servers.length === 0 && lan.all().length === 0) break
    for (const server of servers) {
      // The server itself may wait for a leader as long as we would; give it a little more.
      const deadlineMs = clock.nowMs() + holdMs + 1000 + waitOf(request)
      const sent = await send(options, server.rpc, request, { deadlineMs, signal })
      if (sent.ok) return sent.reply
      last = sent.failure
      if (!mayRetry(request, sent.failure)) return failed(request, sent.failure)
      noteFailure(options, lan, server, sent.failure)
      if (clock.nowMs() >= holdUntilMs) break
    }
    await sleep(clock, 100 + options.random.below(100), signal)
  } while (clock.nowMs() < holdUntilMs && !signal.aborted)
  if (last !== null) return failed(request, last)
  return refuse(requestError('noServers', 'No known Consul servers'))
}

function noteFailure(
  options: RouterOptions,
  directory: ServerDirectory,
  server: ServerInfo,
  failure: RpcFailure,
): void {
  directory.demote(server)
  options.log.warn('A server did not answer; asking another', {
    server: server.name,
    datacenter: server.datacenter,
    error: failure.message,
  })
}

/** From a server: at a server of another datacenter. Dead and silent ones must not take longer than the hold. */
async function toDatacenter(
  options: RouterOptions,
  request: Forwarded,
  signal: AbortSignal,
): Promise<RpcReply> {
  const { clock, holdMs, wan } = options
  if (wan === null || !wan.datacenters().includes(request.datacenter)) {
    return refuse(requestError('noPathToDatacenter', 'No path to datacenter'))
  }
  // Leave a second of the hold for the way back: the caller counts the same seven.
  const giveUpAtMs = clock.nowMs() + Math.max(1000, holdMs - 1000)
  const servers = wan.candidates(request.datacenter, clock.nowMs())
  let last: RpcFailure | null = null
  for (const [at, server] of servers.entries()) {
    const leftMs = giveUpAtMs - clock.nowMs()
    if (leftMs <= 0 || signal.aborted) break
    const shareMs = Math.max(500, Math.min(attemptMs, Math.floor(leftMs / (servers.length - at))))
    const isLast = at === servers.length - 1
    const deadlineMs = clock.nowMs() + (isLast ? leftMs : shareMs) + waitOf(request)
    const sent = await send(options, server.rpc, request, { deadlineMs, signal })
    if (sent.ok) return sent.reply
    last = sent.failure
    if (!mayRetry(request, sent.failure)) return failed(request, sent.failure)
    noteFailure(options, wan, server, sent.failure)
  }
  if (last?.code === 'cancelled') return failed(request, last)
  return refuse(requestError('datacenterUnreachable', 'Remote DC has no server currently reachable'))
}
