import { describe, expect, it } from 'vitest'

import type { CheckStatus } from '../../../src/model/catalog.ts'
import type { CheckDefinition } from '../../../src/model/definition.ts'
import { Bench, definition, outcome } from './samples.ts'

/** What holds after each of some results. */
function statuses(changes: Partial<CheckDefinition>, found: readonly CheckStatus[]): readonly CheckStatus[] {
  const bench = new Bench()
  const check = definition(changes)
  bench.add(check)
  let status = check.initialStatus
  return found.map((one, i) => {
    for (const effect of bench.runFinds(outcome(one, `result ${i}`)))
      if (effect.kind === 'report') status = effect.outcome.status
    return status
  })
}

describe('thresholds', () => {
  it('follow at once when they are 1', () => {
    const found: readonly CheckStatus[] = ['passing', 'warning', 'critical', 'passing']
    expect(statuses({}, found)).toEqual(found)
  })

  it('need so many successes in a row', () => {
    const found: readonly CheckStatus[] = ['passing', 'critical', 'passing', 'warning', 'passing']
    expect(statuses({ successBeforePassing: 2 }, found)).toEqual([
      'critical',
      'critical',
      'critical',
      'warning',
      'passing',
    ])
  })

  it('need so many failures in a row', () => {
    const found: readonly CheckStatus[] = ['critical', 'passing', 'critical', 'critical']
    expect(
      statuses({ initialStatus: 'passing', failuresBeforeWarning: 2, failuresBeforeCritical: 2 }, found),
    ).toEqual(['passing', 'passing', 'passing', 'critical'])
  })

  it('warn between the two numbers of failures', () => {
    const found: readonly CheckStatus[] = ['critical', 'critical', 'critical', 'critical']
    expect(
      statuses({ initialStatus: 'passing', failuresBeforeWarning: 2, failuresBeforeCritical: 4 }, found),
    ).toEqual(['passing', 'warning', 'warning', 'critical'])
  })

  it('are of no effect on what an alias finds', () => {
    const bench = new Bench()
    const [run] = bench.add(
      definition({ run: { type: 'alias', node: '', service: 'db' }, successBeforePassing: 9 }),
    )
    if (run?.kind !== 'run') throw new Error('an alias is followed at once')
    const found = { kind: 'found', run: run.run, outcome: outcome('passing') } as const
    expect(bench.feed(found)).toMatchObject([{ kind: 'report' }])
    expect(bench.feed({ ...found, outcome: outcome('warning') })).toMatchObject([{ kind: 'report' }])
    expect(bench.feed({ kind: 'remove', checkId: 'c' })).toEqual([{ kind: 'cancel', run: run.run }])
  })
})

describe('reports', () => {
  it('come when only the output has changed, and not when nothing has', () => {
    const bench = new Bench()
    bench.add(definition())
    expect(bench.runFinds(outcome('passing', 'a'))).toHaveLength(1)
    expect(bench.runFinds(outcome('passing', 'a'))).toEqual([])
    expect(bench.runFinds(outcome('passing', 'b'))).toMatchObject([{ outcome: { output: 'b' } }])
  })

  it('do not come for what was known before', () => {
    const bench = new Bench()
    bench.feed({ kind: 'add', check: definition(), known: { status: 'passing', output: 'x' } })
    expect(bench.runFinds(outcome('passing', 'x'))).toEqual([])
  })
})

const ttl = definition({ run: { type: 'ttl', ttlMs: 30_000 } })

describe('a TTL check', () => {
  it('expires when nothing is heard', () => {
    const bench = new Bench()
    bench.add({ ...ttl, initialStatus: 'passing' })
    expect(bench.pass(29_999)).toEqual([])
    expect(bench.pass(1)).toEqual([
      { kind: 'report', checkId: 'c', outcome: { status: 'critical', output: 'TTL expired' } },
    ])
    expect(bench.checks.wakeAtMs).toBe(Infinity)
  })

  it('gets its full time each time that it is heard of, and tells its last words', () => {
    const bench = new Bench()
    bench.add(ttl)
    bench.pass(20_000)
    const expiresAtMs = bench.nowMs + 30_000
    expect(bench.feed({ kind: 'heard', checkId: 'c', outcome: outcome('passing', 'well') })).toEqual([
      { kind: 'report', checkId: 'c', outcome: outcome('passing', 'well') },
      { kind: 'heard', checkId: 'c', outcome: outcome('passing', 'well'), expiresAtMs },
    ])
    expect(bench.pass(29_999)).toEqual([])
    expect(bench.pass(1)).toMatchObject([
      { outcome: { output: 'TTL expired (last output before timeout follows): well' } },
    ])
  })

  it('does not repeat that it has expired', () => {
    const bench = new Bench()
    bench.feed({ kind: 'add', check: ttl, known: { status: 'critical', output: 'TTL expired' } })
    expect(bench.pass(60_000)).toEqual([])
  })

  it('keeps its time when it is replaced, moved by the change of its TTL', () => {
    const bench = new Bench()
    bench.add(ttl)
    bench.pass(20_000)
    bench.add({ ...ttl, run: { type: 'ttl', ttlMs: 25_000 } })
    expect(bench.pass(5000)).toHaveLength(1)
  })

  it('forgets nothing of its time when it is shortened below it and lengthened again at once', () => {
    const bench = new Bench()
    bench.add({ ...ttl, initialStatus: 'passing' })
    bench.pass(20_000)
    bench.add({ ...ttl, run: { type: 'ttl', ttlMs: 10_000 } })
    bench.add(ttl)
    expect(bench.pass(9999)).toEqual([])
    expect(bench.pass(1)).toHaveLength(1)
  })

  it('has a moment to be heard after the process has slept', () => {
    const bench = new Bench()
    bench.add(ttl)
    bench.nowMs += 600_000
    expect(bench.feed({ kind: 'wake' })).toEqual([])
    bench.nowMs += 100
    bench.feed({ kind: 'heard', checkId: 'c', outcome: outcome('passing') })
    expect(bench.pass(29_999)).toEqual([])
  })

  it('hears nothing when it is not there, or of another type', () => {
    const bench = new Bench()
    bench.add(definition())
    expect(bench.feed({ kind: 'heard', checkId: 'c', outcome: outcome('passing') })).toEqual([])
    expect(bench.feed({ kind: 'heard', checkId: 'x', outcome: outcome('passing') })).toEqual([])
  })
})

describe('a service that has been critical for too long', () => {
  const check: CheckDefinition = { ...ttl, deregisterCriticalAfterMs: 90_000 }
  const wanted = { kind: 'criticalTooLong', serviceId: 'web', checkId: 'c' }

  it('is to be deregistered to the millisecond, and again until it is', () => {
    const bench = new Bench()
    bench.add(check)
    bench.pass(30_000)
    expect(bench.pass(59_999)).toEqual([])
    expect(bench.pass(1)).toEqual([wanted])
    expect(bench.pass(30_000)).toEqual([wanted])
    bench.feed({ kind: 'remove', checkId: 'c' })
    expect(bench.pass(600_000)).toEqual([])
  })

  it('has its full time again after it was well', () => {
    const bench = new Bench()
    bench.add({ ...check, run: { type: 'ttl', ttlMs: 80_000 } })
    bench.pass(79_000)
    bench.feed({ kind: 'heard', checkId: 'c', outcome: outcome('passing') })
    bench.feed({ kind: 'heard', checkId: 'c', outcome: outcome('critical') })
    expect(bench.pass(89_999).filter((effect) => effect.kind === 'criticalTooLong')).toEqual([])
    expect(bench.pass(1)).toEqual([wanted])
  })

  it('is given a minute at least', () => {
    const bench = new Bench()
    bench.add({ ...check, deregisterCriticalAfterMs: 1 })
    bench.pass(30_000)
    expect(bench.pass(29_999)).toEqual([])
    expect(bench.pass(1)).toEqual([wanted])
  })

  it('is never deregistered by a check of the node', () => {
    const bench = new Bench()
    bench.add({ ...check, serviceId: '' })
    bench.pass(30_000)
    expect(bench.pass(600_000)).toEqual([])
  })

  it('is so by a change of the settings alone', () => {
    const bench = new Bench()
    bench.add({ ...check, deregisterCriticalAfterMs: 0 })
    bench.pass(300_000)
    bench.add(check)
    expect(bench.pass(1)).toEqual([wanted])
  })
})
