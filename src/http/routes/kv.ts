// `/v1/kv/*`: the key/value store.
import { parseDuration } from '../../lib/durations.ts'
import type { Result } from '../../lib/result.ts'
import type { CommandResult, KvCommand, KvWrite } from '../../model/command.ts'
import type { KvEntry } from '../../model/catalog.ts'
import type { RequestError } from '../../model/errors.ts'
import { readBody } from '../body.ts'
import { Refusal, refusalOf, written } from '../errors.ts'
import { renderList, textList } from '../json.ts'
import { datacenterOf } from '../read-options.ts'
import { renderKvEntry, renderKvVersion } from '../render.ts'
import { type Call, type Route, readParameters } from '../route.ts'
import { answerRead, answerShared, metaHeaders, read } from './reads.ts'

const uint64Max = 0xffff_ffff_ffff_ffffn

/** The endpoints. */
export const kvRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/kv/:key',
    summary: 'A key, or all keys under a prefix; 404 without a body if there is none',
    parameters: [...readParameters, 'recurse', 'raw', 'keys', 'separator', 'history'],
    answer: ['KvPairs', 'Texts', 'KvVersions', 'text'],
    statuses: [{ status: 404, meaning: 'There is no such key, or none under the prefix.', content: '' }],
    handler: get,
  },
  {
    method: 'PUT',
    path: '/v1/kv/:key',
    summary: 'Sets a key to the body; `false` if a compare-and-set or a lock did not apply',
    parameters: ['dc', 'flags', 'cas', 'acquire', 'release', 'ttl'],
    body: 'bytes',
    answer: ['Applied'],
    headers: ['X-Consul-Fencing-Token'],
    handler: put,
  },
  {
    method: 'DELETE',
    path: '/v1/kv/:key',
    summary: 'Deletes a key, or all keys under a prefix',
    parameters: ['dc', 'recurse', 'cas'],
    answer: ['Applied'],
    handler: remove,
  },
]

function get(call: Call): Response | Promise<Response> {
  const { query } = call
  if (!query.isEmpty) {
    if (query.has('keys')) return getKeys(call)
    if (query.has('recurse')) return getTree(call)
    if (query.has('history')) return getHistory(call)
  }
  return getOne(call)
}

function getOne(call: Call): Response | Promise<Response> {
  return answerRead(call, { kind: 'kvGet', key: requireKey(call) }, (reply) => {
    const entry = reply.value
    if (entry === null) return call.reply.empty(404, metaHeaders(reply))
    if (!call.query.isEmpty && call.query.has('raw')) return rawValue(call, entry, metaHeaders(reply))
    return call.reply.shared(call, entry, { render: renderOne, meta: reply })
  })
}

function renderOne(entry: KvEntry): string {
  return `[${renderKvEntry(entry)}]`
}

/** The value as it is. It may be anything: browsers are told not to guess, and not to run it. */
function rawValue(call: Call, entry: KvEntry, headers: Record<string, string>): Response {
  headers['Content-Type'] = 'text/plain'
  headers['Content-Security-Policy'] = 'sandbox'
  headers['X-Content-Type-Options'] = 'nosniff'
  return call.reply.body(entry.value as Uint8Array<ArrayBuffer>, headers)
}

function getTree(call: Call): Response | Promise<Response> {
  return answerRead(call, { kind: 'kvList', prefix: call.name }, (reply) => {
    if (reply.value.length === 0) return call.reply.empty(404, metaHeaders(reply))
    return answerShared(call, reply, { render: renderTree })
  })
}

function renderTree(entries: readonly KvEntry[]): string {
  return renderList(entries, renderKvEntry)
}

function getKeys(call: Call): Response | Promise<Response> {
  const { query } = call
  const separator = query.get('separator') || query.get('seperator')
  return answerRead(call, { kind: 'kvKeys', prefix: call.name, separator }, (reply) => {
    if (reply.value.length === 0 && call.name !== '') return call.reply.empty(404, metaHeaders(reply))
    return answerShared(call, reply, { render: textList })
  })
}

/** The versions of a key. They are kept only where the operator has asked for them. */
async function getHistory(call: Call): Promise<Response> {
  const key = requireKey(call)
  if (call.query.has('raw')) throw conflict(call)
  const result = await read(call, { kind: 'kvHistory', key })
  if (!result.ok) throw refusalOf(result.error)
  const headers = metaHeaders(result.value)
  const versions = result.value.value
  if (versions === null) {
    throw new Refusal(
      400,
      'No versions of keys are kept here: an operator has to set kv_history.versions first',
    )
  }
  if (versions.length === 0) return call.reply.empty(404, headers)
  return call.reply.json(call, renderList(versions, renderKvVersion), { headers })
}

async function put(call: Call): Promise<Response> {
  const { backend } = call
  const key = requireKey(call)
  const options = putOptions(call)
  const body = await readBody(call.request, backend.kvValueBytesMax)
  if (!body.ok) {
    throw new Refusal(
      413,
      `Request body(${body.error.bytes} bytes) too large, max size: ${backend.kvValueBytesMax} bytes. ` +
        'See https://www.consul.io/docs/agent/options.html#kv_max_value_size.',
    )
  }
  const command = putCommand(key, body.value, options)
  return answerWrite(call, await backend.write(command, writeDatacenter(call)))
}

/** Field by field where most come by: a spread costs more than all the rest. */
function putCommand(key: string, value: Uint8Array, options: PutOptions): KvCommand {
  const { flags, ttlMs, expectedIndex, acquire, release } = options
  if (options === plainPut) return { kind: 'kvSet', key, value, flags, ttlMs }
  const write: KvWrite = { key, value, flags, ttlMs }
  if (expectedIndex !== null) return { kind: 'kvCas', ...write, expectedIndex }
  if (acquire !== null) return { kind: 'kvAcquire', ...write, session: acquire }
  if (release !== null) return { kind: 'kvRelease', ...write, session: release }
  return { kind: 'kvSet', ...write }
}

/** At most one of `expectedIndex`, `acquire` and `release` is not null. */
interface PutOptions {
  readonly flags: bigint
  readonly ttlMs: number
  readonly expectedIndex: number | null
  readonly acquire: string | null
  readonly release: string | null
}

const plainPut: PutOptions = { flags: 0n, ttlMs: 0, expectedIndex: null, acquire: null, release: null }

function putOptions(call: Call): PutOptions {
  const { query } = call
  if (query.isEmpty) return plainPut
  refuseConflicts(call, ['cas', 'acquire', 'release'])
  return {
    flags: query.has('flags') ? parseUint64(query.get('flags')) : 0n,
    ttlMs: query.has('ttl') ? parseTtl(query.get('ttl')) : 0,
    expectedIndex: casOf(call),
    acquire: sessionOf(call, 'acquire'),
    release: sessionOf(call, 'release'),
  }
}

/** The session that a parameter names. Throws Refusal if it is there and names none. */
function sessionOf({ query }: Call, name: string): string | null {
  if (!query.has(name)) return null
  const session = query.get(name)
  if (session === '') throw new Refusal(500, 'missing session')
  return session
}

const ttlMinMs = 1000
const ttlMaxMs = 87_600 * 3_600_000

/** Reads how long a key lives. Throws Refusal. */
function parseTtl(text: string): number {
  const nanos = parseDuration(text)
  const ms = nanos === undefined ? 0 : Math.ceil(nanos / 1e6)
  if (ms < ttlMinMs || ms > ttlMaxMs) {
    throw new Refusal(400, `Invalid ttl ${JSON.stringify(text)}: it must be a duration from 1s to 87600h`)
  }
  return ms
}

function remove(call: Call): Promise<Response> {
  if (call.query.has('recurse')) {
    refuseConflicts(call, ['cas', 'recurse'])
    return write(call, { kind: 'kvDeleteTree', prefix: call.name })
  }
  const key = requireKey(call)
  const expectedIndex = casOf(call)
  return write(
    call,
    expectedIndex === null ? { kind: 'kvDelete', key } : { kind: 'kvDeleteCas', key, expectedIndex },
  )
}

async function write(call: Call, command: KvCommand): Promise<Response> {
  return answerWrite(call, await call.backend.write(command, writeDatacenter(call)))
}

function writeDatacenter(call: Call): string {
  return call.query.isEmpty ? '' : datacenterOf(call)
}

function answerWrite(call: Call, result: Result<CommandResult, RequestError>): Response {
  const value = written(result)
  if (value.kind !== 'decided') return call.reply.json(call, 'true')
  const answer = value.applied ? 'true' : 'false'
  if (value.fencingToken === 0) return call.reply.json(call, answer)
  return call.reply.json(call, answer, { headers: { [fencingHeader]: String(value.fencingToken) } })
}

/** With an acquisition comes the token of the lock, for whoever is to refuse those that held it before. */
const fencingHeader = 'X-Consul-Fencing-Token'

function requireKey(call: Call): string {
  if (call.name === '') throw new Refusal(400, 'Missing key name')
  return call.name
}

function refuseConflicts(call: Call, names: readonly string[]): void {
  if (names.filter((name) => call.query.has(name)).length > 1) throw conflict(call)
}

function conflict({ query }: Call): Refusal {
  return new Refusal(400, `Conflicting flags: ${query.toString()}`)
}

/** The index that a compare-and-set expects, or null without one. Indexes past 2^53 match nothing that exists. */
export function casOf({ query }: Call): number | null {
  if (query.isEmpty || !query.has('cas')) return null
  const index = parseUint64(query.get('cas'))
  return index > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(index)
}

/** Reads an unsigned 64-bit number. Throws Refusal with the reference's text. */
function parseUint64(text: string): bigint {
  const quoted = JSON.stringify(text)
  if (!/^\d+$/.test(text)) throw new Refusal(500, `strconv.ParseUint: parsing ${quoted}: invalid syntax`)
  const digits = text.replace(/^0+(?=\d)/, '')
  const value = digits.length > 20 ? uint64Max + 1n : BigInt(digits)
  if (value > uint64Max) throw new Refusal(500, `strconv.ParseUint: parsing ${quoted}: value out of range`)
  return value
}
