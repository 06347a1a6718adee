import { describe, expect, it } from 'vitest'
import { createLog, renderLogLine, type LogLevel } from '../../../src/agent/log.ts'
import { logRequests } from '../../../src/agent/request-log.ts'
import { TestClock } from './samples.ts'

/** The lines about one request. */
async function lines(level: LogLevel, path: string, ip = '10.0.0.1'): Promise<readonly string[]> {
  const clock = new TestClock()
  const log = createLog(clock)
  const told: string[] = []
  log.attach({ level, write: (event) => told.push(renderLogLine(event).slice(25).trimEnd()) })
  const handle = logRequests(() => Promise.resolve(new Response('', { status: 404 })), log, clock)
  await handle(new Request(`http://agent${path}`), { ip, port: 7 })
  return told
}

describe('a request in the log', () => {
  it('is a line at DEBUG, with status, time and who asked', async () => {
    expect(await lines('debug', '/v1/kv/a?raw')).toEqual([
      '[DEBUG] agent.http: Request finished: method=GET url=/v1/kv/a?raw from=10.0.0.1:7 status=404 latency=0.000ms',
    ])
  })

  it('is not told of above that', async () => {
    expect(await lines('info', '/v1/kv/a')).toEqual([])
  })

  it.each([
    ['/v1/kv/a?dc=x&token=secret&raw', '/v1/kv/a?dc=x&token=<hidden>&raw'],
    ['/v1/kv/a?TOKEN=secret', '/v1/kv/a?TOKEN=<hidden>'],
  ])('never shows a token: %s', async (path, shown) => {
    expect((await lines('debug', path))[0]).toContain(`url="${shown}"`)
  })

  it('shows so much of a long address', async () => {
    expect((await lines('debug', `/v1/kv/${'a'.repeat(5000)}`))[0]?.length).toBeLessThan(1200)
  })

  it.each([
    ['', 'unix'],
    ['::1', '[::1]:7'],
  ])('by %j came from %s', async (ip, from) => {
    expect((await lines('debug', '/v1/kv/a', ip))[0]).toContain(`from=${from} `)
  })
})
