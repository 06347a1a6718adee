// What a route is: one row of the table that the router, the fast path, `Allow` headers and docs/http.md follow.
import type { Consistency, ReadMeta } from '../model/query.ts'
import type { Backend } from './backend.ts'
import type { Filters } from './filters.ts'
import type { SchemaName } from './openapi/schemas.ts'
import type { QueryString } from './query-string.ts'
import type { Translation } from './render.ts'

/** Methods that routes answer. OPTIONS is answered for all of them. */
export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

/** One endpoint. */
export interface Route {
  readonly method: Method
  /** Exact path; a last segment `:name` takes the rest of the path, slashes included. */
  readonly path: string
  /** Its name in the OpenAPI document, where another path would have the same. */
  readonly operation?: string
  /** What it does, in one line, for docs/http.md. */
  readonly summary: string
  /** Query parameters beyond those of the group; see `parameters` for their meaning. */
  readonly parameters: readonly Parameter[]
  /** What the body of a request holds; without one, none is read. */
  readonly body?: Content
  /** What may be in the body of an answer with status 200; nothing for an empty one. */
  readonly answer: readonly Content[]
  /** Headers of that answer beside those that tell how fresh a read is. */
  readonly headers?: readonly AnswerHeader[]
  /** Other statuses than 200, and than the refusals that every endpoint can give. */
  readonly statuses?: readonly Outcome[]
  readonly handler: Handler
}

/** A body: JSON of a named shape (openapi/schemas.ts), or something else. */
export type Content = SchemaName | keyof typeof mediaTypes

/** Types of bodies that are no JSON. */
export const mediaTypes = {
  bytes: 'application/octet-stream',
  text: 'text/plain',
  archive: 'application/gzip',
  events: 'text/event-stream',
} as const

/** Headers that some answers have. */
export type AnswerHeader =
  | 'Age'
  | 'X-Cache'
  | 'X-Consul-ContentHash'
  | 'X-Consul-Fencing-Token'
  | 'X-Consul-Query-Backend'
  | 'X-Consul-Reason'

/** An answer that is no success, or not the usual one. Its body is a sentence unless `content` says otherwise. */
export interface Outcome {
  readonly status: number
  readonly meaning: string
  /** '' for no body; several where the request decides. */
  readonly content?: Content | readonly Content[] | ''
  /** What its type is called, where that is not the content's own. */
  readonly mediaType?: string
}

/** Names of the query parameters that routes know. */
export type Parameter =
  | 'acquire'
  | 'address'
  | 'cached'
  | 'cas'
  | 'connect'
  | 'consistent'
  | 'dc'
  | 'enable'
  | 'filter'
  | 'flags'
  | 'force'
  | 'format'
  | 'global'
  | 'hash'
  | 'history'
  | 'id'
  | 'index'
  | 'keys'
  | 'leader'
  | 'limit'
  | 'logjson'
  | 'loglevel'
  | 'max_stale'
  | 'merge-central-config'
  | 'near'
  | 'node-meta'
  | 'name'
  | 'node'
  | 'note'
  | 'passing'
  | 'prune'
  | 'raw'
  | 'reason'
  | 'recurse'
  | 'release'
  | 'replace-existing-checks'
  | 'seconds'
  | 'segment'
  | 'separator'
  | 'service'
  | 'stale'
  | 'tag'
  | 'ttl'
  | 'wait'
  | 'wan'

/** Meaning of each query parameter, for docs/http.md. */
export const parameters: Readonly<Record<Parameter, string>> = {
  acquire:
    'take the lock of the key for the session of this ID; `false` if another holds it, or its lock-delay runs',
  address: '`ip:port` of the server',
  cas: 'apply only if the key has this ModifyIndex; 0: only if it is absent (for DELETE: never)',
  connect: 'proxies for the service instead of its instances (`true`, `false`)',
  consistent: 'the leader confirms its leadership first; excludes `stale`',
  dc: 'datacenter to ask; the agent’s own if absent (`datacenter` is the same)',
  cached:
    'this agent may answer from its own copy, as old as `Cache-Control` allows: `max-age`, `must-revalidate`, `stale-if-error`',
  enable: '`true` for maintenance, `false` for none',
  filter: 'only those for which this expression is true (docs/guides/filters.md)',
  flags: 'opaque unsigned 64-bit number kept with the value',
  force: 'even if the servers that are left could not decide anything without those that are down',
  format: '`prometheus` for the text format',
  history:
    'the versions of the key that are kept, oldest first, with the index and time from which each held (needs `kv_history`)',
  global: 'of all datacenters',
  hash: 'wait for a hash of the content other than this one',
  id: 'ID of the server',
  index: 'wait for an index greater than this one',
  keys: 'list keys, not values',
  leader: 'the default mode, said aloud',
  limit: 'so many instances at most; all if 0 or absent',
  logjson: 'log lines as JSON',
  loglevel: 'lowest level sent: trace, debug, info, warn, err',
  max_stale: 'like `stale`, but ask the leader if the answer is older than this duration',
  'merge-central-config':
    'accepted, and merges nothing: instances are shown as they are registered, whatever `service-defaults` and `proxy-defaults` say',
  near: 'sort by round-trip time from this node, `_agent` for the agent that is asked; unknown places come last',
  'node-meta': '`key:value` that the node’s meta data must have; repeatable',
  name: 'only events of this name',
  node: 'regular expression that a node’s name must match',
  note: 'what the check says',
  passing: 'only instances of which every check passes',
  prune: 'forget the member instead of keeping it as left',
  raw: 'the value’s bytes instead of JSON',
  reason: 'why, for those who read the check',
  recurse: 'everything under the prefix',
  release: 'give up the lock that the session of this ID holds; `false` if it does not hold it',
  'replace-existing-checks': 'checks that are not given again are removed; without it they stay',
  seconds: 'how long the profile is taken, up to 300; 30 unless given',
  segment: 'network segment (only the default one exists)',
  separator: 'with `keys`: cut keys behind the first of these after the prefix (`seperator` is the same)',
  service: 'regular expression that the name of one of a node’s services must match',
  stale: 'any server may answer, how old its state ever is',
  tag: 'tag that the instance must have; repeatable. Of events: a regular expression for tags of those services',
  ttl: 'the key deletes itself after this duration, 1s to 87600h, unless it is written again before',
  wait: 'longest wait as a duration, 5m if absent, 10m at most',
  wan: 'the WAN pool instead of the LAN pool',
}

/** Parameters of a read of replicated state. */
export const readParameters: readonly Parameter[] = [
  'dc',
  'stale',
  'consistent',
  'leader',
  'max_stale',
  'index',
  'wait',
]

/** Answers a call; throws Refusal for a request that it cannot carry out. */
export type Handler = (call: Call) => Response | Promise<Response>

/** One request on its way through a handler. */
export interface Call {
  readonly backend: Backend
  readonly request: Request
  readonly from: Peer
  /** The rest of the path behind the route's prefix, decoded; '' for exact paths. */
  readonly name: string
  readonly query: QueryString
  /** Expressions, and what they left of answers. */
  readonly filters: Filters
  /** Builds the answers. */
  readonly reply: Replies
}

/** Aborts when the client goes or the agent stops: streams end then. */
export function endOf({ request, backend }: Call): AbortSignal {
  return AbortSignal.any([request.signal, backend.ending])
}

/** Who sent a request; `ip` is '' on a unix socket. */
export interface Peer {
  readonly ip: string
  readonly port: number
}

/** Builders of answers, with the headers that every answer of this agent has. */
export interface Replies {
  /** JSON from compact text; printed pretty, or compressed, as the request asks. */
  json(call: Call, text: string, options?: ReplyOptions): Response
  /** JSON of a value that others may ask for as well: rendered and compressed once for all of them. */
  shared<T>(call: Call, value: T, answer: SharedAnswer<T>): Response | Promise<Response>
  /** The compact JSON of such a value alone. */
  textOf<T>(value: T, render: SharedAnswer<T>['render']): string
  /** Plain text: refusals, mostly. */
  text(status: number, text: string, headers?: Headers): Response
  /** No body, no type. */
  empty(status: number, headers?: Headers): Response
  /** A body of any other type. */
  body(body: BodyInit | null, headers: Headers): Response
}

/** Headers of an answer, by name. */
export type Headers = Readonly<Record<string, string>>

/** How a shared value is answered. */
export interface SharedAnswer<T> {
  /** The same function each time: bodies are kept for it. */
  readonly render: (value: T, translation: Translation) => string
  /** Null for what is not replicated: such an answer has no index. */
  readonly meta: ReadMeta | null
  /** Says `X-Consul-Effective-Consistency`. */
  readonly mode?: Consistency
  /** Says `X-Consul-Query-Backend`. */
  readonly hasBackend?: boolean
  /** Says `X-Cache`, and with `HIT` the age. */
  readonly cache?: CacheUse
}

/** Whether an answer that may be an older one is what this agent has itself. */
export type CacheUse = 'HIT' | 'MISS'

/** What is not usual about a JSON answer. */
export interface ReplyOptions {
  readonly status?: number
  readonly headers?: Headers
}
