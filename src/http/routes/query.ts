// `/v1/query*`: prepared queries, and carrying them out by name.
import { parseTruth } from '../../filter/literals.ts'
import type { Command } from '../../model/command.ts'
import { limits } from '../../model/limits.ts'
import type { PreparedQuery } from '../../model/prepared-query.ts'
import type { ReadMeta, ReadOptions, ReadReply } from '../../model/query.ts'
import { uuidProblem } from '../../model/session.ts'
import { compileQuery } from '../../query/template.ts'
import { readText } from '../body.ts'
import { Refusal, failedRead, orThrow, refusedRead, written } from '../errors.ts'
import { cacheControlOf } from '../cache-control.ts'
import { quote } from '../json.ts'
import { decodeQuery, refuseBadQuery } from '../query-body.ts'
import type { QueryString } from '../query-string.ts'
import { datacenterOf, effectiveConsistency, readOptions } from '../read-options.ts'
import { type BodyMeta, renderAnswer, renderExplained, renderQueries } from '../render-query.ts'
import { type Call, type Route, readParameters } from '../route.ts'
import { answerShared, metaHeaders, read } from './reads.ts'

/** The query's ID cannot be one, or there is none. */
const notFound = { status: 404, meaning: 'There is no such query.' } as const

/** The endpoints. */
export const queryRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/query',
    operation: 'getQueries',
    summary: 'All prepared queries',
    parameters: readParameters,
    answer: ['PreparedQueries'],
    handler: list,
  },
  {
    method: 'POST',
    path: '/v1/query',
    summary: 'Creates a prepared query',
    parameters: ['dc'],
    body: 'PreparedQueryRequest',
    answer: ['PreparedQueryId'],
    handler: create,
  },
  {
    method: 'GET',
    path: '/v1/query/:query',
    summary: 'A prepared query by its ID, as a list of one',
    parameters: readParameters,
    answer: ['PreparedQueries'],
    statuses: [notFound],
    handler: show,
  },
  {
    method: 'PUT',
    path: '/v1/query/:query',
    summary: 'Replaces a prepared query',
    parameters: ['dc'],
    body: 'PreparedQueryRequest',
    answer: [],
    handler: update,
  },
  {
    method: 'DELETE',
    path: '/v1/query/:query',
    summary: 'Deletes a prepared query',
    parameters: ['dc'],
    answer: [],
    handler: remove,
  },
  {
    method: 'GET',
    path: '/v1/query/:query/execute',
    summary: 'Carries out a prepared query by name or ID: healthy instances, here or where it fails over to',
    parameters: ['dc', 'near', 'limit', 'connect', 'stale', 'consistent', 'leader', 'max_stale', 'cached'],
    answer: ['PreparedAnswer'],
    headers: ['X-Cache', 'Age'],
    statuses: [notFound],
    handler: execute,
  },
  {
    method: 'GET',
    path: '/v1/query/:query/explain',
    summary: 'The query that answers to a name, with its template filled in',
    parameters: ['dc', 'limit', 'stale', 'consistent', 'leader', 'max_stale'],
    answer: ['ExplainedQuery'],
    statuses: [notFound],
    handler: explain,
  },
]

function list(call: Call): Response | Promise<Response> {
  const options = readOptions(call)
  const now = call.backend.readNow({ kind: 'preparedQueries' }, options)
  if (now !== null) return answerList(call, now, options)
  return read(call, { kind: 'preparedQueries' }, options).then((result) => {
    if (!result.ok) throw refusedRead(result.error)
    return answerList(call, result.value, options)
  })
}

function answerList(
  call: Call,
  reply: ReadReply<readonly PreparedQuery[]>,
  options: ReadOptions,
): Response | Promise<Response> {
  return answerShared(call, reply, { render: renderQueries, mode: options.consistency })
}

async function create(call: Call): Promise<Response> {
  const given = decodeQuery(await readText(call.request, limits.bodyBytesMax))
  if (given.query.id !== '') throw new Refusal(500, 'ID must be empty when creating a new prepared query')
  refuseBadQuery(given)
  const query = { ...given.query, id: call.backend.newId() }
  await write(call, { kind: 'preparedQuerySet', query })
  return call.reply.json(call, `{"ID":${quote(query.id)}}`)
}

async function show(call: Call): Promise<Response> {
  const problem = uuidProblem(call.name)
  if (problem !== null) throw new Refusal(500, lookupProblem(problem), failedRead)
  const options = readOptions(call)
  const result = await read(call, { kind: 'preparedQuery', id: call.name }, options)
  if (!result.ok) throw refusedRead(result.error)
  const query = result.value.value
  if (query === null) throw new Refusal(404, 'Query not found')
  const headers = { ...metaHeaders(result.value), ...modeHeader(options) }
  return call.reply.json(call, renderQueries([query]), { headers })
}

async function update(call: Call): Promise<Response> {
  const body = await readText(call.request, limits.bodyBytesMax)
  const given = decodeQuery(body === '' ? '{}' : body)
  await requireQuery(call)
  refuseBadQuery(given)
  await write(call, { kind: 'preparedQuerySet', query: { ...given.query, id: call.name.toLowerCase() } })
  return call.reply.empty(200)
}

async function remove(call: Call): Promise<Response> {
  await requireQuery(call)
  await write(call, { kind: 'preparedQueryDelete', id: call.name })
  return call.reply.empty(200)
}

/** The query that the path names must be there. Throws Refusal (500). */
async function requireQuery(call: Call): Promise<void> {
  const problem = uuidProblem(call.name)
  if (problem !== null) throw new Refusal(500, `Prepared Query lookup failed: ${lookupProblem(problem)}`)
  const options = {
    datacenter: datacenterOf(call),
    consistency: 'default',
    maxStaleMs: null,
    minIndex: 0,
    waitMs: 0,
  } as const
  const found = orThrow(await read(call, { kind: 'preparedQuery', id: call.name }, options))
  if (found.value === null) {
    throw new Refusal(500, `Cannot modify non-existent prepared query: '${call.name}'`)
  }
}

async function write(call: Call, command: Command): Promise<void> {
  written(await call.backend.write(command, datacenterOf(call)))
}

async function execute(call: Call): Promise<Response> {
  const { backend, query } = call
  const { options, cacheHeaders } = executeOptions(call)
  const { consistency, maxStaleMs } = options
  const run = {
    nameOrId: call.name,
    datacenter: options.datacenter,
    limit: limitOf(query),
    sourceIp: call.from.ip,
    near: query.get('near'),
    connect: connectOf(query),
  }
  const result = await backend.runPrepared(run, { consistency, maxStaleMs })
  if (!result.ok) throw refusedRead(result.error)
  const answer = result.value.value
  if (answer === null) throw new Refusal(404, 'Query not found')
  const isElsewhere = answer.datacenter !== backend.datacenter
  const translation = { isOn: backend.translateWanAddrs && isElsewhere, localDatacenter: backend.datacenter }
  const text = renderAnswer(answer, bodyMeta(result.value, consistency), translation)
  const headers = { ...bodyHeaders(result.value, options), ...cacheHeaders(result.value) }
  return call.reply.json(call, text, { headers })
}

/** How fresh the answer must be, and what is said of it with `?cached`. */
function executeOptions(call: Call): {
  readonly options: ReadOptions
  readonly cacheHeaders: (meta: Pick<ReadMeta, 'lastContactMs'>) => Record<string, string>
} {
  const options = { ...readOptions(call), minIndex: 0 }
  const control = cacheControlOf(call)
  if (control === null) return { options, cacheHeaders: () => ({}) }
  const question = { kind: 'preparedQueryResolve', nameOrId: call.name } as const
  const old = { ...options, consistency: 'stale', maxStaleMs: control.maxAgeMs } as const
  const allowed = control.mustRevalidate ? [options] : [options, old]
  // What this agent has itself, if that is young enough; else whoever is asked has it from the leader.
  const own = allowed.find((each) => call.backend.readNow(question, each) !== null)
  const hit = ({ lastContactMs }: Pick<ReadMeta, 'lastContactMs'>): Record<string, string> => ({
    'X-Cache': 'HIT',
    Age: String(Math.floor(lastContactMs / 1000)),
  })
  return { options: own ?? options, cacheHeaders: own === undefined ? () => ({ 'X-Cache': 'MISS' }) : hit }
}

async function explain(call: Call): Promise<Response> {
  const options = { ...readOptions(call), minIndex: 0 }
  limitOf(call.query)
  const { name } = call
  const isLong = name.length > limits.queryNameCharactersMax
  const result = await read(call, { kind: 'preparedQueryResolve', nameOrId: isLong ? '' : name }, options)
  if (!result.ok) throw refusedRead(result.error)
  const query = result.value.value
  if (query === null || isLong) throw new Refusal(404, 'Query not found')
  if (query.template !== null && query.id === name.toLowerCase()) {
    throw new Refusal(500, 'prepared query templates can only be resolved up by name, not by ID', failedRead)
  }
  const compiled = compileQuery(query)
  const filled = compiled.ok ? compiled.value.fill({ name, segment: '' }) : compiled
  if (!filled.ok) throw new Refusal(500, filled.error, failedRead)
  const text = renderExplained(
    { ...query, service: filled.value },
    bodyMeta(result.value, options.consistency),
  )
  return call.reply.json(call, text, { headers: bodyHeaders(result.value, options) })
}

/** These answers have no index of their own: the reference says 1. */
function bodyHeaders(
  meta: Omit<ReadReply<unknown>, 'value'>,
  options: Pick<ReadOptions, 'consistency'>,
): Record<string, string> {
  return { ...metaHeaders({ ...meta, index: 1 }), ...modeHeader(options) }
}

function modeHeader({ consistency }: Pick<ReadOptions, 'consistency'>): Record<string, string> {
  return { 'X-Consul-Effective-Consistency': effectiveConsistency[consistency] }
}

function bodyMeta(meta: Omit<ReadReply<unknown>, 'value'>, mode: ReadOptions['consistency']): BodyMeta {
  const { knownLeader, lastContactMs } = meta
  return { knownLeader, lastContactMs, mode: effectiveConsistency[mode] }
}

function lookupProblem(problem: string): string {
  return `failed prepared query lookup: index error: ${problem}`
}

/** `?limit=`; 0 for all. Throws Refusal. */
function limitOf(query: QueryString): number {
  const text = query.get('limit')
  if (text === '') return 0
  const fault = (why: string): Refusal =>
    new Refusal(500, `Bad limit: strconv.Atoi: parsing ${JSON.stringify(text)}: ${why}`)
  if (!/^[+-]?\d+$/.test(text)) throw fault('invalid syntax')
  const number = BigInt(text.replace(/^\+/, ''))
  if (number >= 2n ** 63n || number < -(2n ** 63n)) throw fault('value out of range')
  return number <= 0n ? 0 : Math.min(Number(number), Number.MAX_SAFE_INTEGER)
}

/** `?connect=`. Throws Refusal. */
function connectOf(query: QueryString): boolean {
  const text = query.get('connect')
  if (text === '') return false
  const connect = parseTruth(text)
  if (connect.ok) return connect.value
  const why = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`
  throw new Refusal(500, `Error parsing 'connect' value: ${why}`)
}
