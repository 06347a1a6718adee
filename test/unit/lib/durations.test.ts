// Go durations, read and written.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, parseDuration } from '../../../src/lib/durations.ts'

test.each([
  ['0', 0],
  ['10s', 10e9],
  ['1h30m', 5400e9],
  ['1.5s', 1.5e9],
  ['.5m', 30e9],
  ['300ms', 3e8],
  ['1us2ns', 1002],
  ['-5s', -5e9],
  ['+1s', 1e9],
  ['', undefined],
  ['5', undefined],
  ['s', undefined],
  ['1d', undefined],
  ['1 s', undefined],
  ['9999999h', undefined],
])('%j is %s ns', (text, nanos) => {
  expect(parseDuration(text)).toBe(nanos)
})

test.each([
  [0, '0s'],
  [1, '1ns'],
  [1500, '1.5µs'],
  [1_500_000, '1.5ms'],
  [90e9, '1m30s'],
  [5400e9, '1h30m0s'],
  [90_000e9, '25h0m0s'],
  [1_000_000_001, '1.000000001s'],
  [-5e9, '-5s'],
])('%d ns prints as %s', (nanos, text) => {
  expect(formatDuration(nanos)).toBe(text)
})

test('what is printed is read back', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (nanos) => parseDuration(formatDuration(nanos)) === nanos))
})
