// Clients that put, read, compare-and-set and delete a few keys that all of them use, alone and in transactions.
import type { Random } from '../../src/lib/random.ts'
import { Crew, problemOf } from './crew.ts'
import type { HistoryRecorder, Outcome } from './history.ts'
import { outcomeOf, requestOf } from './kv-http.ts'
import type { KvInput, KvOutput, KvStep, TxnStepResult } from './kv-operations.ts'
import type { Answer, Port } from './port.ts'

/** How long a client waits for an answer. */
const timeoutMs = 8000

/** What clients are at work on. */
export interface KvClientsOptions {
  readonly port: Port
  readonly random: Random
  readonly history: HistoryRecorder<KvInput, KvOutput>
  readonly clients: number
  /** Keys, or groups of three keys for transactions. */
  readonly groups: number
  readonly usesTransactions: boolean
  /** What the keys are called at a time, so that histories of single keys do not grow without end. */
  readonly epoch?: () => string
  /** Longest pause between two operations of a client. */
  readonly pauseMsMax: number
  /** Told of what goes wrong in a client. */
  readonly onProblem: (problem: string) => void
}

/** Carries out one operation: asks, and notes what came of it. */
export async function carryOut(
  options: Pick<KvClientsOptions, 'port' | 'history'>,
  who: { readonly client: string; readonly target: string; readonly mode?: string },
  input: KvInput,
): Promise<{ readonly outcome: Outcome<KvOutput>; readonly answer: Answer }> {
  const { port, history } = options
  const { client, target, mode = '' } = who
  const end = history.begin(`${client}@${target}`, input, port.now())
  const request = requestOf(input, mode, timeoutMs)
  const answer = await port.send(target, request)
  const returnedAt = port.now()
  port.note(target, `${client} ${request.method ?? 'GET'} ${request.path}`, answer)
  const outcome = outcomeOf(input, answer)
  end(outcome, returnedAt)
  return { outcome, answer }
}

/** Reads everything that the history speaks of once more: what was acknowledged last must be there as well. */
export async function readAll(
  options: Pick<KvClientsOptions, 'port' | 'history'>,
  target: string,
): Promise<readonly string[]> {
  const problems: string[] = []
  const who = { client: 'last', target, mode: 'consistent' }
  const groups = new Set(options.history.operations().map(({ input }) => input.group))
  for (const group of groups) {
    const isTxn = group.startsWith('lin/txn/')
    const input: KvInput = isTxn ? { group, kind: 'list' } : { group, kind: 'get', key: group }
    const { outcome, answer } = await carryOut(options, who, input)
    if (outcome.kind !== 'answered') problems.push(`lastRead: ${group}: ${answer.status} ${answer.body}`)
  }
  return problems
}

/** Clients at work until `stop`. */
export class KvClients extends Crew {
  readonly #options: KvClientsOptions

  constructor(options: KvClientsOptions) {
    super((error) => options.onProblem(problemOf(error)))
    this.#options = options
    for (let i = 0; i < options.clients; i++) this.launch(this.#run(`k${i}`))
  }

  async #run(client: string): Promise<void> {
    const { port, pauseMsMax } = this.#options
    const random = this.#options.random.fork(client)
    const seen = new Map<string, number>()
    // Most clients stay with one agent, as people's do; some wander.
    const home = random.chance(600) ? random.pick(port.targets) : undefined
    let n = 0
    while (this.isOn) {
      n++
      const target = home ?? random.pick(port.targets)
      if (target === undefined) return
      const input = this.#draw(random, { client, n, seen })
      const mode = random.chance(400) ? 'consistent' : ''
      const { outcome } = await carryOut(this.#options, { client, target, mode }, input)
      remember(seen, input, outcome)
      await port.pause(random.between(1, pauseMsMax))
    }
  }

  #draw(random: Random, { client, n, seen }: Drawing): KvInput {
    const { groups, usesTransactions, epoch } = this.#options
    const group = `lin/${usesTransactions ? 'txn' : 'kv'}/${epoch?.() ?? ''}${random.below(groups)}`
    const key = usesTransactions ? `${group}/${random.pick(['a', 'b', 'c']) ?? 'a'}` : group
    const value = `${client}-${n}`
    if (usesTransactions) {
      if (random.chance(450)) return { group, kind: 'txn', steps: drawSteps(random, { group, value, seen }) }
      if (random.chance(300)) return { group, kind: 'list' }
    }
    return { group, ...drawOne(random, { key, value, index: seen.get(key) ?? 0 }) }
  }
}

interface KeyDrawing {
  readonly key: string
  readonly value: string
  readonly index: number
}

function drawOne(random: Random, { key, value, index }: KeyDrawing): KvStep {
  const draw = random.below(100)
  if (draw < 40) return { kind: 'get', key }
  if (draw < 65) return { kind: 'put', key, value }
  if (draw < 88) return { kind: 'cas', key, value, index }
  if (draw < 95) return { kind: 'delete', key }
  return { kind: 'deleteCas', key, index }
}

interface Drawing {
  readonly client: string
  readonly n: number
  readonly seen: ReadonlyMap<string, number>
}

interface StepDrawing {
  readonly group: string
  readonly value: string
  readonly seen: ReadonlyMap<string, number>
}

/** Two or three steps on the keys of a group, in one of the forms that people use. */
function drawSteps(random: Random, { group, value, seen }: StepDrawing): readonly KvStep[] {
  const keys = random
    .shuffle(['a', 'b', 'c'].map((name) => `${group}/${name}`))
    .slice(0, random.between(2, 3))
  const isReading = random.chance(250)
  return keys.map((key, at): KvStep => {
    const index = seen.get(key) ?? 0
    const draw = isReading ? 99 : random.below(100)
    if (draw < 45) return { kind: 'put', key, value: `${value}.${at}` }
    if (draw < 70) return { kind: 'cas', key, value: `${value}.${at}`, index }
    if (draw < 78) return { kind: 'delete', key }
    return { kind: 'get', key }
  })
}

/** Keeps the indexes that were read, for later conditions. */
function remember(seen: Map<string, number>, input: KvInput, outcome: Outcome<KvOutput>): void {
  if (outcome.kind !== 'answered') return
  const { output } = outcome
  if (output.kind === 'entry' && 'key' in input) seen.set(input.key, output.entry?.index ?? 0)
  if (output.kind === 'entries')
    for (const [key, entry] of Object.entries(output.entries)) seen.set(key, entry.index)
  if (output.kind === 'txn' && input.kind === 'txn') rememberTxn(seen, input.steps, output.results ?? [])
}

function rememberTxn(
  seen: Map<string, number>,
  steps: readonly KvStep[],
  results: readonly TxnStepResult[],
): void {
  for (const [at, step] of steps.entries()) {
    const result = results[at]
    if (result?.kind === 'written') seen.set(step.key, result.index)
    if (result?.kind === 'read') seen.set(step.key, result.entry?.index ?? 0)
  }
}
