import { describe, expect, it } from 'vitest'
import { PendingWrites } from '../../../src/agent/pending-writes.ts'
import { ok } from '../../../src/lib/result.ts'
import { ask } from '../../sim/client.ts'
import { expectConvergence, finish, formed, leaderOf } from '../../sim/scenarios/cluster.ts'
import { TestClock } from './samples.ts'

/** Writes at places of the log, and what became of each: `ok`, a code, or null as long as nobody knows. */
class Bench {
  readonly clock = new TestClock()
  readonly pending = new PendingWrites(this.clock)
  readonly outcomes: (string | null)[] = []

  write(index: number, term: number): void {
    const at = this.outcomes.push(null) - 1
    this.pending.add(index, term, {
      decoded: null,
      atMicros: 0,
      resolve: (outcome) => (this.outcomes[at] = outcome.ok ? 'ok' : outcome.error.code),
    })
  }

  apply(index: number, term: number): void {
    this.pending.take(index, term)?.resolve(ok({ result: { kind: 'done' }, index }))
  }
}

describe('a write that is in the log', () => {
  it('is carried out when its place is applied with its term', () => {
    const bench = new Bench()
    bench.write(5, 2)
    bench.apply(4, 2)
    expect(bench.outcomes).toEqual([null])
    bench.apply(5, 2)
    expect(bench.outcomes).toEqual(['ok'])
  })

  it('is settled also after the leadership has ended: carried out by the next leader, or refused for certain', () => {
    const bench = new Bench()
    bench.write(5, 2)
    bench.write(6, 2)
    bench.pending.endLeadership()
    bench.apply(5, 2)
    bench.apply(6, 3)
    expect(bench.outcomes).toEqual(['ok', 'noLeader'])
    bench.clock.pass(10_000)
    expect([bench.outcomes, bench.clock.armed]).toEqual([['ok', 'noLeader'], 0])
  })

  it('is in doubt when nothing settles it', () => {
    const bench = new Bench()
    bench.write(5, 2)
    bench.pending.endLeadership()
    bench.clock.pass(1999)
    expect(bench.outcomes).toEqual([null])
    bench.clock.pass(1)
    expect(bench.outcomes).toEqual(['indeterminate'])
  })

  it('is gone for good when another one of ours takes its place in a later term', () => {
    const bench = new Bench()
    bench.write(5, 2)
    bench.pending.endLeadership()
    bench.write(5, 4)
    expect(bench.outcomes).toEqual(['noLeader', null])
    bench.clock.pass(5000)
    expect(bench.outcomes).toEqual(['noLeader', null])
    bench.apply(5, 4)
    expect(bench.outcomes).toEqual(['noLeader', 'ok'])
  })

  it('is in doubt when a snapshot takes its place, and when the server stops', () => {
    const bench = new Bench()
    for (let index = 5; index < 8; index++) bench.write(index, 2)
    bench.pending.loseUpTo(6)
    expect(bench.outcomes).toEqual(['indeterminate', 'indeterminate', null])
    bench.pending.endLeadership()
    bench.pending.stop()
    expect([bench.outcomes[2], bench.clock.armed]).toEqual(['indeterminate', 0])
  })
})

describe('handing the leadership over', () => {
  it('leaves no write in doubt', async () => {
    const cluster = await formed({ seed: 990, servers: 3, clients: 1 })
    const outcomes = new Map<string, number>()
    let isOver = false
    const write = async (writer: number): Promise<void> => {
      for (let i = 0; !isOver; i++) {
        const node = cluster.nodes[(writer + i) % cluster.nodes.length]
        if (node === undefined) return
        const path = `/v1/kv/${writer}/${i}`
        const answer = await ask(cluster.world, node, { method: 'PUT', path, body: 'x', timeoutMs: 15_000 })
        const outcome = `${answer.status} ${answer.header('x-consul-outcome')}`.trim()
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      }
    }
    const writers = Promise.all(Array.from({ length: 6 }, (_, i) => write(i)))
    for (let turn = 0; turn < 5; turn++) {
      await cluster.run(100)
      const path = '/v1/operator/raft/transfer-leader'
      const asked = ask(cluster.world, leaderOf(cluster), { method: 'POST', path, timeoutMs: 10_000 })
      expect((await cluster.world.wait(asked, 11_000)).status).toBe(200)
    }
    isOver = true
    await cluster.world.wait(writers, 30_000)
    expect([...outcomes.keys()]).toEqual(['200'])
    await expectConvergence(cluster, 60_000)
    await finish(cluster)
  })
})
