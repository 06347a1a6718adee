// Clients of test/linearizability at work on a simulated cluster, with a history that is checked at the end.
import type { Random } from '../../src/lib/random.ts'
import { AgeClients } from '../linearizability/age-clients.ts'
import { checkHistory } from '../linearizability/check.ts'
import { HistoryRecorder } from '../linearizability/history.ts'
import { KvClients, readAll } from '../linearizability/kv-clients.ts'
import type { KvInput, KvOutput } from '../linearizability/kv-operations.ts'
import { LockClients } from '../linearizability/lock-clients.ts'
import type { Answer, Port } from '../linearizability/port.ts'
import { brokenDelays, endsOf } from '../linearizability/sessions.ts'
import { ask } from './client.ts'
import type { Cluster } from './cluster.ts'
import { MemberChanges } from './member-changes.ts'
import type { SimNode } from './node.ts'

/** What the clients of a run do. */
export const scenarioNames = ['cluster', 'kv', 'txn', 'locks', 'members', 'services'] as const

/** A family of seeded runs. */
export type Scenario = (typeof scenarioNames)[number]

/** Sessions live so long if nothing else is asked for: runs are short. Needs `session_ttl_min` in the agents' configuration. */
const usualTtlMs = 2000

/** Longest pause of a client between two operations. */
const pauseMsMax = 250

/** What the clients are to do. */
export interface HistoryOptions {
  readonly scenario: Exclude<Scenario, 'cluster' | 'services'>
  /** How much of each lock-delay must be kept; null for none of it. */
  readonly delayPerMille: number | null
  /** How long sessions live. */
  readonly ttlMs?: number
}

/** What agents are configured with so that runs may be short. */
export const historyConfig: object = { session_ttl_min: '1s' }

interface Clients {
  readonly isIdle: boolean
  stop(): void
}

/** A port to the agents of a cluster. */
export function simPort(cluster: Cluster): Port {
  const { world } = cluster
  const nodeOf = (name: string) => cluster.nodes.find((node) => node.name === name)
  return {
    now: () => world.scheduler.nowMicros / 1000,
    pause: (ms) => world.pause(ms),
    get targets() {
      return cluster.nodes.filter((node) => !node.hasLeft).map((node) => node.name)
    },
    send(target, request): Promise<Answer> {
      const node = nodeOf(target)
      if (node === undefined) return Promise.reject(new Error(`no node ${target}`))
      return ask(world, node, request)
    },
    note(target, what, { status, body }) {
      cluster.note(target, `${what}: ${status} ${status === 200 ? '' : body.slice(0, 60)}`)
    },
  }
}

/** Clients of one scenario. */
export class HistoryWorkload {
  readonly #cluster: Cluster
  readonly #history = new HistoryRecorder<KvInput, KvOutput>()
  readonly #clients: readonly Clients[]
  readonly #age: AgeClients
  readonly #locks: LockClients | null
  readonly #delayPerMille: number | null

  constructor(
    cluster: Cluster,
    { scenario, delayPerMille, ttlMs = usualTtlMs }: HistoryOptions,
    random: Random,
  ) {
    this.#cluster = cluster
    this.#delayPerMille = delayPerMille
    const port = simPort(cluster)
    const onProblem = (problem: string): void => cluster.fail(problem)
    const common = { port, random, history: this.#history, pauseMsMax, onProblem }
    this.#age = new AgeClients({ ...common, readers: 2 })
    const groups = random.between(1, 3)
    const clients = random.between(4, 8)
    if (scenario === 'locks') {
      this.#locks = new LockClients({ ...common, clients, keys: groups, ttlMs })
      this.#clients = [this.#age, this.#locks]
    } else {
      this.#locks = null
      const kv = new KvClients({ ...common, clients, groups, usesTransactions: scenario === 'txn' })
      const changes = scenario === 'members' ? [new MemberChanges(cluster, random.fork('members'))] : []
      this.#clients = [this.#age, kv, ...changes]
    }
  }

  get isIdle(): boolean {
    return this.#clients.every((clients) => clients.isIdle)
  }

  stop(): void {
    for (const clients of this.#clients) clients.stop()
  }

  /** Reads everything once more, and checks all that was recorded; what is wrong, or could not be decided. */
  async verify(last: SimNode): Promise<readonly string[]> {
    const unread = await readAll({ port: simPort(this.#cluster), history: this.#history }, last.name)
    const recorded = this.#history.operations()
    const sessions = this.#locks?.sessions ?? []
    const result = checkHistory([...recorded, ...endsOf(sessions, recorded)])
    this.#cluster.note(
      '',
      `${result.operations} operations, ${result.unknown} unknown, ${sessions.length} sessions, ` +
        `${this.#age.reads} stale reads, oldest ${this.#age.oldestMs} ms`,
    )
    return [
      ...unread,
      ...result.violations.map((text) => `notLinearizable: ${text}`),
      ...result.undecided.map((text) => `undecided: ${text}`),
      ...(this.#delayPerMille === null ? [] : brokenDelays(sessions, recorded, this.#delayPerMille)),
    ]
  }

  /** Operations recorded, and stale answers checked. */
  get counts(): { readonly operations: number; readonly staleReads: number } {
    return { operations: this.#history.size, staleReads: this.#age.reads }
  }
}
