import { describe, expect, it } from 'vitest'
import { createApp } from '../../../src/http/app.ts'
import { EventParser, type ServerSentEvent } from '../../../src/http/client/sse.ts'
import type { Json, JsonObject } from '../../../src/model/catalog.ts'
import { createStateBackend, type StateBackend } from './state-backend.ts'

const from = { ip: '127.0.0.1', port: 1 }

function set(backend: StateBackend, key: string, value: string): void {
  backend.apply({ kind: 'kvSet', key, value: new TextEncoder().encode(value), flags: 0n, ttlMs: 0 })
}

function remove(backend: StateBackend, key: string): void {
  backend.apply({ kind: 'kvDelete', key })
}

function post(backend: StateBackend, body: Json, signal?: AbortSignal): Promise<Response> {
  const request = new Request('http://agent/v1/watch', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal !== undefined && { signal }),
  })
  return Promise.resolve(createApp(backend)(request, from))
}

/** A stream that is read event by event. */
class Stream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #parser = new EventParser()
  readonly #events: ServerSentEvent[] = []

  constructor(response: Response) {
    if (response.body === null) throw new Error('no stream')
    this.#reader = response.body.getReader()
  }

  /** The next event, whatever it is; undefined at the end. */
  async next(): Promise<ServerSentEvent | undefined> {
    while (this.#events.length === 0) {
      const { value, done } = await this.#reader.read()
      if (done) return undefined
      this.#events.push(...this.#parser.push(value))
    }
    return this.#events.shift()
  }

  /** Everything up to the heartbeat that ends the present state, in short: `event name value`. */
  async present(): Promise<{ readonly told: readonly string[]; readonly token: string }> {
    const told: string[] = []
    for (;;) {
      const event = await this.next()
      if (event === undefined) throw new Error('the stream has ended')
      if (event.event === 'heartbeat') return { told, token: event.id }
      told.push(short(event))
    }
  }

  async short(): Promise<string> {
    const event = await this.next()
    return event === undefined ? 'end' : short(event)
  }

  close(): Promise<void> {
    return this.#reader.cancel()
  }
}

function short({ event, data }: ServerSentEvent): string {
  const { key, reason, value } = JSON.parse(data) as JsonObject
  const encoded = (value as JsonObject | null | undefined)?.['Value']
  const text = typeof encoded === 'string' ? atob(encoded) : JSON.stringify(value ?? reason ?? null)
  return [event, ...(typeof key === 'string' ? [key] : []), text].join(' ')
}

async function open(backend: StateBackend, watches: Json, resume?: string): Promise<Stream> {
  const response = await post(backend, { watches, ...(resume !== undefined && { resume }) })
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
  ])
  return new Stream(response)
}

const app = [{ type: 'kvPrefix', prefix: 'app/' }]

describe('a stream of a prefix', () => {
  it('tells what is there, then each change and deletion, and nothing else', async () => {
    const backend = createStateBackend()
    set(backend, 'app/a', '1')
    set(backend, 'app/b', '2')
    set(backend, 'other', '3')
    const stream = await open(backend, app)
    expect((await stream.present()).told).toEqual(['change app/a 1', 'change app/b 2'])
    set(backend, 'other', '4')
    set(backend, 'app/b', '5')
    expect(await stream.short()).toBe('change app/b 5')
    remove(backend, 'app/a')
    expect(await stream.short()).toBe('change app/a null')
    await stream.close()
    expect(backend.waiting).toBe(0)
  })

  it('is taken up again without a gap and without telling anything twice', async () => {
    const backend = createStateBackend()
    set(backend, 'app/a', '1')
    set(backend, 'app/b', '2')
    const first = await open(backend, app)
    const { token } = await first.present()
    await first.close()
    set(backend, 'app/c', '3')
    remove(backend, 'app/a')
    const second = await open(backend, app, token)
    expect((await second.present()).told).toEqual(['change app/c 3', 'change app/a null'])
    await second.close()
  })

  it('can be taken up in the middle of what is there', async () => {
    const backend = createStateBackend()
    set(backend, 'app/b', '1')
    set(backend, 'app/a', '2')
    const first = await open(backend, app)
    const event = await first.next()
    expect(event === undefined ? '' : short(event)).toBe('change app/b 1')
    await first.close()
    const second = await open(backend, app, event?.id)
    expect((await second.present()).told).toEqual(['change app/a 2'])
    await second.close()
  })

  it('gives a slow reader the newest value alone', async () => {
    const backend = createStateBackend()
    const stream = await open(backend, app)
    await stream.present()
    for (let i = 0; i < 50; i++) set(backend, 'app/k', String(i))
    set(backend, 'app/last', 'x')
    const told: string[] = []
    while (told.at(-1) !== 'change app/last x') told.push(await stream.short())
    expect(told).toContain('change app/k 49')
    expect(told.length).toBeLessThan(10)
    await stream.close()
  })
})

describe('a stream whose reader goes', () => {
  it('leaves nothing behind, also when it goes before the first answer', async () => {
    const backend = createStateBackend()
    const gone = new AbortController()
    const opened = await post(backend, { watches: [...app, { type: 'nodes' }] }, gone.signal)
    const stream = new Stream(opened)
    await stream.present()
    expect(backend.waiting).toBe(2)
    gone.abort()
    expect(backend.waiting).toBe(0)
    const asking = post(backend, { watches: app }, AbortSignal.abort())
    await asking.then(
      (response) => expect(response.status).toBe(500),
      () => undefined,
    )
    expect(backend.waiting).toBe(0)
  })
})

describe('a stream of several watches', () => {
  it('tells of all of them, each with its number', async () => {
    const backend = createStateBackend()
    set(backend, 'other', '1')
    const watches = [
      { type: 'kv', key: 'one' },
      { type: 'service', service: 'web', passing: true, tags: [] },
      { type: 'services' },
      { type: 'nodes' },
      { type: 'checks', state: 'any' },
    ]
    const stream = await open(backend, watches)
    const { told } = await stream.present()
    expect(told.toSorted()).toEqual(['change []', 'change []', 'change []', 'change one null', 'change {}'])
    set(backend, 'one', '1')
    const event = await stream.next()
    expect(JSON.parse(event?.data ?? '')).toMatchObject({ watch: 0, type: 'kv', key: 'one' })
    await stream.close()
  })
})

describe('a restore', () => {
  it('is told to a stream that is open, and what is there then follows', async () => {
    const backend = createStateBackend()
    set(backend, 'app/a', '1')
    const stream = await open(backend, app)
    await stream.present()
    backend.epoch = '-9'
    set(backend, 'app/b', '2')
    expect(await stream.short()).toBe('reset "restored"')
    expect((await stream.present()).told).toEqual(['change app/a 1', 'change app/b 2'])
    await stream.close()
  })

  it('is told to one that is taken up later', async () => {
    const backend = createStateBackend()
    set(backend, 'app/a', '1')
    const first = await open(backend, app)
    const { token } = await first.present()
    await first.close()
    backend.epoch = '-9'
    const second = await open(backend, app, token)
    expect((await second.present()).told).toEqual(['reset "restored"', 'change app/a 1'])
    await second.close()
  })

  it('is waited for at a server that does not have it yet', async () => {
    const backend = createStateBackend()
    backend.epoch = '-9'
    set(backend, 'app/a', '1')
    const first = await open(backend, app)
    const { token } = await first.present()
    await first.close()
    backend.epoch = '-0'
    const second = await open(backend, app, token)
    backend.epoch = '-9'
    set(backend, 'app/b', '2')
    for (const pause of backend.pauses) if (pause.ms < 1000) pause.end()
    expect((await second.present()).told).toEqual(['change app/b 2'])
    await second.close()
  })
})

describe('a stream that is refused', () => {
  it.each<[string, Json, string]>([
    ['no JSON', 'x', ''],
    ['a list', [], 'The body must be an object'],
    ['nothing to watch', { watches: [] }, 'at least one watch'],
    ['too much to watch', { watches: Array(1025).fill({ type: 'nodes' }) }, '1024 at most'],
    ['an unknown type', { watches: [{ type: 'keys' }] }, 'The watch 0 must have one of the types kv,'],
    ['an unknown field', { watches: [{ type: 'nodes', near: 'x' }] }, 'Unknown field "near" in watch 0'],
    ['an empty key', { watches: [{ type: 'kv', key: '' }] }, '"key" of watch 0 must be a text'],
    ['a wrong flag', { watches: [{ type: 'service', service: 'a', passing: 1 }] }, 'must be true or false'],
    ['a wrong state', { watches: [{ type: 'checks', state: 'x' }] }, 'must be one of any, passing'],
    ['a wrong token', { watches: app, resume: 'x' }, '"resume" is no token'],
    ['another’s token', { watches: app, resume: '-0.00000000.5' }, 'token of another list of watches'],
  ])('%s', async (_, body, sentence) => {
    const response = await post(createStateBackend(), body)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(sentence)
  })

  it('because nothing can be read, with the reason', async () => {
    const response = await post(createStateBackend(), { watches: app })
    await response.body?.cancel()
    const refused = await Promise.resolve(
      createApp(createStateBackend())(
        new Request('http://agent/v1/watch?dc=nowhere', {
          method: 'POST',
          body: JSON.stringify({ watches: app }),
        }),
        from,
      ),
    )
    expect([refused.status, await refused.text()]).toEqual([500, 'No path to datacenter'])
  })
})

describe('events in a stream', () => {
  function fire(backend: StateBackend, name: string): Promise<unknown> {
    const filters = { nodeFilter: '', serviceFilter: '', tagFilter: '' }
    const event = {
      id: backend.newId(),
      name,
      payload: new Uint8Array(0),
      ...filters,
      version: 1,
      lamportTime: 0,
    }
    return backend.events.fire(event, '')
  }

  async function told(stream: Stream): Promise<string> {
    const event = await stream.next()
    const { type, index, value } = JSON.parse(event?.data ?? '{}') as JsonObject
    return JSON.stringify([type, (value as JsonObject)['Name'], index])
  }

  it('are told from now on, those of the name that is asked for', async () => {
    const backend = createStateBackend()
    await fire(backend, 'old')
    const stream = new Stream(await post(backend, { watches: [{ type: 'event', name: 'deploy' }] }))
    expect((await stream.present()).told).toEqual([])
    await fire(backend, 'other')
    await fire(backend, 'deploy')
    expect(await told(stream)).toBe('["event","deploy",4]')
    await stream.close()
  })

  it('go on from a token, also from one of before the first event', async () => {
    const backend = createStateBackend()
    const watches = [{ type: 'event' }, { type: 'nodes' }]
    const stream = new Stream(await post(backend, { watches }))
    const { token } = await stream.present()
    await stream.close()
    await fire(backend, 'a')
    await fire(backend, 'b')
    const again = new Stream(await post(backend, { watches, resume: token }))
    expect([await told(again), await told(again)]).toEqual(['["event","a",2]', '["event","b",3]'])
    const { token: later } = await again.present()
    await again.close()
    const last = new Stream(await post(backend, { watches, resume: later }))
    expect((await last.present()).told).toEqual([])
    await last.close()
  })

  it('of another datacenter cannot be had', async () => {
    const request = new Request('http://agent/v1/watch?dc=dc2', {
      method: 'POST',
      body: '{"watches":[{"type":"event"}]}',
    })
    const response = await createApp(createStateBackend())(request, from)
    expect([response.status, await response.text()]).toEqual([
      400,
      'Bad request: Events are heard of in the datacenter of the agent only',
    ])
  })
})
