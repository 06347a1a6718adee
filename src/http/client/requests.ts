// What all parts of the client send and read: JSON, answers with an index, parameters.
import type { TextMap } from '../../model/catalog.ts'
import { type Connection, ConnectionError, type RequestSpec } from './connection.ts'

/** An answer of an endpoint that can block, with what its headers say. */
export interface Answer<T> {
  readonly value: T
  readonly index: number
  readonly knownLeader: boolean
  readonly lastContactMs: number
}

/** Options of a read of replicated state. */
export interface ReadQuery {
  readonly dc?: string
  readonly stale?: boolean
  readonly consistent?: boolean
  /** With `stale`: no older than this, such as `10s`. */
  readonly maxStale?: string
  /** Wait for an index greater than this; as text where it may exceed 2^53 (events). */
  readonly index?: number | string
  /** Longest wait, such as `30s`. */
  readonly wait?: string
  /** Sorted by round-trip time from this node; `_agent` is the agent that is asked. */
  readonly near?: string
  readonly nodeMeta?: TextMap
  /** Only those for which this expression is true. */
  readonly filter?: string
  readonly signal?: AbortSignal
}

/** An answer as it came, for those who compare: the text and the index with all its digits. */
export interface RawAnswer<T> extends Answer<T> {
  readonly text: string
  readonly indexText: string
}

/** Where and how a read is sent. */
export interface ReadSpec<T> {
  readonly path: string
  /** Parameters beside those of `ReadQuery`. */
  readonly query?: RequestSpec['query']
  readonly headers?: RequestSpec['headers']
  /** With this a 404 is an answer and not a failure. */
  readonly whenMissing?: T
}

/** Sends a request whose answer is JSON. */
export async function json<T>(connection: Connection, request: RequestSpec): Promise<T> {
  const response = await connection.send(request)
  return parse(await bodyOf(response)) as T
}

/** Sends a request whose answer says no more than that it was carried out. */
export async function done(connection: Connection, request: RequestSpec): Promise<void> {
  await bodyOf(await connection.send(request))
}

/** Reads replicated state. */
export async function read<T>(
  connection: Connection,
  spec: ReadSpec<T>,
  options: ReadQuery = {},
): Promise<Answer<T>> {
  const { value, index, knownLeader, lastContactMs } = await readRaw(connection, spec, options)
  return { value, index, knownLeader, lastContactMs }
}

/** Reads replicated state, and keeps what it was parsed from. */
export async function readRaw<T>(
  connection: Connection,
  { path, query, headers, whenMissing }: ReadSpec<T>,
  options: ReadQuery,
): Promise<RawAnswer<T>> {
  const response = await connection.send({
    path,
    query: { ...readParameters(connection, options), ...query },
    signal: options.signal,
    ...(headers !== undefined && { headers }),
    ...(whenMissing !== undefined && { alsoAccept: 404 }),
  })
  const text = await bodyOf(response)
  const isMissing = response.status === 404 && whenMissing !== undefined
  return {
    value: isMissing ? whenMissing : (parse(text) as T),
    text: isMissing ? '' : text,
    indexText: response.headers.get('x-consul-index') ?? '0',
    ...answerMeta(response.headers),
  }
}

/** The body as text. Rejects with ConnectionError when the agent went away while it was read. */
async function bodyOf(response: Response): Promise<string> {
  try {
    return await response.text()
  } catch (cause) {
    throw new ConnectionError('Cannot read the answer to its end: unexpected EOF', '', cause)
  }
}

function readParameters(connection: Connection, options: ReadQuery): NonNullable<RequestSpec['query']> {
  return {
    dc: dcOf(connection, options),
    stale: flag(options.stale, ''),
    consistent: flag(options.consistent, ''),
    max_stale: options.maxStale,
    index: options.index?.toString(),
    wait: options.wait,
    near: options.near,
    'node-meta': Object.entries(options.nodeMeta ?? {}).map(([key, value]) => `${key}:${value}`),
    filter: options.filter,
  }
}

/** What the headers of an answer say. */
export function answerMeta(headers: Headers): Omit<Answer<unknown>, 'value'> {
  return {
    index: Number(headers.get('x-consul-index') ?? 0),
    knownLeader: headers.get('x-consul-knownleader') === 'true',
    lastContactMs: Number(headers.get('x-consul-lastcontact') ?? 0),
  }
}

/** Parses JSON; `Flags` becomes a bigint from its own digits, for it may exceed 2^53. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text, reviveFlags)
  } catch (cause) {
    const start = JSON.stringify(text.slice(0, 40))
    throw new ConnectionError(`Cannot read the answer: it is not JSON but begins with ${start}`, '', cause)
  }
}

function reviveFlags(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return key === 'Flags' && typeof value === 'number' ? BigInt(context?.source ?? value) : value
}

/** A body in JSON; a bigint becomes a number with all its digits. */
export function jsonBody(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(jsonBody).join(',')}]`
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${jsonBody(field)}`).join(',')}}`
}

/** The datacenter that a call is for; undefined is the agent's own. */
export function dcOf(connection: Connection, options: { readonly dc?: string }): string | undefined {
  return options.dc ?? connection.datacenter
}

/** A parameter that is there or not. */
export function flag(isSet: boolean | undefined, text: string): string | undefined {
  return isSet === true ? text : undefined
}

/** Encodes a name for a path, keeping its slashes. */
export function encodePath(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}
