// An agent keeps its own node's record right: addresses by tag and meta data (the first part of anti-entropy).
import type { AgentConfig } from '../config/agent-config.ts'
import type { CatalogNode, NodeInfo } from '../model/catalog.ts'
import type { Random } from '../lib/random.ts'
import type { Clock } from '../runtime/host.ts'
import type { Logger } from './log.ts'

/** What the agent needs for it. */
export interface NodeInfoOptions {
  readonly config: AgentConfig
  readonly id: string
  readonly clock: Clock
  readonly random: Random
  /** Our node as the catalog has it; undefined when no server answered, null when it is not there yet. */
  readonly read: () => Promise<CatalogNode | null | undefined>
  readonly write: (node: NodeInfo) => Promise<boolean>
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

/** Begins to keep the record; returns what looks again soon and what stops it. */
export function keepNodeInfo(options: NodeInfoOptions): { touch(): void; stop(): void } {
  let isStopped = false
  let isRunning = false
  let disarm: (() => void) | null = null
  const wanted = ownNode(options.config, options.id)

  const arm = (delayMs: number): void => {
    disarm?.()
    if (!isStopped) disarm = options.clock.wakeAt(options.clock.nowMs() + delayMs, () => void run())
  }
  const run = async (): Promise<void> => {
    disarm = null
    if (isRunning || isStopped) return
    isRunning = true
    const isDone = await sync(options, wanted)
    isRunning = false
    arm(isDone ? periodMs + options.random.below(periodMs) : retryMs + options.random.below(retryMs))
  }
  return {
    touch: () => arm(options.random.below(200)),
    stop() {
      isStopped = true
      disarm?.()
    },
  }
}

async function sync(options: NodeInfoOptions, wanted: NodeInfo): Promise<boolean> {
  const known = await options.read()
  // The leader registers the node when it sees it in the pool; until then there is nothing to correct.
  if (known === undefined || known === null) return false
  if (isSame(known, wanted)) return true
  const isWritten = await options.write(wanted)
  if (isWritten) options.log.info('Synced node info')
  return isWritten
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
