// Checks that say what others say: the worst of what bears on a service, here or on another node.
import type { CheckStatus } from '../../model/catalog.ts'
import type { CheckOutcome, CheckRun } from '../../model/definition.ts'
import type { ReadOptions } from '../../model/query.ts'
import type { Clock } from '../../runtime/host.ts'
import type { Requests } from '../requests.ts'
import { sleep } from '../sleep.ts'
import { critical } from './texts.ts'

/** A check that an alias may follow. */
export interface AliasedCheck {
  readonly checkId: string
  readonly name: string
  readonly status: CheckStatus
  readonly output: string
  /** '' for a check of the node. */
  readonly serviceId: string
  /** As the catalog shows it. */
  readonly type: string
}

/** What aliases look at. */
export interface AliasView {
  /** This node's name. */
  readonly nodeName: string
  /** True if this node's local state has a service of this id. */
  hasService(serviceId: string): boolean
  /** The checks of this node in the local state: those of the node itself and those of this service ('': the former). */
  checks(serviceId: string): Iterable<AliasedCheck>
  /**
   * Calls back when services or checks of this node have changed that bear on this service: its own, and the node's.
   * May also be called for more. Returns what ends it.
   */
  watch(serviceId: string, onChange: () => void): () => void
  /** For other nodes: the agent's requests. */
  readonly read: Requests['read']
}

/** An alias at work. */
export interface AliasFollower {
  readonly run: Extract<CheckRun, { readonly type: 'alias' }>
  readonly checkId: string
  readonly clock: Clock
  readonly view: AliasView
  /** Aborts when nobody wants to know any more. */
  readonly signal: AbortSignal
  /** Told each time that something may have changed; never from within `followAlias`. */
  readonly tell: (outcome: CheckOutcome) => void
}

/** A read of another node waits for so long for a change. */
const waitMs = 60_000
/** After a failed read the next one comes so much later, and later still each time. */
const retryMs = 1000
const retryMsMax = 60_000

const rank: Readonly<Record<CheckStatus, number>> = { passing: 0, warning: 1, critical: 2 }

/** Follows what an alias stands for until its signal aborts. */
export function followAlias(follower: AliasFollower): void {
  const { run, view } = follower
  const isHere = run.node === '' || run.node.toLowerCase() === view.nodeName.toLowerCase()
  if (isHere) followHere(follower)
  else void followThere(follower)
}

/**
 * The worst of some checks, in the words of the first that is so bad. An alias does not follow itself, nor aliases of a
 * node: two of them would hold each other critical for ever.
 */
export function worstOf(checks: Iterable<AliasedCheck>, alias: string): CheckOutcome {
  let worst: AliasedCheck | null = null
  for (const check of checks) {
    if (check.checkId === alias || check.status === 'passing' || isAliasOfNode(check)) continue
    if (worst === null || rank[check.status] > rank[worst.status]) worst = check
  }
  if (worst === null) return { status: 'passing', output: 'All checks passing.' }
  const output = `Aliased check ${JSON.stringify(worst.name)} failing: ${causeOf(worst)}`
  return { status: worst.status, output }
}

const quotations = /^(?:Aliased check "(?:[^"\\]|\\.)*" failing: )+/

/** What an alias quotes: two that look at each other would quote each other's quotations without end. */
function causeOf({ type, output }: AliasedCheck): string {
  return type === 'alias' ? output.replace(quotations, '') : output
}

function isAliasOfNode({ serviceId, type }: AliasedCheck): boolean {
  return serviceId === '' && type === 'alias'
}

function followHere({ run, checkId, clock, view, signal, tell }: AliasFollower): void {
  let isPlanned = false
  const look = (): void => {
    isPlanned = false
    if (signal.aborted) return
    const isThere = run.service === '' || view.hasService(run.service)
    tell(isThere ? worstOf(view.checks(run.service), checkId) : notFound(run.service, run.node))
  }
  // Many changes of one turn are looked at once.
  const plan = (): void => {
    if (isPlanned) return
    isPlanned = true
    clock.soon(look)
  }
  signal.addEventListener('abort', view.watch(run.service, plan))
  plan()
}

async function followThere(follower: AliasFollower): Promise<void> {
  const { run, clock, view, signal, tell } = follower
  let minIndex = 0
  let failures = 0
  while (!signal.aborted) {
    const sinceMs = clock.nowMs()
    const askedIndex = minIndex
    const reply = await view.read({ kind: 'nodeDump', node: run.node }, readOptions(minIndex), signal)
    if (signal.aborted) return
    if (!reply.ok) {
      failures++
      minIndex = 0
      tell(critical(`Failure checking aliased node or service: ${reply.error.message}`))
      await sleep(clock, Math.min(retryMs * failures, retryMsMax), signal)
      continue
    }
    failures = 0
    const { index, value } = reply.value
    minIndex = index < minIndex ? 0 : index
    const [node] = value
    const isThere =
      node !== undefined && (run.service === '' || node.services.some(({ id }) => id === run.service))
    const checks = (node?.checks ?? []).filter(
      ({ serviceId }) => serviceId === '' || serviceId === run.service,
    )
    tell(isThere ? worstOf(checks, '') : notFound(run.service, run.node))
    // Nobody lets it wait: it must not ask on and on.
    const isInVain = index === askedIndex && clock.nowMs() - sinceMs < retryMs
    if (isInVain) await sleep(clock, retryMs, signal)
  }
}

function readOptions(minIndex: number): ReadOptions {
  return { datacenter: '', consistency: 'stale', maxStaleMs: null, minIndex, waitMs }
}

function notFound(service: string, node: string): CheckOutcome {
  if (service === '') return critical(`Node ${node} could not be found`)
  return critical(`Service ${service} could not be found on node ${node}`)
}
