import { describe, expect, it } from 'vitest'
import { envelopeKinds, openBody, openEnvelope, sealEnvelope } from '../../../src/codec/envelope.ts'

describe('envelope', () => {
  const sealed = sealEnvelope(envelopeKinds.gossipPacket, [Uint8Array.of(7), Uint8Array.of(8, 9)])

  it('puts version and kind before the joined parts', () => {
    expect(Array.from(sealed)).toEqual([1, 1, 7, 8, 9])
  })

  it('gives the body back', () => {
    const body = openBody(sealed, envelopeKinds.gossipPacket)
    expect(body.ok && Array.from(body.value)).toEqual([7, 8, 9])
  })

  it('refuses another kind', () => {
    expect(openBody(sealed, envelopeKinds.gossipReply)).toMatchObject({ error: { code: 'wrongKind' } })
  })

  it('refuses a version that is not spoken here, and names both', () => {
    const later = Uint8Array.from(sealed).fill(9, 0, 1)
    expect(openBody(later, envelopeKinds.gossipPacket)).toMatchObject({
      error: {
        code: 'versionMismatch',
        detail: 'The message is of wire version 9, this agent speaks 1',
      },
    })
  })

  it('refuses less than two bytes', () => {
    expect(openEnvelope(Uint8Array.of(1))).toMatchObject({ error: { code: 'truncated' } })
  })
})
