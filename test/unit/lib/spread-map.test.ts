import { expect, it } from 'vitest'

import { SpreadMap, partOf } from '../../../src/lib/spread-map.ts'

it('holds what a map holds', () => {
  const spread = new SpreadMap<number>()
  const plain = new Map<string, number>()
  for (let i = 0; i < 5000; i++) {
    const key = 'k'.repeat(i % 40) + (i % 700)
    if (i % 3 === 0) expect(spread.delete(key)).toBe(plain.delete(key))
    else {
      spread.set(key, i)
      plain.set(key, i)
    }
  }
  for (let i = 0; i < 5000; i++) {
    const key = 'k'.repeat(i % 40) + (i % 700)
    expect([spread.has(key), spread.get(key)]).toEqual([plain.has(key), plain.get(key)])
  }
})

it.each([
  ['numbered', (i: number) => `app/${i % 100}/key-${i}`],
  ['of one ending', (i: number) => `service/${i}/leader/election/lock`],
  ['of one beginning', (i: number) => `vault/core/very/long/way/to/go/${i.toString(16)}`],
  ['short', (i: number) => i.toString(36)],
  ['UUIDs', (i: number) => `${(i * 2654435761).toString(16).padStart(12, '0')}-4a5b-8c6d-${i}`],
])('spreads keys that are %s', (_, keyOf) => {
  const counts = Array.from({ length: 64 }, () => 0)
  for (let i = 0; i < 64_000; i++) {
    const part = partOf(keyOf(i))
    counts[part] = (counts[part] ?? 0) + 1
  }
  expect(Math.max(...counts)).toBeLessThan(3000)
})

it('has a place for the empty key', () => {
  const spread = new SpreadMap<string>()
  spread.set('', 'x')
  expect(spread.get('')).toBe('x')
})
