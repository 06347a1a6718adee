import { describe, expect, it } from 'vitest'
import { encodeCbor } from '../../../src/codec/cbor.ts'
import {
  decodeCommand,
  decodeStateRecord,
  encodeCommand,
  encodeStateRecord,
} from '../../../src/codec/command-codec.ts'
import type { Command } from '../../../src/model/command.ts'
import { check, node, register, service, set } from '../state/fixtures.ts'

const full = register(node('n1', { meta: { a: 'b' }, taggedAddresses: { lan: '10.0.0.1' } }), {
  service: service('web', {
    taggedAddresses: { wan: { address: '1.2.3.4', port: 80 } },
    proxy: { Config: { depth: [1, null, 'x', { y: true, ratio: 1.5 }] } },
  }),
  checks: [check('c', 'warning', { definition: { Interval: '10s' } })],
})

describe('commands', () => {
  it.each<Command>([
    full,
    { kind: 'deregister', node: 'n', serviceId: 's', checkId: 'c' },
    set('k', 'v', 2n ** 64n - 1n),
    { kind: 'kvCas', key: 'k', value: new Uint8Array(), flags: 2n ** 53n, expectedIndex: 7 },
    { kind: 'kvDelete', key: '' },
    { kind: 'kvDeleteCas', key: 'k', expectedIndex: 0 },
    { kind: 'kvDeleteTree', prefix: 'p' },
    { kind: 'batch', commands: [set('k', 'v'), full] },
  ])('come back as they were: $kind', (command) => {
    expect(decodeCommand(encodeCommand(command))).toEqual({ ok: true, value: command })
  })

  it('do not keep the bytes alive that they were decoded from', () => {
    const data = encodeCommand(set('k', 'v'))
    const read = decodeCommand(data)
    if (!read.ok || read.value.kind !== 'kvSet') throw new Error('expected a kvSet')
    expect(read.value.value.buffer).not.toBe(data.buffer)
    expect(read.value.value.constructor).toBe(Uint8Array)
  })

  it('write the known fields alone, so that they can be read again', () => {
    const extended = { ...full, node: { ...full.node, more: 1 } }
    expect(decodeCommand(encodeCommand(extended))).toEqual({ ok: true, value: full })
  })

  it.each([
    ['no list', 5],
    ['an unknown kind', [99, 'k']],
    ['a missing position', [3, 'k', new Uint8Array()]],
    ['a surplus position', [5, 'k', 1]],
    ['a wrong type', [3, 'k', 'text', 0]],
    ['negative flags', [3, 'k', new Uint8Array(), -1]],
    ['flags past 64 bits', [3, 'k', new Uint8Array(), '18446744073709551616']],
    ['an unknown status', [1, full.node, null, [{ ...full.checks[0], status: 'unknown' }], false]],
    ['a surplus field', [1, { ...full.node, more: 1 }, null, [], false]],
    ['a batch in a batch', [8, [[8, []]]]],
  ])('are refused: %s', (_, value) => {
    expect(decodeCommand(encodeCbor(value))).toMatchObject({ ok: false, error: { code: 'invalid' } })
  })

  it('are refused when bytes are missing', () => {
    const data = encodeCommand(full)
    for (let size = 0; size < data.length; size++)
      expect(decodeCommand(data.subarray(0, size)).ok).toBe(false)
  })
})

describe('records', () => {
  it('refuse what they do not know', () => {
    expect(decodeStateRecord(encodeCbor([77, {}])).ok).toBe(false)
    expect(decodeStateRecord(encodeStateRecord({ kind: 'tombstone', key: 'k', index: 3 }))).toEqual({
      ok: true,
      value: { kind: 'tombstone', key: 'k', index: 3 },
    })
  })
})
