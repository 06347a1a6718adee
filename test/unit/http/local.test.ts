// `/v1/agent/service*`, `/v1/agent/check*`, `/v1/agent/health/*` beyond what the recorded exchanges show.
import { describe, expect, test } from 'vitest'
import type { DefinitionRules } from '../../../src/definition/rules.ts'
import { createOwnNode } from '../agent/own-node.ts'
import { type Ask, asking } from './asking.ts'
import { type StateBackend, createStateBackend } from './state-backend.ts'

interface Bench {
  readonly backend: StateBackend
  readonly ask: Ask
  readonly register: (body: object) => Promise<Response>
}

function bench(settings: Parameters<typeof createStateBackend>[0] = {}): Bench {
  const backend = createStateBackend(settings)
  const ask = asking(backend)
  return {
    backend,
    ask,
    register: (body) => ask('PUT /v1/agent/service/register', { body: JSON.stringify(body) }),
  }
}

const allowing = (scripts: DefinitionRules['scripts']): DefinitionRules => ({
  outputBytesMax: 4096,
  scripts,
  sidecarPorts: { min: 21_000, max: 21_255 },
})

describe('a service with its hash', () => {
  test('another hash is answered at once, the same one when the service changes', async () => {
    const { ask, register } = bench()
    await register({ Name: 'web' })
    const first = await ask('GET /v1/agent/service/web')
    const hash = first.headers.get('x-consul-contenthash') ?? ''
    expect(hash).toMatch(/^[0-9a-f]{16}$/)
    expect(await first.json()).toMatchObject({ ContentHash: hash })
    expect((await ask('GET /v1/agent/service/web?hash=other')).status).toBe(200)

    const waiting = ask(`GET /v1/agent/service/web?hash=${hash}`)
    await register({ Name: 'other' })
    await register({ Name: 'web', Port: 80 })
    const second = await waiting
    expect(await second.json()).toMatchObject({ Port: 80 })
    expect(second.headers.get('x-consul-contenthash')).not.toBe(hash)
  })

  test('the same content has the same hash', async () => {
    const { ask, register } = bench()
    const hashes: unknown[] = []
    for (const Port of [1, 2, 1]) {
      await register({ Name: 'web', Port })
      hashes.push((await ask('GET /v1/agent/service/web')).headers.get('x-consul-contenthash'))
    }
    expect(hashes[0]).toBe(hashes[2])
    expect(hashes[0]).not.toBe(hashes[1])
  })

  test('after the wait it is answered as it is', async () => {
    const { ask, register, backend } = bench()
    await register({ Name: 'web' })
    const hash = (await ask('GET /v1/agent/service/web')).headers.get('x-consul-contenthash') ?? ''
    const waiting = ask(`GET /v1/agent/service/web?hash=${hash}&wait=20s`)
    await Promise.resolve()
    expect(backend.pauses.map(({ ms }) => ms)).toEqual([20_000])
    backend.pauses[0]?.end()
    expect((await waiting).headers.get('x-consul-contenthash')).toBe(hash)
  })

  test('a service that is removed meanwhile is no longer there', async () => {
    const { ask, register } = bench()
    await register({ Name: 'web' })
    const hash = (await ask('GET /v1/agent/service/web')).headers.get('x-consul-contenthash') ?? ''
    const waiting = ask(`GET /v1/agent/service/web?hash=${hash}`)
    await ask('PUT /v1/agent/service/deregister/web')
    expect((await waiting).status).toBe(404)
  })
})

describe('checks that run programs', () => {
  const scripted = { Name: 'web', Check: { Args: ['true'], Interval: '10s' } }

  test.each(['nowhere', 'files'] as const)('are refused where scripts may come from %s', async (scripts) => {
    const { ask, backend, register } = bench({ definitionRules: allowing(scripts) })
    const answer = await register(scripted)
    expect(answer.status).toBe(500)
    expect(await answer.text()).toContain('Scripts are disabled on this agent from remote calls')
    const body = JSON.stringify({ Name: 'c', ...scripted.Check })
    expect((await ask('PUT /v1/agent/check/register', { body })).status).toBe(500)
    expect(backend.local.services.size + backend.local.checks.size).toBe(0)
  })

  test('in a sidecar as well, and then nothing of it is registered', async () => {
    const { backend, register } = bench()
    const answer = await register({
      Name: 'web',
      Connect: { SidecarService: { Check: scripted.Check } },
    })
    expect(answer.status).toBe(500)
    expect(backend.local.services.size).toBe(0)
  })

  test('are taken where they may come from anywhere', async () => {
    const { register } = bench({ definitionRules: allowing('anywhere') })
    expect((await register(scripted)).status).toBe(200)
  })
})

test('the token of the request is that of what names none', async () => {
  const { backend, ask } = bench()
  const headers = { 'X-Consul-Token': 'of-request' }
  const put = (path: string, body: object): Promise<Response> =>
    ask(`PUT /v1/agent/${path}/register`, { body: JSON.stringify(body), headers })
  await put('service', { Name: 'a' })
  await put('service', { Name: 'b', Token: 'own' })
  await put('check', { Name: 'c', TTL: '1h' })
  expect(backend.local.services.get('a')?.token).toBe('of-request')
  expect(backend.local.services.get('b')?.token).toBe('own')
  expect(backend.local.checks.get('c')?.token).toBe('of-request')
  await ask('PUT /v1/agent/service/register?token=by-parameter', { body: '{"Name":"d"}', headers })
  await ask('PUT /v1/agent/service/register', {
    body: '{"Name":"e"}',
    headers: { Authorization: 'Bearer by-bearer' },
  })
  expect(['d', 'e'].map((id) => backend.local.services.get(id)?.token)).toEqual(['by-parameter', 'by-bearer'])
})

test('a sidecar that was registered by itself stays when its service goes', async () => {
  const { backend, ask, register } = bench()
  await register({ Name: 'a-sidecar-proxy', Port: 1 })
  await register({ Name: 'a' })
  await ask('PUT /v1/agent/service/deregister/a')
  expect([...backend.local.services.keys()]).toEqual(['a-sidecar-proxy'])
})

test('services are looked at once for all who ask between two changes', async () => {
  const { node } = createOwnNode()
  let looks = 0
  const local = new Proxy(node, {
    get(target, name) {
      if (name === 'services') looks++
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const { ask, register } = bench({ local })
  await register({ Name: 'web' })
  looks = 0
  const texts = await Promise.all([1, 2, 3].map(async () => (await ask('GET /v1/agent/services')).text()))
  expect(new Set(texts).size).toBe(1)
  expect(looks).toBe(1)
  await register({ Name: 'db' })
  expect(await (await ask('GET /v1/agent/services')).text()).toContain('"db"')
})

test('the word of a state is a header, whatever the name is', async () => {
  const { ask } = bench()
  const answer = await ask(`GET /v1/agent/health/service/name/${encodeURIComponent('ü')}`)
  expect(answer.status).toBe(404)
  expect(answer.headers.get('x-consul-reason')).toBe('ServiceName ? Not Found')
})

test('text is asked for by header as well', async () => {
  const { ask, register } = bench()
  await register({ Name: 'web' })
  const answer = await ask('GET /v1/agent/health/service/id/web', { headers: { Accept: 'text/plain' } })
  expect(await answer.text()).toBe('passing')
})

test('a name that is no key of a plain object is a service like any other', async () => {
  const { ask, register } = bench()
  await register({ Name: '__proto__' })
  expect(await (await ask('GET /v1/agent/services')).text()).toContain('"__proto__":{"ID":"__proto__"')
})

test('what is odd about a definition is said in the log', async () => {
  const { ask, backend, register } = bench()
  await register({ Name: 'my_app', Check: { TCP: 'h:1', Interval: '10ms' } })
  await ask('PUT /v1/agent/check/register', {
    body: JSON.stringify({ Name: 'c', HTTP: 'http://h', TCP: 'h:1', Interval: '5s' }),
  })
  expect(backend.calls.filter(([name]) => name === 'warn').map(([, message]) => message)).toEqual([
    'Service "my_app" cannot be found through DNS: only letters, digits and "-", at most 63, can be',
    'Check "service:my_app" has an interval below 1s: it runs every second',
    'Check "c" is of type http; what makes it tcp has no effect',
  ])
})
