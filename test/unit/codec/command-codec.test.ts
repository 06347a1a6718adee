import { describe, expect, it } from 'vitest'
import { encodeCbor } from '../../../src/codec/cbor.ts'
import { decodeCommand, encodeCommand, stampCommand } from '../../../src/codec/command-codec.ts'
import type { JsonObject } from '../../../src/model/catalog.ts'
import type { Command } from '../../../src/model/command.ts'
import { acquire, check, node, register, release, service, session, set } from '../state/fixtures.ts'
import { autopilot, configEntry, nodeCoordinate, preparedQuery, records, txn } from './samples.ts'

const full = register(node('n1', { meta: { a: 'b' }, taggedAddresses: { lan: '10.0.0.1' } }), {
  service: service('web', {
    taggedAddresses: { wan: { address: '1.2.3.4', port: 80 } },
    proxy: { Config: { depth: [1, null, 'x', { y: true, ratio: 1.5 }] } },
  }),
  checks: [check('c', 'warning', { definition: { Interval: '10s' } })],
})

const { createIndex: _, modifyIndex: __, ...query } = preparedQuery

describe('commands', () => {
  it.each<Command>([
    full,
    { kind: 'deregister', node: 'n', serviceId: 's', checkId: 'c' },
    set('k', 'v', 2n ** 64n - 1n),
    { kind: 'kvCas', key: 'k', value: new Uint8Array(), flags: 2n ** 53n, expectedIndex: 7, ttlMs: 0 },
    { kind: 'kvCas', key: 'k', value: new Uint8Array(), flags: 0n, expectedIndex: 7, ttlMs: 5 },
    { kind: 'kvSet', key: 'k', value: new Uint8Array([1]), flags: 0n, ttlMs: 60_000 },
    acquire('k', 's1', 'v'),
    release('k', 's1'),
    { kind: 'kvExpire', key: 'k', modifyIndex: 7 },
    session('s1', {
      lockDelayNanos: 15e9,
      behavior: 'delete',
      ttl: '15s',
      ttlMs: 15_000,
      nodeChecks: ['serfHealth'],
      serviceChecks: [{ id: 'c', namespace: '' }],
    }),
    { kind: 'sessionDestroy', id: 's1' },
    txn,
    { kind: 'autopilotSet', config: autopilot, expectedIndex: null },
    { kind: 'autopilotSet', config: autopilot, expectedIndex: 0 },
    { kind: 'setBehaviour', behaviour: 1 },
    { kind: 'setClusterId', id: 'c' },
    { kind: 'setKvHistory', versionsMax: 10, ageMs: 1000 },
    { kind: 'pruneKvHistory' },
    { kind: 'raiseIndexes', by: 1_000_000 },
    { kind: 'preparedQuerySet', query },
    { kind: 'preparedQuerySet', query: { ...query, template: null } },
    { kind: 'preparedQueryDelete', id: 'q' },
    { kind: 'coordinates', updates: [nodeCoordinate] },
    {
      kind: 'configEntrySet',
      configKind: 'service-defaults',
      name: 'web',
      body: configEntry.body,
      expectedIndex: 0,
    },
    { kind: 'configEntryDelete', configKind: 'service-defaults', name: 'web', expectedIndex: null },
    { kind: 'restoreBegin', id: 'r' },
    { kind: 'restoreRecords', id: 'r', records },
    { kind: 'restoreEnd', id: 'r', records: records.length },
    { kind: 'kvDelete', key: '' },
    { kind: 'kvDeleteCas', key: 'k', expectedIndex: 0 },
    { kind: 'kvDeleteTree', prefix: 'p' },
    { kind: 'batch', commands: [set('k', 'v'), full] },
  ])('come back as they were: $kind', (command) => {
    expect(decodeCommand(encodeCommand(command))).toEqual({ ok: true, value: { command, wallMs: 0 } })
  })

  it('do not keep the bytes alive that they were decoded from', () => {
    const data = encodeCommand(set('k', 'v'))
    const read = decodeCommand(data)
    if (!read.ok || read.value.command.kind !== 'kvSet') throw new Error('expected a kvSet')
    expect(read.value.command.value.buffer).not.toBe(data.buffer)
    expect(read.value.command.value.constructor).toBe(Uint8Array)
  })

  it('write the known fields alone, so that they can be read again', () => {
    const extended = { ...full, node: { ...full.node, more: 1 } }
    expect(decodeCommand(encodeCommand(extended))).toEqual({ ok: true, value: { command: full, wallMs: 0 } })
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
    ['an unknown verb', [16, [[1, 'put', 'k', new Uint8Array(), 0, 0, '']]]],
    ['a verb of another kind', [16, [[2, 'lock', full.node, 0]]]],
    ['a position where none is', [21, 1]],
    ['a restore of a restore', [23, 'r', [[13, [12, 'r', 1]]]]],
  ])('are refused: %s', (_, value) => {
    expect(decodeCommand(encodeCbor(value))).toMatchObject({ ok: false, error: { code: 'invalid' } })
  })

  it('are refused when bytes are missing', () => {
    const data = encodeCommand(full)
    for (let size = 0; size < data.length; size++)
      expect(decodeCommand(data.subarray(0, size)).ok).toBe(false)
  })
})

describe("an entry's time", () => {
  it.each([0, 1, 2 ** 32 - 1, 2 ** 32, 1_800_000_000_123, Number.MAX_SAFE_INTEGER])(
    'is kept: %d',
    (wallMs) => {
      const data = encodeCommand(set('k', 'v'))
      stampCommand(data, wallMs)
      expect(decodeCommand(data)).toEqual({ ok: true, value: { command: set('k', 'v'), wallMs } })
    },
  )

  it('can be written twice, and only into bytes that have a place for it', () => {
    const data = encodeCommand(set('k', 'v'))
    stampCommand(data, 2 ** 40 + 1)
    stampCommand(data, 5)
    expect(decodeCommand(data)).toMatchObject({ value: { wallMs: 5 } })
    const old = new Uint8Array(encodeCbor([5, 'k']))
    stampCommand(old, 5)
    expect(old).toEqual(new Uint8Array(encodeCbor([5, 'k'])))
  })

  it.each([
    ['no bytes', []],
    ['another format', [2, 0, 0, 0, 0, 0, 0, 0, 1, 0x82, 5, 0x61, 0x6b]],
    ['a head cut short', [1, 0, 0]],
    ['a time past 2^53', [1, 255, 0, 0, 0, 0, 0, 0, 1, 0x82, 5, 0x61, 0x6b]],
  ])('is refused: %s', (_, data) => {
    expect(decodeCommand(Uint8Array.from(data)).ok).toBe(false)
  })
})

describe('what the first release wrote', () => {
  it.each<readonly [readonly unknown[], Command]>([
    [[1, full.node, full.service, full.checks, false], full],
    [[3, 'k', new Uint8Array([118]), 7], set('k', 'v', 7n)],
    [
      [4, 'k', new Uint8Array(), '18446744073709551615', 9],
      { kind: 'kvCas', key: 'k', value: new Uint8Array(), flags: 2n ** 64n - 1n, expectedIndex: 9, ttlMs: 0 },
    ],
    [[8, [[5, 'k']]], { kind: 'batch', commands: [{ kind: 'kvDelete', key: 'k' }] }],
  ])('is read as it was meant: %j', (packed, command) => {
    expect(decodeCommand(encodeCbor(packed))).toEqual({ ok: true, value: { command, wallMs: 0 } })
  })
})

it('carries all the nesting that clients may send', () => {
  let definition: JsonObject = {}
  for (let depth = 1; depth < 200; depth++) definition = { a: definition }
  const deep = register(node('n1'), { checks: [check('c', 'passing', { definition })] })
  const batch: Command = { kind: 'batch', commands: [deep] }
  expect(decodeCommand(encodeCommand(batch)).ok).toBe(true)
})
