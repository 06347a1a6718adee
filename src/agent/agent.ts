// The composition of one agent: who it is, what it runs, and how it starts, leaves and stops.
// Everything with a protocol in it is elsewhere; here the parts only meet.
import type { AgentConfig } from '../config/agent-config.ts'
import type { GossipEffect } from '../gossip/events.ts'
import { createApp } from '../http/app.ts'
import type { LocalNode } from '../http/backend-local.ts'
import { seededRandom, type Random } from '../lib/random.ts'
import { ok, type Result } from '../lib/result.ts'
import { formatAddress, isSameAddress, type Address } from '../model/address.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import { limits as realLimits, type Limits } from '../model/limits.ts'
import { version } from '../model/version.ts'
import type { RestoredLog } from '../raft/config.ts'
import type { RaftEffect, RaftInput } from '../raft/events.ts'
import type { Rpc } from '../rpc/rpc.ts'
import type { Host } from '../runtime/host.ts'
import type { FileLock } from '../runtime/host/files.ts'
import { createBackend } from './backend.ts'
import { closeInOrder } from './closing.ts'
import { startDns, type DnsService } from './dns-service.ts'
import { describe, loadNodeId, lockDataDirectory, StartError, wayToListen } from './identity.ts'
import { startHttp, type HttpService } from './http-service.ts'
import { mayLeave } from './leave-check.ts'
import { startLocal, type LocalService } from './local-service.ts'
import { createLog, type Log, type Logger } from './log.ts'
import { attachSinks, type LogSinks } from './log-sinks.ts'
import { createPidFile, type PidFile } from './pid-file.ts'
import { createPoolServices, type PoolServices } from './pool-services.ts'
import { createPools, type Pools, type PoolsOptions } from './pools.ts'
import { runForDns } from './prepared-queries.ts'
import { createRateLimit, rateOf, type RateLimit } from './rate-limit.ts'
import { reload } from './reload.ts'
import { createRequests, type Requests } from './requests.ts'
import { createRouter, type Router } from './router.ts'
import { createRpcNode } from './rpc-node.ts'
import { createSettling, type Settling } from './settling.ts'
import { startServer, type ServerRole } from './server-role.ts'
import { sleep } from './sleep.ts'
import { createTelemetry, type Telemetry } from './telemetry.ts'
import { createWatchDuty, type WatchDuty } from './watches.ts'

/** What a test or the simulator may replace or watch. */
export interface AgentOptions {
  readonly limits?: Limits
  readonly trace?: AgentTrace
}

/** Sees every effect of the machines before it is carried out, and what goes into Raft. */
export interface AgentTrace {
  onGossip?(pool: 'lan' | 'wan', effect: GossipEffect): void
  onRaft?(effect: RaftEffect): void
  /** Each start of Raft, with what the disk held. */
  onRaftStart?(restored: RestoredLog): void
  onRaftInput?(input: RaftInput): void
}

/** A running agent. */
export interface Agent {
  readonly id: string
  /** In force: a reload may change parts of it. */
  readonly config: AgentConfig
  /** The HTTP API as a function; what the listeners serve. */
  readonly app: ReturnType<typeof createApp>
  readonly log: Log
  /** Reacts to signals and resolves with the exit code when the agent has ended. */
  run(): Promise<number>
  /** Leaves the cluster, then stops. Refused, unless forced, if the others could then decide nothing; it goes on then. */
  leave(isForced?: boolean): Promise<Result<null, RequestError>>
  /** Stops without leaving: to the others it has failed. */
  stop(): Promise<void>
}

/**
 * Builds and starts an agent; it serves when the promise resolves.
 *
 * Errors: StartError with a sentence for the user. Whatever was opened is closed again then.
 */
export async function createAgent(
  config: AgentConfig,
  host: Host,
  options: AgentOptions = {},
): Promise<Agent> {
  const agent = new RunningAgent(config, host, options)
  try {
    await agent.start()
  } catch (error) {
    await agent.stop()
    throw error
  }
  return agent
}

/** How long a leave may take before a signal's exit gives up on it (reference: 15 s). */
const leaveGraceMs = 15_000

class RunningAgent implements Agent {
  id = ''
  config: AgentConfig
  readonly log: Log
  app: Agent['app'] = () => new Response('The agent is starting', { status: 503 })
  readonly #host: Host
  readonly #options: AgentOptions
  readonly #logger: Logger
  readonly #telemetry: Telemetry
  readonly #limits: Limits
  readonly #stopping = new AbortController()
  #random: Random = seededRandom(0)
  #settling: Settling | null = null
  #lock: FileLock | null = null
  #rpc: Rpc | null = null
  #router: Router | null = null
  #requests: Requests | null = null
  #pools: Pools | null = null
  #poolServices: PoolServices | null = null
  #server: ServerRole | null = null
  #dns: DnsService | null = null
  #local: LocalService | null = null
  #watches: WatchDuty | null = null
  #http: HttpService | null = null
  #rateLimit: RateLimit | null = null
  #sinks: LogSinks | null = null
  #ended: (code: number) => void = () => undefined
  readonly #whenEnded: Promise<number>
  readonly #pidFile: PidFile
  #starting: Promise<void> = Promise.resolve()
  #leaving: Promise<void> | null = null
  /** A signal has come. */
  #isGoing = false
  #stopped: Promise<void> | null = null

  constructor(config: AgentConfig, host: Host, options: AgentOptions) {
    this.config = config
    this.#host = host
    this.#options = options
    this.#limits = {
      ...(options.limits ?? {
        ...realLimits,
        snapshotEntries: config.raft.snapshotThreshold,
        trailingEntries: config.raft.trailingLogs,
      }),
      sessionsPerPeerMax: config.limits.rpcConnectionsPerClientMax,
      kvValueBytesMax: config.limits.kvValueBytesMax,
    }
    this.log = createLog(host.clock)
    this.#logger = this.log.root
    this.#telemetry = createTelemetry(host, config)
    this.#pidFile = createPidFile(host, config.pidFile)
    this.#whenEnded = new Promise((resolve) => (this.#ended = resolve))
  }

  start(): Promise<void> {
    this.#starting = this.#startOnce()
    return this.#starting
  }

  async #startOnce(): Promise<void> {
    const { config } = this
    const host = this.#host
    this.#sinks = await attachSinks(this.log, host, config)
    await this.#telemetry.start(this.#logger)
    for (const warning of config.warnings) this.#logger.warn(warning)
    this.#lock = await lockDataDirectory(host, config.dataDir)
    this.id = await loadNodeId(host, config)
    const seed = new DataView(host.entropy.bytes(4).slice().buffer).getUint32(0)
    this.#random = seededRandom(seed)
    const { signal } = this.#stopping
    this.#settling = createSettling(host, signal)
    const { runtime } = host
    this.#logger.info('Starting agent', { version, node: config.nodeName, node_id: this.id, runtime, seed })
    const parts = this.#parts()
    this.#rpc = this.#makeRpc()
    const pools = createPools(parts)
    this.#pools = pools
    this.#poolServices = createPoolServices({
      ...parts,
      pools,
      services: () => this.#local?.services() ?? [],
      signal,
    })
    if (config.server) await this.#startServer(this.#rpc, pools, this.#poolServices)
    this.#router = createRouter({
      datacenter: config.datacenter,
      local: this.#server?.local ?? null,
      rpc: this.#rpc,
      lan: pools.lanServers,
      wan: config.server ? pools.wanServers : null,
      clock: host.clock,
      random: this.#random.fork('router'),
      waitingPerServerMax: Math.floor((this.#limits.requestsPerSessionMax * 3) / 4),
      holdMs: config.performance.rpcHoldTimeoutMs,
      metrics: this.#telemetry.metrics,
      log: this.#logger.named('router'),
    })
    this.#rateLimit = createRateLimit(host.clock, rateOf(config), this.#telemetry.metrics)
    this.#requests = createRequests({
      router: this.#router,
      agent: { agentNode: config.nodeName, agentDatacenter: config.datacenter },
      holdMs: config.performance.rpcHoldTimeoutMs,
      rateLimit: this.#rateLimit,
      clock: host.clock,
      random: this.#random.fork('waits'),
      waitMsMax: config.maxQueryTimeMs,
      watchesMax: this.#limits.watchesMax,
      ending: signal,
    })
    await pools.start()
    this.#poolServices.start(this.#requests)
    this.#server?.onPoolsStarted()
    this.#assertNotStopped()
    const seat = { requests: this.#requests, pools, local: this.#server?.local ?? null, signal }
    this.#local = await startLocal({ ...parts, ...seat })
    await this.#serve(this.#requests, pools, this.#poolServices, this.#local.node)
    this.#watches = createWatchDuty({ ...parts, app: (request, from) => this.app(request, from) })
    this.#watches.set(this.config.watches)
    await this.#pidFile.write()
    // The disk may have failed meanwhile: then everything that was opened here is closed again.
    this.#assertNotStopped()
    this.#join(pools)
  }

  #assertNotStopped(): void {
    if (this.#stopping.signal.aborted) throw new StartError('The agent had to stop while it was starting')
  }

  #makeRpc(): Rpc {
    const { config } = this
    return createRpcNode({
      host: this.#host,
      hello: { id: this.id, name: config.nodeName, datacenter: config.datacenter },
      limits: this.#limits,
      handshakeTimeoutMs: config.limits.rpcHandshakeTimeoutMs,
      metrics: this.#telemetry.metrics,
      handlers: () => ({
        request: (request, signal) =>
          this.#router?.request(request, signal) ??
          Promise.resolve({ kind: 'refused', error: requestError('overloaded', 'The agent is starting') }),
        raftMessage: (bytes, from) => this.#server?.raft.onMessage(bytes, from),
        sessionClosed: (to) => this.#onSessionClosed(to),
        peerGone: (name) => this.#pools?.contactLost(name),
      }),
    })
  }

  /** What most parts of the agent need. */
  #parts(): PoolsOptions {
    return {
      host: this.#host,
      config: this.config,
      id: this.id,
      random: this.#random,
      limits: this.#limits,
      log: this.#logger,
      metrics: this.#telemetry.metrics,
      trace: this.#options.trace ?? {},
      onFault: (error) => this.#onFault(error),
    }
  }

  async #startServer(rpc: Rpc, pools: Pools, poolServices: PoolServices): Promise<void> {
    const { bind } = this.config
    try {
      await rpc.listen(bind.rpc)
    } catch (error) {
      throw new StartError(
        `Cannot listen for RPC on ${formatAddress(bind.rpc)}: ${describe(error)}; ` +
          wayToListen(error, { address: '-bind', port: '-server-port' }),
      )
    }
    this.#server = await startServer({
      ...this.#parts(),
      rpc,
      pools,
      poolServices,
      log: this.#logger.named('server'),
      router: () => this.#router,
      onFatal: (error) => this.#onFatal(error),
      onApplied: (bytes) => this.#settling?.noteBytes(bytes),
    })
  }

  /** Both failure detectors are told at once of what they would notice by silence. */
  #onSessionClosed(to: Address): void {
    this.#server?.onSessionClosed(to)
    const server = this.#pools?.lanServers.all().find((known) => isSameAddress(known.rpc, to))
    if (server !== undefined && server.id !== this.id) this.#pools?.contactLost(server.name)
  }

  #onFatal(error: unknown): void {
    this.#logger.error('Cannot go on: the log can no longer be written; stopping', { error: describe(error) })
    this.#host.console.err(
      `Cannot write the log in the data directory: ${describe(error)}; the agent stops\n`,
    )
    void this.stop().then(() => this.#ended(1))
  }

  /** A rule of our own does not hold: what is on disk is sound, so the way out is to start again from there. */
  #onFault(error: unknown): void {
    this.#logger.error('Cannot go on: a mistake in the program itself; stopping', { error: describe(error) })
    this.#host.console.err(
      `The program has made a mistake: ${describe(error)}; the agent stops, start it again and report this\n`,
    )
    void this.stop().then(() => this.#ended(1))
  }

  async #serve(
    requests: Requests,
    pools: Pools,
    poolServices: PoolServices,
    local: LocalNode,
  ): Promise<void> {
    const { config } = this
    const host = this.#host
    const { lan, wan } = pools
    this.app = createApp(
      createBackend({
        host,
        config,
        id: this.id,
        lan,
        wan,
        poolServices,
        raft: this.#server?.raft ?? null,
        requests,
        random: this.#random.fork('kept'),
        signal: this.#stopping.signal,
        local,
        log: this.log,
        metrics: this.#telemetry.metrics,
        knownServers: () => pools.lanServers.all().length,
        knownDatacenters: () => pools.datacenters().length,
        leaderAddress: () => this.#server?.leaderText() ?? '',
        configNow: () => this.config,
        leave: (isForced) => this.#leaveForApi(isForced),
        reload: () => this.#reload(),
      }),
    )
    this.#http = await startHttp(host, config, this.log, {
      ending: this.#stopping.signal,
      handler: (request, from) => {
        this.#settling?.note()
        return this.app(request, from)
      },
    })
    this.#dns = await startDns({
      host,
      config,
      requests,
      random: this.#random.fork('dns'),
      datacenters: () => (config.server ? pools.datacenters() : null),
      versionNow: (consistency, staleMsMax) =>
        this.#server?.local.versionNow(consistency, staleMsMax) ?? null,
      runPrepared: (run) => runForDns(requests, run, this.config.dns),
      onQuestion: () => this.#settling?.note(),
      metrics: this.#telemetry.metrics,
      log: this.#logger.named('dns'),
    })
  }

  #join(pools: Pools): void {
    void pools.joinConfigured(this.#stopping.signal, this.#server?.peerIps() ?? []).then((isJoined) => {
      // While it leaves, nobody is joined any more.
      if (isJoined || this.#stopping.signal.aborted || this.#leaving !== null) return
      void this.stop().then(() => this.#ended(1))
    })
  }

  run(): Promise<number> {
    const { signals } = this.#host
    const remove = [
      signals.on('SIGINT', () => this.#onSignal('SIGINT', !this.config.skipLeaveOnInterrupt)),
      signals.on('SIGTERM', () => this.#onSignal('SIGTERM', this.config.leaveOnTerminate)),
      signals.on('SIGHUP', () => {
        this.#logger.info('Caught signal', { signal: 'SIGHUP' })
        void this.#reload()
      }),
    ]
    return this.#whenEnded.finally(() => {
      for (const off of remove) off()
    })
  }

  #reload(): Promise<Result<void, RequestError>> {
    return reload({
      host: this.#host,
      running: this.config,
      apply: (next) => this.#apply(next),
      log: this.#logger,
    })
  }

  #apply(config: AgentConfig): void {
    this.config = config
    this.#sinks?.setLevel(config.log.level)
    this.#telemetry.set(config)
    this.#dns?.set(config)
    this.#local?.set(config)
    this.#poolServices?.set(config)
    this.#server?.set(config)
    this.#watches?.set(config.watches)
    this.#rateLimit?.set(rateOf(config))
    this.#http?.set(config)
  }

  /** As the reference does: the first signal leaves or stops, a second one ends at once. */
  #onSignal(signal: string, mustLeave: boolean): void {
    this.#logger.info('Caught signal', { signal })
    if (this.#isGoing || this.#leaving !== null || this.#stopped !== null) {
      this.#ended(1)
      return
    }
    this.#isGoing = true
    if (!mustLeave) {
      this.#logger.info('Graceful shutdown disabled. Exiting')
      void this.stop().then(() => this.#ended(1))
      return
    }
    this.#logger.info('Gracefully shutting down agent...')
    const { clock } = this.#host
    const cancel = clock.wakeAt(clock.nowMs() + leaveGraceMs, () => {
      this.#logger.error('The leave took too long; exiting')
      this.#ended(1)
    })
    void this.#leaveOrStop().then((code) => {
      cancel()
      this.#ended(code)
    })
  }

  /** A signal is never refused: an agent that the others cannot do without stops and does not leave. */
  async #leaveOrStop(): Promise<number> {
    const left = await this.leave()
    if (left.ok) return 0
    this.#logger.warn('Stopping without leaving the cluster', { reason: left.error.message })
    this.#host.console.err(`Stopping without leaving the cluster: ${left.error.message}\n`)
    await this.stop()
    return 1
  }

  async #leaveForApi(isForced: boolean): Promise<Result<void, RequestError>> {
    const left = await this.#leaveCluster(isForced)
    if (!left.ok) return left
    // The answer goes out first.
    const { clock } = this.#host
    clock.wakeAt(clock.nowMs() + 100, () => void this.stop().then(() => this.#ended(0)))
    return ok(undefined)
  }

  async leave(isForced = false): Promise<Result<null, RequestError>> {
    const left = await this.#leaveCluster(isForced)
    if (left.ok) await this.stop()
    return left
  }

  async #leaveCluster(isForced: boolean): Promise<Result<null, RequestError>> {
    const requests = this.#requests
    if (requests !== null && !isForced) {
      const raft = this.#server?.raft ?? null
      const may = await mayLeave({ id: this.id, clock: this.#host.clock, raft, requests })
      if (!may.ok) return may
    }
    this.#leaving ??= this.#leaveOnce()
    await this.#leaving
    return ok(null)
  }

  /** Each part of it ends by itself within seconds, so that a leave always does. */
  async #leaveOnce(): Promise<void> {
    this.#logger.info('Starting leave')
    await this.#local?.leave()
    const hadPeers = (await this.#server?.leave()) ?? false
    await this.#pools?.leave()
    if (hadPeers) await sleep(this.#host.clock, this.config.performance.leaveDrainMs, this.#stopping.signal)
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopOnce()
    return this.#stopped
  }

  /** Closes everything in the order in which requests flow. What cannot be closed must not keep the rest open. */
  async #stopOnce(): Promise<void> {
    this.#stopping.abort()
    await this.#starting.catch(() => undefined)
    this.#watches?.stop()
    await closeInOrder(this.#host.clock, this.#logger, [
      ['the local state', () => this.#local?.stop()],
      ['HTTP', () => this.#http?.stop()],
      ['DNS', () => this.#dns?.stop()],
      ['Raft', () => this.#server?.stop()],
      ['gossip', () => this.#pools?.stop()],
      ['RPC', () => this.#rpc?.close()],
      ['the pid file', () => this.#pidFile.remove()],
      ['the data directory', () => this.#lock?.release()],
    ])
    this.#logger.info('Agent stopped')
    await this.#telemetry.stop()
    await this.#sinks?.close()
  }
}
