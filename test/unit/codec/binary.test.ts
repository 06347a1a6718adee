import { expect, test } from 'vitest'
import { ByteReader, ByteWriter } from '../../../src/codec/binary.ts'

function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(1)
  write(writer)
  return writer.finish()
}

test.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 48, Number.MAX_SAFE_INTEGER])(
  'the natural number %i comes back',
  (value) => {
    const reader = new ByteReader(written((writer) => writer.natural(value)))
    expect(reader.natural()).toBe(value)
    expect(reader.isDone).toBe(true)
  },
)

test.each([
  ['a longer form of zero', [0x80, 0]],
  ['a longer form of one', [0x81, 0]],
  ['beyond 2^53', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]],
  ['no end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]],
])('%s is no number', (_what, bytes) => {
  const reader = new ByteReader(Uint8Array.from(bytes))
  expect(reader.natural()).toBe(0)
  expect(reader.fault).toBe('malformed')
})

test('strings are UTF-8, bounded and well-formed', () => {
  const bytes = written((writer) => writer.string('Grüße 👋'))
  expect(new ByteReader(bytes).string(100)).toBe('Grüße 👋')
  const tooLong = new ByteReader(bytes)
  expect([tooLong.string(5), tooLong.fault]).toEqual(['', 'malformed'])
  const broken = new ByteReader(Uint8Array.from([2, 0xc3, 0x28]))
  expect([broken.string(9), broken.fault]).toEqual(['', 'malformed'])
})

test('after the first fault everything reads as nothing', () => {
  const reader = new ByteReader(Uint8Array.from([5, 1, 2]))
  expect(reader.bytes().length).toBe(0)
  expect([reader.fault, reader.byte(), reader.natural(), reader.left]).toEqual(['truncated', 0, 0, 0])
  expect(reader.isDone).toBe(false)
})

test('a flag is 0 or 1', () => {
  const reader = new ByteReader(Uint8Array.from([1, 0, 2]))
  expect([reader.flag(), reader.flag()]).toEqual([true, false])
  reader.flag()
  expect(reader.fault).toBe('malformed')
})
