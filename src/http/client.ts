// A typed client of the HTTP API, for the command line, tests, and users of the package. Its parts are in client/*.ts.
import { type AgentClient, agentCalls } from './client/agent.ts'
import { type CatalogClient, catalogCalls } from './client/catalog.ts'
import { type ConfigClient, configCalls } from './client/config.ts'
import { type Fetch, type Pause, connect } from './client/connection.ts'
import { type CoordinateClient, coordinateCalls } from './client/coordinate.ts'
import { type EventClient, eventCalls } from './client/event.ts'
import { type KvClient, kvCalls } from './client/kv.ts'
import { type LocalClient, localCalls } from './client/local.ts'
import { lockCalls } from './client/lock.ts'
import type { LockClient } from './client/lock-types.ts'
import { type OperatorClient, operatorCalls } from './client/operator.ts'
import { type QueryClient, queryCalls } from './client/query.ts'
import { type SessionClient, sessionCalls } from './client/session.ts'
import { type StreamClient, streamCalls } from './client/stream.ts'
import { type WatchClient, watchCalls } from './client/watch.ts'

/** How to reach an agent. */
export interface ClientOptions {
  /** `http://host:port`, `https://host:port`, `unix:///path` or `host:port`. */
  readonly address: string
  readonly token?: string
  /** Datacenter to ask when a call names none; absent: the agent's own. */
  readonly datacenter?: string
  /** Absent: the runtime's own. */
  readonly fetch?: Fetch
  /** Waits between tries; absent: by a timer. */
  readonly pause?: Pause
  /** Numbers from 0 up to 1 for jitter; absent: the runtime's own. */
  readonly random?: () => number
  /** A monotonic clock in milliseconds; absent: the runtime's own. */
  readonly nowMs?: () => number
}

/**
 * Everything the API offers. Every method rejects with ApiError (an answer other than success), IndeterminateError (the
 * agent cannot tell whether a write was carried out) or ConnectionError.
 */
export interface Client
  extends
    AgentClient,
    CatalogClient,
    ConfigClient,
    CoordinateClient,
    EventClient,
    KvClient,
    LocalClient,
    LockClient,
    OperatorClient,
    QueryClient,
    SessionClient,
    StreamClient,
    WatchClient {}

/**
 * Makes a client of the agent at an address. Nothing is sent yet.
 *
 * Errors: throws an Error whose message is the reference's for an address of an unknown scheme.
 */
export function createClient(options: ClientOptions): Client {
  const connection = connect(options)
  const kv = kvCalls(connection)
  const session = sessionCalls(connection)
  return {
    ...agentCalls(connection),
    ...catalogCalls(connection),
    ...configCalls(connection),
    ...coordinateCalls(connection),
    ...eventCalls(connection),
    ...kv,
    ...localCalls(connection),
    ...lockCalls({ connection, kv, session }),
    ...operatorCalls(connection),
    ...queryCalls(connection),
    ...session,
    ...streamCalls(connection),
    ...watchCalls(connection),
  }
}
