// Addresses between the platform's forms and ours.
import { expect, test } from 'vitest'
import { isIpv6, plainBytes, plainIp } from '../../../src/runtime/node/address.ts'

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::1', '::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::ffff:0:1', '::ffff:0:1'],
  ['', ''],
])('%s is %s', (given, wanted) => {
  expect(plainIp(given)).toBe(wanted)
})

test('v6 literals are known by their colons', () => {
  expect([isIpv6('::'), isIpv6('1.2.3.4')]).toEqual([true, false])
})

test('a Buffer becomes a Uint8Array over the same bytes, and no more of them', () => {
  const bytes = plainBytes(Buffer.from('abcdef').subarray(2, 4))
  expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype)
  expect([...bytes]).toEqual([99, 100])
})
