// Keys as one sequential object: values, ModifyIndexes, locks with fencing tokens, and the end of sessions.
// The index of a write is known from whoever read it: writes of known indexes can only be ordered by them.
import type { Operation } from './history.ts'
import type { KvInput, KvOutput, KvStep, ReadEntry, TxnStepResult } from './kv-operations.ts'
import type { Model } from './search.ts'

/** A key in the model. */
interface Cell {
  /** Null: absent. */
  readonly value: string | null
  /** Null: nobody has seen it. */
  readonly index: number | null
  readonly session: string
  readonly token: number | null
  /** No smaller token may be given out. */
  readonly tokenFloor: number
  /** A session that held it has ended: it may be refused for a while. */
  readonly isDelayed: boolean
  /** It holds what an archive brought, which nobody has read yet. */
  readonly isUnread?: true
}

/** All keys of a group. */
export interface KvState {
  readonly cells: ReadonlyMap<string, Cell>
  /** Indexes of later writes are not smaller. */
  readonly floor: number
  readonly ended: readonly string[]
  /** Keys that are not among the cells hold what an archive brought. */
  readonly isRestored: boolean
  readonly key: string
}

const absent: Cell = { value: null, index: null, session: '', token: null, tokenFloor: 0, isDelayed: false }
const unread: Cell = { ...absent, isUnread: true }

/** A value that nobody has ever read: all such are alike. */
const unseen = '?'

/** Thrown while the model is made: two answers that no order can explain. */
export class Contradiction extends Error {}

/** A key absent from a write's bindings has an index that nobody has seen. */
type Bindings = ReadonlyMap<string, number>

/** The model of one group of keys, with what its history tells of indexes. Throws Contradiction. */
export function kvModel(
  operations: readonly Operation<KvInput, KvOutput>[],
): Model<KvState, KvInput, KvOutput> {
  const bindings = bind(operations)
  const seenValues = new Set([...bindings.keys()].map((name) => name.split(' ')[1] ?? ''))
  const context: Context = { bindings, seen: (value) => (seenValues.has(value) ? value : unseen) }
  return {
    initial: stateOf({ cells: new Map(), floor: 0, ended: [], isRestored: false }),
    step: (state, input, output) => stepOf(context, state, { input, output }),
    isPassive,
    keyOf: (state) => state.key,
    classOf: (input) => classOf(context, input),
  }
}

/** True for reads and for what was refused. */
export function isPassive(_: KvInput, output: KvOutput): boolean {
  if (output.kind === 'entry' || output.kind === 'entries') return true
  return output.kind === 'decided' ? !output.applied : output.kind === 'txn' && output.results === null
}

interface Context {
  readonly bindings: Bindings
  /** A value as the model knows it. */
  readonly seen: (value: string) => string
}

interface Step {
  readonly input: KvInput
  readonly output: KvOutput | null
}

/** Stands for the session in the answer to a write, which does not tell it. */
const anySession = '*'

function nameOf(key: string, value: string, session: string): string {
  return `${key} ${value} ${session}`
}

/** What each write's index was, from all who read it. Throws Contradiction. */
function bind(operations: readonly Operation<KvInput, KvOutput>[]): Bindings {
  const bindings = new Map<string, number>()
  for (const { input, output } of operations) {
    if (output?.kind === 'entry' && 'key' in input) note(bindings, input.key, output.entry)
    if (output?.kind === 'entries') {
      for (const [key, entry] of Object.entries(output.entries)) note(bindings, key, entry)
    }
    if (output?.kind === 'txn' && input.kind === 'txn') bindTxn(bindings, input.steps, output.results ?? [])
  }
  return bindings
}

function bindTxn(
  bindings: Map<string, number>,
  steps: readonly KvStep[],
  results: readonly TxnStepResult[],
): void {
  for (const [at, step] of steps.entries()) {
    const result = results[at]
    if (result?.kind === 'read') note(bindings, step.key, result.entry)
    if (result?.kind === 'written' && 'value' in step) {
      bindings.set(nameOf(step.key, step.value, anySession), result.index)
    }
  }
}

function note(bindings: Map<string, number>, key: string, entry: ReadEntry | null): void {
  if (entry === null) return
  const name = nameOf(key, entry.value, entry.session)
  const known = bindings.get(name)
  if (known !== undefined && known !== entry.index) {
    throw new Contradiction(`${key} = ${entry.value} was read with the indexes ${known} and ${entry.index}`)
  }
  bindings.set(name, entry.index)
}

/** Writes whose values nobody read are interchangeable when their conditions are equal. */
function classOf({ seen }: Context, input: KvInput): string {
  switch (input.kind) {
    case 'txn':
      return JSON.stringify(
        input.steps.map((step) => ('value' in step ? { ...step, value: seen(step.value) } : step)),
      )
    case 'list':
    case 'end':
    case 'restore':
      return JSON.stringify(input)
    default:
      return JSON.stringify('value' in input ? { ...input, value: seen(input.value) } : input)
  }
}

function stateOf(state: Omit<KvState, 'key'>): KvState {
  const { cells, floor, ended, isRestored } = state
  const parts: string[] = isRestored ? ['restored'] : []
  for (const [key, cell] of cells) {
    if (cell === absent && !isRestored) continue
    const { value, index, session, token, tokenFloor, isDelayed } = cell
    parts.push(
      `${key}=${value ?? '-'}@${index ?? '?'}/${session}/${token ?? '?'}/${tokenFloor}/${isDelayed ? 'd' : ''}`,
    )
  }
  return { ...state, key: `${parts.sort().join(' ')} ${floor} ${ended.join(' ')}` }
}

/** A state that is being changed. `isBroken`: what was tried contradicts an index that somebody saw. */
class Draft {
  readonly #context: Context
  readonly #before: KvState
  readonly #cells: Map<string, Cell>
  #floor: number
  /** The index of this change, where known: all that it writes has the same. */
  #index: number | null = null
  ended: readonly string[]
  #isRestored: boolean
  isBroken = false
  #isChanged = false

  constructor(context: Context, state: KvState) {
    this.#context = context
    this.#before = state
    this.#cells = new Map(state.cells)
    this.#floor = state.floor
    this.ended = state.ended
    this.#isRestored = state.isRestored
  }

  get(key: string): Cell {
    return this.#cells.get(key) ?? (this.#isRestored ? unread : absent)
  }

  /** All keys get values that nobody knows; indexes may be smaller than before. */
  restore(): void {
    this.#cells.clear()
    this.#floor = 0
    this.ended = []
    this.#isRestored = true
    this.#isChanged = true
  }

  /** What is not among the cells is not there. */
  know(): void {
    this.#isChanged ||= this.#isRestored
    this.#isRestored = false
  }

  get keys(): readonly string[] {
    return [...this.#cells.keys()]
  }

  /** Notes something that readers do not see. */
  note(key: string, cell: Cell): void {
    this.#cells.set(key, cell)
    this.#isChanged = true
  }

  write(key: string, cell: Cell & { readonly value: string }): void {
    this.#put(
      key,
      cell,
      this.#indexOf(key, cell.value, cell.session) ?? this.#indexOf(key, cell.value, anySession),
    )
  }

  /** The end of a session gives the key a new index, although its value stays. */
  unlock(key: string, cell: Cell & { readonly value: string }): void {
    this.#put(key, cell, this.#indexOf(key, cell.value, cell.session))
  }

  #indexOf(key: string, value: string, session: string): number | null {
    return this.#context.bindings.get(nameOf(key, value, session)) ?? null
  }

  #put(key: string, cell: Cell & { readonly value: string }, index: number | null): void {
    if (index !== null) {
      this.isBroken ||= index < this.#floor || (this.#index !== null && this.#index !== index)
      this.#index = index
      this.#floor = Math.max(this.#floor, index)
    }
    const { isUnread: _, ...known } = cell
    this.note(key, { ...known, value: this.#context.seen(cell.value), index })
  }

  remove(key: string, isDelayed = false): void {
    const cell = this.get(key)
    if (cell.value === null && cell.isDelayed === isDelayed && cell.isUnread !== true) return
    this.note(key, { ...absent, tokenFloor: cell.tokenFloor, isDelayed })
  }

  end(session: string): void {
    this.ended = [...this.ended, session].sort()
    this.#isChanged = true
  }

  finish(): KvState | null {
    if (this.isBroken) return null
    if (!this.#isChanged) return this.#before
    const [cells, floor, ended, isRestored] = [this.#cells, this.#floor, this.ended, this.#isRestored]
    return stateOf({ cells, floor, ended, isRestored })
  }
}

function stepOf(context: Context, state: KvState, { input, output }: Step): KvState | null {
  const draft = new Draft(context, state)
  switch (input.kind) {
    case 'txn':
      return stepTxn(draft, state, { steps: input.steps, output })
    case 'list':
      return output?.kind !== 'entries' || isList(draft, output.entries) ? draft.finish() : null
    case 'restore':
      draft.restore()
      return draft.finish()
    case 'end':
      return stepEnd(draft, state, { input, isKnown: output !== null })
    case 'get':
      return output?.kind !== 'entry' || read(draft, input.key, output.entry) ? draft.finish() : null
    default:
      return stepWrite(draft, state, { step: input, output })
  }
}

interface EndStep {
  readonly input: Extract<KvInput, { readonly kind: 'end' }>
  readonly isKnown: boolean
}

function stepEnd(draft: Draft, state: KvState, { input, isKnown }: EndStep): KvState | null {
  // That a session may have ended which holds nothing explains no answer.
  const isHolder = draft.keys.some((key) => draft.get(key).session === input.session)
  if (!isKnown && !isHolder) return state
  endSession(draft, input)
  return draft.finish()
}

interface WriteStep {
  readonly step: Exclude<KvStep, { readonly kind: 'get' }>
  readonly output: KvOutput | null
}

function stepWrite(draft: Draft, state: KvState, { step, output }: WriteStep): KvState | null {
  const before = draft.get(step.key)
  const applied = carryOut(draft, step, output?.kind === 'decided' ? output.token : null)
  const after = applied ? draft.finish() : state
  if (output === null || after === null) return after
  const told = output.kind === 'decided' ? output.applied : true
  if (told === applied) return after
  return !told && mayRefuse(before, step) ? state : null
}

/** A free key may be refused while its lock-delay runs; and nobody knows what a condition on a restored key finds. */
function mayRefuse(cell: Cell, step: KvStep): boolean {
  return cell.isUnread === true || (step.kind === 'acquire' && cell.isDelayed)
}

function stepTxn(
  draft: Draft,
  state: KvState,
  { steps, output }: { readonly steps: readonly KvStep[]; readonly output: KvOutput | null },
): KvState | null {
  const results = output?.kind === 'txn' ? output.results : []
  for (const [at, step] of steps.entries()) {
    const done = stepInTxn(draft, step, results === null ? 'rolledBack' : (results[at] ?? null))
    if (done === 'contradicts') return null
    // One step that fails makes all of it void.
    if (done === 'fails') return output === null || results === null ? state : null
  }
  return results === null ? null : draft.finish()
}

/** One step; `result` is null where the answer tells nothing of it. */
function stepInTxn(
  draft: Draft,
  step: KvStep,
  result: TxnStepResult | 'rolledBack',
): 'succeeds' | 'fails' | 'contradicts' {
  if (step.kind === 'get') {
    const isTold = result !== null && result !== 'rolledBack' && result.kind === 'read'
    return !isTold || read(draft, step.key, result.entry) ? 'succeeds' : 'contradicts'
  }
  // Nobody knows what a condition on a restored key finds.
  if (result === 'rolledBack' && draft.get(step.key).isUnread === true) return 'fails'
  return carryOut(draft, step, null) ? 'succeeds' : 'fails'
}

/** Carries out one write; false if its condition does not hold, and then nothing was changed. */
function carryOut(
  draft: Draft,
  step: Exclude<KvStep, { readonly kind: 'get' }>,
  token: number | null,
): boolean {
  const cell = draft.get(step.key)
  switch (step.kind) {
    case 'put':
      draft.write(step.key, { ...cell, value: step.value })
      return true
    case 'cas':
      if (!hasIndex(cell, step.index)) return false
      draft.write(step.key, { ...cell, value: step.value })
      return true
    case 'delete':
      draft.remove(step.key)
      return true
    case 'deleteCas':
      // An index of 0, and a key that is not there, are no reasons to refuse: nothing is to be done.
      if (cell.value !== null && cell.index !== step.index) return false
      draft.remove(step.key)
      return true
    case 'acquire':
      return acquire(draft, cell, { step, token })
    case 'release':
      if (cell.session === '' || cell.session !== step.session) return false
      draft.write(step.key, { ...cell, value: step.value, session: '', token: null })
      return true
  }
}

function hasIndex(cell: Cell, index: number): boolean {
  if (cell.isUnread === true) return true
  return index === 0 ? cell.value === null : cell.value !== null && cell.index === index
}

interface Acquisition {
  readonly step: Extract<KvStep, { readonly kind: 'acquire' }>
  readonly token: number | null
}

function acquire(draft: Draft, cell: Cell, { step, token: told }: Acquisition): boolean {
  const { key, value, session } = step
  if (draft.ended.includes(session)) return false
  const isHeld = cell.session === session
  if (!isHeld && cell.session !== '') return false
  if (told !== null) {
    const isRight = isHeld ? cell.token === null || cell.token === told : told > cell.tokenFloor
    draft.isBroken ||= !isRight
  }
  const token = told ?? (isHeld ? cell.token : null)
  const tokenFloor = Math.max(cell.tokenFloor, token ?? 0)
  draft.write(key, { ...cell, value, session, token, tokenFloor, isDelayed: false })
  return true
}

/** The session's locks are given up, and their keys may be refused to others for a while. */
function endSession(draft: Draft, input: Extract<KvInput, { readonly kind: 'end' }>): void {
  const { session, behavior } = input
  if (draft.ended.includes(session)) return
  draft.end(session)
  for (const key of draft.keys) {
    const cell = draft.get(key)
    if (cell.session !== session || cell.value === null) continue
    if (behavior === 'delete') draft.remove(key, true)
    else draft.unlock(key, { ...cell, value: cell.value, session: '', token: null, isDelayed: true })
  }
}

/** True if a key can be read so; a token that is read for the first time is noted. */
function read(draft: Draft, key: string, entry: ReadEntry | null): boolean {
  const cell = draft.get(key)
  if (cell.isUnread === true) return learn(draft, key, entry)
  if (entry === null || cell.value === null) return entry === null && cell.value === null
  if (cell.value !== entry.value || cell.session !== entry.session) return false
  if (cell.index !== null && cell.index !== entry.index) return false
  return entry.session === '' || entry.token === null || readToken(draft, { key, cell, token: entry.token })
}

/** The first look at a restored key. */
function learn(draft: Draft, key: string, entry: ReadEntry | null): true {
  if (entry === null) draft.note(key, absent)
  else {
    const { value, index, session, token } = entry
    draft.note(key, { ...absent, value, index, session, token, tokenFloor: token ?? 0 })
  }
  return true
}

interface ReadToken {
  readonly key: string
  readonly cell: Cell
  readonly token: number
}

function readToken(draft: Draft, { key, cell, token }: ReadToken): boolean {
  if (cell.token !== null) return cell.token === token
  if (token <= cell.tokenFloor) return false
  draft.note(key, { ...cell, token, tokenFloor: token })
  return true
}

function isList(draft: Draft, entries: Readonly<Record<string, ReadEntry>>): boolean {
  const isKnown = (key: string): boolean => draft.get(key).isUnread !== true
  for (const [key, entry] of Object.entries(entries)) if (!isKnown(key)) learn(draft, key, entry)
  draft.know()
  const present = draft.keys.filter((key) => draft.get(key).value !== null)
  if (present.length !== Object.keys(entries).length) return false
  return Object.entries(entries).every(([key, entry]) => read(draft, key, entry))
}
