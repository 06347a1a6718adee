import { describe, expect, it } from 'vitest'
import { lanTiming, wanTiming } from '../../../src/gossip/config.ts'
import {
  postponeSuspicion,
  refuseSuspicion,
  startSuspicion,
  suspicionEndsAtMs,
  suspicionMsMin,
} from '../../../src/gossip/suspicion.ts'

describe('shortest suspicion', () => {
  it.each([
    [lanTiming, 1, 4000],
    [lanTiming, 10, 4000],
    [lanTiming, 23, 5444],
    [lanTiming, 100, 8000],
    [lanTiming, 1000, 12_000],
    [lanTiming, 10_000, 16_000],
    [wanTiming, 10, 30_000],
  ])('%#: of %s members', (timing, members, expected) => {
    expect(suspicionMsMin(timing, members)).toBe(expected)
  })
})

describe('end of a suspicion', () => {
  it('moves by the time that we ourselves stood still', () => {
    const start = startSuspicion(lanTiming, 3, 'p1', 100)
    expect(suspicionEndsAtMs(postponeSuspicion(start, 700))).toBe(100 + 4000 + 700)
  })

  it('is a quarter earlier for a process that is known to be gone', () => {
    expect(suspicionEndsAtMs(refuseSuspicion(startSuspicion(lanTiming, 3, 'p1', 0)))).toBe(3000)
  })

  it('but only once it is confirmed', () => {
    expect(suspicionEndsAtMs(refuseSuspicion(startSuspicion(lanTiming, 23, 'p1', 0)))).toBe(6 * 5444)
  })
})
