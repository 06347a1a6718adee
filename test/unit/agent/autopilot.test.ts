import { describe, expect, it } from 'vitest'
import { createAutopilot, initialAutopilot, type Autopilot } from '../../../src/agent/autopilot.ts'
import type { AutopilotConfig } from '../../../src/model/operator.ts'
import { serverOf } from '../../../src/agent/servers.ts'
import { member, TestClock } from './samples.ts'

const settings = initialAutopilot({
  cleanupDeadServers: true,
  lastContactThresholdMs: 200,
  maxTrailingLogs: 250,
  minQuorum: 0,
  serverStabilizationTimeMs: 10_000,
  redundancyZoneTag: '',
  disableUpgradeMigration: false,
  upgradeVersionTag: '',
})

/** The leader of three servers, of which the others answered at the beginning. */
class Bench {
  readonly clock = new TestClock()
  readonly gauges = new Map<string, number>()
  /** How often the catalog was asked for a node. */
  asked = 0
  readonly autopilot: Autopilot

  constructor(config: AutopilotConfig = settings) {
    const { clock } = this
    const ids = ['id-a', 'id-b', 'id-c']
    this.autopilot = createAutopilot({
      clock,
      selfId: 'id-a',
      raft: {
        heartbeatMs: 100,
        machine: {
          configuration: {
            servers: ids.map((id) => ({ id, address: '10.0.0.1:8300', suffrage: 'voter' as const })),
          },
          progress: ['id-b', 'id-c'].map((id) => ({
            id,
            state: 'replicate' as const,
            lastContactMs: clock.nowMs(),
            nextIndex: 2,
            matchIndex: 1,
            matchTerm: 1,
          })),
          leader: 'id-a',
          term: 1,
          lastIndex: 1,
        },
      },
      server: (id) => serverOf(member(id.slice(3), { role: 'consul' })) ?? undefined,
      nodeMeta: (name) => {
        this.asked++
        return { zone: `z-${name}` }
      },
      stored: () => config,
      initial: config,
      write: () => Promise.resolve(true),
      onLook: () => undefined,
      gauge: (name, value) => void this.gauges.set(name, value),
    })
    this.autopilot.start()
  }
}

describe('a look at the servers', () => {
  it('tells the metrics of their health, and asks the catalog for nothing', () => {
    const bench = new Bench()
    expect([...bench.gauges]).toEqual([
      ['autopilot.healthy', 1],
      ['autopilot.failure_tolerance', 1],
    ])
    bench.clock.pass(10_000)
    bench.autopilot.look().standing('id-b')
    expect([...bench.gauges.values()]).toEqual([0, 0])
    expect(bench.asked).toBe(0)
    bench.autopilot.stop()
  })

  it('asks for zones where they are used, and for meta data when somebody asks for the health', () => {
    const bench = new Bench({ ...settings, redundancyZoneTag: 'zone' })
    expect(bench.autopilot.look().standing('id-b').zone).toBe('z-b')
    const { servers } = bench.autopilot.health()
    expect(servers.map(({ meta, zone }) => [meta['zone'], zone])).toEqual([
      ['z-a', 'z-a'],
      ['z-b', 'z-b'],
      ['z-c', 'z-c'],
    ])
    bench.autopilot.stop()
  })
})
