// The agent as the HTTP API sees it (http/backend.ts).
import type { AgentConfig } from '../config/agent-config.ts'
import type { AgentControl, Backend } from '../http/backend.ts'
import type { Random } from '../lib/random.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Host } from '../runtime/host.ts'
import { DnsCache } from './dns-cache.ts'
import { hostInfo } from './host-info.ts'
import { describe, randomUuid } from './identity.ts'
import { joinAddresses } from './join.ts'
import { parseLogLevel, type Log } from './log.ts'
import type { MetricsView } from './metrics.ts'
import { metricsStream, monitorStream } from './monitor.ts'
import type { Requests } from './requests.ts'
import { agentSelf, type SelfParts } from './self.ts'
import { sleep } from './sleep.ts'
import { memberView } from './tags.ts'

/** What the API reaches of the agent. */
export interface BackendParts extends SelfParts {
  readonly host: Host
  readonly config: AgentConfig
  readonly requests: Requests
  readonly random: Random
  /** Aborts when the agent stops. */
  readonly signal: AbortSignal
  readonly log: Log
  readonly metrics: MetricsView
  /** Leaves the pools, unless that would harm the cluster; the agent stops when the answer is out. */
  readonly leave: (isForced: boolean) => Promise<Result<void, RequestError>>
  readonly reload: () => Promise<Result<void, RequestError>>
}

/** Makes the API's view of the agent. */
export function createBackend(parts: BackendParts): Backend {
  const { config, requests } = parts
  const kept = keptAnswers(parts)
  return {
    datacenter: config.datacenter,
    nodeName: config.nodeName,
    nodeId: parts.id,
    isDev: config.dev,
    kvValueBytesMax: config.limits.kvValueBytesMax,
    txnBytesMax: Math.max(config.limits.txnBytesMax, config.limits.kvValueBytesMax),
    sessionTtlMinMs: config.sessionTtlMinMs,
    defaultQueryTimeMs: config.defaultQueryTimeMs,
    maxQueryTimeMs: config.maxQueryTimeMs,
    get discoveryMaxStaleMs() {
      return parts.configNow().discoveryMaxStaleMs
    },
    responseHeaders: config.http.responseHeaders,
    blockEndpoints: config.http.blockEndpoints,
    translateWanAddrs: config.translateWanAddrs,
    useCache: config.http.useCache,
    ending: parts.signal,
    newId: () => randomUuid(parts.host.entropy.bytes(16)),
    pause: (ms, signal) => sleep(parts.host.clock, ms, signal),
    readNow: (query, options) => requests.readNow(query, options),
    read: (query, options, signal) => requests.read(query, options, signal),
    readKept: (query, ageMsMax) => kept?.reply(query, ageMsMax) ?? null,
    keep: (query, { value, index, epoch }) => kept?.watch(query, value, index, epoch),
    runPrepared: (run, freshness) => requests.runPrepared(run, freshness),
    write: (command, datacenter) => requests.write(command, datacenter),
    ask: (question, datacenter, consistency) => requests.ask(question, datacenter, consistency),
    act: (action, datacenter, consistency, signal) => requests.act(action, datacenter, consistency, signal),
    datacenters: () => requests.ask('datacenters', '', 'stale'),
    hasCoordinates: !config.disableCoordinates,
    events: parts.poolServices.events,
    local: parts.local,
    get definitionRules() {
      return parts.configNow().definitionRules
    },
    agent: agentControl(parts),
    meter: {
      nowMicros: () => parts.host.clock.nowMicros(),
      sampler: (name, labels) => parts.metrics.sampler(name, labels),
      tally: (name, labels) => parts.metrics.tally(name, labels),
    },
  }
}

/** What a client agent keeps current; a server has the state itself. */
function keptAnswers({ config, host, requests, random, signal }: BackendParts): DnsCache | null {
  if (config.server) return null
  const read = { datacenter: '', consistency: 'default', maxStaleMs: null, minIndex: 0, waitMs: 0 } as const
  const kept = new DnsCache({ requests, clock: host.clock, random, read, ageMsMax: 0 })
  signal.addEventListener('abort', () => kept.stop())
  return kept
}

function agentControl(parts: BackendParts): AgentControl {
  return {
    self: () => agentSelf(parts),
    async members(pool) {
      if (pool === 'lan') return ok([...parts.lan.machine.members()].map(memberView))
      if (parts.wan === null) return parts.requests.ask('wanMembers', '', 'stale')
      return ok([...parts.wan.machine.members()].map(memberView))
    },
    join: (address, pool) => join(parts, address, pool),
    leave: (isForced) => parts.leave(isForced),
    forceLeave: (node, options) => Promise.resolve(forceLeave(parts, node, options)),
    metrics: () => parts.metrics.view(),
    prometheus: () => parts.metrics.prometheus(),
    metricsStream: (signal) => metricsStream(parts.metrics, signal),
    monitor: (level, asJson, signal) =>
      monitorStream(parts.log, parseLogLevel(level) ?? 'info', asJson, signal),
    reload: parts.reload,
    warn: (message) => parts.log.root.warn(message),
    host: () => hostInfo(parts.host, parts.config.dataDir),
    profile: (durationMs, signal) =>
      parts.config.enableDebug ? profile(parts.host, durationMs, signal) : null,
  }
}

async function profile(
  { system }: Host,
  durationMs: number,
  signal: AbortSignal,
): Promise<Result<string, RequestError>> {
  try {
    return ok(await system.profile(durationMs, signal))
  } catch (error) {
    return err(requestError('internal', describe(error)))
  }
}

async function join(
  parts: BackendParts,
  address: string,
  pool: 'lan' | 'wan',
): Promise<Result<void, RequestError>> {
  const { config } = parts
  const target = pool === 'lan' ? parts.lan : parts.wan
  if (target === null) {
    const why = config.server
      ? 'its WAN pool is off (ports.serf_wan)'
      : 'it is a client, and only servers take part'
    return err(requestError('internal', `Cannot join the WAN pool: this agent has none, because ${why}`))
  }
  const port = pool === 'lan' ? config.ports.serfLan : config.ports.serfWan
  const outcome = await joinAddresses(parts.host, target, [address], port)
  return outcome.contacted > 0 ? ok(undefined) : err(requestError('internal', outcome.failures.join('; ')))
}

function forceLeave(
  parts: BackendParts,
  node: string,
  options: { readonly prune: boolean; readonly wan: boolean },
): Result<void, RequestError> {
  const { config } = parts
  const unknown = (): Result<void, RequestError> =>
    err(requestError('internal', `agent: No node found with name '${node}'`))
  if (options.wan) {
    if (parts.wan === null)
      return err(requestError('internal', 'This agent is a client and not in the WAN pool; ask a server'))
    return parts.wan.forceLeave(node, options.prune) ? ok(undefined) : unknown()
  }
  const isKnown = parts.lan.forceLeave(node, options.prune)
  // A server is in both pools; its WAN name carries the datacenter.
  const isKnownInWan =
    parts.wan !== null && parts.wan.forceLeave(`${node}.${config.datacenter}`, options.prune)
  return isKnown || isKnownInWan ? ok(undefined) : unknown()
}
