// One seeded run: a cluster, faults drawn from the seed, clients at work; then everything heals and must converge.
import { seededRandom } from '../../src/lib/random.ts'
import { delayPerMille } from '../linearizability/sessions.ts'
import { CatalogWorkload, compareCatalog, compareServers } from './catalog-workload.ts'
import { checkClean } from './checkers/resources.ts'
import { Cluster, tinyLimits } from './cluster.ts'
import { describePlan, drawPlan, FaultInjector } from './faults.ts'
import { historyConfig, HistoryWorkload, type HistoryOptions, type Scenario } from './histories.ts'
import type { SimNode } from './node.ts'
import type { SimProcess } from './process.ts'
import { ServicesWorkload } from './services-workload.ts'
import { Workload } from './workload.ts'

/** How a run is made. */
export interface RunOptions {
  readonly seed: number
  /** What the clients do; `cluster` if not given. */
  readonly scenario?: Scenario
  /** Virtual time with faults. */
  readonly faultsMs?: number
  readonly onLine?: (line: string) => void
}

/** What became of it. */
export interface RunResult {
  readonly seed: number
  readonly ok: boolean
  /** What was violated, or why it did not converge; empty when all went well. */
  readonly problems: readonly string[]
  readonly hash: string
  /** A number drawn at the end: equal only if every draw before was. */
  readonly lastDraw: number
  readonly virtualMs: number
  readonly events: number
  readonly acknowledged: number
  readonly reads: number
  /** Operations of the history that was checked. */
  readonly operations: number
  readonly plan: string
  /** Nodes and the end of the trace, for a report. */
  readonly report: readonly string[]
}

/** Virtual time within which a healed cluster must agree. */
const convergeMs = 150_000

/** The longest time limit of a connection attempt: an exchange of the WAN pool. */
const connectMsMax = 31_000

/** Runs a seed. */
export async function runSeed(options: RunOptions): Promise<RunResult> {
  const { seed, scenario = 'cluster', faultsMs = 40_000, onLine } = options
  const random = seededRandom(seed).fork('run')
  const plan = drawPlan(random.fork('plan'))
  const cluster = new Cluster({
    seed,
    servers: serversOf(options, random.chance(700) ? 3 : 5),
    clients: random.below(3),
    limits: tinyLimits,
    ...configOf(scenario, random.fork('config')),
    ...(scenario === 'members' ? { args: ['-rejoin'] } : {}),
    ...(onLine === undefined ? {} : { onLine }),
  })
  cluster.note('', `seed ${seed}: ${describePlan(plan)}`)
  const problems: string[] = []
  let operations = 0
  try {
    operations = await drive(cluster, { plan, scenario, faultsMs, random, problems })
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  problems.unshift(...cluster.violations)
  const { world } = cluster
  return {
    seed,
    ok: problems.length === 0,
    problems,
    hash: world.trace.hash,
    lastDraw: world.random.uint32(),
    virtualMs: world.nowMs,
    events: world.scheduler.eventCount,
    acknowledged: cluster.kv.acknowledged,
    reads: cluster.kv.reads,
    operations,
    plan: describePlan(plan),
    report: [...cluster.describe(), ...world.trace.tail(), ...consoles(cluster)],
  }
}

/** Half of the clusters whose members change begin as one server, and may become that again. */
function serversOf({ seed, scenario }: RunOptions, usual: number): number {
  return scenario === 'members' && seed % 4 === 0 ? 1 : usual
}

interface Drive {
  readonly plan: ReturnType<typeof drawPlan>
  readonly scenario: Scenario
  readonly faultsMs: number
  readonly random: ReturnType<typeof seededRandom>
  readonly problems: string[]
}

/** A restart of all servers goes on by the first leader's wall clock: after a step of it nothing is known. */
function delaysKept({ kinds }: ReturnType<typeof drawPlan>): number | null {
  return kinds.includes('wallStep') && kinds.includes('powerAll') ? null : delayPerMille
}

/** What clients did in a run, and how it is checked when nothing goes wrong any more. */
interface Work {
  readonly isIdle: boolean
  readonly operations: number
  becomeQuiet(): void
  stop(): void
  verify(last: SimNode): Promise<readonly string[]>
  /** Virtual time that `verify` may take. */
  readonly verifyMsMax: number
}

/** Questions at leisure. */
const askMsMax = 60_000

/** Runs all phases; returns the number of operations whose history was checked. */
async function drive(
  cluster: Cluster,
  { plan, scenario, faultsMs, random, problems }: Drive,
): Promise<number> {
  cluster.startAll()
  // A cluster that never formed has nothing to lose: faults begin when it has.
  if (!(await cluster.converge(60_000))) {
    problems.push('The cluster does not form')
    return 0
  }
  const injector = new FaultInjector(cluster, plan, random.fork('faults'))
  const work = workOf(cluster, { plan, scenario, random })
  await cluster.run(faultsMs)
  // New servers know of others only what they were told: whoever is left must be able to find each other.
  const spared = scenario === 'members' ? new Set<SimNode>() : minority(cluster, random.fork('spared'))
  injector.heal(spared)
  if (!(await cluster.converge(convergeMs)) && cluster.violations.length === 0) {
    problems.push(`No agreement ${convergeMs} ms after everything healed`)
  }
  // Streams that were cut off try again seconds later.
  await cluster.run(5000)
  work.becomeQuiet()
  await cluster.run(10_000)
  work.stop()
  await cluster.until(() => work.isIdle, 20_000)
  if (cluster.violations.length + problems.length > 0) return work.operations
  const last = random.fork('last').pick(cluster.running)
  if (last !== undefined) await verify(cluster, { work, last, problems })
  await stopAll(cluster, problems)
  return work.operations
}

/** What the agents of a scenario find in their configuration file. */
function configOf(scenario: Scenario, random: ReturnType<typeof seededRandom>): { readonly config?: object } {
  if (scenario === 'cluster') return {}
  if (scenario !== 'services') return { config: historyConfig }
  return { config: { check_update_interval: random.pick(['0s', '2s', '5m']) ?? '5m' } }
}

function workOf(
  cluster: Cluster,
  { plan, scenario, random }: Pick<Drive, 'plan' | 'scenario' | 'random'>,
): Work {
  if (scenario === 'cluster') return clusterWork(cluster, random)
  if (scenario === 'services') return new ServicesWorkload(cluster, random.fork('services'))
  return historyWork(cluster, { scenario, delayPerMille: delaysKept(plan) }, random)
}

/** Keys with one writer each, a counter, the catalog and those who watch it. */
function clusterWork(cluster: Cluster, random: ReturnType<typeof seededRandom>): Work {
  const workload = new Workload(cluster, 3, random.fork('workload'))
  const catalog = new CatalogWorkload(cluster, random.fork('catalog'))
  return {
    get isIdle() {
      return workload.isIdle && catalog.isIdle
    },
    operations: 0,
    becomeQuiet: () => catalog.becomeQuiet(),
    stop() {
      workload.stop()
      catalog.stop()
    },
    async verify(last) {
      await workload.verify(last)
      return []
    },
    verifyMsMax: askMsMax,
  }
}

/** Clients whose history is checked. */
function historyWork(
  cluster: Cluster,
  options: HistoryOptions,
  random: ReturnType<typeof seededRandom>,
): Work {
  const workload = new HistoryWorkload(cluster, options, random.fork('history'))
  return {
    get isIdle() {
      return workload.isIdle
    },
    get operations() {
      return workload.counts.operations + workload.counts.staleReads
    },
    becomeQuiet: () => undefined,
    stop: () => workload.stop(),
    verify: (last) => workload.verify(last),
    verifyMsMax: askMsMax,
  }
}

/** Asks at leisure what must be true when nothing is written and nothing goes wrong any more. */
async function verify(
  cluster: Cluster,
  { work, last, problems }: { readonly work: Work; readonly last: SimNode; readonly problems: string[] },
): Promise<void> {
  const { world } = cluster
  // The last write reaches the followers a moment later.
  await cluster.run(1000)
  problems.push(...(await world.wait(work.verify(last), work.verifyMsMax)))
  problems.push(...(await world.wait(compareServers(cluster), 60_000)))
  problems.push(...(await world.wait(compareCatalog(cluster, last), 60_000)))
}

/** Some servers that stay down after the rest has healed: fewer than half, also of those that vote, and often none. */
function minority(cluster: Cluster, random: ReturnType<typeof seededRandom>): ReadonlySet<SimNode> {
  if (random.chance(600)) return new Set()
  const servers = random.shuffle([...cluster.servers]).slice(0, Math.floor((cluster.servers.length - 1) / 2))
  const spared = new Set<SimNode>()
  const isBearable = (voters: readonly string[]): boolean =>
    2 * [...spared].filter((node) => voters.includes(node.id)).length < Math.max(1, voters.length)
  for (const node of servers) {
    spared.add(node)
    if (!isBearable(cluster.voters.final) || !isBearable(cluster.voters.newest)) spared.delete(node)
  }
  return spared
}

/** Stops every agent; nothing of it may be left. */
async function stopAll(cluster: Cluster, problems: string[]): Promise<void> {
  const stopped: SimProcess[] = []
  for (const { process, agent } of cluster.running) {
    if (process === null || agent === null) continue
    stopped.push(process)
    await cluster.world.wait(agent.stop(), 30_000)
  }
  // Connections that are being made cannot be called off: they end by their own time limit.
  await cluster.run(connectMsMax)
  for (const process of stopped) cluster.check(() => checkClean(process))
  problems.push(...badLines(cluster))
}

/** What an agent may say at level error because of the disk that it was given. */
const diskWords = ['the log can no longer be written', 'input/output error', 'no space left']

/** Lines of level error that no fault explains. */
function badLines(cluster: Cluster): readonly string[] {
  const isBad = (line: string): boolean =>
    line.includes('[ERROR]') && !diskWords.some((words) => line.includes(words))
  return cluster.nodes.flatMap((node) =>
    node.machine.consoleLines.filter(isBad).map((line) => `${node.name}: ${line}`),
  )
}

function consoles(cluster: Cluster): readonly string[] {
  return cluster.nodes.flatMap((node) =>
    node.machine.consoleLines.slice(-12).map((line) => `${node.name}: ${line}`),
  )
}
