// The agent's own requests, typed: what HTTP, DNS and the agent's chores ask, carried out by the router.
import { encodeCommand } from '../codec/command-codec.ts'
import type { Backend } from '../http/backend.ts'
import type { Random } from '../lib/random.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { PreparedAnswer } from '../model/prepared-query.ts'
import type {
  ActionValue,
  Query,
  QueryValue,
  ReadOptions,
  ReadReply,
  ServerQueryTable,
} from '../model/query.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import type { Clock } from '../runtime/host.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Router } from './router.ts'
import { SharedWaits } from './shared-waits.ts'

/** Typed requests of one agent: what the API asks of it too. */
export type Requests = Pick<Backend, 'readNow' | 'read' | 'runPrepared' | 'write' | 'ask' | 'act'>

/** A signal that never aborts, for requests that nobody can cancel. */
export const never: AbortSignal = new AbortController().signal

/** What the requests of one agent are made of. */
export interface RequestsOptions {
  readonly router: Router
  /** Whom prepared queries are carried out for. */
  readonly agent: { readonly agentNode: string; readonly agentDatacenter: string }
  /** `performance.rpc_hold_timeout`: how long a request may look for its place. */
  readonly holdMs: number
  /** What a client agent may send (`limits.rpc_rate`). */
  readonly rateLimit: RateLimit
  readonly clock: Clock
  readonly random: Random
  /** The longest that a blocking query may wait (`max_query_time`). */
  readonly waitMsMax: number
  /** Blocking queries that may wait at this agent. */
  readonly watchesMax: number
  /** Aborts when the agent stops. */
  readonly ending: AbortSignal
}

/** Makes the requests of one agent. */
export function createRequests(options: RequestsOptions): Requests {
  const { holdMs } = options
  const waits = new SharedWaits({
    ...options,
    ask: (query, read, signal) => ask(options, query, read, signal),
  })
  return {
    readNow(query, read) {
      const reply = options.router.readNow(query, read)
      // What is not answered here counts when it is asked for.
      if (reply === null) return null
      const isTooOld = read.maxStaleMs !== null && reply.lastContactMs > read.maxStaleMs
      return isTooOld || !options.rateLimit.admit() ? null : reply
    },
    read(query, readOptions, signal) {
      if (!options.rateLimit.admit()) return Promise.resolve(err(tooMany))
      return readOptions.minIndex > 0
        ? waits.read(query, readOptions, signal)
        : ask(options, query, readOptions, signal)
    },
    async write(command, datacenter) {
      if (!options.rateLimit.admit()) return err(tooMany)
      const encoded = encodeCommand(command)
      const written = await options.router.proposeHere(encoded, datacenter)
      if (written?.ok === true) return ok(written.value.result)
      // Whoever does not lead any more has changed nothing: another may.
      if (written !== null && written.error.code !== 'noLeader') return written
      const request = { kind: 'write', datacenter, hops: 0, holdMs, command: encoded } as const
      const reply = await options.router.request(request, never)
      return reply.kind === 'written' ? ok(reply.result) : err(errorOf(reply))
    },
    async runPrepared(run, freshness) {
      const { datacenter, ...asked } = run
      const search = { kind: 'named', ...asked, ...options.agent } as const
      const request = { kind: 'search', datacenter, hops: 0, holdMs, search, ...freshness } as const
      const reply = await send(options, request, never)
      if (reply.kind !== 'read') return err(errorOf(reply))
      return ok({ ...reply.meta, value: reply.value as PreparedAnswer | null })
    },
    async ask(question, datacenter, consistency) {
      const reply = await send(
        options,
        { kind: 'ask', datacenter, hops: 0, holdMs, question, consistency },
        never,
      )
      return reply.kind === 'asked'
        ? ok(reply.value as ServerQueryTable[typeof question])
        : err(errorOf(reply))
    },
    async act(action, datacenter, consistency, signal) {
      const reply = await send(
        options,
        { kind: 'act', datacenter, hops: 0, holdMs, action, consistency },
        signal,
      )
      return reply.kind === 'acted' ? ok(reply.value as ActionValue<typeof action.kind>) : err(errorOf(reply))
    },
  }
}

function send(options: RequestsOptions, request: RpcRequest, signal: AbortSignal): Promise<RpcReply> {
  if (options.rateLimit.admit()) return options.router.request(request, signal)
  return Promise.resolve({ kind: 'refused', error: tooMany })
}

const tooMany: RequestError = requestError('rateLimited', 'RPC rate limit exceeded')

/** Carries out a read. A stale answer that is older than `max_stale` is asked of the leader instead, once. */
async function ask<Q extends Query>(
  { router, holdMs }: RequestsOptions,
  query: Q,
  read: ReadOptions,
  signal: AbortSignal,
): Promise<Result<ReadReply<QueryValue<Q['kind']>>, RequestError>> {
  const { datacenter, maxStaleMs } = read
  const request = { kind: 'read', datacenter, hops: 0, holdMs, query, options: read } as const
  let reply = await router.request(request, signal)
  const isTooOld = reply.kind === 'read' && maxStaleMs !== null && reply.meta.lastContactMs > maxStaleMs
  if (isTooOld && read.consistency === 'stale') {
    reply = await router.request({ ...request, options: { ...read, consistency: 'default' } }, signal)
  }
  if (reply.kind !== 'read') return err(errorOf(reply))
  return ok({ ...reply.meta, value: reply.value as QueryValue<Q['kind']> })
}

function errorOf(reply: RpcReply): RequestError {
  return reply.kind === 'refused'
    ? reply.error
    : requestError('internal', `Unexpected reply of kind ${reply.kind}`)
}
