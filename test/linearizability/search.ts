// The search for an order of operations that explains all answers: Wing and Gong's algorithm with Lowe's memory of
// configurations that led nowhere ("Testing for linearizability", 2016). Operations of unknown outcome are tried only
// where nothing else goes on, and interchangeable ones in one order only.
import type { Operation } from './history.ts'

/** A sequential object. */
export interface Model<S, I, O> {
  readonly initial: S
  /** The state after the operation; null if it cannot be answered so in this state. A null output allows any answer. */
  step(state: S, input: I, output: O | null): S | null
  /** True if an operation that was answered so changes nothing that could be seen, whatever the state. */
  isPassive(input: I, output: O): boolean
  /** Equal for equal states, and only for them. */
  keyOf(state: S): string
  /** Operations of unknown outcome of one class may be exchanged for each other. */
  classOf(input: I): string
}

/** How long a search may go on. */
export interface SearchLimits {
  readonly timeMsMax: number
  /** Configurations that are remembered. */
  readonly visitedMax: number
}

/** What came of a search. */
export type Verdict<S> =
  | { readonly kind: 'linearizable'; readonly visited: number }
  /** `placed` operations could be ordered at best, leaving the object in one of `states`. */
  | {
      readonly kind: 'violation'
      readonly visited: number
      readonly placed: number
      readonly states: readonly S[]
    }
  /** Not known: the search was given up. */
  | { readonly kind: 'gaveUp'; readonly visited: number; readonly why: 'time' | 'memory' }

/** Enough for histories of ten thousands of operations. */
export const usualLimits: SearchLimits = { timeMsMax: 30_000, visitedMax: 3_000_000 }

/** Looks for an order of all completed operations, and of any of the others, that the model allows. */
export function search<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
  limits: SearchLimits = usualLimits,
): Verdict<S> {
  return new Search(model, operations, limits).run()
}

interface Frame<S> {
  readonly state: S
  /** Operations that may come next, with the state each leads to. */
  readonly choices: readonly { readonly id: number; readonly state: S }[]
  next: number
  /** What the frame below chose to get here; -1 for the first. */
  readonly chosen: number
}

/** An operation of unknown outcome that was just placed, and the state before it. */
interface Before<S> {
  readonly state: S
  readonly id: number
}

/** States kept for the report. */
const statesMax = 8

class Search<S, I, O> {
  readonly #model: Model<S, I, O>
  readonly #limits: SearchLimits
  /** Completed operations by `calledAt`, then those of unknown outcome by class and `calledAt`. */
  readonly #operations: readonly Operation<I, O>[]
  readonly #completed: number
  /** Ids of each class, by `calledAt`. */
  readonly #classes: readonly (readonly number[])[]
  readonly #isDone: Uint8Array
  /** No completed operation below is left. */
  #low = 0
  #placed = 0
  /** Operations of unknown outcome that are placed. */
  readonly #used = new Set<number>()
  readonly #usedByConfiguration = new Map<string, (readonly number[])[]>()
  #visited = 0
  #bestPlaced = -1
  #bestStates: S[] = []

  constructor(model: Model<S, I, O>, operations: readonly Operation<I, O>[], limits: SearchLimits) {
    this.#model = model
    this.#limits = limits
    const byCall = operations.toSorted((a, b) => a.calledAt - b.calledAt)
    const completed = byCall.filter((operation) => operation.output !== null)
    const unknown = byCall.filter((operation) => operation.output === null)
    this.#completed = completed.length
    this.#operations = [...completed, ...unknown]
    const classes = new Map<string, number[]>()
    for (const [at, { input }] of unknown.entries()) {
      const name = model.classOf(input)
      const ids = classes.get(name) ?? []
      classes.set(name, ids)
      ids.push(this.#completed + at)
    }
    this.#classes = [...classes.values()]
    this.#isDone = new Uint8Array(this.#operations.length)
  }

  run(): Verdict<S> {
    const endMs = performance.now() + this.#limits.timeMsMax
    const stack: Frame<S>[] = [this.#frame(this.#model.initial, -1, null)]
    for (let steps = 1; this.#placed < this.#completed; steps++) {
      const frame = stack.at(-1)
      const visited = this.#visited
      if (frame === undefined) {
        return { kind: 'violation', visited, placed: this.#bestPlaced, states: this.#bestStates }
      }
      if ((steps & 255) === 0 && performance.now() > endMs) return { kind: 'gaveUp', visited, why: 'time' }
      if (visited > this.#limits.visitedMax) return { kind: 'gaveUp', visited, why: 'memory' }
      const choice = frame.choices[frame.next++]
      if (choice === undefined) {
        stack.pop()
        if (frame.chosen >= 0) this.#undo(frame.chosen)
        continue
      }
      this.#do(choice.id)
      const before = choice.id < this.#completed ? null : { state: frame.state, id: choice.id }
      if (this.#isNew(choice.state, before)) stack.push(this.#frame(choice.state, choice.id, before))
      else this.#undo(choice.id)
    }
    return { kind: 'linearizable', visited: this.#visited }
  }

  #do(id: number): void {
    this.#isDone[id] = 1
    if (id < this.#completed) this.#placed++
    else this.#used.add(id)
    while (this.#low < this.#completed && this.#isDone[this.#low] === 1) this.#low++
  }

  #undo(id: number): void {
    this.#isDone[id] = 0
    this.#used.delete(id)
    if (id >= this.#completed) return
    this.#placed--
    this.#low = Math.min(this.#low, id)
  }

  #frame(state: S, chosen: number, before: Before<S> | null): Frame<S> {
    this.#note(state)
    const { ids, firstReturn } = this.#candidates()
    const key = this.#model.keyOf(state)
    const choices: { readonly id: number; readonly state: S }[] = []
    for (const id of ids) {
      const next = this.#step(state, id)
      if (next === null || (before !== null && this.#canWait(before, id, next))) continue
      // What is possible now and changes nothing ever may as well come now: no other choice is needed.
      if (this.#isPassive(id) && this.#model.keyOf(next) === key)
        return { state, choices: [{ id, state: next }], next: 0, chosen }
      choices.push({ id, state: next })
    }
    for (const id of this.#unknownCandidates(firstReturn)) {
      const next = this.#step(state, id)
      if (next !== null && this.#model.keyOf(next) !== key) choices.push({ id, state: next })
    }
    return { state, choices, next: 0, chosen }
  }

  /**
   * True if the operation of unknown outcome just placed could as well come after this completed one, or not at all:
   * then that order is tried elsewhere. It is only needed for what is answered differently because of it.
   */
  #canWait(before: Before<S>, id: number, next: S): boolean {
    const without = this.#step(before.state, id)
    if (without === null) return false
    const key = this.#model.keyOf(next)
    if (this.#model.keyOf(without) === key) return true
    const later = this.#step(without, before.id)
    return later !== null && this.#model.keyOf(later) === key
  }

  #step(state: S, id: number): S | null {
    const operation = this.#at(id)
    return this.#model.step(state, operation.input, operation.output)
  }

  #isPassive(id: number): boolean {
    const { input, output } = this.#at(id)
    return output !== null && this.#model.isPassive(input, output)
  }

  /** Completed operations that no other one left was answered before. */
  #candidates(): { readonly ids: readonly number[]; readonly firstReturn: number } {
    const ids: number[] = []
    let firstReturn = Infinity
    for (let id = this.#low; id < this.#completed; id++) {
      if (this.#isDone[id] === 1) continue
      const { calledAt, returnedAt } = this.#at(id)
      if (calledAt > firstReturn) break
      firstReturn = Math.min(firstReturn, returnedAt)
      ids.push(id)
    }
    return { ids: ids.filter((id) => this.#at(id).calledAt <= firstReturn), firstReturn }
  }

  /** Of each class the earliest that is left. */
  #unknownCandidates(firstReturn: number): readonly number[] {
    const found: number[] = []
    for (const ids of this.#classes) {
      const id = ids.find((one) => this.#isDone[one] === 0)
      if (id !== undefined && this.#at(id).calledAt <= firstReturn) found.push(id)
    }
    return found
  }

  /**
   * False if this configuration leads nowhere because it was met before, with the same operations of unknown outcome
   * left to be used, or more.
   */
  #isNew(state: S, before: Before<S> | null): boolean {
    const parts: (string | number)[] = [this.#low]
    const last = this.#lastDone()
    for (let id = this.#low; id <= last; id++) if (this.#isDone[id] === 1) parts.push(id)
    // What may follow an operation of unknown outcome depends on it.
    const key = `${parts.join(' ')}|${before?.id ?? ''}|${this.#model.keyOf(state)}`
    const used = [...this.#used].sort((a, b) => a - b)
    const known = this.#usedByConfiguration.get(key)
    if (known === undefined) this.#usedByConfiguration.set(key, [used])
    else if (known.some((fewer) => isSubset(fewer, used))) return false
    else known.push(used)
    this.#visited++
    return true
  }

  /** The last completed operation that is placed: those placed beyond `low` are few. */
  #lastDone(): number {
    let beyond = this.#placed - this.#low
    let id = this.#low - 1
    while (beyond > 0) if (this.#isDone[++id] === 1) beyond--
    return id
  }

  #note(state: S): void {
    if (this.#placed < this.#bestPlaced) return
    if (this.#placed > this.#bestPlaced) this.#bestStates = []
    this.#bestPlaced = this.#placed
    if (this.#bestStates.length < statesMax) this.#bestStates.push(state)
  }

  #at(id: number): Operation<I, O> {
    const operation = this.#operations[id]
    if (operation === undefined) throw new Error(`no operation ${id}`)
    return operation
  }
}

/** Both are sorted. */
function isSubset(fewer: readonly number[], more: readonly number[]): boolean {
  let at = 0
  for (const id of more) if (fewer[at] === id) at++
  return at === fewer.length
}
