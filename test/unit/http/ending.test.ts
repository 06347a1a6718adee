import { describe, expect, it } from 'vitest'
import { createApp } from '../../../src/http/app.ts'
import { createStateBackend } from './state-backend.ts'

/** An agent that stops when the test says so. */
function agent(): {
  readonly ask: (method: string, path: string, body?: string) => Promise<Response>
  readonly stop: () => void
} {
  const ending = new AbortController()
  const app = createApp(createStateBackend({ ending: ending.signal }))
  return {
    ask: (method, path, body) =>
      Promise.resolve(
        app(new Request(`http://agent${path}`, { method, ...(body !== undefined && { body }) }), {
          ip: '127.0.0.1',
          port: 1,
        }),
      ),
    stop: () => ending.abort(),
  }
}

describe('when the agent stops', () => {
  it('a stream of changes ends behind its last event', async () => {
    const { ask, stop } = agent()
    const response = await ask('POST', '/v1/watch', '{"watches":[{"type":"nodes"}]}')
    const reading = response.text()
    await new Promise((resolve) => setImmediate(resolve))
    stop()
    const text = await reading
    expect(text).toMatch(/^: changes follow\n\n/)
    expect(text.endsWith('\n\n')).toBe(true)
  })

  it('a wait for events is answered with those that are known', async () => {
    const { ask, stop } = agent()
    const waiting = ask('GET', '/v1/event/list?index=1')
    await new Promise((resolve) => setImmediate(resolve))
    stop()
    const response = await waiting
    expect([response.status, await response.text()]).toEqual([200, '[]'])
  })

  it('a wait for a service of the agent is answered with what it is', async () => {
    const { ask, stop } = agent()
    await ask('PUT', '/v1/agent/service/register', '{"Name":"web"}')
    const hash = (await ask('GET', '/v1/agent/service/web')).headers.get('x-consul-contenthash') ?? ''
    const waiting = ask('GET', `/v1/agent/service/web?hash=${hash}`)
    await new Promise((resolve) => setImmediate(resolve))
    stop()
    expect((await waiting).headers.get('x-consul-contenthash')).toBe(hash)
  })
})
