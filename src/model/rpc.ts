// What agents ask each other over a session (rpc/), and the answers. Bytes are codec's business.
import type { CommandResult } from './command.ts'
import type { RequestError } from './errors.ts'
import type { PreparedSearch } from './prepared-query.ts'
import type { Action, Consistency, Query, ReadMeta, ReadOptions, ServerQueryKind } from './query.ts'

/**
 * A request from one agent to another. `hops` grows with each forward; past 4 it is refused (a loop). `holdMs` is how
 * long the asked agent may look for a leader or another way, besides what a blocking query waits; it shrinks with each
 * forward, so that the refusal of the last one in the chain arrives before the first one gives up.
 */
export type RpcRequest =
  | {
      readonly kind: 'read'
      readonly datacenter: string
      readonly hops: number
      readonly holdMs: number
      readonly query: Query
      readonly options: ReadOptions
    }
  /** `command` is encoded once, by the agent that took the request, and goes into the log as it is. */
  | {
      readonly kind: 'write'
      readonly datacenter: string
      readonly hops: number
      readonly holdMs: number
      readonly command: Uint8Array
    }
  | {
      readonly kind: 'ask'
      readonly datacenter: string
      readonly hops: number
      readonly holdMs: number
      readonly question: ServerQueryKind
      readonly consistency: Consistency
    }
  | {
      readonly kind: 'act'
      readonly datacenter: string
      readonly hops: number
      readonly holdMs: number
      readonly action: Action
      /** Snapshots may be taken of any server (`?stale`); everything else is the leader's. */
      readonly consistency: Consistency
    }
  /** Carries out a prepared query; the answer is a `read` of `PreparedAnswer | null`. Any server of the datacenter can. */
  | {
      readonly kind: 'search'
      readonly datacenter: string
      readonly hops: number
      readonly holdMs: number
      readonly search: PreparedSearch
      readonly consistency: Consistency
      readonly maxStaleMs: number | null
    }
  /** A follower's read index request to the leader (thesis 6.4): answered with an index as value. */
  | { readonly kind: 'readIndex'; readonly consistency: Consistency }
  /** May the cluster be started with exactly these servers, you among them? (`-bootstrap-expect`; ids, sorted) */
  | { readonly kind: 'bootstrapState'; readonly servers: readonly string[] }
  /** Leader duties carried out for a server that leaves: remove me from the Raft configuration. */
  | { readonly kind: 'removeServer'; readonly id: string }

/** The answer to a request. */
export type RpcReply =
  | { readonly kind: 'refused'; readonly error: RequestError }
  | { readonly kind: 'read'; readonly meta: ReadMeta; readonly value: unknown }
  | { readonly kind: 'written'; readonly result: CommandResult; readonly index: number }
  | { readonly kind: 'asked'; readonly value: unknown }
  | { readonly kind: 'acted'; readonly value: unknown }
  | { readonly kind: 'readIndex'; readonly index: number }
  | {
      readonly kind: 'bootstrapState'
      /** True when this server already has Raft state or a configuration. */
      readonly hasState: boolean
      /** True when it promises not to be started with any other set for `bootstrapPromiseMs`. */
      readonly granted: boolean
    }
  | { readonly kind: 'done' }
