// The conformance harness tells failures, skips and endless cases apart: a suite that cannot fail proves nothing.
import { expect, test } from 'vitest'
import { nodeHost } from '../../../src/runtime/node.ts'
import { equal, ok, rejectsWith, runCases, Skip, within } from '../../conformance/harness.ts'

const host = nodeHost()

test('failures and skips are counted and told with their reason', async () => {
  const lines: string[] = []
  const outcome = await runCases(
    host,
    [
      { name: 'good', run: () => Promise.resolve() },
      { name: 'bad', run: () => Promise.resolve(equal(1, 2)) },
      { name: 'not here', run: () => Promise.reject(new Skip('no such thing')) },
      { name: 'slow', isSlow: true, run: () => Promise.resolve() },
    ],
    (line) => lines.push(line),
  )
  expect(outcome).toEqual({ passed: 2, failed: ['bad'], skipped: ['not here'] })
  expect(lines).toEqual(['FAIL bad: value is 1, wanted 2', 'skip not here: no such thing'])
})

test('a promise that never settles fails in time', async () => {
  await expect(within(host, 20, new Promise(() => {}))).rejects.toThrow('no result within 20 ms')
})

test('a wrong condition fails, a rejection of another kind too', async () => {
  expect(() => ok(false, 'it is so')).toThrow('it is so')
  await expect(rejectsWith('ENOENT', Promise.resolve())).rejects.toThrow('ENOENT')
  await expect(rejectsWith('ENOENT', Promise.reject(new Error('other')))).rejects.toThrow('not a HostError')
})
