import { describe, expect, it } from 'vitest'
import { SessionTimers } from '../../../src/state/session-timers.ts'

function timersOf(...ttls: readonly (readonly [string, number])[]): SessionTimers {
  const timers = new SessionTimers()
  for (const [id, ttlMs] of ttls) timers.onChange({ id, ttlMs }, 0)
  return timers
}

describe('the timer of a session', () => {
  it('runs for twice its TTL', () => {
    const timers = timersOf(['s', 10_000])
    expect(timers.wakeAtMs).toBe(20_000)
    expect(timers.takeDue(19_999, 10)).toEqual([])
    expect(timers.takeDue(20_000, 10)).toEqual(['s'])
  })

  it('does not exist without a TTL', () => {
    const timers = timersOf(['s', 0])
    expect([timers.size, timers.wakeAtMs, timers.renew('s', 1)]).toEqual([0, Infinity, 'unknown'])
  })

  it('begins anew with each renewal', () => {
    const timers = timersOf(['s', 10_000])
    expect(timers.renew('s', 15_000)).toBe('renewed')
    expect(timers.takeDue(34_999, 10)).toEqual([])
    expect(timers.takeDue(35_000, 10)).toEqual(['s'])
  })

  it('can be renewed late, as long as the end was not proposed', () => {
    const timers = timersOf(['s', 10_000])
    expect(timers.renew('s', 60_000)).toBe('renewed')
    expect(timers.takeDue(79_999, 10)).toEqual([])
  })

  it('cannot be renewed once its end is proposed, also when the proposal failed', () => {
    const timers = timersOf(['s', 10_000])
    expect(timers.takeDue(20_000, 10)).toEqual(['s'])
    expect(timers.renew('s', 20_000)).toBe('ending')
    timers.onFailed(['s'], 20_100)
    expect(timers.renew('s', 20_200)).toBe('ending')
  })

  it('is due again after a failed proposal, and once only', () => {
    const timers = timersOf(['s', 10_000])
    timers.takeDue(20_000, 10)
    expect(timers.takeDue(50_000, 10)).toEqual([])
    timers.onFailed(['s', 's'], 50_000)
    expect(timers.wakeAtMs).toBe(51_000)
    expect(timers.takeDue(51_000, 10)).toEqual(['s'])
    expect(timers.takeDue(99_000, 10)).toEqual([])
  })

  it('goes with its session, whatever became of the proposal', () => {
    const timers = timersOf(['a', 10_000], ['b', 10_000])
    timers.onChange({ id: 'a', ttlMs: null }, 5)
    expect(timers.takeDue(20_000, 10)).toEqual(['b'])
    timers.onChange({ id: 'b', ttlMs: null }, 20_001)
    timers.onFailed(['b'], 20_002)
    expect([timers.size, timers.takeDue(99_000, 10)]).toEqual([0, []])
  })

  it('has its full time again when leadership begins', () => {
    const timers = timersOf(['s', 10_000], ['gone', 10_000])
    timers.reset([{ id: 's', ttlMs: 10_000 }], 19_999)
    expect(timers.takeDue(39_998, 10)).toEqual([])
    expect(timers.takeDue(39_999, 10)).toEqual(['s'])
  })
})

describe('many timers', () => {
  it('are due in portions, those that ran longest first', () => {
    const timers = timersOf(['c', 3000], ['a', 1000], ['b', 2000])
    expect(timers.takeDue(10_000, 2)).toEqual(['a', 'b'])
    expect(timers.wakeAtMs).toBe(6000)
    expect(timers.takeDue(10_000, 2)).toEqual(['c'])
  })

  it('keep no more places than are in use', () => {
    const timers = timersOf(['kept', 10_000_000])
    for (let i = 0; i < 100_000; i++) {
      timers.onChange({ id: `s${i}`, ttlMs: 86_400_000 }, i)
      timers.onChange({ id: `s${i}`, ttlMs: null }, i)
    }
    expect(timers.size).toBe(1)
    expect(timers.places).toBeLessThan(2000)
    expect(timers.takeDue(20_000_000, 10)).toEqual(['kept'])
  })

  it('agree with a dumb model', () => {
    let seed = 7
    const below = (n: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return (seed >>> 8) % n
    }
    const timers = new SessionTimers()
    const deadlines = new Map<string, number>()
    let nowMs = 0
    for (let turn = 0; turn < 20_000; turn++) {
      nowMs += below(50)
      const id = `s${below(200)}`
      const ttlMs = 1000 + below(5000)
      if (below(3) === 0) {
        timers.onChange({ id, ttlMs }, nowMs)
        deadlines.set(id, nowMs + 2 * ttlMs)
        ttls.set(id, ttlMs)
      } else if (below(2) === 0) {
        const isKnown = timers.renew(id, nowMs) === 'renewed'
        expect(isKnown).toBe(deadlines.has(id))
        if (isKnown) deadlines.set(id, nowMs + 2 * (ttls.get(id) ?? 0))
      } else {
        const due = timers.takeDue(nowMs, 1000)
        const expected = [...deadlines].filter(([, atMs]) => atMs <= nowMs).map(([name]) => name)
        expect(due.toSorted()).toEqual(expected.toSorted())
        for (const name of due) {
          timers.onChange({ id: name, ttlMs: null }, nowMs)
          deadlines.delete(name)
        }
      }
      expect(timers.wakeAtMs).toBeLessThanOrEqual(Math.min(...deadlines.values(), Infinity))
    }
  })
})

const ttls = new Map<string, number>()
