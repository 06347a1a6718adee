import { expect, test } from 'vitest'
import { joined, utf8Length } from '../../../src/lib/bytes.ts'

test('parts become one piece in their order, and a piece of its own', () => {
  const part = Uint8Array.of(1, 2)
  expect(joined([part, Uint8Array.of(), Uint8Array.of(3)], 3)).toEqual(Uint8Array.of(1, 2, 3))
  expect(joined([part], 2)).not.toBe(part)
})

test.each(['', 'a', 'é', '€', '😀', 'aé€😀\0', '\ud800', 'a\udc00b'])(
  'bytes of %j as the engine counts them',
  (text) => {
    expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length)
  },
)
