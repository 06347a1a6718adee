// The KV endpoints beyond what the recorded answers show: sizes, numbers, waiting.
import { describe, expect, test } from 'vitest'
import { requestError } from '../../../src/model/errors.ts'
import { type Ask, asking } from './asking.ts'
import { createStateBackend } from './state-backend.ts'

describe('values', () => {
  test.each([0, 1, 2, 3, 8191, 8192, 8193, 100_000])('a value of %d bytes is read back', async (size) => {
    const ask = asking(createStateBackend())
    const value = Uint8Array.from({ length: size }, (_, i) => (i * 31) % 256)
    await ask('PUT /v1/kv/a', { body: value })
    const [entry] = (await (await ask('GET /v1/kv/a')).json()) as [{ Value: string | null }]
    expect(entry.Value).toBe(size === 0 ? null : Buffer.from(value).toString('base64'))
  })

  test('a value of unknown length is read up to the limit', async () => {
    const ask = asking(createStateBackend())
    const chunks = (count: number): ReadableStream<Uint8Array> => {
      let left = count
      return new ReadableStream({
        pull(controller) {
          if (left-- === 0) controller.close()
          else controller.enqueue(new Uint8Array(65_536))
        },
      })
    }
    expect((await ask('PUT /v1/kv/a', { body: chunks(8) })).status).toBe(200)
    expect((await ask('GET /v1/kv/a?raw')).headers.get('x-consul-index')).toBe('1')
    const refused = await ask('PUT /v1/kv/a', { body: chunks(9) })
    expect(refused.status).toBe(413)
    expect(await refused.text()).toContain('Request body(589824 bytes) too large, max size: 524288 bytes')
    expect(refused.headers.get('connection')).toBe('close')
    const endless = await ask('PUT /v1/kv/a', { body: chunks(-1) })
    expect(endless.status).toBe(413)
  })

  test('an announced length past the limit is refused unread', async () => {
    const ask = asking(createStateBackend())
    const response = await ask('PUT /v1/kv/a', { body: 'x', headers: { 'Content-Length': '60000000' } })
    expect(await response.text()).toBe(
      'Request body(60000000 bytes) too large, max size: 524288 bytes. ' +
        'See https://www.consul.io/docs/agent/options.html#kv_max_value_size.',
    )
  })
})

describe('numbers', () => {
  test.each([
    ['0', '0'],
    ['9007199254740993', '9007199254740993'],
    ['18446744073709551615', '18446744073709551615'],
    ['00000000000000000000007', '7'],
  ])('flags %s are kept to the last digit', async (given, shown) => {
    const ask = asking(createStateBackend())
    await ask(`PUT /v1/kv/a?flags=${given}`, { body: 'x' })
    expect(await (await ask('GET /v1/kv/a')).text()).toContain(`"Flags":${shown},`)
  })

  test.each(['18446744073709551616', '9'.repeat(5000)])(
    'flags that do not fit are refused',
    async (flags) => {
      const response = await asking(createStateBackend())(`PUT /v1/kv/a?flags=${flags}`, { body: 'x' })
      expect(response.status).toBe(500)
      expect(await response.text()).toContain('value out of range')
    },
  )
})

describe('locks', () => {
  test('an acquisition answers its fencing token, and the key shows it', async () => {
    const { ask, session } = await withSession()
    const taken = await ask(`PUT /v1/kv/a?acquire=${session}`, { body: '1' })
    const token = Number(taken.headers.get('x-consul-fencing-token'))
    expect(token).toBeGreaterThan(0)
    expect(await entryOf(ask)).toMatchObject({ Session: session, FencingToken: token })
    const again = await ask(`PUT /v1/kv/a?acquire=${session}`, { body: '2' })
    expect(again.headers.get('x-consul-fencing-token')).toBe(String(token))
  })

  test('every new acquisition has a larger token, and a release takes it away', async () => {
    const { ask, session } = await withSession()
    const tokens: number[] = []
    for (let i = 0; i < 3; i++) {
      const taken = await ask(`PUT /v1/kv/a?acquire=${session}`, { body: '1' })
      tokens.push(Number(taken.headers.get('x-consul-fencing-token')))
      await ask(`PUT /v1/kv/a?release=${session}`, { body: '2' })
      expect(await entryOf(ask)).not.toHaveProperty('FencingToken')
    }
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b))
    expect(new Set(tokens).size).toBe(3)
  })

  test('a lock that another holds is not given, and no token either', async () => {
    const { ask, session } = await withSession()
    const other = await sessionOf(ask)
    await ask(`PUT /v1/kv/a?acquire=${session}`, { body: '1' })
    const refused = await ask(`PUT /v1/kv/a?acquire=${other}`, { body: '2' })
    expect(await refused.text()).toBe('false')
    expect(refused.headers.get('x-consul-fencing-token')).toBeNull()
  })
})

describe('keys that expire', () => {
  test('a key shows when it goes, to the millisecond of the cluster', async () => {
    const ask = asking(createStateBackend())
    await ask('PUT /v1/kv/a?ttl=1m30s', { body: '1' })
    expect(await entryOf(ask)).toMatchObject({ ExpiresAt: '2026-01-01T00:01:30.000Z' })
    await ask('PUT /v1/kv/a', { body: '1' })
    expect(await entryOf(ask)).not.toHaveProperty('ExpiresAt')
  })

  test('with flags, a compare-and-set or a lock at once', async () => {
    const { ask, session } = await withSession()
    await ask('PUT /v1/kv/a?ttl=10s&cas=0&flags=7', { body: '1' })
    expect(await entryOf(ask)).toMatchObject({ Flags: 7, ExpiresAt: '2026-01-01T00:00:10.000Z' })
    await ask(`PUT /v1/kv/a?ttl=20s&acquire=${session}`, { body: '1' })
    expect(await entryOf(ask)).toMatchObject({ Session: session, ExpiresAt: '2026-01-01T00:00:20.000Z' })
  })

  test.each(['', '0', '0s', '5', '999ms', '-10s', '87601h', 'x', '1s 2s'])(
    'a ttl of %j is refused and nothing written',
    async (ttl) => {
      const ask = asking(createStateBackend())
      const refused = await ask(`PUT /v1/kv/a?ttl=${encodeURIComponent(ttl)}`, { body: '1' })
      expect(refused.status).toBe(400)
      expect(await refused.text()).toBe(
        `Invalid ttl ${JSON.stringify(ttl)}: it must be a duration from 1s to 87600h`,
      )
      expect((await ask('GET /v1/kv/a')).status).toBe(404)
    },
  )
})

describe('history', () => {
  test('it is refused until an operator has asked for it', async () => {
    const ask = asking(createStateBackend())
    await ask('PUT /v1/kv/a', { body: '1' })
    const refused = await ask('GET /v1/kv/a?history')
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('kv_history.versions')
  })

  test('versions come oldest first, deletions among them', async () => {
    const backend = createStateBackend()
    const ask = asking(backend)
    await ask('PUT /v1/kv/a', { body: 'before' })
    backend.apply({ kind: 'setKvHistory', versionsMax: 10, ageMs: 3_600_000 })
    await ask('PUT /v1/kv/a?flags=3', { body: '1' })
    backend.wallMs += 1500
    await ask('DELETE /v1/kv/a')
    const response = await ask('GET /v1/kv/a?history')
    expect(response.headers.get('x-consul-index')).toBe('4')
    expect(await response.json()).toMatchObject([
      { Index: 1, Time: '0001-01-01T00:00:00Z', Entry: { Value: 'YmVmb3Jl' } },
      { Index: 3, Time: '2026-01-01T00:00:00.000Z', Entry: { Value: 'MQ==', Flags: 3 } },
      { Index: 4, Time: '2026-01-01T00:00:01.500Z', Entry: null },
    ])
    expect((await ask('GET /v1/kv/none?history')).status).toBe(404)
    expect((await ask('GET /v1/kv/a?history&raw')).status).toBe(400)
  })

  test('what one answer cannot carry is left out from its old end', async () => {
    const backend = createStateBackend()
    const ask = asking(backend)
    backend.apply({ kind: 'setKvHistory', versionsMax: 100, ageMs: 3_600_000 })
    for (let i = 0; i < 20; i++) await ask('PUT /v1/kv/a', { body: new Uint8Array(512 * 1024).fill(i) })
    const versions = (await (await ask('GET /v1/kv/a?history')).json()) as readonly { Index: number }[]
    expect(versions).toHaveLength(16)
    expect(versions.at(-1)?.Index).toBe(21)
  })
})

test('a write of which nobody knows the outcome is told from one that was refused', async () => {
  const ask = asking(createStateBackend({ failure: requestError('indeterminate', 'leadership lost') }))
  for (const line of ['PUT /v1/kv/a', 'DELETE /v1/kv/a', 'PUT /v1/txn', 'PUT /v1/session/create']) {
    const response = await ask(
      line,
      line.includes('txn') ? { body: '[{"KV":{"Verb":"set","Key":"a"}}]' } : {},
    )
    expect(response.status, line).toBe(500)
    expect(response.headers.get('x-consul-outcome'), line).toBe('unknown')
    expect(await response.text(), line).toBe('leadership lost')
  }
  const refusing = asking(createStateBackend({ failure: requestError('noLeader', 'No cluster leader') }))
  expect((await refusing('PUT /v1/kv/a')).headers.get('x-consul-outcome')).toBeNull()
})

describe('waiting', () => {
  test('a wait ends when the key changes', async () => {
    const backend = createStateBackend()
    const ask = asking(backend)
    await ask('PUT /v1/kv/a', { body: '1' })
    const waiting = ask('GET /v1/kv/a?index=1&raw')
    await ask('PUT /v1/kv/b', { body: 'other' })
    expect(backend.waiting).toBe(1)
    await ask('PUT /v1/kv/a', { body: '2' })
    const response = await waiting
    expect(await response.text()).toBe('2')
    expect(response.headers.get('x-consul-index')).toBe('3')
  })

  test('a client that goes away ends its wait', async () => {
    const backend = createStateBackend()
    const gone = new AbortController()
    const waiting = asking(backend)('GET /v1/kv/a?index=5', { signal: gone.signal })
    expect(backend.waiting).toBe(1)
    gone.abort()
    await waiting
    expect(backend.waiting).toBe(0)
  })

  test.each([
    ['wait=10s', 10_000],
    ['wait=1.5s', 1500],
    ['wait=100us', 1],
    ['wait=1h', 600_000],
    ['wait=-5s', 300_000],
    ['wait=0s', 300_000],
    ['', 300_000],
  ])('?%s waits %d ms', async (parameter, waitMs) => {
    const backend = createStateBackend()
    await asking(backend)(`GET /v1/kv/a?${parameter}`)
    expect(backend.reads[0]?.waitMs).toBe(waitMs)
  })
})

describe('options of reads', () => {
  test.each([
    ['', { consistency: 'default', maxStaleMs: null, datacenter: '' }],
    ['stale', { consistency: 'stale', maxStaleMs: null }],
    ['consistent', { consistency: 'consistent' }],
    ['leader', { consistency: 'default' }],
    ['max_stale=10s', { consistency: 'stale', maxStaleMs: 10_000 }],
    ['max_stale=0s', { consistency: 'stale', maxStaleMs: null }],
    ['dc=dc1', { datacenter: '' }],
    ['dc=dc2', { datacenter: 'dc2' }],
    ['datacenter=dc2', { datacenter: 'dc2' }],
    ['index=18446744073709551615&wait=1ms', { minIndex: Number.MAX_SAFE_INTEGER }],
  ])('?%s', async (query, expected) => {
    const backend = createStateBackend()
    await asking(backend)(`GET /v1/kv/a?${query}`)
    expect(backend.reads[0]).toMatchObject(expected)
  })
})

test('a write whose outcome is not known says so', async () => {
  const failure = requestError('indeterminate', 'leadership lost while committing log')
  const response = await asking(createStateBackend({ failure }))('PUT /v1/kv/a', { body: 'x' })
  expect(response.status).toBe(500)
  expect(await response.text()).toBe('leadership lost while committing log')
})

async function sessionOf(ask: Ask): Promise<string> {
  const response = await ask('PUT /v1/session/create', { body: '{"Node":"n","NodeChecks":[]}' })
  return ((await response.json()) as { ID: string }).ID
}

/** An API over a state with a node and a session on it. */
async function withSession(): Promise<{ readonly ask: Ask; readonly session: string }> {
  const ask = asking(createStateBackend())
  await ask('PUT /v1/catalog/register', { body: '{"Node":"n","Address":"10.0.0.1"}' })
  return { ask, session: await sessionOf(ask) }
}

async function entryOf(ask: Ask): Promise<object> {
  const [entry] = (await (await ask('GET /v1/kv/a')).json()) as [object]
  return entry
}
