import { describe, expect, it } from 'vitest'
import { GossipMetrics } from '../../../src/agent/gossip-metrics.ts'
import { createMetrics } from '../../../src/agent/metrics.ts'
import { readProcessFigures } from '../../../src/agent/process-figures.ts'
import { createTelemetry } from '../../../src/agent/telemetry.ts'
import type { AgentConfig, TelemetrySettings } from '../../../src/config/agent-config.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { Json } from '../../../src/model/catalog.ts'
import { nodeHost } from '../../../src/runtime/node.ts'
import { World } from '../../sim/world.ts'
import { quietTelemetry, silent, TestClock, testMetrics } from './samples.ts'

describe('metrics of an agent', () => {
  it('have the host in the names of gauges, unless that is switched off', () => {
    const names = (disableHostname: boolean): unknown => {
      const metrics = testMetrics(new TestClock(), { disableHostname })
      metrics.gauge('raft.last_index', 3)
      metrics.count('raft.apply')
      return metrics.view()
    }
    expect(names(false)).toMatchObject({
      Gauges: [{ Name: 'consul.host.raft.last_index' }],
      Counters: [{ Name: 'consul.raft.apply' }],
    })
    expect(names(true)).toMatchObject({ Gauges: [{ Name: 'consul.raft.last_index' }] })
  })

  it('are filled in when somebody looks, also at the end of an interval', () => {
    const clock = new TestClock()
    const metrics = testMetrics(clock)
    let looks = 0
    metrics.onLook(() => metrics.gauge('looks', ++looks))
    expect(metrics.view()).toMatchObject({ Gauges: [{ Value: 1 }] })
    clock.ms += 10_000
    metrics.count('a')
    expect(looks).toBe(2)
  })

  it('arm a timer only while somebody follows them', () => {
    const clock = new TestClock()
    const metrics = testMetrics(clock)
    metrics.count('a')
    expect(clock.armed).toBe(0)
    const seen: Json[] = []
    const end = metrics.onInterval((interval) => seen.push(interval))
    clock.pass(10_000)
    expect(seen).toMatchObject([{ Counters: [{ Name: 'consul.a' }] }])
    end()
    expect(clock.armed).toBe(0)
  })

  it('are measured by a hot path under the filter that holds now', () => {
    const metrics = testMetrics(new TestClock())
    const sample = metrics.sampler('http', { method: 'GET' })
    sample(1)
    const dropping: TelemetrySettings = { ...settings, prefixFilter: ['-consul.http'] }
    metrics.set(dropping)
    sample(1)
    expect(metrics.view()).toMatchObject({ Samples: [] })
    metrics.set(settings)
    sample(5)
    expect(metrics.view()).toMatchObject({ Samples: [{ Name: 'consul.http', Sum: 5 }] })
  })

  it('are told in the text format of Prometheus, as long as they are fresh', async () => {
    const clock = new TestClock()
    const metrics = testMetrics(clock, { prometheusRetentionMs: 60_000, disableHostname: true })
    metrics.count('rpc.request', 2)
    metrics.gauge('raft.last_index', 9)
    for (const value of [1, 2, 3, 4]) metrics.sample('kvs-apply', value, { 'a.b': 'c"d' })
    const text = await metrics.prometheus()
    expect(text?.split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'))).toEqual([
      '# TYPE consul_kvs_apply summary',
      'consul_kvs_apply{a_b="c\\"d",quantile="0.5"} 3',
      'consul_kvs_apply{a_b="c\\"d",quantile="0.9"} 4',
      'consul_kvs_apply{a_b="c\\"d",quantile="0.99"} 4',
      'consul_kvs_apply_sum{a_b="c\\"d"} 10',
      'consul_kvs_apply_count{a_b="c\\"d"} 4',
      '# TYPE consul_raft_last_index gauge',
      'consul_raft_last_index 9',
      '# TYPE consul_rpc_request counter',
      'consul_rpc_request 2',
    ])
    clock.ms += 60_001
    expect((await metrics.prometheus())?.trim()).toBe('')
  })

  it('tell Prometheus of the process too, by names that are not ours', async () => {
    const metrics = createMetrics({
      clock: new TestClock(),
      settings: { ...quietTelemetry, prometheusRetentionMs: 60_000 },
      hostname: 'host',
      random: seededRandom(1),
      processFigures: () =>
        Promise.resolve({
          cpuSeconds: 1.5,
          residentBytes: 4096,
          startWallMs: 2000,
          openFiles: 20,
          openFilesMax: null,
        }),
    })
    expect((await metrics.prometheus())?.match(/^process.*|^# TYPE.*/gm)).toEqual([
      '# TYPE process_cpu_seconds_total counter',
      'process_cpu_seconds_total 1.5',
      '# TYPE process_open_fds gauge',
      'process_open_fds 20',
      '# TYPE process_resident_memory_bytes gauge',
      'process_resident_memory_bytes 4096',
      '# TYPE process_start_time_seconds gauge',
      'process_start_time_seconds 2',
    ])
  })

  it('read what this process takes, as far as the system tells it', async () => {
    const figures = await readProcessFigures(nodeHost(), 5)
    expect(figures).toMatchObject({ startWallMs: 5 })
    expect(figures.residentBytes).toBeGreaterThan(1e6)
    expect(figures.openFiles).toBeGreaterThan(2)
    expect(figures.openFilesMax).toBeGreaterThanOrEqual(figures.openFiles ?? 0)
    const simulated = new World({ seed: 991 })
    const { host } = simulated.boot(simulated.addMachine('n'))
    const reading = simulated.wait(readProcessFigures(host, 5), 1000)
    expect(await reading).toMatchObject({ openFiles: null, openFilesMax: null })
  })

  it('stand once in that format, whatever it cannot tell apart', async () => {
    const metrics = testMetrics(new TestClock(), { prometheusRetentionMs: 60_000, disableHostname: true })
    metrics.count('serf.events.a.b', 3)
    metrics.count('serf.events.a_b', 4)
    metrics.gauge('serf.events.a-b', 5)
    expect((await metrics.prometheus())?.match(/^consul.*/gm)).toEqual(['consul_serf_events_a_b 3'])
  })

  it('count user events by name, but not by any number of names', () => {
    const metrics = testMetrics(new TestClock())
    const pool = new GossipMetrics(metrics)
    for (let i = 0; i < 1000; i++) pool.onUserEvent(`e${i}`)
    pool.onUserEvent('e0')
    const { Counters } = metrics.view() as { Counters: readonly { Name: string; Sum: number }[] }
    expect(Counters).toHaveLength(1 + 256)
    expect(Counters.find(({ Name }) => Name === 'consul.serf.events')?.Sum).toBe(1001)
    expect(Counters.find(({ Name }) => Name === 'consul.serf.events.consul:event:e0')?.Sum).toBe(2)
  })

  it('are not told to Prometheus unless that is switched on', () => {
    expect(testMetrics(new TestClock()).prometheus()).toBeNull()
  })
})

const settings: TelemetrySettings = { ...quietTelemetry, disableHostname: true }

describe('sinks', () => {
  const host = nodeHost()
  const start = async (own: Partial<TelemetrySettings>): Promise<ReturnType<typeof createTelemetry>> => {
    const telemetry = createTelemetry(host, { telemetry: { ...settings, ...own } } as AgentConfig)
    await telemetry.start(silent)
    return telemetry
  }

  it('StatsD gets what was counted', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const socket = await host.udp.bind({ ip: '127.0.0.1', port: 0 }, (bytes) =>
      resolve(new TextDecoder().decode(bytes)),
    )
    const telemetry = await start({ statsdAddress: `127.0.0.1:${socket.local.port}` })
    telemetry.metrics.count('a')
    telemetry.metrics.count('a')
    expect(await promise).toBe('consul.a:2|c')
    await telemetry.stop()
    await socket.close()
  })

  it('statsite gets it by a stream, from the moment it is connected', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const listener = await host.tcp.listen({ ip: '127.0.0.1', port: 0 }, (connection) =>
      connection.handle({
        onData: (bytes) => resolve(new TextDecoder().decode(bytes)),
        onClose: () => undefined,
      }),
    )
    const telemetry = await start({ statsiteAddress: `127.0.0.1:${listener.local.port}` })
    let cancel = (): void => undefined
    const again = (): void => {
      telemetry.metrics.count('a')
      cancel = host.clock.wakeAt(host.clock.nowMs() + 50, again)
    }
    again()
    expect(await promise).toMatch(/^consul\.a:\d+\|c\n/)
    cancel()
    await telemetry.stop()
    await listener.close()
  })

  it('an address that does not exist is named in the log, and nothing else is disturbed', async () => {
    const telemetry = await start({ statsdAddress: 'nowhere' })
    telemetry.metrics.count('a')
    expect(telemetry.metrics.view()).toMatchObject({ Counters: [{ Count: 1 }] })
    await telemetry.stop()
  })
})
