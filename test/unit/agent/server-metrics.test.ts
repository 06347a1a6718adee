// What a server counts of its consensus, its state and its pool.
import { describe, expect, it } from 'vitest'
import { type Gauged, GossipMetrics, gaugePools } from '../../../src/agent/gossip-metrics.ts'
import type { MetricsView } from '../../../src/agent/metrics.ts'
import { LogAge, RaftMetrics } from '../../../src/agent/raft-metrics.ts'
import { gaugeMembers, gaugeState } from '../../../src/agent/state-metrics.ts'
import { Store } from '../../../src/agent/store.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { RoleName } from '../../../src/raft/events.ts'
import { createRaft } from '../../../src/raft/raft.ts'
import { raftTiming } from '../../../src/raft/config.ts'
import { limits } from '../../../src/model/limits.ts'
import { member, TestClock, testMetrics } from './samples.ts'

interface Told {
  readonly Gauges: readonly { Name: string; Value: number; Labels: Readonly<Record<string, string>> }[]
  readonly Counters: readonly { Name: string; Sum: number }[]
  readonly Samples: readonly { Name: string; Sum: number }[]
}

function told(metrics: MetricsView): Told {
  return metrics.view() as unknown as Told
}

function sums(metrics: MetricsView): Readonly<Record<string, number>> {
  const { Counters, Samples } = told(metrics)
  return Object.fromEntries([...Counters, ...Samples].map(({ Name, Sum }) => [Name, Sum]))
}

function raftMetrics(metrics: MetricsView, clock: TestClock): RaftMetrics {
  const restored = { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] }
  const config = { id: 'n1', timing: raftTiming(1), seed: 1, limits, restored }
  return new RaftMetrics(metrics, clock, createRaft(config, 0))
}

describe('a change of role', () => {
  const countsOf = (roles: readonly RoleName[]): Readonly<Record<string, number>> => {
    const clock = new TestClock()
    const metrics = testMetrics(clock)
    const raft = raftMetrics(metrics, clock)
    for (const role of roles) raft.onRole(role)
    return sums(metrics)
  }

  it('counts one candidacy, whether an election could be won was asked first or not', () => {
    const counts = { 'consul.raft.transition.heartbeat_timeout': 1, 'consul.raft.state.candidate': 1 }
    expect(countsOf(['preCandidate', 'candidate', 'leader'])).toEqual({
      ...counts,
      'consul.raft.state.leader': 1,
    })
    expect(countsOf(['candidate', 'leader'])).toEqual({ ...counts, 'consul.raft.state.leader': 1 })
  })

  it('counts each candidacy that was given up', () => {
    expect(countsOf(['preCandidate', 'follower', 'preCandidate', 'follower'])).toEqual({
      'consul.raft.transition.heartbeat_timeout': 2,
      'consul.raft.state.candidate': 2,
      'consul.raft.state.follower': 2,
    })
  })
})

describe('the age of the oldest entry', () => {
  it('is that of the newest look that the entry was not there at, or of the first', () => {
    const age = new LogAge()
    expect(age.look(1, 100, 0)).toBe(0)
    expect(age.look(1, 200, 60_000)).toBe(60_000)
    expect(age.look(1, 300, 120_000)).toBe(120_000)
    expect(age.look(150, 300, 130_000)).toBe(130_000)
    expect(age.look(250, 300, 140_000)).toBe(80_000)
    expect(age.look(301, 300, 150_000)).toBe(0)
  })

  it('takes a bounded number of marks', () => {
    const age = new LogAge()
    for (let minute = 0; minute < 100_000; minute++) age.look(1, minute, minute * 60_000)
    expect(age.look(1, 100_000, 100_000 * 60_000)).toBe(100_000 * 60_000)
  })
})

describe('gauges of a server', () => {
  it('tell what the state holds, and how long the last snapshot took to be taken in', () => {
    const clock = new TestClock()
    const metrics = testMetrics(clock, { disableHostname: true })
    const store = new Store({ clock, random: seededRandom(1), watchesMax: 1 })
    gaugeState(metrics, store, 'dc1')
    const names = (): readonly string[] => told(metrics).Gauges.map(({ Name }) => Name)
    expect(names()).not.toContain('consul.raft.fsm.lastRestoreDuration')
    const restore = store.beginRestore()
    clock.ms += 30
    restore.finish(5)
    const labels = { datacenter: 'dc1' }
    expect(told(metrics).Gauges).toEqual(
      expect.arrayContaining([
        { Name: 'consul.raft.fsm.lastRestoreDuration', Value: 30, Labels: {} },
        { Name: 'consul.state.billable_service_instances', Value: 0, Labels: labels },
        {
          Name: 'consul.state.connect_instances',
          Value: 0,
          Labels: { ...labels, kind: 'connect-proxy' },
        },
      ]),
    )
  })

  it('tell which members live', () => {
    const metrics = testMetrics(new TestClock(), { disableHostname: true })
    const members = [
      member('a', { role: 'consul' }),
      member('b'),
      member('c'),
      member('d', { status: 'failed' }),
    ]
    gaugeMembers(metrics, { members: () => members }, 'dc1')
    expect(told(metrics).Gauges).toMatchObject([
      { Name: 'consul.members.clients', Value: 2 },
      { Name: 'consul.members.servers', Value: 1 },
    ])
  })
})

describe('a pool', () => {
  it('tells how slow its agent is whenever somebody looks: of two the worse, and what waits to be passed on', () => {
    const metrics = testMetrics(new TestClock(), { disableHostname: true })
    const poolOf = (localHealth: number): Gauged => ({
      localHealth,
      statistics: () => ({ broadcastsQueued: localHealth + 1, eventsQueued: 0 }),
    })
    gaugePools(metrics, [poolOf(2), poolOf(0)])
    expect(told(metrics)).toMatchObject({
      Gauges: [{ Name: 'consul.memberlist.health.score', Value: 2 }],
      Samples: [
        { Name: 'consul.serf.queue.Event', Sum: 0 },
        { Name: 'consul.serf.queue.Intent', Sum: 4 },
      ],
    })
  })

  it('counts deaths, and who comes to exchange everything', () => {
    const metrics = testMetrics(new TestClock())
    const pool = new GossipMetrics(metrics)
    pool.onMember('failed')
    pool.onVisit(100)
    pool.onAnswered(200)
    expect(sums(metrics)).toEqual({
      'consul.serf.member.failed': 1,
      'consul.serf.events': 1,
      'consul.memberlist.msg.dead': 1,
      'consul.memberlist.tcp.accept': 1,
      'consul.memberlist.tcp.received': 100,
      'consul.memberlist.tcp.sent': 200,
    })
  })
})
