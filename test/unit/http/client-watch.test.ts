// Iterators over blocking queries: each change once, none lost, whatever happens in between.
import { describe, expect, test } from 'vitest'
import { kvText } from '../../../src/http/client/values.ts'
import { clientOn, ManualTime, settled } from './client-on.ts'
import { createStateBackend, type StateBackend } from './state-backend.ts'

function put(backend: StateBackend, key: string, value: string): void {
  const bytes = new TextEncoder().encode(value)
  backend.apply({ kind: 'kvSet', key, value: bytes, flags: 0n, ttlMs: 0 })
}

/** Takes what an iterator gives, as it comes. */
function taken<T>(iterator: AsyncIterable<T>): { readonly got: T[]; readonly ended: Promise<unknown> } {
  const got: T[] = []
  const ended = (async () => {
    try {
      for await (const each of iterator) got.push(each)
      return 'ended'
    } catch (error) {
      return error
    }
  })()
  return { got, ended }
}

describe('an iterator over a key', () => {
  test('gives what is there, then each change, and ends with the signal', async () => {
    const backend = createStateBackend()
    put(backend, 'z', '1')
    const ending = new AbortController()
    const { got, ended } = taken(clientOn(backend).watchKv('a', { signal: ending.signal }))
    await settled()
    put(backend, 'a', '1')
    await settled()
    put(backend, 'b', 'unrelated')
    put(backend, 'a', '2')
    await settled()
    expect(got.map(({ value }) => value && kvText(value))).toEqual([null, '1', '2'])
    expect(got.at(-1)?.index).toBe(4)
    ending.abort()
    expect(await ended).toBe('ended')
  })

  test('a request that is refused ends it', async () => {
    const client = clientOn(createStateBackend(), {
      intercept: () => new Response('Invalid index', { status: 400 }),
    })
    expect(await taken(client.watchKv('a')).ended).toMatchObject({ name: 'ApiError', status: 400 })
  })

  test('failures that pass are followed by longer and longer pauses, and told', async () => {
    const time = new ManualTime()
    const backend = createStateBackend()
    put(backend, 'a', '1')
    let failures = 6
    const client = clientOn(backend, {
      time,
      intercept: () => (failures-- > 0 ? new Response('No cluster leader', { status: 500 }) : undefined),
    })
    const told: number[] = []
    const { got } = taken(client.watchKv('a', { onError: (_error, retryInMs) => told.push(retryInMs) }))
    await time.advance(60_000)
    expect(told).toEqual([187, 375, 750, 1500, 3000, 6000])
    expect(got).toHaveLength(1)
  })

  test('after a failure the same state is not given again, a missed change is', async () => {
    const time = new ManualTime()
    const backend = createStateBackend()
    put(backend, 'a', '1')
    let isDown = false
    const client = clientOn(backend, {
      time,
      intercept: () => (isDown ? Promise.reject(new Error('socket hang up')) : undefined),
    })
    const { got } = taken(client.watchKv('a'))
    await settled()
    isDown = true
    put(backend, 'a', '2')
    await settled()
    put(backend, 'a', '3')
    await settled()
    isDown = false
    await time.advance(1000)
    expect(got.map(({ value }) => value && kvText(value))).toEqual(['1', '2', '3'])
    isDown = true
    put(backend, 'b', '1')
    await settled()
    isDown = false
    await time.advance(1000)
    expect(got).toHaveLength(3)
  })

  test('an index that goes back, as after a restore, begins from 0', async () => {
    const asked: (string | null)[] = []
    const answers = [
      { index: '50', body: '[{"Key":"a","Flags":0,"Value":"MQ=="}]' },
      { index: '7', body: '[{"Key":"a","Flags":0,"Value":"Mg=="}]' },
      { index: '8', body: '[{"Key":"a","Flags":0,"Value":"Mw=="}]' },
    ]
    const ending = new AbortController()
    const client = clientOn(createStateBackend(), {
      intercept({ url }) {
        asked.push(new URL(url).searchParams.get('index'))
        const answer = answers.shift()
        if (answer === undefined) {
          ending.abort()
          return new Response('', { status: 500 })
        }
        return new Response(answer.body, { headers: { 'X-Consul-Index': answer.index } })
      },
    })
    const { got, ended } = taken(client.watchKv('a', { signal: ending.signal }))
    await ended
    expect(asked).toEqual([null, '50', null, '8'])
    expect(got.map(({ value }) => value?.Value)).toEqual(['MQ==', 'Mg==', 'Mw=='])
  })

  test('an answer without an index does not make it ask all the time', async () => {
    const time = new ManualTime()
    let requests = 0
    const client = clientOn(createStateBackend(), {
      time,
      intercept() {
        requests++
        return new Response('[]')
      },
    })
    taken(client.watchNodes())
    await time.advance(1000)
    expect(requests).toBeLessThan(6)
  })
})

test('events have indexes beyond 2^53, which are kept to the last digit', async () => {
  const ending = new AbortController()
  const asked: (string | null)[] = []
  const client = clientOn(createStateBackend(), {
    intercept({ url }) {
      asked.push(new URL(url).searchParams.get('index'))
      if (asked.length === 2) ending.abort()
      return new Response('[]', { headers: { 'X-Consul-Index': '16129179335118909337' } })
    },
  })
  const { got, ended } = taken(client.watchEvents({ name: 'deploy', signal: ending.signal }))
  await ended
  expect(asked).toEqual([null, '16129179335118909337'])
  expect(got[0]?.indexText).toBe('16129179335118909337')
})

test('instances of a service are watched with their filters', async () => {
  const asked: string[] = []
  const ending = new AbortController()
  const client = clientOn(createStateBackend(), {
    intercept({ url }) {
      asked.push(new URL(url).pathname + new URL(url).search)
      if (asked.length === 2) ending.abort()
      return new Response('[]', { headers: { 'X-Consul-Index': '5' } })
    },
  })
  const options = { passing: true, tags: ['a', 'b'], wait: '10s', signal: ending.signal }
  await taken(client.watchService('web', options)).ended
  expect(asked).toEqual([
    '/v1/health/service/web?tag=a&tag=b&passing=1',
    '/v1/health/service/web?index=5&wait=10s&tag=a&tag=b&passing=1',
  ])
})
