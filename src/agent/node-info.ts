// An agent keeps its own node's record right: addresses by tag and meta data (the first part of anti-entropy).
import type { AgentConfig } from '../config/agent-config.ts'
import type { CatalogNode, NodeInfo } from '../model/catalog.ts'
import type { Random } from '../lib/random.ts'
import type { Clock } from '../runtime/host.ts'
import type { Logger } from './log.ts'
import type { Requests } from './requests.ts'

/** What the agent needs for it. */
export interface NodeInfoOptions {
  readonly config: AgentConfig
  readonly id: string
  readonly clock: Clock
  readonly random: Random
  readonly requests: Requests
  /** False while there is nobody to ask. */
  readonly knowsServers: () => boolean
  /** Aborts when the agent stops. */
  readonly signal: AbortSignal
  readonly log: Logger
}

/** As often as the reference: a full sync each minute and a random part of one; soon again after a failure. */
const periodMs = 60_000
const retryMs = 2000

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

/** Keeps the record. */
export interface NodeInfoKeeper {
  /** Looks again soon. */
  touch(): void
  /** The record is to be as this configuration says. */
  set(config: AgentConfig): void
  stop(): void
}

/** Begins to keep the record. */
export function keepNodeInfo(options: NodeInfoOptions): NodeInfoKeeper {
  let isStopped = false
  let isRunning = false
  let disarm: (() => void) | null = null
  let wanted = ownNode(options.config, options.id)

  const arm = (delayMs: number): void => {
    disarm?.()
    if (!isStopped) disarm = options.clock.wakeAt(options.clock.nowMs() + delayMs, () => void run())
  }
  const run = async (): Promise<void> => {
    disarm = null
    if (isRunning || isStopped) return
    isRunning = true
    const synced = wanted
    const isDone = (await sync(options, synced)) && synced === wanted
    isRunning = false
    arm(isDone ? periodMs + options.random.below(periodMs) : retryMs + options.random.below(retryMs))
  }
  const touch = (): void => arm(options.random.below(200))
  return {
    touch,
    set(config) {
      wanted = ownNode(config, options.id)
      touch()
    },
    stop() {
      isStopped = true
      disarm?.()
    },
  }
}

async function sync(options: NodeInfoOptions, wanted: NodeInfo): Promise<boolean> {
  const known = options.knowsServers() ? await read(options) : null
  // The leader registers the node when it sees it in the pool; until then there is nothing to correct.
  if (known === null) return false
  if (isSame(known, wanted)) return true
  const command = {
    kind: 'register',
    node: wanted,
    service: null,
    checks: [],
    skipNodeUpdate: false,
  } as const
  const written = await options.requests.write(command, '')
  const isWritten = written.ok && written.value.kind === 'done'
  if (isWritten) options.log.info('Synced node info')
  return isWritten
}

/** Our node as the catalog has it; null when it is not there yet, or when no server answers. */
async function read({ requests, config, signal }: NodeInfoOptions): Promise<CatalogNode | null> {
  const options = { datacenter: '', consistency: 'stale', maxStaleMs: null, minIndex: 0, waitMs: 0 } as const
  const answer = await requests.read({ kind: 'node', node: config.nodeName }, options, signal)
  return answer.ok ? (answer.value.value?.node ?? null) : null
}

function isSame(known: NodeInfo, wanted: NodeInfo): boolean {
  return (
    known.id === wanted.id &&
    known.address === wanted.address &&
    isSameMap(known.taggedAddresses, wanted.taggedAddresses) &&
    isSameMap(known.meta, wanted.meta)
  )
}

function isSameMap(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
