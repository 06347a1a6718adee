// Prepared queries over HTTP, where the recordings of the reference end.
import { describe, expect, test } from 'vitest'
import { requestError } from '../../../src/model/errors.ts'
import { instanceOf } from '../query/samples.ts'
import { asking } from './asking.ts'
import { createStateBackend } from './state-backend.ts'

describe('/v1/query', () => {
  test('takes a name of 1,024 characters, and none of more', async () => {
    const ask = asking(createStateBackend())
    const create = (length: number): Promise<Response> =>
      ask('POST /v1/query', { body: JSON.stringify({ Name: 'n'.repeat(length), Service: { Service: 'x' } }) })
    expect((await create(1024)).status).toBe(200)
    const refused = await create(1025)
    expect([refused.status, await refused.text()]).toEqual([
      500,
      'Invalid prepared query: Name is too long (limit: 1024 characters)',
    ])
    expect((await ask(`GET /v1/query/${'n'.repeat(1024)}/explain`)).status).toBe(200)
    expect((await ask(`GET /v1/query/${'n'.repeat(1025)}/explain`)).status).toBe(404)
  })

  test('waits for a change of any query', async () => {
    const backend = createStateBackend()
    const ask = asking(backend)
    await ask('POST /v1/query', { body: '{"Name":"a","Service":{"Service":"x"}}' })
    const { headers } = await ask('GET /v1/query')
    const waiting = ask(`GET /v1/query?index=${headers.get('x-consul-index')}&wait=60s`)
    await Promise.resolve()
    expect(backend.waiting).toBe(1)
    await ask('POST /v1/query', { body: '{"Name":"b","Service":{"Service":"x"}}' })
    expect(await (await waiting).json()).toMatchObject([{ Name: 'a' }, { Name: 'b' }])
  })

  test.each([
    ['GET /v1/query', undefined],
    ['GET /v1/query/00000000-0000-4000-9000-000000000001', undefined],
    ['POST /v1/query', '{"Name":"a","Service":{"Service":"x"}}'],
    ['PUT /v1/query/00000000-0000-4000-9000-000000000001', '{"Name":"a","Service":{"Service":"x"}}'],
    ['DELETE /v1/query/00000000-0000-4000-9000-000000000001', undefined],
    ['GET /v1/query/a/execute', undefined],
    ['GET /v1/query/a/explain', undefined],
  ])('%s says that there is no leader', async (line, body) => {
    const ask = asking(
      createStateBackend({ failure: requestError('noLeader', 'No cluster leader'), readNow: () => null }),
    )
    const response = await ask(line, body === undefined ? {} : { body })
    expect([response.status, await response.text()]).toEqual([500, 'No cluster leader'])
  })
})

describe('what carrying a query out found', () => {
  test('has the WAN addresses of another datacenter’s nodes if they are wanted', async () => {
    const { node, service, checks } = instanceOf({ node: 'n1' })
    const elsewhere = {
      node: { ...node, datacenter: 'dc2', taggedAddresses: { wan: '9.9.9.9' } },
      service,
      checks,
    }
    for (const translateWanAddrs of [true, false]) {
      const backend = createStateBackend({ translateWanAddrs })
      const answer = { service: 'web', nodes: [elsewhere], dnsTtl: '', datacenter: 'dc2', failovers: 1 }
      const meta = { index: 5, knownLeader: true, lastContactMs: 7, epoch: '' }
      backend.runPrepared = () => Promise.resolve({ ok: true, value: { ...meta, value: answer } })
      const response = await asking(backend)('GET /v1/query/web/execute?stale')
      expect(await response.json()).toMatchObject({
        Datacenter: 'dc2',
        Failovers: 1,
        Index: 0,
        LastContact: 7_000_000,
        ConsistencyLevel: 'stale',
        Nodes: [{ Node: { Address: translateWanAddrs ? '9.9.9.9' : '10.0.0.1' } }],
      })
      expect(response.headers.get('x-consul-lastcontact')).toBe('7')
    }
  })
})

describe('?cached', () => {
  test.each([
    ['the leader’s own copy', '', 'default', 'HIT'],
    ['a copy of any age', '', 'stale', 'HIT'],
    ['a copy of an age', 'max-age=30', 'stale', 'HIT'],
    ['no copy', 'must-revalidate', 'default', 'MISS'],
  ])('%s (%s)', async (what, control, consistency, cache) => {
    const backend = createStateBackend()
    const runs: unknown[] = []
    const runPrepared = backend.runPrepared.bind(backend)
    const readNow = backend.readNow.bind(backend)
    backend.runPrepared = (run, freshness) => {
      runs.push(freshness)
      return runPrepared(run, freshness)
    }
    // A follower has a copy that is stale, and nothing else.
    if (what !== 'the leader’s own copy') {
      backend.readNow = (query, options) => (options.consistency === 'stale' ? readNow(query, options) : null)
    }
    const ask = asking(backend)
    await ask('POST /v1/query', { body: '{"Name":"a","Service":{"Service":"x"}}' })
    const response = await ask('GET /v1/query/a/execute?cached', { headers: { 'Cache-Control': control } })
    expect(response.headers.get('x-cache')).toBe(cache)
    expect(response.headers.get('age')).toBe(cache === 'HIT' ? '0' : null)
    expect(runs).toEqual([{ consistency, maxStaleMs: control === 'max-age=30' ? 30_000 : null }])
  })
})
