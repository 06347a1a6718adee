// What the HTTP API needs of the agent behind it. The agent implements this; http never sees the agent itself.
import type { DefinitionRules } from '../definition/rules.ts'
import type { Result } from '../lib/result.ts'
import type { LocalNode } from './backend-local.ts'
import type { Json, JsonObject } from '../model/catalog.ts'
import type { Command, CommandResult } from '../model/command.ts'
import type { RequestError } from '../model/errors.ts'
import type { PreparedAnswer, PreparedRun } from '../model/prepared-query.ts'
import type {
  Action,
  ActionValue,
  Consistency,
  MemberView,
  Query,
  QueryValue,
  ReadOptions,
  ReadReply,
  ServerQueryKind,
  ServerQueryTable,
} from '../model/query.ts'
import type { EventLog } from './backend-events.ts'

/** Everything that a request may ask of the agent. */
export interface Backend {
  readonly datacenter: string
  readonly nodeName: string
  /** The node's UUID. */
  readonly nodeId: string
  /** Pretty-print by default (`-dev`). */
  readonly isDev: boolean
  readonly kvValueBytesMax: number
  /** Bytes of the body of a transaction (`limits.txn_max_req_len`); never below what one value may have. */
  readonly txnBytesMax: number
  /** Shortest TTL of a session (`session_ttl_min`). */
  readonly sessionTtlMinMs: number
  readonly defaultQueryTimeMs: number
  readonly maxQueryTimeMs: number
  /** Catalog and health reads without a mode of their own may be as old as this (`discovery_max_stale`); 0 is off. */
  readonly discoveryMaxStaleMs: number
  /** Extra headers of every response (`http_config.response_headers`). */
  readonly responseHeaders: Readonly<Record<string, string>>
  readonly blockEndpoints: readonly string[]
  readonly translateWanAddrs: boolean
  /** `cached` has a meaning (`http_config.use_cache`). */
  readonly useCache: boolean

  /** Aborts when the agent stops: streams end, and whoever waits is answered with what there is. */
  readonly ending: AbortSignal

  /** A random UUID. */
  newId(): string
  /** Resolves after so long, or when the signal aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>
  /** Answers a read from what this agent has, if that is as fresh as asked for and needs no wait; null: use `read`. */
  readNow<Q extends Query>(query: Q, options: ReadOptions): ReadReply<QueryValue<Q['kind']>> | null
  /** Asks the replicated state, here or wherever the options say. A blocking query ends early when `signal` aborts. */
  read<Q extends Query>(
    query: Q,
    options: ReadOptions,
    signal: AbortSignal,
  ): Promise<Result<ReadReply<QueryValue<Q['kind']>>, RequestError>>
  /**
   * The answer of our own datacenter that this agent keeps current for those who take an older one (`cached`), if it is
   * no older than this; null for any age. `lastContactMs` is how old it is at most. Null: use `read`, and tell `keep`.
   */
  readKept<Q extends Query>(query: Q, ageMsMax: number | null): ReadReply<QueryValue<Q['kind']>> | null
  /** This answer is kept current from now on, for as long as it is asked for. */
  keep<Q extends Query>(query: Q, reply: ReadReply<QueryValue<Q['kind']>>): void
  /** Writes through the leader of a datacenter ('' is our own); resolves when applied there. */
  write(command: Command, datacenter: string): Promise<Result<CommandResult, RequestError>>
  /** Carries out a prepared query; the value is null if there is none of this name or ID. */
  runPrepared(
    run: PreparedRun,
    freshness: Pick<ReadOptions, 'consistency' | 'maxStaleMs'>,
  ): Promise<Result<ReadReply<PreparedAnswer | null>, RequestError>>
  /** Asks the servers about themselves. */
  ask<K extends ServerQueryKind>(
    kind: K,
    datacenter: string,
    consistency: Consistency,
  ): Promise<Result<ServerQueryTable[K], RequestError>>
  /** Has a server act: the leader, or with `stale` any. `indeterminate` if it may have, and no answer came. */
  act<A extends Action>(
    action: A,
    datacenter: string,
    consistency: Consistency,
    signal: AbortSignal,
  ): Promise<Result<ActionValue<A['kind']>, RequestError>>
  /** Known datacenters, nearest first, then by name. */
  datacenters(): Promise<Result<readonly string[], RequestError>>

  /** False with `disable_coordinates`. */
  readonly hasCoordinates: boolean
  readonly events: EventLog
  /** The services and checks of this agent's own node. */
  readonly local: LocalNode
  /** What definitions through the API may ask for. */
  readonly definitionRules: DefinitionRules
  readonly agent: AgentControl
  readonly meter: Meter
}

/** What the API measures itself with. */
export interface Meter {
  /** Monotonic microseconds, an integer. */
  nowMicros(): number
  /** Takes measured values under a name; labels tell what of. */
  sampler(name: string, labels: Readonly<Record<string, string>>): (value: number) => void
  /** Counts by one. */
  tally(name: string, labels: Readonly<Record<string, string>>): () => void
}

/** The agent's own affairs (`/v1/agent/*`). */
export interface AgentControl {
  /** The sections of `/v1/agent/self`, already in the reference's field names. */
  self(): JsonObject
  /** A client agent asks a server for the WAN pool: clients are not in it. */
  members(pool: 'lan' | 'wan'): Promise<Result<readonly MemberView[], RequestError>>
  /** Joins a cluster through one address (`ip`, `host`, with or without port). */
  join(address: string, pool: 'lan' | 'wan'): Promise<Result<void, RequestError>>
  /** Leaves gracefully; resolves when left. The agent stops afterwards. Refused if that would harm the cluster. */
  leave(isForced: boolean): Promise<Result<void, RequestError>>
  forceLeave(
    node: string,
    options: { readonly prune: boolean; readonly wan: boolean },
  ): Promise<Result<void, RequestError>>
  /** `/v1/agent/metrics` in JSON. */
  metrics(): Json
  /** Metrics in Prometheus text, or null when they are off (415). */
  prometheus(): Promise<string> | null
  /** Each interval of metrics as a line of JSON, until the signal aborts (`/v1/agent/metrics/stream`). */
  metricsStream(signal: AbortSignal): ReadableStream<Uint8Array>
  /** Log lines from now on at this level, until the signal aborts (`/v1/agent/monitor`). */
  monitor(level: string, asJson: boolean, signal: AbortSignal): ReadableStream<Uint8Array>
  reload(): Promise<Result<void, RequestError>>
  /** Says in the log what is odd about something that was done. */
  warn(message: string): void
  /** The machine, in the reference's field names (`/v1/agent/host`). */
  host(): Promise<JsonObject>
  /** What the processor does for so long, as V8's JSON; null if debugging endpoints are off (`enable_debug`). */
  profile(durationMs: number, signal: AbortSignal): Promise<Result<string, RequestError>> | null
}
