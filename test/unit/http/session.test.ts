// The session endpoints beyond what the recorded answers show: limits, waiting, renewals.
import { describe, expect, test } from 'vitest'
import { requestError } from '../../../src/model/errors.ts'
import { err, ok } from '../../../src/lib/result.ts'
import { type Ask, asking } from './asking.ts'
import { type StateBackend, createStateBackend } from './state-backend.ts'

describe('what is created', () => {
  test('gets the ID that the agent chose, and its node', async () => {
    const { ask } = await onNode()
    const response = await ask('PUT /v1/session/create')
    expect(await response.json()).toEqual({ ID: '00000000-0000-4000-9000-000000000001' })
    const [session] = (await (await ask('GET /v1/session/list')).json()) as [{ Node: string }]
    expect(session.Node).toBe('n1')
  })

  test('the shortest TTL is the agent’s', async () => {
    const backend = createStateBackend({ sessionTtlMinMs: 60_000 })
    const response = await asking(backend)('PUT /v1/session/create', { body: '{"TTL":"30s"}' })
    expect(response.status).toBe(500)
    expect(await response.text()).toBe("Invalid Session TTL '30000000000', must be between [1m0s=24h0m0s]")
  })

  test.each(['9.999s', '24h0m1s', '1000000h', '-10s'])('a TTL of %s creates nothing', async (ttl) => {
    const { ask } = await onNode()
    const response = await ask('PUT /v1/session/create', { body: JSON.stringify({ TTL: ttl }) })
    expect(response.status).toBe(500)
    expect(await (await ask('GET /v1/session/list')).text()).toBe('[]')
  })

  test.each([
    ['"-5s"', 0],
    ['-5', 0],
    ['1e30', 0],
    ['"1h"', 3_600_000_000_000],
    ['"3000h"', Number.MAX_SAFE_INTEGER],
    ['9e18', Number.MAX_SAFE_INTEGER],
    ['{}', 0],
  ])('a lock-delay of %s is %d ns', async (given, nanos) => {
    const { ask } = await onNode()
    await ask('PUT /v1/session/create', { body: `{"LockDelay":${given}}` })
    expect(await (await ask('GET /v1/session/list')).text()).toContain(`"LockDelay":${nanos},`)
  })

  test('checks under their older name are added to the others', async () => {
    const { ask } = await onNode()
    await ask('PUT /v1/catalog/register', {
      body: '{"Node":"n1","Address":"a","Check":{"CheckID":"c","Status":"passing"}}',
    })
    await ask('PUT /v1/session/create', { body: '{"Checks":["c"]}' })
    expect(await (await ask('GET /v1/session/list')).text()).toContain('"NodeChecks":["serfHealth","c"]')
  })

  test('a body past the limit is refused', async () => {
    const body = new Uint8Array(2 * 1024 * 1024 + 1)
    const response = await asking(createStateBackend())('PUT /v1/session/create', { body })
    expect(response.status).toBe(413)
  })
})

describe('reads', () => {
  test('a wait on sessions ends when one ends', async () => {
    const { ask, backend } = await onNode()
    await ask('PUT /v1/session/create')
    const id = '00000000-0000-4000-9000-000000000001'
    const index = backend.state.lastIndex
    const waiting = ask(`GET /v1/session/info/${id}?index=${index}`)
    expect(backend.waiting).toBe(1)
    await ask(`PUT /v1/session/destroy/${id}`)
    const response = await waiting
    expect(await response.text()).toBe('[]')
    expect(Number(response.headers.get('x-consul-index'))).toBe(index + 1)
  })

  test.each(['stale', 'consistent'])('%s is passed on', async (mode) => {
    const { ask, backend } = await onNode()
    await ask(`GET /v1/session/list?${mode}&dc=dc1`)
    expect(backend.reads.at(-1)).toMatchObject({ consistency: mode, datacenter: '' })
  })
})

describe('renewals', () => {
  const id = '11111111-1111-1111-1111-111111111112'

  test('go to the leader, which may know better than the state', async () => {
    const { ask, backend } = await onNode({ renewSession: () => ok(null) })
    const response = await ask(`PUT /v1/session/renew/${id}`)
    expect(response.status).toBe(404)
    expect(await response.text()).toBe(`Session id '${id}' not found`)
    expect(backend.calls).toEqual([['renewSession', { kind: 'renewSession', id }]])
  })

  test('fail with the leader’s sentence', async () => {
    const failure = requestError('noLeader', 'No cluster leader')
    const { ask } = await onNode({ renewSession: () => err(failure) })
    const response = await ask(`PUT /v1/session/renew/${id}`)
    expect(response.status).toBe(500)
    expect(await response.text()).toBe('No cluster leader')
  })
})

/** An API over a state that knows the agent's node. */
async function onNode(
  actions: NonNullable<Parameters<typeof createStateBackend>[0]>['actions'] = {},
): Promise<{ readonly ask: Ask; readonly backend: StateBackend }> {
  const backend = createStateBackend({ actions })
  const ask = asking(backend)
  await ask('PUT /v1/catalog/register', {
    body: '{"Node":"n1","Address":"10.0.0.1","Check":{"CheckID":"serfHealth","Status":"passing"}}',
  })
  return { ask, backend }
}
