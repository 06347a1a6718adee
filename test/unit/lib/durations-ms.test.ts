import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDurationMs, parseDurationMs } from '../../../src/lib/durations.ts'

test.each([
  ['300ms', 300],
  ['10s', 10_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['.5s', 500],
  ['-2m', -120_000],
  ['0', 0],
  ['1500us', 2],
  ['72h0m0s', 259_200_000],
])('%s is %i ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms)
})

test.each(['', '5', 's', '5 s', '5sec', '1h-5m', 'x5s', '5s '])('"%s" is none', (text) => {
  expect(parseDurationMs(text)).toBeUndefined()
})

test.each([
  [0, '0s'],
  [250, '250ms'],
  [1500, '1.5s'],
  [90_000, '1m30s'],
  [28_800_000, '8h0m0s'],
  [-5000, '-5s'],
])('%i ms is written %s', (ms, text) => {
  expect(formatDurationMs(ms)).toBe(text)
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ms) => parseDurationMs(formatDurationMs(ms)) === ms),
  )
})
