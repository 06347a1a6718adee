import { expect, test } from 'vitest'
import { type Regex, compileRegex } from '../../../src/lib/regex.ts'

function compiled(source: string): Regex {
  const result = compileRegex(source)
  if (!result.ok) throw new Error(result.error)
  return result.value
}

test('a pattern matches anywhere in a text', () => {
  expect(compiled('b+').test('abbc')).toBe(true)
  expect(compiled('^b').test('abbc')).toBe(false)
})

test('groups come after the whole match, and those that took no part are null', () => {
  expect(compiled('^geo-(.*?)-([^-]+)$').find('geo-a-b-c')).toEqual(['geo-a-b-c', 'a-b', 'c'])
  expect(compiled('(a)|(b)').find('xb')).toEqual(['b', null, 'b'])
  expect(compiled('z').find('xb')).toBeNull()
})

test.each([
  ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
  ['(a', 'error parsing regexp: missing closing ): `(a`'],
  [String.raw`(a)\1`, String.raw`error parsing regexp: invalid escape sequence: ` + '`\\1`'],
  ['a{1001}', 'error parsing regexp: invalid repeat count: `{1001}`'],
  ['('.repeat(2000), 'error parsing regexp: expression is longer than 1024 characters'],
])('%s is refused with a sentence', (source, sentence) => {
  expect(compileRegex(source)).toEqual({ ok: false, error: sentence })
})

test('a pattern that would become too large is refused', () => {
  const result = compileRegex('a{1000}'.repeat(100))
  expect(result.ok ? '' : result.error).toContain('expression too large')
})

test('patterns on which others backtrack for ever end at once', () => {
  const text = `${'a'.repeat(20_000)}!`
  expect(compiled('^(a+)+$').test(text)).toBe(false)
  expect(compiled('^(a|aa)+$').test(text)).toBe(false)
  expect(compiled('^(.*a){12}$').find(text)).toBeNull()
})
