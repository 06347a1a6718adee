// Operations on keys as HTTP requests, and what the answers mean.
import type { Outcome } from './history.ts'
import type { KvInput, KvOutput, KvStep, ReadEntry, TxnStepResult } from './kv-operations.ts'
import { fateOf, parsed, type Answer, type Request } from './port.ts'

/** An entry as the API prints it. */
interface JsonEntry {
  readonly Key: string
  readonly Value: string | null
  readonly ModifyIndex: number
  readonly Session?: string
  readonly FencingToken?: number
}

/** How an operation is asked for. `mode` is a consistency mode for reads: '' or 'consistent'. */
export function requestOf(input: KvInput, mode: string, timeoutMs: number): Request {
  switch (input.kind) {
    case 'restore':
      throw new Error('An archive is restored by who has one')
    case 'txn':
      return { method: 'PUT', path: `/v1/txn`, body: JSON.stringify(input.steps.map(txnStep)), timeoutMs }
    case 'list':
      return { path: `/v1/kv/${input.group}/?recurse${mode === '' ? '' : `&${mode}`}`, timeoutMs }
    case 'get':
      return { path: `/v1/kv/${input.key}${mode === '' ? '' : `?${mode}`}`, timeoutMs }
    case 'end':
      return { method: 'PUT', path: `/v1/session/destroy/${input.session}`, timeoutMs }
    case 'delete':
    case 'deleteCas': {
      const query = input.kind === 'delete' ? '' : `?cas=${input.index}`
      return { method: 'DELETE', path: `/v1/kv/${input.key}${query}`, timeoutMs }
    }
    default:
      return { method: 'PUT', path: `/v1/kv/${input.key}${queryOf(input)}`, body: input.value, timeoutMs }
  }
}

type Write = Extract<KvStep, { readonly value: string }>

function queryOf(step: Write): string {
  switch (step.kind) {
    case 'put':
      return ''
    case 'cas':
      return `?cas=${step.index}`
    case 'acquire':
    case 'release':
      return `?${step.kind}=${step.session}`
  }
}

const verbs: Readonly<Record<KvStep['kind'], string>> = {
  put: 'set',
  cas: 'cas',
  delete: 'delete',
  deleteCas: 'delete-cas',
  get: 'get-or-empty',
  acquire: 'lock',
  release: 'unlock',
}

function txnStep(step: KvStep): unknown {
  return {
    KV: {
      Verb: verbs[step.kind],
      Key: step.key,
      ...('value' in step ? { Value: btoa(step.value) } : {}),
      ...('index' in step ? { Index: step.index } : {}),
      ...('session' in step ? { Session: step.session } : {}),
    },
  }
}

/** What an answer tells of an operation. Throws on one that no server may give. */
export function outcomeOf(input: KvInput, answer: Answer): Outcome<KvOutput> {
  if (input.kind === 'get' || input.kind === 'list') return readOutcome(input, answer)
  if (input.kind === 'txn') return txnOutcome(input.steps, answer)
  const fate = fateOf(answer)
  if (fate !== 'answered') return { kind: fate }
  const text = answer.body.trim()
  if (text !== 'true' && text !== 'false') throw new Error(`answer: ${text} to ${JSON.stringify(input)}`)
  if (input.kind === 'put' || input.kind === 'delete' || input.kind === 'end') {
    if (text === 'false') throw new Error(`answer: false to ${JSON.stringify(input)}`)
    return { kind: 'answered', output: { kind: 'done' } }
  }
  const token = answer.header('x-consul-fencing-token')
  return {
    kind: 'answered',
    output: { kind: 'decided', applied: text === 'true', token: token === '' ? null : Number(token) },
  }
}

function readOutcome(input: KvInput, answer: Answer): Outcome<KvOutput> {
  if (answer.status !== 200 && answer.status !== 404) return { kind: 'failed' }
  const entries = answer.status === 404 ? [] : (parsed(answer.body) as readonly JsonEntry[])
  if (input.kind === 'list') {
    const byKey = Object.fromEntries(entries.map((entry) => [entry.Key, readEntry(entry)]))
    return { kind: 'answered', output: { kind: 'entries', entries: byKey } }
  }
  const first = entries[0]
  return { kind: 'answered', output: { kind: 'entry', entry: first === undefined ? null : readEntry(first) } }
}

function readEntry(entry: JsonEntry): ReadEntry {
  const session = entry.Session ?? ''
  const token = entry.FencingToken ?? null
  return {
    value: atob(entry.Value ?? ''),
    index: entry.ModifyIndex,
    session,
    token: session === '' ? 0 : token,
  }
}

function txnOutcome(steps: readonly KvStep[], answer: Answer): Outcome<KvOutput> {
  if (answer.status === 409) return { kind: 'answered', output: { kind: 'txn', results: null } }
  const fate = fateOf(answer)
  if (fate !== 'answered') return { kind: fate }
  const { Results } = parsed(answer.body) as {
    readonly Results: readonly { readonly KV: JsonEntry }[] | null
  }
  const left = [...(Results ?? [])]
  const results = steps.map((step): TxnStepResult => {
    if (step.kind === 'delete' || step.kind === 'deleteCas') return null
    const entry = left.shift()?.KV
    if (entry?.Key !== step.key) throw new Error(`answer: ${answer.body} to ${JSON.stringify(steps)}`)
    if (step.kind !== 'get') return { kind: 'written', index: entry.ModifyIndex }
    return { kind: 'read', entry: entry.ModifyIndex === 0 ? null : readEntry(entry) }
  })
  return { kind: 'answered', output: { kind: 'txn', results } }
}
