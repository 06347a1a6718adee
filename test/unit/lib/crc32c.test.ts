import { expect, test } from 'vitest'
import { crc32c } from '../../../src/lib/crc32c.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

// The check value of the CRC catalogue, and the examples of RFC 3720, appendix B.4.
test.each([
  [bytes('123456789'), 0xe3069283],
  [new Uint8Array(32), 0x8a9136aa],
  [new Uint8Array(32).fill(0xff), 0x62a8ab43],
  [Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
  [new Uint8Array(0), 0],
])('known values: %o', (input, sum) => {
  expect(crc32c(input)).toBe(sum)
})

test('in parts as in one go, at any cut', () => {
  const whole = Uint8Array.from({ length: 41 }, (_, at) => at * 7)
  for (let cut = 0; cut <= whole.length; cut++) {
    expect(crc32c(whole.subarray(cut), crc32c(whole.subarray(0, cut)))).toBe(crc32c(whole))
  }
})
