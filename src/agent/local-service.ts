// The composition of the local state of one agent: its machine, files, checks and requests; what the agent tells them.
import type { AgentConfig } from '../config/agent-config.ts'
import type { LocalNode } from '../http/backend-local.ts'
import type { Random } from '../lib/random.ts'
import { batchLimits, localTiming, type OutputRules } from '../local/config.ts'
import type { LocalInput } from '../local/events.ts'
import { LocalMachine } from '../local/local.ts'
import type { FileDefinitions } from '../local/plan.ts'
import type { NodeInfo, ServiceInfo } from '../model/catalog.ts'
import type { Limits } from '../model/limits.ts'
import type { Host } from '../runtime/host.ts'
import { createCheckDuty } from './checks/duty.ts'
import { OwnNode } from './local-node.ts'
import { openLocalStore } from './local-store.ts'
import { createLocalSync, type LocalSync } from './local-sync.ts'
import type { Logger } from './log.ts'
import type { Pump } from './loop.ts'
import type { Pools } from './pools.ts'
import type { Requests } from './requests.ts'
import type { LocalServer } from './router.ts'
import { sleep } from './sleep.ts'

/** What it is joined from. */
export interface LocalServiceOptions {
  readonly host: Host
  readonly config: AgentConfig
  readonly id: string
  readonly random: Random
  readonly limits: Limits
  readonly requests: Requests
  readonly pools: Pools
  /** Of a server: tells when another one leads. */
  readonly local: Pick<LocalServer, 'onLeaderChange'> | null
  /** Aborts when the agent stops. */
  readonly signal: AbortSignal
  readonly log: Logger
  readonly onFault: (error: unknown) => void
}

/** The local state at work. */
export interface LocalService {
  readonly node: LocalNode
  /** Of this node, as they are now. */
  services(): Iterable<ServiceInfo>
  /** The parts of a configuration that a reload applies: node meta data, definitions, settings of checks. */
  set(config: AgentConfig): void
  /** The agent leaves: nothing is written into the catalog any more. Resolves when what was on its way has arrived. */
  leave(): Promise<void>
  stop(): Promise<void>
}

/** How long a leave waits for what is on its way to the catalog: it would bring the node back. */
const arrivalMsMax = 1000

/** Our node's record as this agent wants it. */
export function ownNode(config: AgentConfig, id: string): NodeInfo {
  return {
    id,
    name: config.nodeName,
    address: config.advertise.lan,
    datacenter: config.datacenter,
    taggedAddresses: config.taggedAddresses,
    meta: { 'consul-network-segment': '', ...config.nodeMeta },
  }
}

/** Restores the local state and begins its checks and its sync. Errors: StartError, when its files cannot be read. */
export async function startLocal(options: LocalServiceOptions): Promise<LocalService> {
  const { host, config, id, random, requests, log, limits, onFault } = options
  const machine = makeMachine(options)
  const node = new OwnNode({ machine, nodeName: config.nodeName, log })
  const store = await openLocalStore(host, config.dataDir, node, log)
  const pump = makeSync(options, machine, node)
  const duty = createCheckDuty({
    host,
    random: random.fork('checks'),
    limits,
    agentTls: () => null,
    reports: node,
    aliases: node.aliases((query, read, signal) => requests.read(query, read, signal)),
    log: log.named('checks'),
    onFault,
  })
  const { scripts } = config.definitionRules
  node.open({ store, duty, pump, files: filesOf(config), scripts, nowWallMs: host.clock.wallMs() })
  const unsubscribe = watchServers(options, pump)
  let hasLeft = false
  return {
    node,
    *services() {
      for (const { info } of node.services.values()) yield info
    },
    set(next) {
      // It would be written into the catalog, which is to forget this node.
      if (hasLeft) return
      pump.feed({ kind: 'nodeSet', node: ownNode(next, id) })
      pump.feed({ kind: 'outputSet', output: outputOf(next) })
      node.setFiles(filesOf(next), next.definitionRules.scripts)
    },
    async leave() {
      hasLeft = true
      pump.feed({ kind: 'paused' })
      const hasArrived = new AbortController()
      void pump.arrived().then(() => hasArrived.abort())
      await sleep(host.clock, arrivalMsMax, hasArrived.signal)
    },
    async stop() {
      unsubscribe()
      await node.stop()
    },
  }
}

function filesOf(config: AgentConfig): FileDefinitions {
  return { services: config.services, checks: config.checkDefinitions }
}

function outputOf({ checks }: AgentConfig): OutputRules {
  return { updateIntervalMs: checks.updateIntervalMs, isDiscarded: checks.discardOutput }
}

function makeMachine({ host, config, id, random }: LocalServiceOptions): LocalMachine {
  return new LocalMachine(
    ownNode(config, id),
    {
      timing: localTiming,
      batch: batchLimits,
      output: outputOf(config),
      seed: random.fork('local').uint32(),
    },
    host.clock.nowMs(),
  )
}

function makeSync(options: LocalServiceOptions, machine: LocalMachine, node: OwnNode): LocalSync {
  const { host, config, requests, pools, signal, log, onFault } = options
  return createLocalSync({
    machine,
    clock: host.clock,
    requests,
    nodeName: config.nodeName,
    knowsServers: () => config.server || pools.lanServers.all().length > 0,
    poolSize: () => pools.lan.machine.aliveCount,
    signal,
    log,
    onVersion: () => node.onVersion(),
    onTried: (version) => node.onTried(version),
    onFault,
  })
}

/** What could not be written before may be writable when a server has come, or another one leads. */
function watchServers(options: LocalServiceOptions, pump: Pump<LocalInput>): () => void {
  const { pools, config, local } = options
  let isOver = false
  const tell = (): void => {
    if (!isOver) pump.feed({ kind: 'serversChanged' })
  }
  pools.onLanMember((event, member) => {
    const isServer = member.tags.get('role') === 'consul' && member.tags.get('dc') === config.datacenter
    if (event === 'joined' && isServer) tell()
  })
  const unsubscribe = local?.onLeaderChange(tell)
  return () => {
    isOver = true
    unsubscribe?.()
  }
}
