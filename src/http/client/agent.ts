// `/v1/agent/*` and `/v1/status/*`: these concern the agent itself, or the servers it knows of.
import { type Connection } from './connection.ts'
import { dcOf, done, encodePath, flag, json } from './requests.ts'
import type { JsonObject } from '../../model/catalog.ts'
import type { AgentSelfShape, AgentVersionShape, MemberShape, MetricsShape } from './shapes.ts'

/** Calls about the agent. */
export interface AgentClient {
  agentSelf(): Promise<AgentSelfShape>
  agentVersion(): Promise<AgentVersionShape>
  agentMembers(options?: {
    readonly wan?: boolean
    readonly segment?: string
    /** Only those for which this expression is true. */
    readonly filter?: string
  }): Promise<readonly MemberShape[]>
  agentMetrics(): Promise<MetricsShape>
  /** Metrics of each interval of ten seconds, the last one at once, until the signal aborts. */
  metricsStream(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<MetricsShape>
  /** The machine that the agent runs on. */
  agentHost(): Promise<JsonObject>
  /** A profile of the processor over so many seconds (`.cpuprofile`); refused with 401 unless `enable_debug`. */
  profile(seconds: number, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array>
  join(address: string, options?: { readonly wan?: boolean }): Promise<void>
  /** With `force` even if the servers that are left would not be a majority. */
  leave(options?: { readonly force?: boolean }): Promise<void>
  forceLeave(node: string, options?: { readonly prune?: boolean; readonly wan?: boolean }): Promise<void>
  reload(): Promise<void>
  /** Log lines as they are written, until the signal aborts. */
  monitor(options: {
    readonly level?: string
    readonly json?: boolean
    readonly signal?: AbortSignal
  }): Promise<ReadableStream<Uint8Array>>
  /** The OpenAPI document of the agent's own version. */
  openApi(): Promise<JsonObject>

  /** `ip:port` of the leader, '' if there is none. */
  statusLeader(options?: { readonly dc?: string }): Promise<string>
  statusPeers(options?: { readonly dc?: string }): Promise<readonly string[]>
}

/** Makes the calls. */
export function agentCalls(connection: Connection): AgentClient {
  return {
    agentSelf: () => json(connection, { path: '/v1/agent/self' }),
    agentVersion: () => json(connection, { path: '/v1/agent/version' }),
    agentMembers: (options = {}) =>
      json(connection, {
        path: '/v1/agent/members',
        query: { wan: flag(options.wan, '1'), segment: options.segment, filter: options.filter },
      }),
    agentMetrics: () => json(connection, { path: '/v1/agent/metrics' }),
    metricsStream: (options = {}) => metricsStream(connection, options.signal),
    agentHost: () => json(connection, { path: '/v1/agent/host' }),
    async profile(seconds, options = {}) {
      const response = await connection.send({
        path: '/debug/pprof/profile',
        query: { seconds: String(seconds) },
        signal: options.signal,
      })
      return response.bytes()
    },
    join: (address, options = {}) =>
      done(connection, {
        method: 'PUT',
        path: `/v1/agent/join/${encodePath(address)}`,
        query: { wan: flag(options.wan, '1') },
      }),
    leave: (options = {}) =>
      done(connection, {
        method: 'PUT',
        path: '/v1/agent/leave',
        query: { force: flag(options.force, '') },
      }),
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
    openApi: () => json(connection, { path: '/v1/openapi.json' }),
    statusLeader: (options = {}) =>
      json(connection, { path: '/v1/status/leader', query: { dc: dcOf(connection, options) } }),
    statusPeers: (options = {}) =>
      json(connection, { path: '/v1/status/peers', query: { dc: dcOf(connection, options) } }),
  }
}

/** One value for each line of JSON. */
async function* metricsStream(
  connection: Connection,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<MetricsShape> {
  const response = await connection.send({ path: '/v1/agent/metrics/stream', signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let line = ''
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    const lines = (line + part.value).split('\n')
    line = lines.pop() ?? ''
    for (const each of lines) yield JSON.parse(each)
  }
}
