import { describe, expect, it } from 'vitest'
import { Freshness } from '../../../src/raft/freshness.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { ackOf, Bench } from '../../paper/raft-bench.ts'

function begun(nowMs = 1000): Freshness {
  return new Freshness(seededRandom(1), nowMs)
}

describe('the age of a state', () => {
  it('is unknown until a mark has come back', () => {
    const freshness = begun()
    freshness.onWord({ echo: 0, commitIndex: 0 }, 0)
    expect(freshness.freshMs).toBeNull()
    freshness.onWord({ echo: freshness.mark(1500), commitIndex: 0 }, 0)
    expect(freshness.freshMs).toBe(1500)
  })

  it('counts only when what was committed then is applied', () => {
    const freshness = begun()
    freshness.onWord({ echo: freshness.mark(1500), commitIndex: 7 }, 5)
    expect(freshness.freshMs).toBeNull()
    freshness.onApplied(6)
    expect(freshness.freshMs).toBeNull()
    freshness.onApplied(7)
    expect(freshness.freshMs).toBe(1500)
  })

  it('never grows, whatever order words come in', () => {
    const freshness = begun()
    const [first, second] = [freshness.mark(1500), freshness.mark(1600)]
    freshness.onWord({ echo: second, commitIndex: 0 }, 0)
    freshness.onWord({ echo: first, commitIndex: 0 }, 0)
    expect(freshness.freshMs).toBe(1600)
  })

  it('is not told by marks of an earlier run', () => {
    const earlier = new Freshness(seededRandom(2), 1000)
    const freshness = begun()
    freshness.onWord({ echo: earlier.mark(1500), commitIndex: 0 }, 0)
    expect(freshness.freshMs).toBeNull()
  })

  it('keeps few promises, and the newest of them', () => {
    const freshness = begun()
    for (let i = 1; i <= 1000; i++) freshness.onWord({ echo: freshness.mark(1000 + i), commitIndex: i }, 0)
    freshness.onApplied(20)
    expect(freshness.freshMs).toBe(1020)
    freshness.onApplied(1000)
    expect(freshness.freshMs).toBe(2000)
  })

  it('is told by marks for years', () => {
    const freshness = begun(0)
    const years = 4 * 365 * 86_400_000
    for (let nowMs = 0; nowMs < years; nowMs += 86_400_000 * 20) {
      const mark = freshness.mark(nowMs)
      expect(mark).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER)
      freshness.onWord({ echo: mark, commitIndex: 0 }, 0)
      expect(freshness.freshMs).toBe(nowMs)
    }
  })
})

describe('a leader', () => {
  const marked = { b: 71, c: 72 }

  function settled(): Bench {
    const bench = new Bench()
    bench.becomeSettledLeader()
    for (const [id, mark] of Object.entries(marked)) {
      bench.receive(id, { ...ackOf(bench.raft.term, bench.raft.lastIndex), readRound: 1, mark })
    }
    bench.sent = []
    return bench
  }

  function echoes(bench: Bench): Record<string, readonly number[]> {
    const sent = bench.take('appendEntries')
    const of = (id: string): readonly number[] =>
      sent.filter(({ to }) => to === id).map(({ message }) => message.echo)
    return { b: of('b'), c: of('c') }
  }

  it('echoes marks with its heartbeats, and with what tells of a commit', () => {
    const bench = settled()
    bench.advance(100)
    expect(echoes(bench)).toEqual({ b: [71], c: [72] })
    bench.propose(1)
    expect(echoes(bench)).toEqual({ b: [0], c: [0] })
    bench.acknowledge('b', bench.raft.lastIndex, 2)
    expect(echoes(bench)).toEqual({ b: [71], c: [72] })
  })

  it('echoes them also when its heartbeats carry entries', () => {
    const bench = settled()
    bench.isDiskQuick = false
    for (let i = 0; i < 10; i++) {
      bench.propose(i)
      bench.acknowledge('b', bench.raft.lastIndex, i)
      bench.acknowledge('c', bench.raft.lastIndex, i)
      bench.advance(100)
    }
    const sent = echoes(bench)
    expect(sent['b']?.filter((echo) => echo === 71).length).toBeGreaterThanOrEqual(10)
    expect(sent['c']?.filter((echo) => echo === 72).length).toBeGreaterThanOrEqual(10)
  })

  it('echoes nothing new when it may have been replaced', () => {
    const bench = settled()
    bench.nowMs += 400
    bench.receive('b', { ...ackOf(bench.raft.term, bench.raft.lastIndex), readRound: 1, mark: 99 })
    bench.feed({ kind: 'readIndex', request: 1 })
    expect(echoes(bench)['b']).not.toContain(99)
    bench.acknowledge('c', bench.raft.lastIndex, 2)
    bench.advance(100)
    expect(echoes(bench)['b']).toContain(99)
  })
})
