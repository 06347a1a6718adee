// The formats of version 1, byte for byte: disks and peers hold them. Whoever changes one of these lines raises a version.
import { expect, test } from 'vitest'
import { ByteReader } from '../../../src/codec/binary.ts'
import { decodeRaftMessage, encodeRaftMessage, readEntry } from '../../../src/codec/raft-codec.ts'
import { decodeRecords } from '../../../src/storage/record.ts'
import { decodeFrameHeader, decodeSegmentHeader, headerBytes } from '../../../src/storage/segment.ts'
import { frame, header, samples, snapshotFile } from './samples.ts'

const servers = '0201610d31302e302e302e313a383330300102c3bc0e5b666430303a3a315d3a3833303000'

const messages: readonly string[] = [
  '0107ac020601',
  '020703',
  `03077f067ef0a20480808080808080080303800107018101070301020302820107${servers}`,
  '0407007f640509838080808020',
  `0507ac020702f0a204${servers}80800400020908`,
  '0607ac02f0a20401',
  '0707',
]

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

test.each(samples.map((message, at) => ({ kind: message.kind, message, expected: messages[at] })))(
  'a $kind',
  ({ message, expected }) => {
    const bytes = encodeRaftMessage(message)
    expect(hex(bytes)).toBe(expected)
    expect(decodeRaftMessage(bytes)).toEqual({ ok: true, value: message })
  },
)

test('the header of a segment', () => {
  expect(hex(header())).toBe('5043524c010000002a0000000500000002000000319fa1d2')
  expect(decodeSegmentHeader(header())).toEqual({ version: 1, sequence: 42, firstIndex: 2 ** 33 + 5 })
})

test('a frame with every kind of record', () => {
  const place = { sequence: 42, offset: 24 }
  expect(hex(frame())).toBe(
    '504352462a0000001800000019000000919b56eab89add50' +
      '01ac0207' +
      '03ad0208' +
      '0209010161' +
      '020a00' +
      '0401ae020a03010203',
  )
  expect(decodeFrameHeader(frame(), place)?.length).toBe(frame().length - headerBytes)
  expect(decodeFrameHeader(frame(), { ...place, offset: 25 })).toBeUndefined()
  expect(decodeRecords(frame().subarray(headerBytes))?.map((record) => record.kind)).toEqual([
    'base',
    'reset',
    'hardState',
    'hardState',
    'entry',
  ])
})

test('a snapshot file', () => {
  expect(hex(snapshotFile())).toBe(
    `50435253010000002a000000ca675afc4ffb9610ac02070200${servers}` +
      '04000000d6ca04750201020000000000cfc4dfad',
  )
})

test('a record of a later kind makes the frame unreadable, not half-read', () => {
  expect(decodeRecords(Uint8Array.of(1, 5, 5, 99, 0))).toBeUndefined()
})

test('the data of an entry does not share memory with the buffer it came in', () => {
  const buffer = Uint8Array.of(1, 5, 1, 2, 7, 7)
  const entry = readEntry(new ByteReader(buffer))
  buffer.fill(0)
  expect(entry).toEqual({ kind: 'command', index: 5, term: 1, data: Uint8Array.of(7, 7) })
})
