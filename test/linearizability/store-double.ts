// A correct store of keys, and histories of clients that use it at the same time: what the checker must accept, and
// what planted mistakes are made from.
import type { Random } from '../../src/lib/random.ts'
import { HistoryRecorder } from './history.ts'
import type { KvOperation } from './check.ts'
import type { KvInput, KvOutput, KvStep, ReadEntry, TxnStepResult } from './kv-operations.ts'

function decided(applied: boolean, token: number | null = null): KvOutput {
  return { kind: 'decided', applied, token }
}

/** A store without concurrency, as simple as can be. */
export class StoreDouble {
  readonly #entries = new Map<string, ReadEntry>()
  #index = 10

  /** Carries out an operation and answers it. */
  apply(input: KvInput): KvOutput {
    this.#index++
    switch (input.kind) {
      case 'list':
        return { kind: 'entries', entries: this.#list(`${input.group}/`) }
      case 'end':
        this.#end(input.session)
        return { kind: 'done' }
      case 'restore':
        throw new Error('This store keeps no archives')
      case 'txn':
        return { kind: 'txn', results: this.#txn(input.steps) }
      default:
        return this.#step(input)
    }
  }

  #step(step: KvStep): KvOutput {
    const known = this.#entries.get(step.key)
    switch (step.kind) {
      case 'get':
        return { kind: 'entry', entry: known ?? null }
      case 'put':
        this.#overwrite(step, known)
        return { kind: 'done' }
      case 'delete':
        this.#entries.delete(step.key)
        return { kind: 'done' }
      case 'acquire':
        return this.#acquire(step, known)
      default:
        return decided(this.#decide(step, known))
    }
  }

  #decide(
    step: Extract<KvStep, { readonly kind: 'cas' | 'deleteCas' | 'release' }>,
    known: ReadEntry | undefined,
  ): boolean {
    switch (step.kind) {
      case 'cas':
        return (known?.index ?? 0) === step.index && this.#overwrite(step, known)
      case 'deleteCas':
        if (known !== undefined && known.index !== step.index) return false
        this.#entries.delete(step.key)
        return true
      case 'release':
        if (known?.session !== step.session) return false
        this.#write(step)
        return true
    }
  }

  /** A lock stays with its holder. */
  #overwrite(step: { readonly key: string; readonly value: string }, known: ReadEntry | undefined): true {
    this.#write(step, known?.session, known?.token)
    return true
  }

  #write(
    { key, value }: { readonly key: string; readonly value: string },
    session = '',
    token: number | null = 0,
  ): void {
    this.#entries.set(key, { value, index: this.#index, session, token })
  }

  #acquire(step: Extract<KvStep, { readonly kind: 'acquire' }>, known: ReadEntry | undefined): KvOutput {
    const isFree = known === undefined || known.session === ''
    if (!isFree && known.session !== step.session) return decided(false)
    const token = isFree ? this.#index : known.token
    this.#write(step, step.session, token)
    return decided(true, token)
  }

  #list(prefix: string): Readonly<Record<string, ReadEntry>> {
    return Object.fromEntries([...this.#entries].filter(([key]) => key.startsWith(prefix)))
  }

  #end(session: string): void {
    for (const [key, entry] of this.#entries) {
      if (entry.session === session) {
        this.#entries.set(key, { ...entry, session: '', token: 0, index: this.#index })
      }
    }
  }

  #txn(steps: readonly KvStep[]): readonly TxnStepResult[] | null {
    const before = [...this.#entries]
    const results: TxnStepResult[] = []
    for (const step of steps) {
      const output = this.#step(step)
      if (output.kind === 'decided' && !output.applied) {
        this.#entries.clear()
        for (const [key, entry] of before) this.#entries.set(key, entry)
        return null
      }
      if (output.kind === 'entry') results.push({ kind: 'read', entry: output.entry })
      else results.push(step.kind.startsWith('delete') ? null : { kind: 'written', index: this.#index })
    }
    return results
  }
}

/** How a history is made. */
export interface DoubleOptions {
  readonly random: Random
  readonly operations: number
  readonly clients: number
  readonly groups: number
  readonly unknownPerMille: number
}

/** What a client does next. */
interface Client {
  readonly name: string
  freeAt: number
  /** Index that it last read, by key. */
  readonly seen: Map<string, number>
}

/** A history of clients of a correct store. Some answers get lost; of those operations some are never carried out. */
export function correctHistory(options: DoubleOptions): readonly KvOperation[] {
  const { random, operations, clients } = options
  const store = new StoreDouble()
  const recorder = new HistoryRecorder<KvInput, KvOutput>()
  const busy: Client[] = Array.from({ length: clients }, (_, i) => ({
    name: `c${i}`,
    freeAt: random.below(100),
    seen: new Map<string, number>(),
  }))
  const pending: { readonly at: number; readonly run: () => void }[] = []
  for (let n = 0; n < operations; n++) {
    busy.sort((a, b) => a.freeAt - b.freeAt)
    const client = busy[0]
    if (client === undefined) break
    const calledAt = client.freeAt
    const input = drawInput(options, client, n)
    const [appliedAt, returnedAt] = [calledAt + random.between(1, 50), calledAt + random.between(51, 100)]
    client.freeAt = returnedAt + random.below(20)
    const isUnknown = random.chance(options.unknownPerMille)
    // Lost ones take effect late, or never.
    if (isUnknown && random.chance(300)) recorder.begin(client.name, input, calledAt)
    else {
      const at = isUnknown ? appliedAt + random.below(2000) : appliedAt
      const end = recorder.begin(client.name, input, calledAt)
      pending.push({
        at,
        run: () => {
          const output = store.apply(input)
          if (isUnknown) return
          if (output.kind === 'entry' && output.entry !== null && 'key' in input) {
            client.seen.set(input.key, output.entry.index)
          }
          end({ kind: 'answered', output }, returnedAt)
        },
      })
    }
    pending.sort((a, b) => a.at - b.at)
    const nowAt = Math.min(...busy.map((one) => one.freeAt))
    while (pending.length > 0 && (pending[0]?.at ?? 0) <= nowAt) pending.shift()?.run()
  }
  for (const { run } of pending) run()
  return recorder.operations()
}

function drawInput({ random, groups }: DoubleOptions, client: Client, n: number): KvInput {
  const group = `g${random.below(groups)}`
  const key = `${group}/${random.below(2)}`
  const value = `${client.name}-${n}`
  const index = client.seen.get(key) ?? 0
  const draw = random.below(100)
  if (draw < 35) return { group, kind: 'get', key }
  if (draw < 60) return { group, kind: 'put', key, value }
  if (draw < 75) return { group, kind: 'cas', key, value, index }
  if (draw < 80) return { group, kind: 'delete', key }
  if (draw < 83) return { group, kind: 'deleteCas', key, index }
  if (draw < 88) return { group, kind: 'list' }
  const other = `${group}/${1 - Number(key.at(-1))}`
  if (draw < 92) {
    const steps: readonly KvStep[] = [
      { kind: 'cas', key, value: `${value}a`, index },
      { kind: 'put', key: other, value: `${value}b` },
      { kind: 'get', key },
    ]
    return { group, kind: 'txn', steps }
  }
  const session = `${client.name}-${n >> 6}`
  if (draw < 96) return { group, kind: 'acquire', key, value, session }
  return { group, kind: 'release', key, value, session }
}
