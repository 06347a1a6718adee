// Whatever a client sends is answered: no rejection, no status that the API does not have.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parameters } from '../../../src/http/route.ts'
import { refusedAreas } from '../../../src/http/routes/areas.ts'
import { routes } from '../../../src/http/routes/table.ts'
import { asking } from './asking.ts'
import { createStateBackend } from './state-backend.ts'

const statuses = new Set([200, 301, 400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 501, 503])

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '..', '//', '0', '-1', '1e999', '10ms', '9999h', 'true', '🜁'),
)

const encoded = text.map((value) =>
  encodeURI(value.toWellFormed()).replaceAll('?', '%3F').replaceAll('#', '%23'),
)

/** Part of a request line: text in its escaped form, or escapes that stand for nothing. */
const piece = fc.oneof(encoded, fc.constantFrom('%', '%zz', '%ff', '%00', '%C2%A0', '%2F..%2F', '%2e%2e'))

const path = fc.oneof(
  fc.constantFrom(
    ...routes.map((route) => route.path.replace(/:.*/, '')),
    ...refusedAreas.map(({ prefix }) => prefix),
  ),
  piece.map((value) => `/${value}`),
)

const parameter = fc
  .tuple(fc.constantFrom(...Object.keys(parameters), 'ns', 'pretty', 'cached'), fc.option(piece))
  .map(([name, value]) => (value === null ? name : `${name}=${value.replaceAll('&', '%26')}`))

const registration = fc.record(
  {
    Node: fc.anything(),
    Address: fc.string(),
    Service: fc.jsonValue(),
    Check: fc.jsonValue(),
    X: fc.jsonValue(),
  },
  { requiredKeys: [] },
)

const operation = fc.record(
  {
    KV: fc.record(
      { Verb: fc.constantFrom('set', 'get', 'cas', 'lock', 'x'), Key: fc.anything(), Value: fc.jsonValue() },
      { requiredKeys: [] },
    ),
    Node: fc.jsonValue(),
    Check: fc.jsonValue(),
    Session: fc.jsonValue(),
  },
  { requiredKeys: [] },
)

const session = fc.record(
  {
    TTL: fc.jsonValue(),
    LockDelay: fc.oneof(fc.jsonValue(), text, fc.double()),
    Checks: fc.jsonValue(),
    Behavior: fc.string(),
  },
  { requiredKeys: [] },
)

const body = fc.oneof(
  fc.string(),
  fc.json(),
  fc
    .oneof(registration, session, fc.array(operation, { maxLength: 4 }))
    .map((value) => JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? 0 : inner))),
)

test('requests of any kind', async () => {
  const backend = createStateBackend()
  const ask = asking(backend)
  const request = fc.record({
    method: fc.constantFrom('GET', 'PUT', 'DELETE', 'POST', 'OPTIONS', 'HEAD', 'PATCH'),
    path: fc.tuple(path, piece).map(([base, name]) => base + name),
    query: fc.array(parameter, { maxLength: 4 }),
    body,
  })
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path: at, query, body: sent }) => {
      const hasBody = method !== 'GET' && method !== 'HEAD'
      const gone = AbortSignal.abort()
      const response = await ask(`${method} ${`${at}?${query.join('&')}`.replaceAll(' ', '%20')}`, {
        ...(hasBody && { body: sent }),
        signal: gone,
      })
      expect(statuses).toContain(response.status)
    }),
    { numRuns: 3000 },
  )
})

test('a body that is refused changes nothing', async () => {
  const backend = createStateBackend()
  const ask = asking(backend)
  await ask('PUT /v1/catalog/register', { body: '{"Node":"n1","Address":"a"}' })
  const request = fc.oneof(
    session.map((value) => ['PUT /v1/session/create', value] as const),
    fc.array(operation, { maxLength: 4 }).map((value) => ['PUT /v1/txn', value] as const),
  )
  const content = async (): Promise<string> => {
    const reads = ['/v1/kv/?recurse', '/v1/session/list', '/v1/catalog/nodes', '/v1/health/state/any']
    const answers = await Promise.all(reads.map(async (read) => (await ask(`GET ${read}`)).text()))
    return answers.join('\n')
  }
  let before = await content()
  await fc.assert(
    fc.asyncProperty(request, async ([line, value]) => {
      const text = JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? 0 : inner))
      const response = await ask(line, { body: text })
      expect(statuses).toContain(response.status)
      const after = await content()
      if (response.status !== 200) expect(after).toBe(before)
      before = after
    }),
    { numRuns: 1000 },
  )
})
