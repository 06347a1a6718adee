import { expect, test } from 'vitest'
import { run } from './console.ts'

test.each([
  [['-duration=5s'], 'The duration must be at least 10s, not 5s\n'],
  [['-interval=1s'], 'The interval must be at least 5s, not 1s\n'],
  [['-duration=10s', '-interval=20s'], /^The duration must be longer than the interval/],
  [['-capture=nothing'], /^Invalid target for -capture: nothing; there are metrics, logs/],
])('debug refuses %j before it asks anybody', async (flags, message) => {
  const { code, err } = await run(['debug', ...flags])
  expect(code).toBe(1)
  if (typeof message === 'string') expect(err).toBe(message)
  else expect(err).toMatch(message)
})
