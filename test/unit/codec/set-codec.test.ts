import { describe, expect, it } from 'vitest'
import { decodeKvRecord, decodeSet, encodeKvRecord, encodeSet } from '../../../src/codec/set-codec.ts'
import type { KvEntry } from '../../../src/model/catalog.ts'

const entry: KvEntry = {
  key: 'a/ü',
  value: new Uint8Array([0, 255]),
  flags: 2n ** 64n - 1n,
  lockIndex: 3,
  session: 's',
  createIndex: 4,
  modifyIndex: 2 ** 40,
  fencingToken: 5,
  expiresAtWallMs: 1_790_000_000_000,
}

describe('a plain set', () => {
  it.each([
    ['ASCII', 'web/port'],
    ['an empty key', ''],
    ['a key of more than ASCII', 'wéb/🚪'],
    ['a mark at the beginning', `\ufeff${'x'.repeat(80)}`],
    ['a short key with a mark', '\ufeffx'],
    ['a long key', 'k/'.repeat(5000)],
  ])('comes back as it was: %s', (_, key) => {
    const set = { key, value: new Uint8Array([1, 2, 3]), flags: 7n }
    expect(decodeSet(encodeSet(set, 9), 9)).toEqual({ ok: true, value: set })
  })

  it('is refused when it is cut anywhere before the value', () => {
    const bytes = encodeSet({ key: 'key', value: new Uint8Array(), flags: 1n }, 9)
    for (let end = 0; end < bytes.length; end++) expect(decodeSet(bytes.slice(0, end), 9).ok).toBe(false)
  })

  it('is refused when its key is not UTF-8', () => {
    const bytes = encodeSet({ key: 'key', value: new Uint8Array(), flags: 1n }, 9)
    bytes[10] = 0xff
    expect(decodeSet(bytes, 9)).toMatchObject({ ok: false, error: { code: 'malformed' } })
  })
})

describe('a key at rest', () => {
  it('comes back as it was', () => {
    expect(decodeKvRecord(encodeKvRecord(entry))).toEqual({ ok: true, value: entry })
  })

  it('is refused when it is cut anywhere before the value', () => {
    const bytes = encodeKvRecord({ ...entry, value: new Uint8Array() })
    for (let end = 1; end < bytes.length; end++) expect(decodeKvRecord(bytes.slice(0, end)).ok).toBe(false)
  })
})
