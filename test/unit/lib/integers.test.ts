import { describe, expect, it } from 'vitest'
import { log10Ceil, log10PerMille, log2CeilOfRatio } from '../../../src/lib/integers.ts'

describe('log10PerMille', () => {
  it('gives 1.361 for 23 members', () => {
    expect(log10PerMille(23)).toBe(1361)
  })

  it('agrees with the real logarithm up to 100,000', () => {
    for (let n = 1; n <= 100_000; n++) {
      const exact = Math.floor(Math.log10(n) * 1000 + 1e-9)
      if (log10PerMille(n) !== exact) expect([n, log10PerMille(n)]).toEqual([n, exact])
    }
  })

  it('is 0 for one member and for less', () => {
    expect([log10PerMille(1), log10PerMille(0)]).toEqual([0, 0])
  })
})

describe('rounded up logarithms', () => {
  it('log10Ceil counts powers of ten', () => {
    expect([1, 2, 10, 11, 24, 100, 101, 1001].map(log10Ceil)).toEqual([0, 1, 1, 2, 2, 2, 3, 4])
  })

  it('log2CeilOfRatio is 0 up to the denominator and then counts doublings', () => {
    expect([0, 32, 33, 64, 65, 1000].map((n) => log2CeilOfRatio(n, 32))).toEqual([0, 0, 1, 1, 2, 5])
  })
})
