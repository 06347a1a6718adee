import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeExchangeReply,
  decodeExchangeRequest,
  decodePacket,
  encodeExchangeReply,
  encodeExchangeRequest,
  encodePacket,
} from '../../src/codec/gossip-codec.ts'
import { messageSizeMax, packetOverheadBytes } from '../../src/gossip/size.ts'
import { exchangeReply, exchangeRequest, packetMessage } from './gossip-arbitraries.ts'

describe('gossip codec', () => {
  it('a packet of any messages comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(packetMessage, { maxLength: 8 }), (messages) => {
        expect(decodePacket(encodePacket(messages))).toEqual({ ok: true, value: messages })
      }),
      { numRuns: 2000 },
    )
  })

  it('no message takes more bytes than the core reckons with', () => {
    fc.assert(
      fc.property(packetMessage, (message) => {
        const bytes = encodePacket([message]).length - packetOverheadBytes
        expect(bytes).toBeLessThanOrEqual(messageSizeMax(message))
      }),
      { numRuns: 5000 },
    )
  })

  it('nor is the reckoning wasteful: 22 bytes and 2 for each text at most', () => {
    fc.assert(
      fc.property(packetMessage, (message) => {
        const bytes = encodePacket([message]).length - packetOverheadBytes
        const texts = message.kind === 'alive' ? 3 + 2 * message.tags.size : 4
        expect(messageSizeMax(message) - bytes).toBeLessThanOrEqual(22 + 2 * texts)
      }),
      { numRuns: 2000 },
    )
  })

  it('any question and any answer over a stream comes back as it was', () => {
    fc.assert(
      fc.property(exchangeRequest, exchangeReply, (request, reply) => {
        expect(decodeExchangeRequest(encodeExchangeRequest(request))).toEqual({ ok: true, value: request })
        expect(decodeExchangeReply(encodeExchangeReply(reply))).toEqual({ ok: true, value: reply })
      }),
      { numRuns: 1000 },
    )
  })
})
