// Transactions beyond what the recorded answers show: limits, modes, errors of several kinds at once.
import { describe, expect, test } from 'vitest'
import { asking } from './asking.ts'
import { createStateBackend } from './state-backend.ts'

const set = (key: string, value: string): object => ({
  KV: { Verb: 'set', Key: key, Value: Buffer.from(value).toString('base64') },
})
const get = (key: string): object => ({ KV: { Verb: 'get', Key: key } })

describe('limits', () => {
  test.each([
    [128, 200],
    [129, 413],
  ])('%d operations', async (count, status) => {
    const ask = asking(createStateBackend())
    const body = JSON.stringify(Array.from({ length: count }, (_, i) => set(`k${i}`, 'x')))
    expect((await ask('PUT /v1/txn', { body })).status).toBe(status)
    expect((await ask('GET /v1/kv/k0')).status).toBe(status === 200 ? 200 : 404)
  })

  test('a value past its own limit, in a body within its', async () => {
    const ask = asking(createStateBackend({ txnBytesMax: 2_000_000 }))
    const response = await ask('PUT /v1/txn', { body: JSON.stringify([set('a', 'x'.repeat(600_000))]) })
    expect(response.status).toBe(413)
    expect(await response.text()).toBe('Value for key "a" is too large (600000 > 524288 bytes)')
  })

  test('a body past its limit', async () => {
    const response = await asking(createStateBackend())('PUT /v1/txn', { body: new Uint8Array(524_289) })
    expect(await response.text()).toBe(
      'Request body(524289 bytes) too large, max size: 524288 bytes. ' +
        'See https://www.consul.io/docs/agent/options.html#txn_max_req_len.',
    )
  })
})

describe('paths', () => {
  test('operations that only read are read, in the mode that was asked for', async () => {
    const backend = createStateBackend()
    const ask = asking(backend)
    await ask('PUT /v1/kv/a', { body: '1' })
    const before = backend.state.lastIndex
    const response = await ask('PUT /v1/txn?stale', { body: JSON.stringify([get('a')]) })
    expect(response.headers.get('x-consul-knownleader')).toBe('true')
    expect(backend.reads.at(-1)?.consistency).toBe('stale')
    expect(backend.state.lastIndex).toBe(before)
  })

  test('one that writes makes an entry, and no mode of reading holds for it', async () => {
    const backend = createStateBackend()
    const response = await asking(backend)('PUT /v1/txn?stale', {
      body: JSON.stringify([set('a', '1'), get('a')]),
    })
    expect(response.headers.get('x-consul-knownleader')).toBeNull()
    expect(backend.reads).toEqual([])
    expect(await response.json()).toMatchObject({
      Results: [{ KV: { Value: null } }, { KV: { Value: 'MQ==' } }],
    })
  })

  test('errors that are known beforehand come with those of the state, in the order of the body', async () => {
    const ask = asking(createStateBackend())
    const body = JSON.stringify([get('zz'), { KV: { Verb: 'foo', Key: 'a' } }, {}, get('yy')])
    const response = await ask('PUT /v1/txn', { body })
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({
      Results: null,
      Errors: [
        { OpIndex: 0, What: 'key "zz" doesn\'t exist' },
        { OpIndex: 1, What: 'unknown KV verb "foo"' },
        { OpIndex: 2, What: 'key "yy" doesn\'t exist' },
      ],
    })
  })

  test('an unknown verb among writes: none of them happens', async () => {
    const ask = asking(createStateBackend())
    const body = JSON.stringify([set('a', '1'), { Node: { Verb: 'foo', Node: { Node: 'n' } } }])
    expect((await ask('PUT /v1/txn', { body })).status).toBe(409)
    expect((await ask('GET /v1/kv/a')).status).toBe(404)
  })
})

describe('verbs of later versions', () => {
  test('get-or-empty of an absent key gives an empty entry', async () => {
    const ask = asking(createStateBackend())
    const response = await ask('PUT /v1/txn', { body: '[{"KV":{"Verb":"get-or-empty","Key":"zz"}}]' })
    expect(await response.text()).toContain(
      '{"Results":[{"KV":{"LockIndex":0,"Key":"zz","Flags":0,"Value":null,"CreateIndex":0,"ModifyIndex":0}}],',
    )
  })

  test('a session is deleted with the rest', async () => {
    const ask = asking(createStateBackend())
    await ask('PUT /v1/catalog/register', { body: '{"Node":"n","Address":"a"}' })
    const created = await ask('PUT /v1/session/create', { body: '{"Node":"n","NodeChecks":[]}' })
    const { ID } = (await created.json()) as { ID: string }
    const body = JSON.stringify([{ Session: { Verb: 'delete', Session: { ID } } }, set('a', '1')])
    expect((await ask('PUT /v1/txn', { body })).status).toBe(200)
    expect(await (await ask('GET /v1/session/list')).text()).toBe('[]')
  })
})

test('numbers keep all their digits', async () => {
  const ask = asking(createStateBackend())
  const body = '[{"KV":{"Verb":"set","Key":"a","Flags":9007199254740993,"Value":"aA=="}}]'
  expect(await (await ask('PUT /v1/txn', { body })).text()).toContain('"Flags":9007199254740993,')
})
