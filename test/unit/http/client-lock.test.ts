// Locks and semaphores of the client on the real state: who holds them, and how their loss is noticed.
import { describe, expect, test } from 'vitest'
import type { HeldLock } from '../../../src/http/client/lock-types.ts'
import { ok } from '../../../src/lib/result.ts'
import { clientOn, ManualTime, settled } from './client-on.ts'
import { createStateBackend, type StateBackend } from './state-backend.ts'

/** A cluster of which a node is known, so that sessions can be made. */
function cluster(): StateBackend {
  const backend: StateBackend = createStateBackend({
    actions: {
      renewSession: ({ id }) => ok(backend.state.query({ kind: 'session', id }).value),
    },
  })
  backend.apply({
    kind: 'register',
    node: { id: '', name: 'n1', address: '10.0.0.1', datacenter: 'dc1', taggedAddresses: {}, meta: {} },
    service: null,
    checks: [
      {
        node: 'n1',
        checkId: 'serfHealth',
        name: 'Serf Health Status',
        status: 'passing',
        notes: '',
        output: '',
        serviceId: '',
        serviceName: '',
        serviceTags: [],
        type: '',
        definition: {},
      },
    ],
    skipNodeUpdate: false,
  })
  return backend
}

function keyOf(backend: StateBackend, key: string): unknown {
  return backend.state.query({ kind: 'kvGet', key }).value
}

const lockOptions = { lockDelayMs: 0 }

describe('a lock', () => {
  test('is held by one at a time, with growing tokens, and its key goes with the last', async () => {
    const backend = cluster()
    const time = new ManualTime()
    const client = clientOn(backend, { time })
    const first = await client.lock('a/.lock', lockOptions)
    let second: HeldLock | undefined
    const waiting = client.lock('a/.lock', lockOptions).then((held) => (second = held))
    await settled()
    expect(second).toBeUndefined()
    expect(await first.release()).toBe(false)
    await time.advance(5000)
    await waiting
    expect(second?.fencingToken).toBeGreaterThan(first.fencingToken)
    expect(first.lost.aborted).toBe(false)
    expect(await second?.release()).toBe(true)
    expect(keyOf(backend, 'a/.lock')).toBeNull()
  })

  test('is lost when its session ends, and says so at once', async () => {
    const backend = cluster()
    const held = await clientOn(backend, { time: new ManualTime() }).lock('a/.lock', lockOptions)
    backend.apply({ kind: 'sessionDestroy', id: held.session })
    await settled()
    expect(held.lost.reason).toMatchObject({ name: 'LockLostError' })
  })

  test('is given up when nobody has confirmed the session for its time to live, and not before', async () => {
    const time = new ManualTime()
    let isCut = false
    const never = new Promise<Response>(() => {})
    const client = clientOn(cluster(), { time, intercept: () => (isCut ? never : undefined) })
    const held = await client.lock('a/.lock', { ...lockOptions, ttlMs: 15_000 })
    await time.advance(30_000)
    expect(held.lost.aborted).toBe(false)
    isCut = true
    await time.advance(9_000)
    expect(held.lost.aborted).toBe(false)
    await time.advance(6_100)
    expect(held.lost.aborted).toBe(true)
  })

  test('survives as many failures of its watching as it is told to', async () => {
    const time = new ManualTime()
    let failures = 0
    const client = clientOn(cluster(), {
      time,
      intercept({ url }) {
        const isWatching = url.includes('/v1/kv/') && url.includes('consistent') && url.includes('index')
        return isWatching && failures-- > 0 ? new Response('No cluster leader', { status: 500 }) : undefined
      },
    })
    failures = 2
    const held = await client.lock('a/.lock', { ...lockOptions, monitorRetries: 2 })
    await time.advance(3000)
    expect(held.lost.aborted).toBe(false)
    await held.release()
    failures = 3
    const other = await client.lock('b/.lock', { ...lockOptions, monitorRetries: 2 })
    await time.advance(3000)
    expect(other.lost.reason).toMatchObject({ message: 'it cannot be watched any more' })
  })

  test('an acquisition whose answer is lost is found out', async () => {
    const backend = cluster()
    const time = new ManualTime()
    const app = clientOn(backend)
    let isFirst = true
    const client = clientOn(backend, {
      time,
      intercept(request) {
        const session = new URL(request.url).searchParams.get('acquire')
        if (session === null || !isFirst) return undefined
        isFirst = false
        const flags = BigInt(new URL(request.url).searchParams.get('flags') ?? 0)
        return app
          .kvPut('a/.lock', '', { acquire: session, flags })
          .then(() => new Response('lost', { status: 500, headers: { 'X-Consul-Outcome': 'unknown' } }))
      },
    })
    const taking = client.lock('a/.lock', lockOptions)
    await time.advance(1000)
    const held = await taking
    expect(held.fencingToken).toBeGreaterThan(0)
  })

  test('whoever gives up waiting leaves no session', async () => {
    const backend = cluster()
    const client = clientOn(backend, { time: new ManualTime() })
    const held = await client.lock('a/.lock', lockOptions)
    const giveUp = new AbortController()
    const waiting = client.lock('a/.lock', { ...lockOptions, signal: giveUp.signal })
    await settled()
    giveUp.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect((await client.sessionList()).value.map(({ ID }) => ID)).toEqual([held.session])
  })

  test('keys of other uses are left alone', async () => {
    const client = clientOn(cluster(), { time: new ManualTime() })
    await client.kvPut('a/.lock', 'x')
    await expect(client.lock('a/.lock')).rejects.toThrow('Existing key does not match lock use')
    await expect(client.semaphore('a', 2)).rejects.toThrow('Existing key does not match semaphore use')
  })
})

describe('a semaphore', () => {
  test('has so many holders, each with a token of its own; the next waits for a place', async () => {
    const backend = cluster()
    const time = new ManualTime()
    const client = clientOn(backend, { time })
    const held = [await client.semaphore('s', 2, lockOptions), await client.semaphore('s', 2, lockOptions)]
    let third: HeldLock | undefined
    const waiting = client.semaphore('s', 2, lockOptions).then((one) => (third = one))
    await settled()
    expect(third).toBeUndefined()
    expect(await held[0]?.release()).toBe(false)
    await time.advance(1000)
    await waiting
    const tokens = [...held, third].map((one) => one?.fencingToken ?? 0)
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b))
    expect(new Set(tokens).size).toBe(3)
    await held[1]?.release()
    expect(await third?.release()).toBe(true)
    expect(keyOf(backend, 's/.lock')).toBeNull()
  })

  test('a holder whose session ends loses its place to the next', async () => {
    const backend = cluster()
    const time = new ManualTime()
    const client = clientOn(backend, { time })
    const first = await client.semaphore('s', 1, lockOptions)
    const waiting = client.semaphore('s', 1, lockOptions)
    await settled()
    backend.apply({ kind: 'sessionDestroy', id: first.session })
    await time.advance(1000)
    const second = await waiting
    expect([first.lost.aborted, second.lost.aborted]).toEqual([true, false])
  })

  test('those who take part must agree on the limit', async () => {
    const client = clientOn(cluster(), { time: new ManualTime() })
    await client.semaphore('s', 2, lockOptions)
    await expect(client.semaphore('s', 3)).rejects.toThrow('semaphore limit conflict (lock: 2, local: 3)')
  })
})
