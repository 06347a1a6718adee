// The KV endpoints beyond what the recorded answers show: sizes, numbers, waiting.
import { describe, expect, test } from 'vitest'
import { requestError } from '../../../src/model/errors.ts'
import { asking } from './asking.ts'
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
