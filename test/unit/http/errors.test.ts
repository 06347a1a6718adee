// The table from refusals to statuses.
import { expect, test } from 'vitest'
import { refusalOf, statusByCode } from '../../../src/http/errors.ts'
import type { RequestErrorCode } from '../../../src/model/errors.ts'

test.each([
  ['badRequest', 400],
  ['notFound', 404],
  ['tooLarge', 413],
  ['noLeader', 500],
  ['noServers', 500],
  ['noPathToDatacenter', 500],
  ['overloaded', 503],
] as const)('%s is answered with %d and its own message', (code, status) => {
  const refusal = refusalOf({ code, message: 'why' })
  expect([refusal.status, refusal.message]).toEqual([status, 'why'])
})

test('only what surely changed nothing may be tried again', () => {
  const unsafe: readonly RequestErrorCode[] = ['indeterminate', 'timeout', 'refused', 'internal']
  expect(unsafe.filter((code) => statusByCode[code].canRetry)).toEqual([])
})

test('only a write of which nobody knows the outcome says so', () => {
  const codes = Object.keys(statusByCode) as RequestErrorCode[]
  const unknown = codes.filter((code) => refusalOf({ code, message: 'why' }).headers !== undefined)
  expect(unknown).toEqual(['indeterminate'])
  expect(refusalOf({ code: 'indeterminate', message: 'why' }).headers).toEqual({
    'X-Consul-Outcome': 'unknown',
  })
})
