import { expect, it } from 'vitest'
import { createLog } from '../../../src/agent/log.ts'
import { metricsStream, monitorStream } from '../../../src/agent/monitor.ts'
import { TestClock, testMetrics } from './samples.ts'

const streams = {
  metrics: (signal: AbortSignal, clock: TestClock) => metricsStream(testMetrics(clock), signal),
  log: (signal: AbortSignal, clock: TestClock) => monitorStream(createLog(clock), 'info', false, signal),
}

it.each(['metrics', 'log'] as const)(
  'a client of the %s goes, and then its request is over',
  async (what) => {
    const clock = new TestClock()
    const gone = new AbortController()
    const failures: unknown[] = []
    const note = (error: unknown): number => failures.push(error)
    process.on('uncaughtException', note)
    const reader = streams[what](gone.signal, clock).getReader()
    expect((await reader.read()).done).toBe(false)
    await reader.cancel()
    gone.abort()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('uncaughtException', note)
    expect(failures).toEqual([])
    expect(clock.armed).toBe(0)
  },
)

it.each(['metrics', 'log'] as const)(
  'a request for the %s that is over already is followed by nothing',
  async (what) => {
    const clock = new TestClock()
    const reader = streams[what](AbortSignal.abort(), clock).getReader()
    let count = 0
    while (!(await reader.read()).done) count++
    expect(count).toBeLessThanOrEqual(1)
    expect(clock.armed).toBe(0)
  },
)
