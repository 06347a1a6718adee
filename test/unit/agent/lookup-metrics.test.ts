import { describe, expect, it } from 'vitest'
import { LookupMetrics } from '../../../src/agent/lookup-metrics.ts'
import { createRateLimit } from '../../../src/agent/rate-limit.ts'
import { createRequestTimes } from '../../../src/agent/request-times.ts'
import type { MetricsView } from '../../../src/agent/metrics.ts'
import type { Query, ServiceSelector } from '../../../src/model/query.ts'
import type { RpcReply, RpcRequest } from '../../../src/model/rpc.ts'
import { TestClock, testMetrics } from './samples.ts'

interface Counter {
  readonly Name: string
  readonly Count: number
  readonly Sum: number
  readonly Labels: Readonly<Record<string, string>>
}

function countersOf(metrics: MetricsView): readonly Counter[] {
  return (metrics.view() as unknown as { readonly Counters: readonly Counter[] }).Counters
}

/** `name{label=value}: sum` of all counters. */
function told(metrics: MetricsView): readonly string[] {
  return countersOf(metrics).map(({ Name, Sum, Labels }) => {
    const labels = Object.entries(Labels).map(([label, value]) => `${label}=${value}`)
    return `${Name.slice('consul.'.length)}{${labels.join(',')}}: ${Sum}`
  })
}

const selector = { nodeMeta: {}, near: '', connect: false, tags: [] } as const
const healthOf = (service: string, given: Partial<ServiceSelector> = {}): Query => ({
  kind: 'healthService',
  passing: false,
  service,
  ...selector,
  ...given,
})
const instance = [{}]

describe('a tally', () => {
  it('is told when somebody looks, as if each count had been taken at once', () => {
    const clock = new TestClock()
    const metrics = testMetrics(clock)
    const count = metrics.tally('a', { b: 'c' })
    for (let i = 0; i < 3; i++) count()
    expect(countersOf(metrics)).toMatchObject([{ Name: 'consul.a', Count: 3, Sum: 3, Max: 1, Mean: 1 }])
    clock.ms += 10_000
    count()
    expect(countersOf(metrics)).toMatchObject([{ Count: 4 }])
  })

  it('goes to sinks in one piece at the end of an interval', () => {
    const clock = new TestClock()
    const metrics = testMetrics(clock)
    const sent: [string, number][] = []
    metrics.attach(({ name }, value) => sent.push([name, value]))
    const count = metrics.tally('a')
    for (let i = 0; i < 3; i++) count()
    clock.pass(10_000)
    expect(sent).toEqual([['consul.a', 3]])
    metrics.stop()
  })

  it('counts nothing that a filter drops', () => {
    const metrics = testMetrics(new TestClock(), { prefixFilter: ['-consul.a'] })
    metrics.tally('a')()
    expect(countersOf(metrics)).toEqual([])
  })
})

describe('questions for services', () => {
  it('count by service, by tag, and where nothing was found', () => {
    const metrics = testMetrics(new TestClock())
    const lookups = new LookupMetrics(metrics)
    lookups.onRead()
    lookups.onAnswer(healthOf('web', { tags: ['a', 'b'] }), instance)
    lookups.onAnswer(healthOf('web'), instance)
    lookups.onAnswer(healthOf('nope', { connect: true }), [])
    lookups.onAnswer({ kind: 'serviceNodes', service: 'db', ...selector }, [])
    lookups.onAnswer({ kind: 'kvGet', key: 'k' }, null)
    expect(told(metrics)).toEqual([
      'catalog.service.not-found{service=db}: 1',
      'catalog.service.query{service=db}: 1',
      'health.connect.not-found{service=nope}: 1',
      'health.connect.query{service=nope}: 1',
      'health.service.query-tags{service=web,tag=a}: 1',
      'health.service.query-tags{service=web,tag=b}: 1',
      'health.service.query{service=web}: 2',
      'rpc.query{}: 1',
    ])
  })

  it('for any number of unknown names make few series, and leave room for those that exist', () => {
    const metrics = testMetrics(new TestClock())
    const lookups = new LookupMetrics(metrics)
    for (let i = 0; i < 5000; i++) lookups.onAnswer(healthOf(`no-${i}`, { tags: [`t-${i}`] }), [])
    for (let i = 0; i < 1000; i++) lookups.onAnswer(healthOf(`yes-${i}`), instance)
    const counters = countersOf(metrics)
    const unknown = counters.filter(({ Labels }) => !Labels['service']?.startsWith('yes-'))
    expect(unknown.length).toBeLessThan(520)
    expect(counters.filter(({ Labels }) => Labels['service']?.startsWith('yes-'))).toHaveLength(1000)
    const queries = counters.filter(({ Name }) => Name === 'consul.health.service.query')
    expect(queries.reduce((sum, { Sum }) => sum + Sum, 0)).toBe(6000)
  })
})

describe('requests of an agent', () => {
  it('count each, and those that are one too many', () => {
    const metrics = testMetrics(new TestClock())
    const limit = createRateLimit(new TestClock(), { perSecond: 1, burst: 2 }, metrics)
    expect([limit.admit(), limit.admit(), limit.admit()]).toEqual([true, true, false])
    expect(told(metrics)).toEqual(['client.rpc{}: 3', 'client.rpc.exceeded{}: 1'])
  })
})

describe('times of requests', () => {
  const reply: RpcReply = { kind: 'done' }
  const rest = { datacenter: '', hops: 0, holdMs: 0 }
  const renewal: RpcRequest = {
    kind: 'act',
    action: { kind: 'renewSession', id: 's' },
    consistency: 'default',
    ...rest,
  }
  const samplesOf = (metrics: MetricsView): unknown =>
    (metrics.view() as { readonly Samples: unknown }).Samples

  it('are taken from the arrival to the answer', async () => {
    const clock = new TestClock()
    const metrics = testMetrics(clock)
    const times = createRequestTimes(metrics, clock)
    const answer = Promise.withResolvers<RpcReply>()
    const taken = times.taken(renewal, answer.promise)
    clock.ms += 7
    answer.resolve(reply)
    expect(await taken).toBe(reply)
    expect(samplesOf(metrics)).toMatchObject([{ Name: 'consul.session.renew', Count: 1, Sum: 7 }])
  })

  it('are not taken of what is not measured', async () => {
    const clock = new TestClock()
    const metrics = testMetrics(clock)
    const times = createRequestTimes(metrics, clock)
    const promise = Promise.resolve(reply)
    expect(times.taken({ kind: 'ask', question: 'leader', consistency: 'stale', ...rest }, promise)).toBe(
      promise,
    )
    expect(times.confirmed('default', promise)).toBe(promise)
    times.begin({ kind: 'kvGet', key: 'k' })()
    await times.confirmed('consistent', promise)
    times.begin({ kind: 'configEntry', configKind: 'service-defaults', name: 'a' })()
    expect(samplesOf(metrics)).toMatchObject([
      { Name: 'consul.config_entry.get' },
      { Name: 'consul.rpc.consistentRead' },
    ])
  })
})
