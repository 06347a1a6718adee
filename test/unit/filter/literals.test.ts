import { describe, expect, test } from 'vitest'
import { parseWhole, quoted, unquote } from '../../../src/filter/literals.ts'

describe('what stands between quotes', () => {
  test.each([
    ['plain', 'plain'],
    [String.raw`\a\b\f\n\r\t\v\\\"`, '\u0007\b\f\n\r\t\v\\"'],
    [String.raw`\u00e9\U0001F600`, 'é😀'],
    [String.raw`\303\251`, 'é'],
    [String.raw`é\xff`, 'é\ufffd'],
  ])('%s is read', (text, value) => {
    expect(unquote(text)).toBe(value)
  })

  test.each([
    'a\nb',
    String.raw`\d`,
    String.raw`\'`,
    String.raw`\x4`,
    String.raw`\400`,
    String.raw`\18`,
    String.raw`\ud800`,
    String.raw`\U00110000`,
    '\\',
  ])('%j is refused', (text) => {
    expect(unquote(text)).toBeUndefined()
  })
})

test('a text is quoted as Go quotes it', () => {
  expect(quoted('a"b\\\n\u0000é\u007f\u200b😀')).toBe(String.raw`"a\"b\\\n\x00é\x7f\u200b😀"`)
})

test.each([
  ['0', 0],
  ['-0x50', -80],
  ['+8_0', 80],
  ['0b101', 5],
  ['0o17', 15],
  ['017', 15],
  ['9223372036854775807', Number(2n ** 63n - 1n)],
])('%s is a number', (text, value) => {
  expect(parseWhole(text)).toEqual({ ok: true, value })
})

test.each(['', ' 1', '1_', '_1', '0x', '08', '1.0', '1e3', 'x', `1${'0'.repeat(500)}`])(
  '%j is none',
  (text) => {
    expect(parseWhole(text).ok).toBe(false)
  },
)
