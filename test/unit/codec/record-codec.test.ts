import { describe, expect, it } from 'vitest'
import { encodeCbor } from '../../../src/codec/cbor.ts'
import { decodeStateRecord, encodeStateRecord } from '../../../src/codec/record-codec.ts'
import type { StateRecord } from '../../../src/model/state-record.ts'
import { entry, records } from './samples.ts'

describe('records', () => {
  it.each<StateRecord>([
    ...records,
    ...records.map((record): StateRecord => ({ kind: 'restoring', record })),
    { kind: 'restore', id: 'r', records: 7 },
  ])('come back as they were: $kind', (record) => {
    expect(decodeStateRecord(encodeStateRecord(record))).toEqual({ ok: true, value: record })
  })

  it('have the same bytes whatever the order of their fields in memory', () => {
    for (const record of records) {
      if (record.kind !== 'marks' && record.kind !== 'session') continue
      const inner = record.kind === 'marks' ? record.marks : record.session
      const turned = Object.fromEntries(Object.entries(inner).reverse())
      const again = { kind: record.kind, [record.kind]: turned } as unknown as StateRecord
      expect(encodeStateRecord(again).join()).toBe(encodeStateRecord(record).join())
    }
  })

  it.each([
    ['an unknown kind', [77, {}]],
    ['a restore within a restore', [13, [13, [7, 'k', 1]]]],
    ['a KV entry of 8 positions', [6, ['k', new Uint8Array(), 0, 0, '', 1, 1, 1]]],
    ['marks with a surplus field', [1, { lastIndex: 1, more: 1 }]],
  ])('are refused: %s', (_, value) => {
    expect(decodeStateRecord(encodeCbor(value)).ok).toBe(false)
  })

  it('of the first release are read: marks', () => {
    const first = {
      lastIndex: 1,
      nodes: 1,
      services: 1,
      checks: 1,
      kv: 1,
      serviceExtinction: 0,
      tombstoneFloor: 0,
    }
    expect(decodeStateRecord(encodeCbor([1, first]))).toMatchObject({
      ok: true,
      value: { marks: { ...first, sessions: 0, behaviour: 0, clusterId: '', wallMs: 0 } },
    })
  })

  it('of the first release are read: keys', () => {
    const packed = ['k', entry.value, '18446744073709551615', 1, 's1', 3, 4]
    expect(decodeStateRecord(encodeCbor([6, packed]))).toEqual({
      ok: true,
      value: { kind: 'kv', entry: { ...entry, fencingToken: 0, expiresAtWallMs: 0 } },
    })
  })
})
