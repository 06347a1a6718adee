// Exported services over HTTP: newer than the recordings of the reference.
import { describe, expect, test } from 'vitest'
import { schemas } from '../../../src/http/openapi/schemas.ts'
import type { Json } from '../../../src/model/catalog.ts'
import { type Ask, asking } from './asking.ts'
import { violations } from './json-schema.ts'
import { createStateBackend } from './state-backend.ts'

async function exporting(ask: Ask, ...names: readonly string[]): Promise<Response> {
  const Services = names.map((Name) => ({ Name, Consumers: [{ Peer: 'west' }, { Peer: 'east' }] }))
  const body = JSON.stringify({ Kind: 'exported-services', Name: 'default', Services })
  return await ask('PUT /v1/config', { body })
}

async function register(ask: Ask, service: string): Promise<void> {
  const body = JSON.stringify({ Node: 'n1', Address: '10.0.0.1', Service: { Service: service } })
  await ask('PUT /v1/catalog/register', { body })
}

describe('/v1/exported-services', () => {
  test('shows what the entry exports, as it is documented', async () => {
    const ask = asking(createStateBackend())
    expect(await (await ask('GET /v1/exported-services')).json()).toEqual([])
    expect(await (await exporting(ask, 'web', 'db')).text()).toBe('true')
    const answer = (await (await ask('GET /v1/exported-services')).json()) as Json
    const Consumers = { Peers: ['east', 'west'] }
    expect(answer).toEqual([
      { Service: 'db', Consumers },
      { Service: 'web', Consumers },
    ])
    expect(violations(schemas.ExportedServices, answer, { named: schemas })).toEqual([])
  })

  test('with a wildcard waits for the next service too', async () => {
    const backend = createStateBackend()
    const ask = asking(backend)
    await exporting(ask, '*')
    const { headers } = await ask('GET /v1/exported-services')
    const waiting = ask(`GET /v1/exported-services?index=${headers.get('x-consul-index')}&wait=60s`)
    await Promise.resolve()
    expect(backend.waiting).toBe(1)
    await register(ask, 'web')
    expect(await (await waiting).json()).toMatchObject([{ Service: 'web' }])
  })

  test.each([
    ['Service == web', ['web']],
    ['"east" in Consumers.Peers', ['db', 'web']],
    ['Consumers.Partitions is not empty', []],
  ])('takes a filter: %s', async (filter, services) => {
    const ask = asking(createStateBackend())
    await exporting(ask, 'web', 'db')
    const response = await ask(`GET /v1/exported-services?filter=${encodeURIComponent(filter)}`)
    expect(((await response.json()) as { Service: string }[]).map(({ Service }) => Service)).toEqual(services)
  })

  test('refuses a filter that is wrong', async () => {
    const response = await asking(createStateBackend())('GET /v1/exported-services?filter=Peers+is+empty')
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('Peers')])
  })
})

test('an entry that exports to a partition is refused', async () => {
  const Services = [{ Name: 'web', Consumers: [{ Partition: 'p' }] }]
  const body = JSON.stringify({ Kind: 'exported-services', Name: 'default', Services })
  const response = await asking(createStateBackend())('PUT /v1/config', { body })
  expect([response.status, await response.text()]).toEqual([
    500,
    'Services[0].Consumers[0]: partitions are a consul enterprise feature',
  ])
})
