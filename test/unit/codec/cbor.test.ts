import { describe, expect, it } from 'vitest'
import { decodeCbor, decodeCborSequence, encodeCbor } from '../../../src/codec/cbor.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

function refusal(input: Uint8Array): string {
  const result = decodeCbor(input)
  return result.ok ? 'decoded' : result.error.code
}

describe('cbor round trip', () => {
  const values = [
    null,
    true,
    -1,
    2 ** 32 - 1,
    2 ** 40,
    1.5,
    'ünïcode',
    'x'.repeat(300),
    [1, ['a', null]],
    { a: 1, b: { c: [] } },
  ]
  for (const value of values) {
    it(`keeps ${JSON.stringify(value).slice(0, 40)}`, () => {
      const decoded = decodeCbor(encodeCbor(value))
      expect(decoded).toEqual({ ok: true, value })
    })
  }

  it('keeps byte strings of a Uint8Array', () => {
    const decoded = decodeCbor(encodeCbor([Uint8Array.of(1, 2, 3)]))
    expect(decoded.ok && Array.from((decoded.value as [Uint8Array])[0])).toEqual([1, 2, 3])
  })

  it('gives bytes that a later encoding does not overwrite', () => {
    const first = encodeCbor('first')
    for (let i = 0; i < 10_000; i++) encodeCbor(`another ${i}`)
    expect(decodeCbor(first)).toEqual({ ok: true, value: 'first' })
  })

  it('goes on with long text after a large message', () => {
    encodeCbor(new Uint8Array(400_000))
    const text = 'x'.repeat(3000)
    expect(decodeCbor(encodeCbor({ text }))).toEqual({ ok: true, value: { text } })
  })

  it('reads a sequence of values one after the other', () => {
    const joined = Uint8Array.from([...encodeCbor(1), ...encodeCbor(['a']), ...encodeCbor('b')])
    expect(decodeCborSequence(joined)).toEqual({ ok: true, value: [1, ['a'], 'b'] })
  })
})

describe('cbor refuses what we never write', () => {
  it.each([
    ['a tag', bytes(0xc1, 0x01), 'unsupported'],
    ['a record definition (compiled code in cbor-x)', bytes(0xd9, 0xdf, 0xff, 0x82, 0, 0x80), 'unsupported'],
    ['an indefinite array', bytes(0x9f, 0x01, 0xff), 'unsupported'],
    ['a half float', bytes(0xf9, 0x00, 0x00), 'unsupported'],
    ['a map with a number as key', bytes(0xa1, 0x01, 0x02), 'unsupported'],
    ['an integer beyond 2^53', bytes(0x1b, 0xff, 0, 0, 0, 0, 0, 0, 0), 'unsupported'],
    ['nothing', bytes(), 'malformed'],
    ['two values for one', bytes(0x01, 0x02), 'malformed'],
    ['a text that is cut', bytes(0x65, 0x61), 'truncated'],
    ['an array that is cut', bytes(0x82, 0x01), 'truncated'],
    ['a header that is cut', bytes(0x19, 0x01), 'truncated'],
    ['an array of 2^32-1 values', bytes(0x9a, 0xff, 0xff, 0xff, 0xff, 0x01), 'truncated'],
    ['a map of 2^32-1 entries', bytes(0xba, 0xff, 0xff, 0xff, 0xff, 0x61, 0x61, 0x01), 'truncated'],
    ['a text of 2^52 bytes', bytes(0x7b, 0x00, 0x10, 0, 0, 0, 0, 0, 0, 0x61), 'truncated'],
  ])('%s', (_name, input, code) => {
    expect(refusal(input)).toBe(code)
  })

  it('nesting at the limit is read, one deeper is not', () => {
    const nested = (depth: number): Uint8Array => bytes(...Array<number>(depth).fill(0x81), 0x01)
    expect([refusal(nested(216)), refusal(nested(217))]).toEqual(['decoded', 'unsupported'])
  })

  it('a hundred thousand open arrays do not overflow the stack', () => {
    expect(refusal(new Uint8Array(100_000).fill(0x81))).toBe('unsupported')
  })

  it('values at the limit are read, one more is not', () => {
    const three = encodeCbor([1, 2])
    expect([decodeCbor(three, 3).ok, decodeCbor(three, 2).ok]).toEqual([true, false])
  })
})
