// `/v1/txn`: several operations, carried out together or not at all.
import { readBody } from '../body.ts'
import { Refusal, refusalOf, written } from '../errors.ts'
import { datacenterOf, readOptions } from '../read-options.ts'
import { renderTxn } from '../render-txn.ts'
import type { Call, Route } from '../route.ts'
import { type DecodedTxn, decodeTxn } from '../txn-body.ts'
import type { TxnError, TxnOutcome } from '../../model/transaction.ts'
import { metaHeaders, read } from './reads.ts'

/** Operations of one transaction. */
const operationsMax = 128

/** The endpoints. */
export const txnRoutes: readonly Route[] = [
  {
    method: 'PUT',
    path: '/v1/txn',
    summary:
      'Carries out up to 128 operations on keys, nodes, services, checks and sessions together, or with 409 none of them',
    parameters: ['dc', 'stale', 'consistent', 'leader', 'max_stale'],
    body: 'TxnOperations',
    answer: ['TxnOutcome'],
    statuses: [{ status: 409, meaning: 'Nothing was changed, for these errors.', content: 'TxnOutcome' }],
    handler: transact,
  },
]

async function transact(call: Call): Promise<Response> {
  const { backend } = call
  const options = readOptions(call)
  const body = await readBody(call.request, backend.txnBytesMax)
  if (!body.ok) {
    throw new Refusal(
      413,
      `Request body(${body.error.bytes} bytes) too large, max size: ${backend.txnBytesMax} bytes. ` +
        'See https://www.consul.io/docs/agent/options.html#txn_max_req_len.',
    )
  }
  const given = decodeTxn(new TextDecoder().decode(body.value), {
    operationsMax,
    valueBytesMax: backend.kvValueBytesMax,
    datacenter: backend.datacenter,
  })
  if (!given.isReadOnly) return await write(call, given)
  const operations = given.operations.map(({ operation }) => operation)
  const result = await read(call, { kind: 'txn', operations }, { ...options, minIndex: 0 })
  if (!result.ok) throw refusalOf(result.error)
  const outcome = combined(given, result.value.value)
  const { 'X-Consul-Index': _index, ...headers } = metaHeaders(result.value)
  return call.reply.json(call, renderTxn(outcome, result.value), { status: statusOf(outcome), headers })
}

async function write(call: Call, given: DecodedTxn): Promise<Response> {
  if (given.errors.length > 0) {
    return call.reply.json(call, renderTxn({ results: [], errors: given.errors }, null), { status: 409 })
  }
  const operations = given.operations.map(({ operation }) => operation)
  const result = written(await call.backend.write({ kind: 'txn', operations }, datacenterOf(call)))
  const outcome = result.kind === 'txn' ? result.outcome : nothing
  return call.reply.json(call, renderTxn(outcome, null), { status: statusOf(outcome) })
}

const nothing: TxnOutcome = { results: [], errors: [] }

function statusOf({ errors }: TxnOutcome): number {
  return errors.length > 0 ? 409 : 200
}

/** The outcome with the errors that were known before, all counted as the client counts. */
function combined(given: DecodedTxn, { results, errors }: TxnOutcome): TxnOutcome {
  if (given.errors.length === 0) return { results, errors }
  const asked: readonly TxnError[] = errors.map(({ operation, message }) => ({
    operation: given.operations[operation]?.at ?? operation,
    message,
  }))
  return { results: [], errors: [...given.errors, ...asked].toSorted((a, b) => a.operation - b.operation) }
}
