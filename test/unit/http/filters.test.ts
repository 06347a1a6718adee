// Filters, order, meta data and caches of reads: what is asked of the backend, and what is made of its answer.
import { describe, expect, test } from 'vitest'
import type { MemberView, ReadReply } from '../../../src/model/query.ts'
import { type AskOptions, asking } from './asking.ts'
import { type BackendSettings, type StateBackend, createStateBackend } from './state-backend.ts'

const registrations = [
  { Node: 'n1', NodeMeta: { rack: 'r1' }, Service: { ID: 'web1', Service: 'web', Tags: ['v1'], Port: 80 } },
  { Node: 'n2', NodeMeta: { rack: 'r2' }, Service: { ID: 'web2', Service: 'web', Tags: ['v2'], Port: 81 } },
  { Node: 'n2', Service: { ID: 'db', Service: 'db', Port: 5432 }, SkipNodeUpdate: true },
  {
    Node: 'n3',
    Service: { Service: 'proxy', Kind: 'connect-proxy', Port: 1, Proxy: { DestinationServiceName: 'web' } },
  },
]

type Ask = ReturnType<typeof asking>

async function prepared(settings: BackendSettings = {}): Promise<{ backend: StateBackend; ask: Ask }> {
  const backend = createStateBackend(settings)
  const ask = asking(backend)
  for (const registration of registrations) {
    const body = JSON.stringify({ Address: '10.0.0.1', ...registration })
    expect((await ask('PUT /v1/catalog/register', { body })).status).toBe(200)
  }
  backend.reads.length = 0
  return { backend, ask }
}

const filter = (expression: string): string => `filter=${encodeURIComponent(expression)}`

describe('a filter', () => {
  test.each([
    ['/v1/catalog/nodes', 'Meta.rack == r2', /"Node":"n2"/],
    ['/v1/catalog/services', 'ServicePort == 5432', /^\{"db":\[\]\}$/],
    ['/v1/catalog/services', 'NodeMeta.rack == r1', /^\{"web":\["v1"\]\}$/],
    ['/v1/catalog/service/web', 'ServicePort == 81', /"ServiceID":"web2"/],
    ['/v1/catalog/connect/web', 'ServicePort == 1', /"ServiceID":"proxy"/],
    ['/v1/catalog/node/n2', 'Service == db', /"Services":\{"db":/],
    ['/v1/catalog/node-services/n2', 'Service == db', /"Services":\[\{"ID":"db"/],
    ['/v1/health/service/web', 'Node.Node == n2', /"ID":"web2"/],
    ['/v1/health/connect/web', 'Service.Kind == "connect-proxy"', /"ID":"proxy"/],
    ['/v1/internal/ui/nodes', 'Services.Port == 5432', /"Node":"n2"/],
    ['/v1/internal/ui/services', 'Service.Port == 5432', /^\[\{"Name":"db"/],
  ])('on %s: %s', async (path, expression, found) => {
    const { ask } = await prepared()
    const text = await (await ask(`GET ${path}?${filter(expression)}`)).text()
    expect(text).toMatch(found)
    expect(text).not.toContain('web1')
  })

  test('that is wrong is refused before anything is asked, with the headers of a failed read', async () => {
    const { ask, backend } = await prepared()
    const response = await ask(`GET /v1/catalog/nodes?${filter('Bad == 1')}`)
    expect(response.status).toBe(400)
    expect(await response.text()).toBe(
      'Failed to create boolean expression evaluator: Selector "Bad" is not valid',
    )
    expect(response.headers.get('x-consul-index')).toBe('1')
    expect(response.headers.get('x-consul-knownleader')).toBe('false')
    expect(backend.reads).toEqual([])
  })

  test('keeps the index and the consistency of the read', async () => {
    const { ask } = await prepared()
    const whole = await ask('GET /v1/health/service/web?stale')
    const narrow = await ask(`GET /v1/health/service/web?stale&${filter('Service.Port == 1')}`)
    expect(await narrow.text()).toBe('[]')
    for (const name of ['x-consul-index', 'x-consul-effective-consistency', 'x-consul-query-backend']) {
      expect(narrow.headers.get(name)).toBe(whole.headers.get(name))
    }
  })

  test('waits by the index rules of the read, whatever it finds', async () => {
    const { ask, backend } = await prepared()
    const { headers } = await ask('GET /v1/catalog/nodes')
    const index = headers.get('x-consul-index') ?? ''
    const waiting = ask(`GET /v1/catalog/nodes?index=${index}&${filter('Node == n9')}`)
    await ask('PUT /v1/catalog/register', { body: '{"Node":"n9","Address":"a"}' })
    expect(await (await waiting).json()).toMatchObject([{ Node: 'n9' }])
    expect(backend.waiting).toBe(0)
  })

  test('goes together with node-meta where the expression needs another question', async () => {
    const { ask } = await prepared()
    const text = await (
      await ask(`GET /v1/catalog/services?node-meta=rack:r2&${filter('ServicePort != 5432')}`)
    ).text()
    expect(text).toBe('{"web":["v2"]}')
  })

  test('of an unknown node finds nothing', async () => {
    const { ask } = await prepared()
    expect(await (await ask(`GET /v1/catalog/node/zz?${filter('ID == x')}`)).text()).toBe('null')
    expect((await ask(`GET /v1/catalog/node/zz?${filter('Bad == x')}`)).status).toBe(400)
  })

  test('of members is put to members', async () => {
    const versions = { protocolMin: 1, protocolMax: 5, protocolCur: 2 }
    const delegates = { delegateMin: 2, delegateMax: 5, delegateCur: 4 }
    const member = (name: string): MemberView => ({
      name,
      ip: '1.1.1.1',
      port: 1,
      tags: { dc: name },
      status: 1,
      ...versions,
      ...delegates,
    })
    const value = [member('a'), member('b')]
    const fake = createStateBackend().agent
    const backend = createStateBackend({
      agent: { ...fake, members: () => Promise.resolve({ ok: true, value }) },
    })
    const response = await asking(backend)(`GET /v1/agent/members?${filter('Tags["dc"] == b')}`)
    expect(((await response.json()) as { Name: string }[]).map(({ Name }) => Name)).toEqual(['b'])
  })
})

describe('near', () => {
  test.each([
    ['near=n2', 'n2'],
    ['near=_agent', 'n1'],
    ['near=', ''],
    ['', ''],
  ])('%s', async (parameters, near) => {
    const asked: unknown[] = []
    const backend = createStateBackend()
    const readNow = backend.readNow.bind(backend)
    backend.readNow = (query, options) => {
      asked.push('near' in query ? query.near : undefined)
      return readNow(query, options)
    }
    const ask = asking(backend)
    for (const path of ['catalog/nodes', 'catalog/service/a', 'health/service/a', 'health/state/any']) {
      await ask(`GET /v1/${path}?${parameters}`)
    }
    expect(asked).toEqual([near, near, near, near])
  })

  test('means nothing to another datacenter', async () => {
    const asked: unknown[] = []
    const backend = createStateBackend()
    backend.readNow = (query) => {
      asked.push('near' in query ? query.near : undefined)
      return null
    }
    await asking(backend)('GET /v1/catalog/nodes?near=_agent&dc=dc2')
    expect(asked).toEqual([''])
  })
})

describe('cached', () => {
  const path = 'GET /v1/health/service/web?cached'

  /** A server that is no leader: it has its own, older state. */
  function follower(lastContactMs: number, canAsk: boolean): { ask: Ask; asked: string[] } {
    const backend = createStateBackend(
      canAsk ? {} : { failure: { code: 'noLeader', message: 'No cluster leader' } },
    )
    const asked: string[] = []
    const reply: ReadReply<never> = {
      value: [] as never,
      index: 7,
      knownLeader: true,
      lastContactMs,
      epoch: '',
    }
    backend.readNow = (_query, { consistency, maxStaleMs }) => {
      asked.push(`own ${consistency} ${maxStaleMs}`)
      if (consistency !== 'stale') return null
      return maxStaleMs === null || lastContactMs <= maxStaleMs ? reply : null
    }
    const read = backend.read.bind(backend)
    backend.read = (query, options, signal) => {
      asked.push(`ask ${options.consistency} ${options.maxStaleMs}`)
      return read(query, options, signal)
    }
    return { ask: asking(backend), asked }
  }

  const control = (value: string): AskOptions => ({ headers: { 'Cache-Control': value } })

  test('a leader answers from its own state, which is as fresh as can be', async () => {
    const { ask } = await prepared()
    const { headers } = await ask(path, control('must-revalidate'))
    expect([headers.get('x-cache'), headers.get('age')]).toEqual(['HIT', '0'])
    expect(headers.get('x-consul-effective-consistency')).toBe('leader')
  })

  test('another server answers from its own state, and tells the age', async () => {
    const { ask, asked } = follower(4500, true)
    const { headers } = await ask(path)
    expect([headers.get('x-cache'), headers.get('age')]).toEqual(['HIT', '4'])
    expect(headers.get('x-consul-effective-consistency')).toBe('stale')
    expect(asked).toEqual(['own default null', 'own stale null'])
  })

  test('an answer older than max-age is asked for', async () => {
    const { ask, asked } = follower(4500, true)
    const { headers } = await ask(path, control('max-age=4'))
    expect([headers.get('x-cache'), headers.get('age')]).toEqual(['MISS', null])
    expect(asked).toEqual(['own default null', 'own stale 4000', 'ask default null'])
  })

  test('with must-revalidate the leader is asked', async () => {
    const { ask, asked } = follower(0, true)
    expect((await ask(path, control('must-revalidate'))).headers.get('x-cache')).toBe('MISS')
    expect(asked).toEqual(['own default null', 'ask default null'])
  })

  test('where asking fails stale-if-error takes an older answer', async () => {
    const { ask } = follower(4500, false)
    const response = await ask(path, control('max-age=1, stale-if-error=60'))
    expect([response.status, response.headers.get('x-cache')]).toEqual([200, 'HIT'])
    expect(response.headers.get('age')).toBe('4')
    expect((await ask(path, control('max-age=1, stale-if-error=2'))).status).toBe(500)
    expect((await ask(path, control('max-age=1'))).status).toBe(500)
  })

  test('a stale read is bound by max-age as well', async () => {
    const { ask, asked } = follower(4500, true)
    await ask('GET /v1/health/service/web?cached&stale', control('max-age=4'))
    await ask('GET /v1/health/service/web?cached&max_stale=2s', control('max-age=4'))
    expect(asked).toEqual([
      'own stale 4000',
      'own stale 4000',
      'ask stale 4000',
      'own stale 2000',
      'own stale 4000',
      'ask stale 2000',
    ])
  })

  test('a client agent keeps what it was asked for', async () => {
    const kept = new Map<string, ReadReply<never>>()
    const backend = createStateBackend({
      readKept: (query) => kept.get(query.kind) ?? null,
      keep: (query, reply) => void kept.set(query.kind, { ...reply, lastContactMs: 2100 } as never),
    })
    backend.readNow = () => null
    const ask = asking(backend)
    const first = await ask(path)
    expect([first.headers.get('x-cache'), first.headers.get('age')]).toEqual(['MISS', null])
    const second = await ask(path)
    expect([second.headers.get('x-cache'), second.headers.get('age')]).toEqual(['HIT', '2'])
    const other = await ask('GET /v1/health/service/web?cached&dc=dc2')
    expect(other.status).toBe(500)
    expect((await ask(path, control('must-revalidate'))).headers.get('x-cache')).toBe('MISS')
    expect((await ask(`${path}&index=1&wait=10ms`)).headers.get('x-cache')).toBe('MISS')
  })

  test('means nothing where the agent is told so', async () => {
    const ask = asking(createStateBackend({ useCache: false }))
    expect((await ask(path, control('max-age=x'))).headers.has('x-cache')).toBe(false)
  })

  test('a wrong Cache-Control is refused', async () => {
    const { ask } = await prepared()
    const response = await ask(path, control('max-age=x'))
    expect([response.status, await response.text()]).toEqual([400, 'Invalid Cache-Control header.'])
    expect((await ask('GET /v1/health/service/web', control('max-age=x'))).status).toBe(200)
  })

  test('where nothing is cached the headers are not there', async () => {
    const { ask } = await prepared()
    expect((await ask('GET /v1/catalog/nodes?cached')).headers.has('x-cache')).toBe(false)
    expect((await ask('GET /v1/health/service/web')).headers.has('x-cache')).toBe(false)
  })
})
