// JSON as Go prints it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson } from '../../../src/http/json-parse.ts'
import { encodeJson, prettify, quote, renderPairs, textMap } from '../../../src/http/json.ts'
import type { Json } from '../../../src/model/catalog.ts'

describe('strings', () => {
  test('HTML characters and line separators are escaped', () => {
    expect(quote('<a>&\u2028\u2029"\\\n\u0001é😀')).toBe(
      String.raw`"\u003ca\u003e\u0026\u2028\u2029\"\\\n\u0001é😀"`,
    )
  })

  test('any text is read back', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => JSON.parse(quote(text)) === text))
  })
})

describe('maps', () => {
  test('keys are sorted by code unit, numbers too', () => {
    expect(textMap({ b: '1', '10': '2', '9': '3', a: '4' })).toBe('{"10":"2","9":"3","a":"4","b":"1"}')
  })

  test('an empty map prints as one that was never set', () => {
    expect(textMap({})).toBe('null')
  })

  test('keys that an object could not hold', () => {
    expect(renderPairs([['__proto__', 'x'] as const], quote)).toBe('{"__proto__":"x"}')
  })
})

describe('indentation', () => {
  test('equals the usual one with four spaces', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const compact = encodeJson(value as Json)
        expect(prettify(compact)).toBe(
          `${JSON.stringify(JSON.parse(compact), null, 4)}\n`.replace(/[<>&\u2028\u2029]/g, escaped),
        )
      }),
    )
  })
})

describe('parsing', () => {
  test('agrees with the platform on everything valid, whatever stands behind it', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(`${text} x`)).toEqual(JSON.parse(text))
      }),
    )
  })

  test('never fails but with a sentence', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '1',
      '-',
      'true',
      'nul',
      '\\',
      'u00',
      ' ',
      'e',
      '.',
    )
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        try {
          parseJson(parts.join(''))
        } catch (error) {
          expect((error as Error).message).toMatch(/^Request decode failed: /)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
