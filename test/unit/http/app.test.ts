// Routing, methods, common headers, and what every endpoint refuses.
import { describe, expect, test } from 'vitest'
import { routes } from '../../../src/http/routes/table.ts'
import { requestError } from '../../../src/model/errors.ts'
import type { Meter } from '../../../src/http/backend.ts'
import { asking } from './asking.ts'
import { createStateBackend } from './state-backend.ts'

const blobOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer())

describe('paths', () => {
  const ask = asking(createStateBackend())

  test('the root says what answers', async () => {
    expect(await (await ask('GET /')).text()).toBe('Consul Agent')
  })

  test('an unknown path is answered with 404', async () => {
    expect((await ask('GET /v1/kvx')).status).toBe(404)
  })

  test('a path without its name is sent to the one with a slash', async () => {
    const response = await ask('GET /v1/health/state?dc=x')
    expect(response.status).toBe(301)
    expect(response.headers.get('location')).toBe('/v1/health/state/?dc=x')
  })

  test('encoded dots are cleaned as plain ones are', async () => {
    const response = await ask('GET /v1/kv/a%2F..%2Fb')
    expect(response.headers.get('location')).toBe('/v1/kv/b')
  })

  test.each(['/v1/kv/%zz', '/v1/kv/%ff', '/v1/kv/%0a', '/v1/%zz'])('%s is refused', async (path) => {
    expect((await ask(`GET ${path}`)).status).toBe(400)
  })

  test('a name may hold slashes and escapes', async () => {
    expect((await ask('GET /v1/health/service/a/b%2Fc')).status).toBe(200)
  })
})

describe('methods', () => {
  const ask = asking(createStateBackend())

  test.each(routes.map(({ path }) => path))('OPTIONS of %s names its methods', async (path) => {
    const response = await ask(`OPTIONS ${path.replace(/:\w+/, 'x')}`)
    expect(response.status).toBe(200)
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method)
    expect(response.headers.get('allow')).toBe(['OPTIONS', ...methods].join(','))
  })

  test('another method is refused with the ones that are allowed', async () => {
    const response = await ask('POST /v1/catalog/register')
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('OPTIONS,PUT')
    expect(await response.text()).toBe('method POST not allowed')
  })
})

describe('settings of the agent', () => {
  test('configured headers are on every answer of an endpoint', async () => {
    const ask = asking(createStateBackend({ responseHeaders: { 'X-Test': '1' } }))
    for (const line of ['GET /v1/kv/a', 'GET /v1/kv/', 'GET /v1/status/leader', 'POST /v1/kv/a']) {
      expect((await ask(line)).headers.get('x-test'), line).toBe('1')
    }
  })

  test('blocked endpoints are refused before anything else', async () => {
    const ask = asking(createStateBackend({ blockEndpoints: ['/v1/kv/', '/v1/agent/leave'] }))
    for (const line of ['GET /v1/kv/a', 'PATCH /v1/kv/a', 'PUT /v1/agent/leave']) {
      const response = await ask(line)
      expect(response.status, line).toBe(403)
      expect(await response.text()).toBe('Endpoint is blocked by agent configuration')
    }
    expect((await ask('GET /v1/agent/self')).status).toBe(200)
  })

  test('a development agent prints pretty', async () => {
    const ask = asking(createStateBackend({ isDev: true }))
    expect(await (await ask('GET /v1/catalog/datacenters')).text()).toBe('[\n    "dc1",\n    "dc2"\n]\n')
  })

  test('translation of addresses is announced', async () => {
    const ask = asking(createStateBackend({ translateWanAddrs: true }))
    expect((await ask('GET /v1/kv/')).headers.get('x-consul-translate-addresses')).toBe('true')
  })
})

describe('compression', () => {
  const backend = createStateBackend()
  const ask = asking(backend)
  const value = new Uint8Array(20_000)

  test('a large answer is compressed for who takes it', async () => {
    await ask('PUT /v1/kv/large', { body: value })
    const plain = await ask('GET /v1/kv/large')
    const packed = await ask('GET /v1/kv/large', { headers: { 'Accept-Encoding': 'br, gzip;q=0.5' } })
    expect(plain.headers.get('content-encoding')).toBeNull()
    expect(packed.headers.get('content-encoding')).toBe('gzip')
    const stream = packed.body?.pipeThrough(new DecompressionStream('gzip'))
    expect(await new Response(stream).text()).toBe(await plain.text())
  })

  test.each(['gzip;q=0', 'br', 'identity'])('not with Accept-Encoding: %s', async (accepted) => {
    const response = await ask('GET /v1/kv/large', { headers: { 'Accept-Encoding': accepted } })
    expect(response.headers.get('content-encoding')).toBeNull()
  })

  test('a small answer is not', async () => {
    const response = await ask('GET /v1/status/leader', { headers: { 'Accept-Encoding': 'gzip' } })
    expect(response.headers.get('content-encoding')).toBeNull()
  })
})

describe('refusals', () => {
  test.each(['ns', 'namespace', 'partition', 'ap', 'peer', 'sg'])(
    '?%s= is refused everywhere',
    async (name) => {
      const ask = asking(createStateBackend())
      for (const path of ['/v1/kv/a', '/v1/health/service/a', '/v1/status/leader', '/v1/agent/members']) {
        expect((await ask(`GET ${path}?${name}=x`)).status, path).toBe(400)
        expect((await ask(`GET ${path}?${name}=`)).status, path).not.toBe(400)
      }
    },
  )

  test.each(['/v1/connect/ca/roots', '/v1/peerings', '/v1/operator/segment'])(
    '%s says that it is not served',
    async (path) => {
      const response = await asking(createStateBackend())(`PUT ${path}`)
      expect(response.status).toBe(501)
      expect(await response.text()).toMatch(/not (?:part of|supported by)/)
    },
  )

  test('a failed read of the catalog still has index headers', async () => {
    const failure = requestError('noLeader', 'No cluster leader')
    const response = await asking(createStateBackend({ failure }))('GET /v1/catalog/nodes')
    expect(response.status).toBe(500)
    expect(response.headers.get('x-consul-index')).toBe('1')
    expect(response.headers.get('x-consul-knownleader')).toBe('false')
    expect(await response.text()).toBe('No cluster leader')
  })

  test('a bug of ours is not dressed up as an answer', async () => {
    const backend = createStateBackend()
    const broken = { ...backend.agent, self: () => assertNothing() }
    const app = asking(createStateBackend({ agent: broken }))
    await expect(app('GET /v1/agent/self')).rejects.toThrow('a bug')
  })
})

test('bytes of a raw value come back as they were', async () => {
  const ask = asking(createStateBackend())
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
  await ask('PUT /v1/kv/bytes', { body: bytes })
  expect(await blobOf(await ask('GET /v1/kv/bytes?raw'))).toEqual(bytes)
})

function assertNothing(): never {
  throw new Error('a bug')
}

describe('the time of an answer', () => {
  test('is taken under the name of its endpoint, waiting and refusals included', async () => {
    const taken: unknown[] = []
    let micros = 0
    const meter: Meter = {
      nowMicros: () => (micros += 1500),
      sampler: (name, labels) => (ms) => taken.push([name, labels, ms]),
      tally: () => () => assertNothing(),
    }
    const ask = asking(createStateBackend({ meter }))
    await ask('PUT /v1/kv/a/b', { body: 'x' })
    await ask('GET /v1/agent/self')
    await ask('GET /v1/kv/a?index=bad')
    expect(taken).toEqual([
      ['api.http', { method: 'PUT', path: 'v1_kv_' }, 1.5],
      ['api.http', { method: 'GET', path: 'v1_agent_self' }, 1.5],
      ['api.http', { method: 'GET', path: 'v1_kv_' }, 1.5],
    ])
  })

  test('goes with a count of what is asked of the catalog, and how it ended', async () => {
    const counts: Record<string, number> = {}
    const meter: Meter = {
      nowMicros: () => 0,
      sampler: () => () => undefined,
      tally: (name, labels) => () => {
        const key = `${name} ${JSON.stringify(labels)}`
        counts[key] = (counts[key] ?? 0) + 1
      },
    }
    const backend = createStateBackend({ meter })
    const ask = asking(backend)
    await ask('GET /v1/catalog/nodes')
    await ask('GET /v1/catalog/service/web')
    await ask('GET /v1/catalog/service/db')
    await ask('GET /v1/catalog/service/')
    const failure = { code: 'noLeader', message: 'No cluster leader' } as const
    await asking(createStateBackend({ meter, failure }))('GET /v1/catalog/service/web')
    const labels = JSON.stringify({ node: backend.nodeName })
    expect(counts).toEqual({
      [`client.api.catalog_nodes ${labels}`]: 1,
      [`client.api.success.catalog_nodes ${labels}`]: 1,
      [`client.api.catalog_service_nodes ${labels}`]: 4,
      [`client.api.success.catalog_service_nodes ${labels}`]: 2,
      [`client.rpc.error.catalog_service_nodes ${labels}`]: 1,
    })
  })
})
