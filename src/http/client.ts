// A typed client of the HTTP API. The CLI talks to agents through this alone; the platform's fetch comes in.
// Failures are in client/connection.ts, the shapes of answers in client/shapes.ts.
import {
  type Connection,
  ConnectionError,
  type Fetch,
  type RequestSpec,
  connect,
} from './client/connection.ts'
import type {
  AgentSelfShape,
  AgentVersionShape,
  AutopilotHealthShape,
  CatalogNodeShape,
  CheckShape,
  DeregistrationShape,
  KvPairShape,
  MemberShape,
  MetricsShape,
  NodeServicesShape,
  NodeShape,
  RaftConfigurationShape,
  RegistrationShape,
  ServiceHealthShape,
  ServiceNodeShape,
} from './client/shapes.ts'
import type { TextMap } from '../model/catalog.ts'

/** How to reach an agent. */
export interface ClientOptions {
  /** `http://host:port`, `https://host:port`, `unix:///path` or `host:port`. */
  readonly address: string
  readonly token?: string
  /** Datacenter to ask when a call names none; absent: the agent's own. */
  readonly datacenter?: string
  readonly fetch: Fetch
}

/** An answer of an endpoint that can block, with what its headers say. */
export interface Answer<T> {
  readonly value: T
  readonly index: number
  readonly knownLeader: boolean
  readonly lastContactMs: number
}

/** Options of a read of replicated state. */
export interface ReadQuery {
  readonly dc?: string
  readonly stale?: boolean
  readonly consistent?: boolean
  /** Wait for an index greater than this. */
  readonly index?: number
  /** Longest wait, such as `30s`. */
  readonly wait?: string
  readonly near?: string
  readonly nodeMeta?: TextMap
  readonly filter?: string
  readonly signal?: AbortSignal
}

/** Everything the API offers. Every method rejects with ApiError (an answer other than success) or ConnectionError. */
export interface Client {
  agentSelf(): Promise<AgentSelfShape>
  agentVersion(): Promise<AgentVersionShape>
  agentMembers(options?: {
    readonly wan?: boolean
    readonly segment?: string
  }): Promise<readonly MemberShape[]>
  agentMetrics(): Promise<MetricsShape>
  join(address: string, options?: { readonly wan?: boolean }): Promise<void>
  leave(): Promise<void>
  forceLeave(node: string, options?: { readonly prune?: boolean; readonly wan?: boolean }): Promise<void>
  reload(): Promise<void>
  /** Log lines as they are written, until the signal aborts. */
  monitor(options: {
    readonly level?: string
    readonly json?: boolean
    readonly signal?: AbortSignal
  }): Promise<ReadableStream<Uint8Array>>

  /** `ip:port` of the leader, '' if there is none. */
  statusLeader(options?: { readonly dc?: string }): Promise<string>
  statusPeers(options?: { readonly dc?: string }): Promise<readonly string[]>

  catalogDatacenters(): Promise<readonly string[]>
  catalogNodes(options?: ReadQuery): Promise<Answer<readonly NodeShape[]>>
  /** Service names to the union of their tags. */
  catalogServices(options?: ReadQuery): Promise<Answer<Readonly<Record<string, readonly string[]>>>>
  catalogService(
    service: string,
    options?: ReadQuery & { readonly tags?: readonly string[] },
  ): Promise<Answer<readonly ServiceNodeShape[]>>
  catalogNode(node: string, options?: ReadQuery): Promise<Answer<CatalogNodeShape | null>>
  catalogNodeServices(node: string, options?: ReadQuery): Promise<Answer<NodeServicesShape>>
  catalogRegister(registration: RegistrationShape): Promise<void>
  catalogDeregister(deregistration: DeregistrationShape): Promise<void>

  healthNode(node: string, options?: ReadQuery): Promise<Answer<readonly CheckShape[]>>
  healthChecks(service: string, options?: ReadQuery): Promise<Answer<readonly CheckShape[]>>
  healthService(
    service: string,
    options?: ReadQuery & { readonly tags?: readonly string[]; readonly passing?: boolean },
  ): Promise<Answer<readonly ServiceHealthShape[]>>
  healthState(state: string, options?: ReadQuery): Promise<Answer<readonly CheckShape[]>>

  /** A key, or null. */
  kvGet(key: string, options?: ReadQuery): Promise<Answer<KvPairShape | null>>
  kvList(prefix: string, options?: ReadQuery): Promise<Answer<readonly KvPairShape[]>>
  kvKeys(
    prefix: string,
    options?: ReadQuery & { readonly separator?: string },
  ): Promise<Answer<readonly string[]>>
  /** Returns false when a compare-and-set did not apply. */
  kvPut(key: string, value: Uint8Array | string, options?: KvPutOptions): Promise<boolean>
  kvDelete(key: string, options?: KvDeleteOptions): Promise<boolean>

  raftConfiguration(options?: {
    readonly dc?: string
    readonly stale?: boolean
  }): Promise<RaftConfigurationShape>
  /** The servers' health; an unhealthy cluster is an answer too. */
  autopilotHealth(options?: { readonly dc?: string }): Promise<AutopilotHealthShape>
}

/** Options of a KV write. */
export interface KvPutOptions {
  readonly dc?: string
  readonly flags?: bigint
  readonly cas?: number
  /** Session that is to take or give up the lock. */
  readonly acquire?: string
  readonly release?: string
}

/** Options of a KV deletion. */
export interface KvDeleteOptions {
  readonly dc?: string
  readonly recurse?: boolean
  readonly cas?: number
}

/**
 * Makes a client of the agent at an address. Nothing is sent yet.
 *
 * Errors: throws an Error whose message is the reference's for an address of an unknown scheme.
 */
export function createClient(options: ClientOptions): Client {
  const connection = connect(options)
  return {
    ...agentCalls(connection),
    ...statusCalls(connection),
    ...catalogCalls(connection),
    ...healthCalls(connection),
    ...kvCalls(connection),
    ...operatorCalls(connection),
  }
}

type AgentCalls = Pick<
  Client,
  | 'agentSelf'
  | 'agentVersion'
  | 'agentMembers'
  | 'agentMetrics'
  | 'join'
  | 'leave'
  | 'forceLeave'
  | 'reload'
  | 'monitor'
>

/** `/v1/agent/*`: these concern the agent itself and take no datacenter. */
function agentCalls(connection: Connection): AgentCalls {
  return {
    agentSelf: () => json(connection, { path: '/v1/agent/self' }),
    agentVersion: () => json(connection, { path: '/v1/agent/version' }),
    agentMembers: (options = {}) =>
      json(connection, {
        path: '/v1/agent/members',
        query: { wan: flag(options.wan, '1'), segment: options.segment },
      }),
    agentMetrics: () => json(connection, { path: '/v1/agent/metrics' }),
    join: (address, options = {}) =>
      done(connection, {
        method: 'PUT',
        path: `/v1/agent/join/${encodePath(address)}`,
        query: { wan: flag(options.wan, '1') },
      }),
    leave: () => done(connection, { method: 'PUT', path: '/v1/agent/leave' }),
    forceLeave: (node, options = {}) =>
      done(connection, {
        method: 'PUT',
        path: `/v1/agent/force-leave/${encodePath(node)}`,
        query: { prune: flag(options.prune, '1'), wan: flag(options.wan, '1') },
      }),
    reload: () => done(connection, { method: 'PUT', path: '/v1/agent/reload' }),
    async monitor(options) {
      const response = await connection.send({
        path: '/v1/agent/monitor',
        query: { loglevel: options.level, logjson: flag(options.json, 'true') },
        signal: options.signal,
      })
      if (response.body === null) throw new Error('Cannot read the log: the agent sent no body')
      return response.body
    },
  }
}

type StatusCalls = Pick<Client, 'statusLeader' | 'statusPeers'>

function statusCalls(connection: Connection): StatusCalls {
  return {
    statusLeader: (options = {}) =>
      json(connection, { path: '/v1/status/leader', query: { dc: dc(connection, options) } }),
    statusPeers: (options = {}) =>
      json(connection, { path: '/v1/status/peers', query: { dc: dc(connection, options) } }),
  }
}

type CatalogCalls = Pick<
  Client,
  | 'catalogDatacenters'
  | 'catalogNodes'
  | 'catalogServices'
  | 'catalogService'
  | 'catalogNode'
  | 'catalogNodeServices'
  | 'catalogRegister'
  | 'catalogDeregister'
>

function catalogCalls(connection: Connection): CatalogCalls {
  return {
    catalogDatacenters: () => json(connection, { path: '/v1/catalog/datacenters' }),
    catalogNodes: (options) => read(connection, '/v1/catalog/nodes', options),
    catalogServices: (options) => read(connection, '/v1/catalog/services', options),
    catalogService: (service, options) =>
      read(connection, `/v1/catalog/service/${encodePath(service)}`, options, { tag: options?.tags }),
    catalogNode: (node, options) => read(connection, `/v1/catalog/node/${encodePath(node)}`, options),
    catalogNodeServices: (node, options) =>
      read(connection, `/v1/catalog/node-services/${encodePath(node)}`, options),
    catalogRegister: (registration) =>
      done(connection, {
        method: 'PUT',
        path: '/v1/catalog/register',
        body: JSON.stringify(withDatacenter(connection, registration)),
      }),
    catalogDeregister: (deregistration) =>
      done(connection, {
        method: 'PUT',
        path: '/v1/catalog/deregister',
        body: JSON.stringify(withDatacenter(connection, deregistration)),
      }),
  }
}

type HealthCalls = Pick<Client, 'healthNode' | 'healthChecks' | 'healthService' | 'healthState'>

function healthCalls(connection: Connection): HealthCalls {
  return {
    healthNode: (node, options) => read(connection, `/v1/health/node/${encodePath(node)}`, options),
    healthChecks: (service, options) => read(connection, `/v1/health/checks/${encodePath(service)}`, options),
    healthService: (service, options) =>
      read(connection, `/v1/health/service/${encodePath(service)}`, options, {
        tag: options?.tags,
        passing: flag(options?.passing, '1'),
      }),
    healthState: (state, options) => read(connection, `/v1/health/state/${encodePath(state)}`, options),
  }
}

type KvCalls = Pick<Client, 'kvGet' | 'kvList' | 'kvKeys' | 'kvPut' | 'kvDelete'>

function kvCalls(connection: Connection): KvCalls {
  return {
    async kvGet(key, options) {
      const { value, ...meta } = await read<readonly KvPairShape[]>(connection, kvPath(key), options, {}, [])
      return { value: value[0] ?? null, ...meta }
    },
    kvList: (prefix, options) => read(connection, kvPath(prefix), options, { recurse: '' }, []),
    kvKeys: (prefix, options) =>
      read(connection, kvPath(prefix), options, { keys: '', separator: options?.separator }, []),
    kvPut: (key, value, options = {}) =>
      json(connection, {
        method: 'PUT',
        path: kvPath(key),
        query: {
          dc: dc(connection, options),
          flags: options.flags?.toString(),
          cas: options.cas?.toString(),
          acquire: options.acquire,
          release: options.release,
        },
        body: value,
      }),
    kvDelete: (key, options = {}) =>
      json(connection, {
        method: 'DELETE',
        path: kvPath(key),
        query: {
          dc: dc(connection, options),
          recurse: flag(options.recurse, ''),
          cas: options.cas?.toString(),
        },
      }),
  }
}

type OperatorCalls = Pick<Client, 'raftConfiguration' | 'autopilotHealth'>

function operatorCalls(connection: Connection): OperatorCalls {
  return {
    raftConfiguration: (options = {}) =>
      json(connection, {
        path: '/v1/operator/raft/configuration',
        query: { dc: dc(connection, options), stale: flag(options.stale, '') },
      }),
    autopilotHealth: (options = {}) =>
      json(connection, {
        path: '/v1/operator/autopilot/health',
        query: { dc: dc(connection, options) },
        alsoAccept: 429,
      }),
  }
}

/** Sends a request whose answer is JSON. */
async function json<T>(connection: Connection, request: RequestSpec): Promise<T> {
  const response = await connection.send(request)
  return parse(await bodyOf(response)) as T
}

/** The body as text. Rejects with ConnectionError when the agent went away while it was read. */
async function bodyOf(response: Response): Promise<string> {
  try {
    return await response.text()
  } catch (cause) {
    throw new ConnectionError('Cannot read the answer to its end: unexpected EOF', '', cause)
  }
}

/** Sends a request whose answer says no more than that it was carried out. */
async function done(connection: Connection, request: RequestSpec): Promise<void> {
  const response = await connection.send(request)
  await response.arrayBuffer()
}

/** Reads replicated state. With `whenMissing` a 404 is an answer and not a failure. */
async function read<T>(
  connection: Connection,
  path: string,
  options: ReadQuery = {},
  ...rest: readonly [query?: RequestSpec['query'], whenMissing?: T]
): Promise<Answer<T>> {
  const [query, whenMissing] = rest
  const response = await connection.send({
    path,
    query: { ...readParameters(connection, options), ...query },
    signal: options.signal,
    ...(whenMissing !== undefined && { alsoAccept: 404 }),
  })
  const body = await bodyOf(response)
  const missing = response.status === 404 && whenMissing !== undefined
  return { value: missing ? whenMissing : (parse(body) as T), ...answerMeta(response.headers) }
}

function readParameters(connection: Connection, options: ReadQuery): NonNullable<RequestSpec['query']> {
  return {
    dc: dc(connection, options),
    stale: flag(options.stale, ''),
    consistent: flag(options.consistent, ''),
    index: options.index?.toString(),
    wait: options.wait,
    near: options.near,
    'node-meta': Object.entries(options.nodeMeta ?? {}).map(([key, value]) => `${key}:${value}`),
    filter: options.filter,
  }
}

function answerMeta(headers: Headers): Omit<Answer<unknown>, 'value'> {
  return {
    index: Number(headers.get('x-consul-index') ?? 0),
    knownLeader: headers.get('x-consul-knownleader') === 'true',
    lastContactMs: Number(headers.get('x-consul-lastcontact') ?? 0),
  }
}

/** Parses JSON; `Flags` becomes a bigint from its own digits, for it may exceed 2^53. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text, reviveFlags)
  } catch (cause) {
    const start = JSON.stringify(text.slice(0, 40))
    throw new ConnectionError(`Cannot read the answer: it is not JSON but begins with ${start}`, '', cause)
  }
}

function reviveFlags(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return key === 'Flags' && typeof value === 'number' ? BigInt(context?.source ?? value) : value
}

/** Registrations name their datacenter in the body. */
function withDatacenter<T extends { readonly Datacenter?: string }>(connection: Connection, body: T): T {
  if (body.Datacenter !== undefined || connection.datacenter === undefined) return body
  return { ...body, Datacenter: connection.datacenter }
}

function dc(connection: Connection, options: { readonly dc?: string }): string | undefined {
  return options.dc ?? connection.datacenter
}

/** A parameter that is there or not. */
function flag(isSet: boolean | undefined, text: string): string | undefined {
  return isSet === true ? text : undefined
}

function kvPath(key: string): string {
  return `/v1/kv/${key.startsWith('/') ? encodePath(key.slice(1)) : encodePath(key)}`
}

/** Encodes a name for a path, keeping its slashes. */
function encodePath(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}
