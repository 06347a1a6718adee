// Bytes of commands, records and requests that were damaged on the way: a value or a refusal, never a throw. What is a
// value is applied, encoded again and read again as the same.
import { describe, expect, it } from 'vitest'
import { decodeCommand, encodeCommand, stampCommand } from '../../src/codec/command-codec.ts'
import { decodeStateRecord, encodeStateRecord } from '../../src/codec/record-codec.ts'
import { decodeReply, decodeRequest, encodeReply, encodeRequest } from '../../src/codec/request-codec.ts'
import { seededRandom } from '../../src/lib/random.ts'
import type { Command } from '../../src/model/command.ts'
import { createState } from '../../src/state/state.ts'
import { autopilot, entry, outcome, records, txn, versions } from '../unit/codec/samples.ts'
import { acquire, check, node, register, release, service, session, set } from '../unit/state/fixtures.ts'

const commands: readonly Command[] = [
  register(node('n1', { id: 'i' }), { service: service('web'), checks: [check('c', 'warning')] }),
  { kind: 'deregister', node: 'n1', serviceId: 'web', checkId: '' },
  set('k', 'value', 7n),
  { kind: 'kvSet', key: 'k', value: new Uint8Array(3), flags: 2n ** 60n, ttlMs: 1000 },
  session('s1', { nodeChecks: ['c'], lockDelayNanos: 15e9 }),
  acquire('k', 's1', 'v'),
  release('k', 's1', 'v'),
  { kind: 'kvExpire', key: 'k', modifyIndex: 4 },
  txn,
  { kind: 'autopilotSet', config: autopilot, expectedIndex: null },
  { kind: 'setKvHistory', versionsMax: 3, ageMs: 1000 },
  { kind: 'restoreBegin', id: 'r' },
  { kind: 'restoreRecords', id: 'r', records },
  { kind: 'restoreEnd', id: 'r', records: records.length },
  { kind: 'batch', commands: [set('a', 'b'), acquire('a', 's1')] },
]

const random = seededRandom(20_261_124)

/** A few bytes changed, dropped or put in. */
function damaged(bytes: Uint8Array): Uint8Array {
  const changed = Array.from(bytes)
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(changed.length + 1)
    const drop = random.below(2)
    changed.splice(at, drop, ...(random.below(3) === 0 ? [] : [random.below(256)]))
  }
  return Uint8Array.from(changed)
}

describe('damaged bytes of', () => {
  it('commands are refused, or are commands that can be applied', () => {
    const encoded = commands.map(encodeCommand)
    const state = createState()
    let read = 0
    for (let round = 0; round < 20_000; round++) {
      const bytes = damaged(encoded[round % encoded.length] ?? new Uint8Array())
      const decoded = decodeCommand(bytes)
      if (!decoded.ok) continue
      read++
      const { command, wallMs } = decoded.value
      const again = encodeCommand(command)
      stampCommand(again, wallMs)
      expect(decodeCommand(again)).toEqual(decoded)
      if (command.kind === 'setBehaviour') continue
      state.apply(state.lastLogIndex + 1, command, { wallMs })
    }
    expect(read).toBeGreaterThan(1000)
    expect([...state.snapshot().records()].length).toBeGreaterThan(0)
  })

  it('records are refused, or come back as what was read', () => {
    const encoded = records.map((record) => new Uint8Array(encodeStateRecord(record)))
    let read = 0
    for (let round = 0; round < 20_000; round++) {
      const decoded = decodeStateRecord(damaged(encoded[round % encoded.length] ?? new Uint8Array()))
      if (!decoded.ok) continue
      read++
      expect(decodeStateRecord(encodeStateRecord(decoded.value))).toEqual(decoded)
    }
    expect(read).toBeGreaterThan(1000)
  })

  it('requests and answers are refused, or come back as what was read', () => {
    const to = { datacenter: '', hops: 0, holdMs: 1 } as const
    const options = {
      datacenter: '',
      consistency: 'default',
      maxStaleMs: null,
      minIndex: 0,
      waitMs: 0,
    } as const
    const query = { kind: 'txn', operations: txn.operations } as const
    const request = new Uint8Array(encodeRequest({ kind: 'read', ...to, query, options }))
    const meta = { index: 1, knownLeader: true, lastContactMs: 0, epoch: '' }
    const replies = [
      new Uint8Array(encodeReply({ kind: 'read', meta, value: outcome })),
      new Uint8Array(encodeReply({ kind: 'read', meta, value: versions })),
      new Uint8Array(encodeReply({ kind: 'read', meta, value: entry })),
      new Uint8Array(encodeReply({ kind: 'written', result: { kind: 'txn', outcome }, index: 2 })),
    ]
    for (let round = 0; round < 10_000; round++) {
      const asked = decodeRequest(damaged(request))
      if (asked.ok) expect(decodeRequest(encodeRequest(asked.value))).toEqual(asked)
      decodeReply(damaged(replies[round % replies.length] ?? new Uint8Array()))
    }
  })
})
