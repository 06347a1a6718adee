import { describe, expect, it } from 'vitest'

import { Bench, definition, outcome, scriptEvery, tcpEvery } from './samples.ts'

describe('when checks run', () => {
  it('spreads the first runs of many checks over the interval', () => {
    const bench = new Bench(10_000)
    for (let i = 0; i < 5000; i++) bench.add(definition({ id: `c${i}` }))
    const runsBySecond: number[] = []
    for (let second = 0; second < 10; second++) runsBySecond.push(bench.pass(1008).length)
    expect(runsBySecond.reduce((sum, runs) => sum + runs)).toBe(5000)
    expect(Math.max(...runsBySecond)).toBeLessThan(600)
    expect(Math.min(...runsBySecond)).toBeGreaterThan(400)
  })

  it('begins the next run one interval after the end of the last', () => {
    const bench = new Bench()
    bench.add(definition())
    const run = bench.nextRun()
    bench.nowMs += 3000
    bench.feed({ kind: 'found', run, outcome: outcome('passing') })
    expect(bench.pass(9999)).toEqual([])
    expect(bench.pass(64)).toMatchObject([{ kind: 'run', run: run + 1 }])
  })

  it('begins runs in steps, so that one wake-up serves several', () => {
    const bench = new Bench(10_000)
    for (let i = 0; i < 5000; i++) bench.add(definition({ id: `c${i}` }))
    let wakeUps = 0
    for (const endMs = bench.nowMs + 10_100; bench.checks.wakeAtMs <= endMs; wakeUps++) {
      bench.nowMs = bench.checks.wakeAtMs
      bench.feed({ kind: 'wake' })
    }
    expect(bench.checks.running).toBe(5000)
    expect(wakeUps).toBeLessThan(160)
  })

  it('never runs a check twice at a time', () => {
    const bench = new Bench()
    bench.add(definition())
    bench.nextRun()
    expect(bench.pass(60_000)).toEqual([])
    expect(bench.checks.wakeAtMs).toBe(Infinity)
  })

  it('lets the others wait when all places are taken, first come first served', () => {
    const bench = new Bench(2)
    for (const id of ['a', 'b', 'c', 'd']) bench.add(definition({ id, run: tcpEvery(1000) }))
    const begun = bench.pass(1064)
    expect(begun).toHaveLength(2)
    expect(bench.checks.waiting).toBe(2)
    bench.feed({ kind: 'found', run: 1, outcome: outcome('passing') })
    bench.feed({ kind: 'found', run: 2, outcome: outcome('passing') })
    expect(new Set(bench.effects.flatMap((e) => (e.kind === 'run' ? [e.check.id] : []))).size).toBe(4)
  })

  it('keeps half of the places for checks that answer quickly', () => {
    const bench = new Bench(4)
    for (let i = 0; i < 8; i++) bench.add(definition({ id: `slow${i}`, run: tcpEvery(1000) }))
    // All of them hang for five seconds at their first run.
    for (const last of [4, 8]) {
      bench.pass(5000)
      for (let run = last - 3; run <= last; run++)
        bench.feed({ kind: 'found', run, outcome: outcome('critical') })
    }
    bench.pass(1064)
    expect(bench.checks.running).toBe(2)
    bench.add(definition({ id: 'quick', run: tcpEvery(1000) }))
    expect(bench.pass(1064)).toMatchObject([{ kind: 'run', check: { id: 'quick' } }])
  })

  it('counts programs and requests apart', () => {
    const bench = new Bench(2)
    for (let i = 0; i < 3; i++) bench.add(definition({ id: `s${i}`, run: scriptEvery(1000) }))
    for (let i = 0; i < 3; i++) bench.add(definition({ id: `t${i}`, run: tcpEvery(1000) }))
    bench.pass(1064)
    expect(bench.checks.running).toBe(4)
  })

  it('gives up the run of a check that is removed, and its place', () => {
    const bench = new Bench(2)
    for (const id of ['a', 'b', 'c']) bench.add(definition({ id, run: tcpEvery(1000) }))
    bench.pass(1064)
    const [first] = bench.effects
    if (first?.kind !== 'run') throw new Error('no run')
    const effects = bench.feed({ kind: 'remove', checkId: first.check.id })
    expect(effects).toMatchObject([{ kind: 'cancel', run: first.run }, { kind: 'run' }])
    expect(bench.feed({ kind: 'found', run: first.run, outcome: outcome('passing') })).toEqual([])
  })

  it('rests when there is nothing to do', () => {
    const bench = new Bench()
    bench.add(definition())
    bench.feed({ kind: 'remove', checkId: 'c' })
    expect(bench.pass(3_600_000)).toEqual([])
    expect(bench.checks.wakeAtMs).toBe(Infinity)
  })

  it('spreads the runs again after the process has slept', () => {
    const bench = new Bench(10_000)
    for (let i = 0; i < 1000; i++) bench.add(definition({ id: `c${i}` }))
    bench.nowMs += 600_000
    expect(bench.feed({ kind: 'wake' })).toEqual([])
    expect(bench.pass(1000).length).toBeLessThan(200)
    expect(bench.pass(9100).length).toBeGreaterThan(800)
  })
})

describe('a check that is replaced', () => {
  it('keeps the time of its next run when only its settings have changed', () => {
    const bench = new Bench()
    bench.add(definition())
    const atMs = bench.checks.wakeAtMs
    bench.add(definition({ name: 'other', run: tcpEvery(20_000) }))
    expect(bench.checks.wakeAtMs).toBe(atMs)
  })

  it('goes on with its run when that asks for the same', () => {
    const bench = new Bench()
    bench.add(definition())
    const run = bench.nextRun()
    expect(bench.add(definition({ name: 'other' }))).toEqual([])
    const effects = bench.feed({ kind: 'found', run, outcome: outcome('passing') })
    expect(effects).toMatchObject([{ kind: 'report' }])
  })

  it('gives its run up when it asks for something else', () => {
    const bench = new Bench()
    bench.add(definition())
    const run = bench.nextRun()
    expect(bench.add(definition({ run: tcpEvery(9000) }))).toEqual([{ kind: 'cancel', run }])
    expect(bench.pass(9100)).toMatchObject([{ kind: 'run' }])
  })

  it('keeps its status and counters', () => {
    const bench = new Bench()
    const three = definition({ failuresBeforeCritical: 3, failuresBeforeWarning: 3 })
    bench.add(three)
    bench.runFinds(outcome('passing'))
    bench.runFinds(outcome('critical', 'one'))
    bench.runFinds(outcome('critical', 'two'))
    expect(bench.add({ ...three, notes: 'new' })).toEqual([])
    expect(bench.runFinds(outcome('critical', 'three'))).toMatchObject([
      { kind: 'report', outcome: { status: 'critical', output: 'three' } },
    ])
  })

  it('runs soon when the interval becomes shorter', () => {
    const bench = new Bench()
    bench.add(definition({ run: tcpEvery(3_600_000) }))
    bench.add(definition({ run: tcpEvery(1000) }))
    expect(bench.pass(1064)).toMatchObject([{ kind: 'run' }])
  })
})
