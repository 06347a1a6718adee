// The agent's own requests, typed: what HTTP, DNS and the agent's chores ask, carried out by the router.
import { encodeCommand } from '../codec/command-codec.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Command, CommandResult } from '../model/command.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type {
  Consistency,
  Query,
  QueryValue,
  ReadOptions,
  ReadReply,
  ServerQueryKind,
  ServerQueryTable,
} from '../model/query.ts'
import type { RpcReply } from '../model/rpc.ts'
import type { Router } from './router.ts'

/** Typed requests of one agent. */
export interface Requests {
  read<Q extends Query>(
    query: Q,
    options: ReadOptions,
    signal: AbortSignal,
  ): Promise<Result<ReadReply<QueryValue<Q['kind']>>, RequestError>>
  write(command: Command, datacenter: string): Promise<Result<CommandResult, RequestError>>
  ask<K extends ServerQueryKind>(
    question: K,
    datacenter: string,
    consistency: Consistency,
  ): Promise<Result<ServerQueryTable[K], RequestError>>
}

/** A signal that never aborts, for requests that nobody can cancel. */
export const never: AbortSignal = new AbortController().signal

/** Makes the requests of one agent. */
export function createRequests(router: Router): Requests {
  return {
    async read(query, options, signal) {
      const reply = await readWithin(router, query, options, signal)
      if (reply.kind !== 'read') return err(errorOf(reply))
      return ok({ ...reply.meta, value: reply.value as QueryValue<typeof query.kind> })
    },
    async write(command, datacenter) {
      const reply = await router.request(
        { kind: 'write', datacenter, hops: 0, command: encodeCommand(command) },
        never,
      )
      return reply.kind === 'written' ? ok(reply.result) : err(errorOf(reply))
    },
    async ask(question, datacenter, consistency) {
      const reply = await router.request({ kind: 'ask', datacenter, hops: 0, question, consistency }, never)
      return reply.kind === 'asked'
        ? ok(reply.value as ServerQueryTable[typeof question])
        : err(errorOf(reply))
    },
  }
}

/** A stale answer that is older than `max_stale` is asked of the leader instead, once. */
async function readWithin(
  router: Router,
  query: Query,
  options: ReadOptions,
  signal: AbortSignal,
): Promise<RpcReply> {
  const { datacenter, maxStaleMs } = options
  const reply = await router.request({ kind: 'read', datacenter, hops: 0, query, options }, signal)
  const isTooOld = reply.kind === 'read' && maxStaleMs !== null && reply.meta.lastContactMs > maxStaleMs
  if (!isTooOld || options.consistency !== 'stale') return reply
  return router.request(
    { kind: 'read', datacenter, hops: 0, query, options: { ...options, consistency: 'default' } },
    signal,
  )
}

function errorOf(reply: RpcReply): RequestError {
  return reply.kind === 'refused'
    ? reply.error
    : requestError('internal', `Unexpected reply of kind ${reply.kind}`)
}
