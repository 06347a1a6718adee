import { describe, expect, it } from 'vitest'
import { SharedWaits } from '../../../src/agent/shared-waits.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { err, ok, type Result } from '../../../src/lib/result.ts'
import { requestError, type RequestError } from '../../../src/model/errors.ts'
import type { Query, ReadOptions, ReadReply } from '../../../src/model/query.ts'
import { settled, TestClock } from './samples.ts'

type Outcome = Result<ReadReply<unknown>, RequestError>

interface Asked {
  readonly query: Query
  readonly options: ReadOptions
  readonly signal: AbortSignal
  readonly answer: (outcome: Outcome) => void
}

const query = { kind: 'kvGet', key: 'k' } as const

function answerAt(index: number): Outcome {
  return ok({ index, knownLeader: true, lastContactMs: 0, epoch: '', value: null })
}

const noLeader: Outcome = err(requestError('noLeader', 'No cluster leader'))

function options(minIndex: number, waitMs = 60_000): ReadOptions {
  return { datacenter: '', consistency: 'default', maxStaleMs: null, minIndex, waitMs }
}

/** Waits before a server that answers when the test says so. */
function waitsWith(watchesMax = 20_000): {
  readonly clock: TestClock
  readonly asked: Asked[]
  readonly waits: SharedWaits
  readonly ending: AbortController
} {
  const clock = new TestClock()
  const asked: Asked[] = []
  const ending = new AbortController()
  const waits = new SharedWaits({
    clock,
    random: seededRandom(1),
    waitMsMax: 600_000,
    holdMs: 7000,
    watchesMax,
    ending: ending.signal,
    ask: (question, read, signal) =>
      new Promise((answer) => void asked.push({ query: question, options: read, signal, answer })),
  })
  return { clock, asked, waits, ending }
}

const signal = (): AbortSignal => new AbortController().signal

describe('waits for the same', () => {
  it('share one request and one answer', async () => {
    const { clock, asked, waits } = waitsWith()
    const reads = Array.from({ length: 10_000 }, () => waits.read(query, options(5), signal()))
    expect([asked.length, waits.waiting, waits.requests, clock.armed]).toEqual([1, 10_000, 1, 1])
    expect(asked[0]?.options).toEqual(options(5, 600_000))
    asked[0]?.answer(answerAt(6))
    await clock.run(100)
    expect(new Set(await Promise.all(reads)).size).toBe(1)
    expect([waits.waiting, waits.requests, clock.armed]).toEqual([0, 0, 0])
  })

  it('are told apart by all that makes an answer another', () => {
    const { asked, waits } = waitsWith()
    const different = [
      options(5),
      options(6),
      { ...options(5), consistency: 'stale' as const },
      { ...options(5), consistency: 'stale' as const, maxStaleMs: 10 },
      { ...options(5), datacenter: 'dc2' },
    ]
    for (const each of different) void waits.read(query, each, signal())
    void waits.read({ kind: 'kvGet', key: 'other' }, options(5), signal())
    void waits.read({ kind: 'kvList', prefix: 'k' }, options(5), signal())
    expect(asked.length).toBe(7)
  })

  it('begun after the request get an answer that is as new as they are: the one under way may be older', async () => {
    const { clock, asked, waits } = waitsWith()
    const first = waits.read(query, options(5), signal())
    await clock.run(100)
    const later = [waits.read(query, options(5), signal()), waits.read(query, options(5), signal())]
    asked[0]?.answer(answerAt(6))
    expect(await first).toEqual(answerAt(6))
    expect(asked.slice(1).map((each) => each.options)).toEqual([options(0, 600_000)])
    asked[1]?.answer(answerAt(9))
    expect(await Promise.all(later)).toEqual([answerAt(9), answerAt(9)])
    expect([waits.waiting, waits.requests, clock.armed]).toEqual([0, 0, 0])
  })

  it('of stale reads share whatever comes', async () => {
    const { clock, asked, waits } = waitsWith()
    const stale = { ...options(5), consistency: 'stale' as const }
    const first = waits.read(query, stale, signal())
    await clock.run(100)
    const later = waits.read(query, stale, signal())
    asked[0]?.answer(answerAt(6))
    expect(await Promise.all([first, later])).toEqual([answerAt(6), answerAt(6)])
    expect(asked.length).toBe(1)
  })

  it('that end share no answer that was asked for before they began', async () => {
    const { clock, asked, waits } = waitsWith()
    void waits.read(query, options(5), signal())
    void waits.read(query, options(5, 100), signal())
    await clock.run(130)
    void waits.read(query, options(5, 100), signal())
    await clock.run(130)
    expect(asked.map((each) => each.options.minIndex)).toEqual([5, 0, 0])
  })

  it('end one by one when their time is over, with what there is then', async () => {
    const { clock, asked, waits } = waitsWith()
    const short = waits.read(query, options(5, 1000), signal())
    void waits.read(query, options(5), signal())
    await clock.run(1200)
    expect(asked[1]?.options.minIndex).toBe(0)
    asked[1]?.answer(answerAt(4))
    expect(await short).toEqual(answerAt(4))
    expect([waits.waiting, waits.requests]).toEqual([1, 1])
  })

  it('end when their askers go, and the request with the last of them', async () => {
    const { clock, asked, waits } = waitsWith()
    const [first, second] = [new AbortController(), new AbortController()]
    void waits.read(query, options(5), first.signal)
    void waits.read(query, options(5), second.signal)
    first.abort()
    expect([waits.waiting, asked[0]?.signal.aborted]).toEqual([1, false])
    second.abort()
    expect([waits.waiting, waits.requests, asked[0]?.signal.aborted, clock.armed]).toEqual([0, 0, true, 0])
    void waits.read(query, options(5), signal())
    expect(asked.length).toBe(2)
  })

  it('outlast the request that they share', async () => {
    const { clock, asked, waits } = waitsWith()
    const ended: string[] = []
    void waits.read(query, options(5, 500_000), signal()).then(() => ended.push('early'))
    await clock.run(480_000, 10_000)
    void waits.read(query, options(5, 500_000), signal()).then(() => ended.push('late'))
    await clock.run(120_000, 10_000)
    asked[1]?.answer(answerAt(5))
    asked[0]?.answer(answerAt(5))
    await settled()
    expect([ended, waits.waiting, asked.length]).toEqual([['early'], 1, 3])
    asked[2]?.answer(answerAt(6))
    await settled()
    expect([ended, waits.waiting]).toEqual([['early', 'late'], 0])
  })

  it('end early when the answer says nothing new before its time, as after a restore', async () => {
    const { asked, waits } = waitsWith()
    const read = waits.read(query, options(5), signal())
    asked[0]?.answer(answerAt(3))
    expect(await read).toEqual(answerAt(3))
  })

  it('are refused together, but for those that have only come', async () => {
    const { clock, asked, waits } = waitsWith()
    const ended: string[] = []
    void waits.read(query, options(5), signal()).then(() => ended.push('early'))
    await clock.run(6900)
    void waits.read(query, options(5), signal()).then(() => ended.push('late'))
    await clock.run(100)
    asked[0]?.answer(noLeader)
    await settled()
    expect([ended, asked.length, waits.waiting]).toEqual([['early'], 2, 1])
    asked[1]?.answer(noLeader)
    await settled()
    expect([ended, waits.waiting]).toEqual([['early', 'late'], 0])
  })

  it('are answered at once when there are too many', () => {
    const { asked, waits } = waitsWith(1)
    void waits.read(query, options(5), signal())
    void waits.read(query, options(5), signal())
    expect(asked.map((each) => each.options.minIndex)).toEqual([5, 0])
  })
})

describe('the end of the agent', () => {
  it('answers all who wait with what there is now, asked for once', async () => {
    const { clock, asked, waits, ending } = waitsWith()
    const reads = Array.from({ length: 3 }, () => waits.read(query, options(5), signal()))
    ending.abort()
    expect(asked.map(({ options: { minIndex }, signal: { aborted } }) => [minIndex, aborted])).toEqual([
      [5, true],
      [0, false],
    ])
    asked[1]?.answer(answerAt(5))
    expect(await Promise.all(reads)).toEqual([answerAt(5), answerAt(5), answerAt(5)])
    await settled()
    expect([waits.waiting, waits.requests, clock.armed]).toEqual([0, 0, 0])
  })

  it('says so where nobody tells what there is', async () => {
    const { clock, waits, ending } = waitsWith()
    const read = waits.read(query, options(5), signal())
    ending.abort()
    await clock.run(500)
    expect(await read).toEqual(err(requestError('overloaded', 'The agent is stopping')))
    await settled()
    expect(clock.armed).toBe(0)
  })

  it('lets nobody wait any more', () => {
    const { asked, waits, ending } = waitsWith()
    ending.abort()
    void waits.read(query, options(5), signal())
    expect(asked[0]?.options.minIndex).toBe(0)
    expect(waits.waiting).toBe(0)
  })
})
