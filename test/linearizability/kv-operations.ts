// Operations on keys, as clients send them, and their answers. Values are unique: every write has its own.

/** A key as it was read. `session` is '' and `token` 0 for one that is not locked. */
export interface ReadEntry {
  readonly value: string
  readonly index: number
  readonly session: string
  /** Null where the answer does not tell it. */
  readonly token: number | null
}

/** One step of a transaction, or an operation by itself. */
export type KvStep =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  /** Index 0: only if the key is absent. */
  | { readonly kind: 'cas'; readonly key: string; readonly value: string; readonly index: number }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'deleteCas'; readonly key: string; readonly index: number }
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'acquire'; readonly key: string; readonly value: string; readonly session: string }
  | { readonly kind: 'release'; readonly key: string; readonly value: string; readonly session: string }

/** An operation. `group` names the keys that are checked together; operations of other groups do not touch them. */
export type KvInput = { readonly group: string } & (
  | KvStep
  /** All keys of the group at one moment. */
  | { readonly kind: 'list' }
  | { readonly kind: 'txn'; readonly steps: readonly KvStep[] }
  /** A session ends, by its owner's word or because its time is over: its locks are given up. */
  | { readonly kind: 'end'; readonly session: string; readonly behavior: 'release' | 'delete' }
  /** An archive is restored: all keys get values that nobody here remembers. */
  | { readonly kind: 'restore' }
)

/** An answer. */
export type KvOutput =
  | { readonly kind: 'done' }
  /** Whether a conditional write took place; the token of an acquisition if the answer tells it, else null. */
  | { readonly kind: 'decided'; readonly applied: boolean; readonly token: number | null }
  | { readonly kind: 'entry'; readonly entry: ReadEntry | null }
  | { readonly kind: 'entries'; readonly entries: Readonly<Record<string, ReadEntry>> }
  /** Null: rolled back. Else what each `get` read and what index each write got, in order of the steps. */
  | { readonly kind: 'txn'; readonly results: readonly TxnStepResult[] | null }

/** What a transaction answered to one of its steps; null where it answers nothing. */
export type TxnStepResult =
  | { readonly kind: 'read'; readonly entry: ReadEntry | null }
  | { readonly kind: 'written'; readonly index: number }
  | null

/** An operation for people. */
export function describeInput(input: KvInput): string {
  switch (input.kind) {
    case 'list':
      return `list ${input.group}`
    case 'txn':
      return `txn [${input.steps.map((step) => describeStep(step)).join('; ')}]`
    case 'end':
      return `session ${short(input.session)} ends`
    case 'restore':
      return 'an archive is restored'
    default:
      return describeStep(input)
  }
}

function describeStep(step: KvStep): string {
  switch (step.kind) {
    case 'put':
      return `put ${step.key} = ${step.value}`
    case 'cas':
      return `cas ${step.key} at ${step.index} = ${step.value}`
    case 'delete':
    case 'get':
      return `${step.kind} ${step.key}`
    case 'deleteCas':
      return `delete ${step.key} at ${step.index}`
    case 'acquire':
    case 'release':
      return `${step.kind} ${step.key} = ${step.value} by ${short(step.session)}`
  }
}

/** An answer for people. */
export function describeOutput(output: KvOutput | null): string {
  if (output === null) return 'unknown'
  switch (output.kind) {
    case 'done':
      return 'true'
    case 'decided':
      return output.token === null ? `${output.applied}` : `${output.applied}, token ${output.token}`
    case 'entry':
      return describeEntry(output.entry)
    case 'entries':
      return Object.entries(output.entries)
        .map(([key, entry]) => `${key}: ${describeEntry(entry)}`)
        .join('; ')
    case 'txn':
      if (output.results === null) return 'rolled back'
      return output.results.map(describeResult).join('; ') || 'committed'
  }
}

function describeResult(result: TxnStepResult): string {
  if (result === null) return '-'
  return result.kind === 'read' ? describeEntry(result.entry) : `written at ${result.index}`
}

/** A key's content for people. */
export function describeEntry(entry: ReadEntry | null): string {
  if (entry === null) return 'absent'
  const { value, index, session, token } = entry
  const held = session === '' ? '' : ` held by ${short(session)}${token === null ? '' : ` token ${token}`}`
  return `${value} at ${index}${held}`
}

function short(session: string): string {
  return session.slice(-4)
}
