import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson } from '../../../src/config/json.ts'

test('agrees with JSON.parse on what JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      const parsed = parseJson(text)
      expect(parsed.ok && parsed.value.value).toEqual(JSON.parse(text))
    }),
  )
})

test('agrees with JSON.parse on whether a text is JSON', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '1',
    '-',
    '0',
    '.5',
    'true',
    'nul',
    ' ',
    '\n',
    '\\',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('')
      let isJson = true
      try {
        JSON.parse(text)
      } catch {
        isJson = false
      }
      expect(parseJson(text).ok, text).toBe(isJson)
    }),
    { numRuns: 2000 },
  )
})

test('knows the line of every key', () => {
  const parsed = parseJson('{\n "ports": {\n  "http": 1\n },\n "services": [\n {"name": "x"}]}')
  expect(parsed.ok && [...parsed.value.lineByPath]).toEqual([
    ['ports', 2],
    ['ports.http', 3],
    ['services', 5],
    ['services[0].name', 6],
  ])
})

test.each([
  ['{"a": }', 1, 7, 'a value was expected, found "}"'],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3, '"," or "}" was expected, found "\\""'],
  ['{"a": 1,}', 1, 9, 'a key in quotes was expected, found "}"'],
  ['{a: 1}', 1, 2, 'a key in quotes was expected, found "a"'],
  ['{"a" 1}', 1, 6, '":" was expected after the key, found "1"'],
  ['{"a": "x', 1, 7, 'this text has no closing quote'],
  ['{"a": "\\q"}', 1, 9, '"\\q" is not an escape that JSON knows'],
  ['{"a": 1', 1, 8, '"," or "}" was expected, found the end of the file'],
  ['', 1, 1, 'a value was expected, found the end of the file'],
  ['{} x', 1, 4, 'there is more text after the end of the document'],
  ['// no\n{}', 1, 1, 'a value was expected, found "/"'],
])('%j: line %i, column %i: %s', (text, line, column, message) => {
  expect(parseJson(text)).toEqual({ ok: false, error: { line, column, message } })
})

test('hostile depth is refused', () => {
  const parsed = parseJson('['.repeat(100_000))
  expect(!parsed.ok && parsed.error.message).toBe('it is nested more than 64 levels deep')
})

test('a byte order mark is skipped, and of two keys the last one counts', () => {
  const parsed = parseJson('\ufeff{"a": 1, "a": 2}')
  expect(parsed.ok && parsed.value.value).toEqual({ a: 2 })
})
