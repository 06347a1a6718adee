// One run on real servers: clients and nemesis for a while, then peace, then the checks.
import type { Random } from '../../src/lib/random.ts'
import { sleep, until } from '../e2e/harness.ts'
import { AgeClients } from '../linearizability/age-clients.ts'
import { checkHistory, type KvOperation } from '../linearizability/check.ts'
import { HistoryRecorder } from '../linearizability/history.ts'
import { KvClients, readAll } from '../linearizability/kv-clients.ts'
import type { KvInput, KvOutput } from '../linearizability/kv-operations.ts'
import { LockClients } from '../linearizability/lock-clients.ts'
import { parsed, type Port } from '../linearizability/port.ts'
import { brokenDelays, endsOf } from '../linearizability/sessions.ts'
import { httpPort } from './http-port.ts'
import type { ServerMachine } from './machines.ts'
import { Nemesis } from './nemesis.ts'
import { Restores } from './restores.ts'

/** What a run is made of. */
export interface FaultRunOptions {
  readonly machines: readonly ServerMachine[]
  readonly random: Random
  /** Archives are restored meanwhile: then there are no locks, and answers are not asked for their age. */
  readonly withRestores: boolean
  readonly say: (line: string) => void
}

/** Keys get new names this often. */
const epochMs = 20_000
const progressMs = 10_000
/** Time within which all servers must agree once nothing goes wrong any more. */
const convergeMs = 60_000
/** A session's time. */
const ttlMs = 4000

interface Clients {
  readonly isIdle: boolean
  stop(): void
}

/** A run. */
export class FaultRun {
  readonly #options: FaultRunOptions
  readonly #port: Port & { close(): void }
  readonly #history = new HistoryRecorder<KvInput, KvOutput>()
  readonly #problems: string[] = []
  readonly #startedAt = performance.now()

  constructor(options: FaultRunOptions) {
    this.#options = options
    this.#port = httpPort(options.machines)
  }

  /** Returns the exit code. */
  async run(faultsMs: number): Promise<number> {
    const { machines, random, say } = this.#options
    await this.#agree()
    say(`${this.#time()} a leader is known to all`)
    const work = this.#work()
    const nemesis = new Nemesis({
      machines,
      random: random.fork('nemesis'),
      leader: () => this.#leader(),
      onFault: (what) => say(`${this.#time()} ${what}`),
    })
    await this.#watch(faultsMs)
    await nemesis.stop()
    say(`${this.#time()} everything heals`)
    await this.#agree()
    await sleep(2000)
    for (const each of work.clients) each.stop()
    await until('all clients have their last answer', () => work.clients.every((each) => each.isIdle), 30_000)
    const last = machines[0]?.name ?? ''
    this.#problems.push(...(await readAll({ port: this.#port, history: this.#history }, last)))
    say(`${this.#time()} checking ${this.#history.size} operations`)
    const differences = await this.#differences()
    this.#port.close()
    say([...nemesis.counts].map(([name, count]) => `${name} ${count}`).join(', '))
    return this.#report(work, differences)
  }

  /** Sets everybody to work. */
  #work(): Work {
    const { machines, random, say, withRestores } = this.#options
    const epoch = (): string => `${Math.floor((performance.now() - this.#startedAt) / epochMs)}-`
    const kv = { ...this.#common('kv'), clients: 10, groups: 3, usesTransactions: false, epoch }
    const txn = { ...this.#common('txn'), clients: 6, groups: 2, usesTransactions: true, epoch }
    const clients: readonly Clients[] = [new KvClients(kv), new KvClients(txn)]
    if (withRestores) {
      const restores = new Restores(machines, random.fork('restores'), say)
      return { clients: [...clients, restores], age: null, locks: null, restores }
    }
    const age = new AgeClients({ ...this.#common('age'), readers: 3 })
    const locks = new LockClients({ ...this.#common('locks'), clients: 5, keys: 2, ttlMs, epoch })
    return { clients: [...clients, age, locks], age, locks, restores: null }
  }

  #common(label: string): {
    readonly port: Port
    readonly random: Random
    readonly history: HistoryRecorder<KvInput, KvOutput>
    readonly pauseMsMax: number
    readonly onProblem: (problem: string) => void
  } {
    const onProblem = (problem: string): void => {
      this.#problems.push(problem)
      this.#options.say(`${this.#time()} PROBLEM ${problem}`)
    }
    const random = this.#options.random.fork(label)
    return { port: this.#port, random, history: this.#history, pauseMsMax: 60, onProblem }
  }

  async #watch(faultsMs: number): Promise<void> {
    const endAt = performance.now() + faultsMs
    while (performance.now() < endAt) {
      await sleep(Math.min(progressMs, Math.max(1, endAt - performance.now())))
      const { machines, say } = this.#options
      const states = machines
        .map((machine) => (machine.isPaused ? 'z' : machine.isRunning ? 'r' : '-'))
        .join('')
      say(`${this.#time()} ${this.#history.size} operations, servers ${states}`)
    }
  }

  /** Waits until every server names the same leader. */
  #agree(): Promise<unknown> {
    const { machines } = this.#options
    return until(
      'all servers agree on a leader',
      async () => {
        const leaders = await Promise.all(machines.map((machine) => this.#leaderOf(machine)))
        const [first = ''] = leaders
        if (!leaders.every((leader) => leader === first)) throw new Error(`they name ${leaders.join(' ')}`)
        return first !== ''
      },
      convergeMs,
    )
  }

  async #leaderOf(machine: ServerMachine): Promise<string> {
    const answer = await this.#port.send(machine.name, { path: '/v1/status/leader', timeoutMs: 1000 })
    return answer.status === 200 ? String(parsed(answer.body)).replace(/:8300$/, '') : ''
  }

  /** The machine that most of those which answer name as the leader. */
  async #leader(): Promise<ServerMachine | undefined> {
    const { machines } = this.#options
    const named = await Promise.all(machines.map((machine) => this.#leaderOf(machine)))
    const votes = (machine: ServerMachine): number => named.filter((ip) => ip === machine.ip).length
    return machines.toSorted((a, b) => votes(b) - votes(a))[0]
  }

  /** What the servers' own copies do not have in common once nothing is written any more. */
  async #differences(): Promise<readonly string[]> {
    const { machines } = this.#options
    for (let tries = 0; ; tries++) {
      const copies = await Promise.all(
        machines.map((machine) =>
          this.#port.send(machine.name, { path: '/v1/kv/lin/?recurse&stale', timeoutMs: 20_000 }),
        ),
      )
      const bodies = new Set(copies.map((copy) => `${copy.status} ${copy.body}`))
      if (bodies.size === 1) return []
      // The last write, or a session's end, reaches the followers a moment later.
      if (tries === 10) return [`${bodies.size} servers hold different keys`]
      await sleep(1000)
    }
  }

  #report(work: Work, differences: readonly string[]): number {
    const { say } = this.#options
    const rows = [
      ...this.#historyRows(work),
      row('equal copies on all servers', this.#options.machines.length, differences),
    ]
    for (const { bad } of rows) for (const text of bad) say(`FAIL ${text}`)
    say('')
    for (const { name, count, unknown, bad } of rows) {
      const result = bad.length === 0 ? 'ok  ' : 'FAIL'
      const more = unknown === 0 ? '' : `, ${unknown} unknown`
      say(`${result} ${name.padEnd(45)} ${String(count).padStart(8)}${more}`)
    }
    const failed = rows.filter(({ bad }) => bad.length > 0).length
    say(`${rows.length - failed} passed, ${failed} failed`)
    return failed === 0 ? 0 : 1
  }

  #historyRows({ age, locks, restores }: Work): readonly Row[] {
    const recorded = this.#history.operations()
    const sessions = locks?.sessions ?? []
    const groups = new Set(recorded.map(({ input }) => input.group))
    const all = [...recorded, ...endsOf(sessions, recorded), ...(restores?.operations(groups) ?? [])]
    const ofFamily = (name: string): Row =>
      this.#checked(
        name,
        all.filter(({ input }) => input.group.startsWith(`lin/${name}/`)),
      )
    const isOfAge = (problem: string): boolean => problem.startsWith('tooOld')
    const others = this.#problems.filter((problem) => !isOfAge(problem))
    const rows = [ofFamily('kv'), ofFamily('txn'), row('answers as they must be', recorded.length, others)]
    if (locks !== null) {
      rows.push(ofFamily('lock'), row('lock-delays', sessions.length, brokenDelays(sessions, recorded)))
    }
    if (age !== null) {
      const bad = this.#problems.filter(isOfAge)
      rows.push(row(`ages of stale answers (oldest ${age.oldestMs} ms)`, age.reads, bad))
    }
    if (restores !== null) rows.push(row(`restores, of ${restores.saved} archives`, restores.restored, []))
    return rows
  }

  #checked(name: string, operations: readonly KvOperation[]): Row {
    const startedAt = performance.now()
    const result = checkHistory(operations)
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    const undecided = result.undecided.map((text) => `undecided: ${text}`)
    return {
      name: `${name}: linearizable, ${result.groups} groups, ${seconds} s`,
      count: result.operations,
      unknown: result.unknown,
      bad: [...result.violations, ...undecided],
    }
  }

  #time(): string {
    return `${((performance.now() - this.#startedAt) / 1000).toFixed(1).padStart(6)} s`
  }
}

/** Who is at work. */
interface Work {
  readonly clients: readonly Clients[]
  readonly age: AgeClients | null
  readonly locks: LockClients | null
  readonly restores: Restores | null
}

interface Row {
  readonly name: string
  readonly count: number
  readonly unknown: number
  /** What is wrong. */
  readonly bad: readonly string[]
}

function row(name: string, count: number, bad: readonly string[]): Row {
  return { name, count, unknown: 0, bad }
}
