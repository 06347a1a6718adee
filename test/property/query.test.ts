// Templates of prepared queries over arbitrary text: whatever is stored, filling it in ends, and says the same each time.
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { parseInterpolation } from '../../src/query/interpolation.ts'
import { compileQuery } from '../../src/query/template.ts'
import { queryOf, templateOf } from '../unit/query/samples.ts'

/** Text that is made of what means something in templates. */
const source = fc
  .array(
    fc.constantFrom(
      '${',
      '}',
      '"',
      '$',
      '$$',
      '\\',
      '(',
      ')',
      ',',
      'match',
      'name.full',
      '1',
      '-',
      ' ',
      '\n',
      'é',
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''))
const scope = {
  variables: new Map([['name.full', 'full']]),
  functions: new Map([['match', (index: number) => `m${index}`]]),
}

test('any text is filled in or refused, and the same each time', () => {
  fc.assert(
    fc.property(source, (text) => {
      const [first, second] = [parseInterpolation(text), parseInterpolation(text)]
      expect(first?.fill(scope)).toEqual(second?.fill(scope))
      expect(first?.fill(scope)).toEqual(first?.fill(scope))
    }),
    { numRuns: 2000 },
  )
})

test('text without a dollar sign is what it is', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!text.includes('$'))
      expect(parseInterpolation(text)?.fill(scope)).toEqual({ ok: true, value: text })
    }),
  )
})

test('text whose dollar signs are doubled is what it was', () => {
  fc.assert(
    fc.property(source, (text) => {
      const filled = parseInterpolation(text.replaceAll('$', '$$$$'))?.fill(scope)
      expect(filled).toEqual({ ok: true, value: text })
    }),
  )
})

test('a template that was taken can be filled in for every name', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string(), fc.string(), (regexp, prefix, suffix) => {
      const service = { service: '${match(1)}|${name.suffix}' }
      const compiled = compileQuery(queryOf({ name: prefix, template: templateOf({ regexp }) }, service))
      fc.pre(compiled.ok)
      const filled = compiled.value.fill({ name: prefix + suffix, segment: '' })
      expect(filled.ok && filled.value.service.endsWith(`|${suffix}`)).toBe(true)
    }),
  )
})
