// `/v1/kv/*`: the key/value store.
import type { KvCommand } from '../../model/command.ts'
import type { KvEntry } from '../../model/catalog.ts'
import { readBody } from '../body.ts'
import { Refusal, badRequest, refusalOf } from '../errors.ts'
import { renderList, textList } from '../json.ts'
import { datacenterOf } from '../read-options.ts'
import { renderKvEntry } from '../render.ts'
import { type Call, type Route, readParameters } from '../route.ts'
import { metaHeaders, read } from './reads.ts'

const uint64Max = 0xffff_ffff_ffff_ffffn

/** The endpoints. */
export const kvRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/kv/:key',
    summary: 'A key, or all keys under a prefix; 404 without a body if there is none',
    parameters: [...readParameters, 'recurse', 'raw', 'keys', 'separator'],
    handler: get,
  },
  {
    method: 'PUT',
    path: '/v1/kv/:key',
    summary: 'Sets a key to the body; `false` if a compare-and-set did not apply',
    parameters: ['dc', 'flags', 'cas', 'acquire', 'release'],
    handler: put,
  },
  {
    method: 'DELETE',
    path: '/v1/kv/:key',
    summary: 'Deletes a key, or all keys under a prefix',
    parameters: ['dc', 'recurse', 'cas'],
    handler: remove,
  },
]

function get(call: Call): Promise<Response> {
  const { query } = call
  if (!query.isEmpty) {
    if (query.has('keys')) return getKeys(call)
    if (query.has('recurse')) return getTree(call)
  }
  return getOne(call)
}

async function getOne(call: Call): Promise<Response> {
  const result = await read(call, { kind: 'kvGet', key: requireKey(call) })
  if (!result.ok) throw refusalOf(result.error)
  const entry = result.value.value
  const headers = metaHeaders(result.value)
  if (entry === null) return call.reply.empty(404, headers)
  if (!call.query.isEmpty && call.query.has('raw')) return rawValue(call, entry, headers)
  return call.reply.json(call, `[${renderKvEntry(entry)}]`, { headers })
}

/** The value as it is. It may be anything: browsers are told not to guess, and not to run it. */
function rawValue(call: Call, entry: KvEntry, headers: Record<string, string>): Response {
  headers['Content-Type'] = 'text/plain'
  headers['Content-Security-Policy'] = 'sandbox'
  headers['X-Content-Type-Options'] = 'nosniff'
  return call.reply.body(entry.value as Uint8Array<ArrayBuffer>, headers)
}

async function getTree(call: Call): Promise<Response> {
  const result = await read(call, { kind: 'kvList', prefix: call.name })
  if (!result.ok) throw refusalOf(result.error)
  const headers = metaHeaders(result.value)
  const entries = result.value.value
  if (entries.length === 0) return call.reply.empty(404, headers)
  return call.reply.json(call, renderList(entries, renderKvEntry), { headers })
}

async function getKeys(call: Call): Promise<Response> {
  const { query } = call
  const separator = query.get('separator') || query.get('seperator')
  const result = await read(call, { kind: 'kvKeys', prefix: call.name, separator })
  if (!result.ok) throw refusalOf(result.error)
  const headers = metaHeaders(result.value)
  const keys = result.value.value
  if (keys.length === 0 && call.name !== '') return call.reply.empty(404, headers)
  return call.reply.json(call, textList(keys), { headers })
}

async function put(call: Call): Promise<Response> {
  const { backend } = call
  const key = requireKey(call)
  const { flags, expectedIndex } = putOptions(call)
  const body = await readBody(call.request, backend.kvValueBytesMax)
  if (!body.ok) {
    throw new Refusal(
      413,
      `Request body(${body.error.bytes} bytes) too large, max size: ${backend.kvValueBytesMax} bytes. ` +
        'See https://www.consul.io/docs/agent/options.html#kv_max_value_size.',
    )
  }
  const value = body.value
  return write(
    call,
    expectedIndex === null
      ? { kind: 'kvSet', key, value, flags, ttlMs: 0 }
      : { kind: 'kvCas', key, value, flags, expectedIndex, ttlMs: 0 },
  )
}

interface PutOptions {
  readonly flags: bigint
  readonly expectedIndex: number | null
}

const plainPut: PutOptions = { flags: 0n, expectedIndex: null }

function putOptions(call: Call): PutOptions {
  const { query } = call
  if (query.isEmpty) return plainPut
  refuseConflicts(call, ['cas', 'acquire', 'release'])
  if (query.has('acquire') || query.has('release')) {
    throw badRequest('Locks are not supported by this version of proconsul yet: it has no sessions')
  }
  return { flags: query.has('flags') ? parseUint64(query.get('flags')) : 0n, expectedIndex: casOf(call) }
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
  const result = await call.backend.write(command, call.query.isEmpty ? '' : datacenterOf(call))
  if (!result.ok) throw refusalOf(result.error)
  if (result.value.kind === 'refused') throw new Refusal(500, result.value.message)
  return call.reply.json(call, result.value.kind === 'decided' && !result.value.applied ? 'false' : 'true')
}

function requireKey(call: Call): string {
  if (call.name === '') throw new Refusal(400, 'Missing key name')
  return call.name
}

function refuseConflicts({ query }: Call, names: readonly string[]): void {
  if (names.filter((name) => query.has(name)).length > 1) {
    throw new Refusal(400, `Conflicting flags: ${query.toString()}`)
  }
}

/** The index that a compare-and-set expects, or null without one. Indexes past 2^53 match nothing that exists. */
function casOf({ query }: Call): number | null {
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
