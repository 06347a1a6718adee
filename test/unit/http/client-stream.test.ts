// The stream of changes: taken up again where it ended, and given up when it is silent.
import { expect, test } from 'vitest'
import type { StreamEvent } from '../../../src/http/client/stream.ts'
import { clientOn, ManualTime, settled } from './client-on.ts'
import { createStateBackend } from './state-backend.ts'

function streamOf(text: string): Response {
  return new Response(text, { headers: { 'Content-Type': 'text/event-stream' } })
}

function eventText(event: string, id: string, data: unknown): string {
  return `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`
}

/** Takes what a stream gives, as it comes. */
function taken(events: AsyncIterable<StreamEvent>): {
  readonly got: StreamEvent[]
  readonly ended: Promise<unknown>
} {
  const got: StreamEvent[] = []
  const ended = (async () => {
    try {
      for await (const event of events) got.push(event)
      return 'ended'
    } catch (error) {
      return error
    }
  })()
  return { got, ended }
}

test('changes of the store come as they are made, flags to the last digit', async () => {
  const backend = createStateBackend()
  const client = clientOn(backend)
  const ending = new AbortController()
  const { got, ended } = taken(client.stream([{ type: 'kvPrefix', prefix: 'a/' }], { signal: ending.signal }))
  await settled()
  await client.kvPut('z', '')
  await client.kvPut('a/1', 'x', { flags: 18_446_744_073_709_551_615n })
  await settled()
  const change = got.find(({ kind }) => kind === 'change')
  expect(change).toMatchObject({
    change: { watch: 0, type: 'kvPrefix', key: 'a/1', value: { Flags: 18_446_744_073_709_551_615n } },
  })
  ending.abort()
  expect(await ended).toBe('ended')
})

test('a connection that ends is taken up again with the last token', async () => {
  const time = new ManualTime()
  const bodies: string[] = []
  const client = clientOn(createStateBackend(), {
    time,
    async intercept(request) {
      bodies.push(await request.text())
      const id = `t${bodies.length}`
      return streamOf(
        eventText('heartbeat', id, {}) +
          (id === 't2' ? eventText('reset', 't2b', { reason: 'restore' }) : ''),
      )
    },
  })
  const { got } = taken(client.stream([{ type: 'nodes' }], { resume: 't0' }))
  await time.advance(400)
  expect(bodies.slice(0, 3).map((body) => (JSON.parse(body) as { resume: string }).resume)).toEqual([
    't0',
    't1',
    't2b',
  ])
  expect(got.slice(0, 3)).toEqual([
    { kind: 'heartbeat', token: 't1' },
    { kind: 'heartbeat', token: 't2' },
    { kind: 'reset', token: 't2b', reason: 'restore' },
  ])
})

test('a connection that is silent for a minute is given up', async () => {
  const time = new ManualTime()
  const told: unknown[] = []
  const client = clientOn(createStateBackend(), {
    time,
    intercept: () => new Response(new ReadableStream<Uint8Array>(), { status: 200 }),
  })
  taken(client.stream([{ type: 'nodes' }], { onError: (error) => told.push(error) }))
  await time.advance(59_000)
  expect(told).toEqual([])
  await time.advance(2000)
  expect(told).toHaveLength(1)
})

test('what the agent refuses ends it', async () => {
  const client = clientOn(createStateBackend())
  const { ended } = taken(client.stream([]))
  expect(await ended).toMatchObject({ name: 'ApiError', status: 400 })
})
