// The OpenAPI document: made from the table of routes, so that it says what is served, and nothing else.
import type { Json, JsonObject } from '../../model/catalog.ts'
import { version } from '../../model/version.ts'
import { statusByCode } from '../errors.ts'
import { type Content, type Outcome, type Parameter, type Route, mediaTypes, parameters } from '../route.ts'
import { type Schema, bool, integer, list, oneOf, ref, text, uint64 } from './schema.ts'
import { schemas } from './schemas.ts'

/** How a parameter is written. Flags count by being there, whatever their value. */
type ParameterForm = 'flag' | 'text' | 'duration' | 'uint64' | 'repeated'

const forms: Readonly<Record<Parameter | 'pretty', ParameterForm>> = {
  pretty: 'flag',
  acquire: 'text',
  address: 'text',
  cached: 'flag',
  cas: 'uint64',
  connect: 'text',
  consistent: 'flag',
  dc: 'text',
  enable: 'text',
  filter: 'text',
  flags: 'uint64',
  force: 'flag',
  format: 'text',
  global: 'flag',
  hash: 'text',
  history: 'flag',
  id: 'text',
  index: 'uint64',
  keys: 'flag',
  leader: 'flag',
  limit: 'uint64',
  logjson: 'flag',
  loglevel: 'text',
  max_stale: 'duration',
  'merge-central-config': 'flag',
  near: 'text',
  'node-meta': 'repeated',
  name: 'text',
  node: 'text',
  note: 'text',
  passing: 'flag',
  prune: 'flag',
  raw: 'flag',
  reason: 'text',
  recurse: 'flag',
  release: 'text',
  'replace-existing-checks': 'flag',
  seconds: 'text',
  segment: 'text',
  separator: 'text',
  service: 'text',
  stale: 'flag',
  tag: 'repeated',
  ttl: 'duration',
  wait: 'duration',
  wan: 'flag',
}

const schemaByForm: Readonly<Record<ParameterForm, Schema>> = {
  flag: { type: 'string', description: 'Counts by being there, whatever its value.' },
  text: text(),
  duration: text('A duration such as `1m30s`.'),
  uint64: uint64(),
  repeated: list(text()),
}

/** What the document says of the whole API. */
const about =
  'The HTTP API of a proconsul agent, which speaks the paths, parameters, bodies and statuses of Consul’s. ' +
  'A refusal is plain text, one sentence. A refusal with the header `X-Consul-Outcome: unknown` is none: the write ' +
  'may have been carried out, and may not; read what became of it before trying again. ' +
  'A segment in braces takes all that stands in its place, slashes included.'

/** Makes the document of a table. */
export function openApiDocument(routes: readonly Route[]): JsonObject {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'proconsul', version, description: about },
    paths,
    components: {
      schemas: schemas as JsonObject,
      parameters: parameterObjects(),
      headers,
      responses: refusals,
    },
  }
}

function operation(route: Route): Json {
  const name = /:(\w+)/.exec(route.path)?.[1]
  const ofPath = name === undefined ? [] : [{ name, in: 'path', required: true, schema: text() }]
  const ofQuery = [...route.parameters, 'pretty'].map((each) => ({ $ref: `#/components/parameters/${each}` }))
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [areaOf(route)],
    parameters: [...ofPath, ...ofQuery],
    ...(route.body !== undefined && {
      requestBody: { required: false, content: contentOf([route.body]) },
    }),
    responses: responses(route),
  }
}

/** `GET /v1/health/service/:service` is `getHealthService`. */
export function operationId({ method, path, operation: name }: Route): string {
  if (name !== undefined) return name
  const words = path
    .replace(/^\/v1\//, '')
    .replace(/\/:\w+/, '')
    .split(/[^A-Za-z]+/)
    .filter((word) => word !== '')
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function areaOf({ path }: Route): string {
  return path.split('/')[2] ?? ''
}

function responses(route: Route): Json {
  const own: Record<string, Json> = {
    '200': {
      description: 'Done.',
      ...(route.answer.length > 0 && { content: contentOf(route.answer) }),
      ...withHeaders(route),
    },
  }
  for (const outcome of route.statuses ?? []) own[String(outcome.status)] = response(outcome)
  for (const status of Object.keys(refusals)) {
    own[status] ??= { $ref: `#/components/responses/${status}` }
  }
  return own
}

function response({ meaning, content = 'text', mediaType }: Outcome): Json {
  if (content === '') return { description: meaning }
  const bodies = contentOf(typeof content === 'string' ? [content] : content)
  if (mediaType === undefined) return { description: meaning, content: bodies }
  return { description: meaning, content: { [mediaType]: Object.values(bodies)[0] ?? {} } }
}

/** Headers of a success: those of every read that can wait, and the route's own. */
function withHeaders({ parameters: names, headers: own = [] }: Route): JsonObject {
  const ofReads = names.includes('index') ? readHeaders : []
  const all = [...ofReads, ...own]
  if (all.length === 0) return {}
  return {
    headers: Object.fromEntries(all.map((name) => [name, { $ref: `#/components/headers/${name}` }] as const)),
  }
}

const readHeaders = ['X-Consul-Index', 'X-Consul-Knownleader', 'X-Consul-Lastcontact']

/** Bodies by media type; several shapes of one type are alternatives. */
function contentOf(contents: readonly Content[]): JsonObject {
  const byType: Record<string, Schema[]> = {}
  for (const content of contents) {
    const type = Object.hasOwn(mediaTypes, content)
      ? mediaTypes[content as keyof typeof mediaTypes]
      : 'application/json'
    byType[type] = [
      ...(byType[type] ?? []),
      type === 'application/json' ? ref(content) : type.startsWith('text/') ? text() : {},
    ]
  }
  const entries = Object.entries(byType).map(
    ([type, shapes]) =>
      [type, { schema: shapes.length === 1 ? (shapes[0] ?? {}) : { anyOf: shapes } }] as const,
  )
  return Object.fromEntries(entries)
}

function parameterObjects(): JsonObject {
  const meanings: Readonly<Record<string, string>> = parameters
  return Object.fromEntries(
    Object.entries(forms).map(([name, form]) => [
      name,
      {
        name,
        in: 'query',
        description: meanings[name] ?? '',
        allowEmptyValue: form === 'flag',
        schema: schemaByForm[form],
      },
    ]),
  )
}

const headers: JsonObject = {
  'X-Consul-Index': {
    description: 'What to pass as `index` to wait for the next change; at least 1. It may go back.',
    schema: integer(),
  },
  'X-Consul-Knownleader': { description: 'Whether a leader was known.', schema: bool() },
  'X-Consul-Lastcontact': {
    description:
      'How old the answer is at most, in milliseconds: it holds everything that was acknowledged before. 0 at a leader.',
    schema: integer(),
  },
  'X-Cache': {
    description:
      'With `cached`: `HIT` if this agent answered from its own copy of the state, `MISS` if it asked a server.',
    schema: oneOf('HIT', 'MISS'),
  },
  Age: { description: 'With `X-Cache: HIT`: how old the answer is at most, in seconds.', schema: integer() },
  'X-Consul-Query-Backend': { description: 'Always `blocking-query`.', schema: text() },
  'X-Consul-ContentHash': { description: 'For `hash` of the next request.', schema: text() },
  'X-Consul-Reason': { description: 'The state in one word, or why there is none.', schema: text() },
  'X-Consul-Fencing-Token': {
    description:
      'After an acquisition: larger with every one. Who checks it refuses earlier holders of the lock.',
    schema: integer(),
  },
  'X-Consul-Outcome': {
    description: '`unknown`: the write may have been carried out, or not. Absent: it was not.',
    schema: text(),
  },
}

const plainText: JsonObject = { 'text/plain': { schema: text() } }

/** Refusals that every endpoint can give. */
const refusals: JsonObject = {
  '400': { description: 'The request is wrong, and why.', content: plainText },
  '403': {
    description: 'This agent does not serve the endpoint (`http_config.block_endpoints`).',
    content: plainText,
  },
  '405': { description: 'Another method. `Allow` names those that there are.', content: plainText },
  '413': { description: 'The body is too large.', content: plainText },
  [String(statusByCode.rateLimited.status)]: {
    description: 'This agent sends more requests than it may; try again.',
    content: plainText,
  },
  [String(statusByCode.refused.status)]: {
    description: 'The cluster refused it, or could not answer, and why.',
    headers: { 'X-Consul-Outcome': { $ref: '#/components/headers/X-Consul-Outcome' } },
    content: plainText,
  },
  [String(statusByCode.overloaded.status)]: {
    description: 'Too much at once; try again.',
    content: plainText,
  },
}
