import { describe, expect, it } from 'vitest'
import { encodeCbor } from '../../../src/codec/cbor.ts'
import { withHeaders } from '../../../src/codec/byte-strings.ts'
import { envelopeKinds, sealEnvelope } from '../../../src/codec/envelope.ts'
import {
  decodeExchangeReply,
  decodeExchangeRequest,
  decodePacket,
  encodeExchangeReply,
  encodeExchangeRequest,
  encodePacket,
  refuseVersion,
} from '../../../src/codec/gossip-codec.ts'
import { alive, pushPull, stateOf } from '../gossip/lone.ts'

const packetOf = (...values: readonly unknown[]): Uint8Array =>
  sealEnvelope(envelopeKinds.gossipPacket, withHeaders(values.map(encodeCbor)))

const aliveFields = [5, 'n', 'id', 1, '10.0.0.1', 8301, 1, 1, ['a', 'b']]
const withField = (index: number, value: unknown): unknown[] =>
  aliveFields.map((old, i) => (i === index ? value : old))

describe('packets', () => {
  it('a ping takes few bytes', () => {
    const fromAddress = { ip: '10.0.0.1', port: 8301 }
    const ping = {
      kind: 'ping',
      sequence: 70_000,
      target: 'node-17',
      from: 'node-3',
      fromAddress,
      digest: 0xffff_ffff,
    } as const
    expect(encodePacket([ping]).length).toBe(43)
  })

  it('news is encoded once, whatever packet carries it', () => {
    const news = alive('p1')
    const first = encodePacket([news])
    ;(news.tags as Map<string, string>).set('added', 'later')
    expect(encodePacket([{ kind: 'ack', sequence: 1, digest: 0 }, news]).length).toBe(first.length + 5)
  })

  it('an empty packet is a packet', () => {
    expect(decodePacket(packetOf())).toEqual({ ok: true, value: [] })
  })

  it('the fields of the sample are right', () => {
    expect(decodePacket(packetOf(aliveFields)).ok).toBe(true)
  })

  it.each([
    ['an unknown code', [99, 1]],
    ['no array', 'text'],
    ['an empty array', []],
    ['a missing field', [4]],
    ['a field too many', [4, 1, 1]],
    ['a negative number', [4, -1]],
    ['a fraction', [4, 1.5]],
    ['a number beyond 32 bits', [4, 2 ** 32]],
    ['a text for a number', [4, '1']],
    ['an empty name', withField(1, '')],
    ['a name of 256 units', withField(1, 'x'.repeat(256))],
    ['an address that is no literal', withField(4, 'example.com')],
    ['a port beyond 16 bits', withField(5, 65_536)],
    ['a version beyond a byte', withField(6, 256)],
    ['an odd number of tag fields', withField(8, ['a'])],
    ['a tag that is no text', withField(8, ['a', 1])],
    ['tags out of order', withField(8, ['b', '', 'a', ''])],
    ['a tag twice', withField(8, ['a', '', 'a', ''])],
    [
      '129 tags',
      withField(
        8,
        Array.from({ length: 258 }, (_, i) => String(1000 + i)),
      ),
    ],
    ['a flag that is a number', [7, 'n', 1, 'm', 1]],
    ['a Lamport time beyond 48 bits', [8, 'n', 2 ** 48, false]],
  ])('%s is invalid', (_name, value) => {
    expect(decodePacket(packetOf(value))).toEqual({ ok: false, error: 'invalid' })
  })

  it('one wrong message drops the whole packet', () => {
    expect(decodePacket(packetOf([4, 1], [99]))).toEqual({ ok: false, error: 'invalid' })
  })

  it('a packet of another wire version is refused by its first byte', () => {
    const bytes = Uint8Array.from(packetOf([4, 1])).fill(2, 0, 1)
    expect(decodePacket(bytes)).toEqual({ ok: false, error: 'versionMismatch' })
  })

  it('a stream message in a datagram is of the wrong kind', () => {
    expect(decodePacket(encodeExchangeReply({ kind: 'streamAck' }))).toEqual({
      ok: false,
      error: 'wrongKind',
    })
  })
})

describe('exchanges', () => {
  const state = pushPull('p1', [stateOf(alive('p1')), stateOf(alive('p2'))])

  it('fewer members than announced are invalid', () => {
    const bytes = sealEnvelope(
      envelopeKinds.gossipRequest,
      withHeaders([encodeCbor([1, 'p1', true, 'dc1', 1, 1])]),
    )
    expect(decodeExchangeRequest(bytes)).toEqual({ ok: false, error: 'invalid' })
  })

  it('a member whose news is not alive news is invalid', () => {
    const bytes = sealEnvelope(
      envelopeKinds.gossipRequest,
      withHeaders([encodeCbor([1, 'p1', true, 'dc1', 1, 1]), encodeCbor([4, 1]), encodeCbor([0, 0, false])]),
    )
    expect(decodeExchangeRequest(bytes)).toEqual({ ok: false, error: 'invalid' })
  })

  it('an answer is not a question, and a question is not an answer', () => {
    expect([
      decodeExchangeRequest(encodeExchangeReply(state)),
      decodeExchangeReply(encodeExchangeRequest(state)),
    ]).toEqual([
      { ok: false, error: 'wrongKind' },
      { ok: false, error: 'wrongKind' },
    ])
  })

  it('a refusal is read whatever the version of its envelope', () => {
    const bytes = Uint8Array.from(encodeExchangeReply({ kind: 'refused', reason: 'Because' })).fill(9, 0, 1)
    expect(decodeExchangeReply(bytes)).toEqual({ ok: true, value: { kind: 'refused', reason: 'Because' } })
  })

  it('a question of another version is answered by a sentence that names both', () => {
    const later = Uint8Array.from(encodeExchangeRequest(state)).fill(9, 0, 1)
    expect(decodeExchangeRequest(later)).toEqual({ ok: false, error: 'versionMismatch' })
    expect(decodeExchangeReply(refuseVersion(later))).toEqual({
      ok: true,
      value: { kind: 'refused', reason: 'The request is of wire version 9, this agent speaks 1' },
    })
  })
})
