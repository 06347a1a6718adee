// Parameters as the reference reads them.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { QueryString } from '../../../src/http/query-string.ts'

test.each([
  ['a=1', 'a', '1'],
  ['a=1&a=2', 'a', '1'],
  ['a', 'a', ''],
  ['a=b=c', 'a', 'b=c'],
  ['a=x+y%20z', 'a', 'x y z'],
  ['%61=1', 'a', '1'],
  ['a=%zz&a=2', 'a', '2'],
  ['&&a=1&', 'a', '1'],
])('%s', (text, name, value) => {
  const query = QueryString.parse(text)
  expect(query.has(name)).toBe(true)
  expect(query.get(name)).toBe(value)
})

test('parameters that are absent', () => {
  const query = QueryString.parse('a=1')
  expect([query.has('b'), query.get('b'), query.all('b')]).toEqual([false, '', []])
  expect(QueryString.parse('').isEmpty).toBe(true)
})

test('agrees with the platform on what the platform wrote', () => {
  const pairs = fc.array(
    fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
  )
  fc.assert(
    fc.property(pairs, (list) => {
      const platform = new URLSearchParams(list)
      const ours = QueryString.parse(platform.toString())
      for (const [name] of list) expect(ours.all(name)).toEqual(platform.getAll(name))
    }),
  )
})
