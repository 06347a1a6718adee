// Hostile bytes at the gossip port: refused with a code, never an exception, never memory out of proportion.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeExchangeReply,
  decodeExchangeRequest,
  decodePacket,
  encodeExchangeRequest,
  encodePacket,
} from '../../src/codec/gossip-codec.ts'
import { withHeaders } from '../../src/codec/byte-strings.ts'
import { envelopeKinds, sealEnvelope } from '../../src/codec/envelope.ts'
import { seededRandom, type Random } from '../../src/lib/random.ts'
import { exchangeRequest, packetMessage } from '../property/gossip-arbitraries.ts'
import { Lone } from '../unit/gossip/lone.ts'

const samples = [
  ...fc
    .sample(fc.array(packetMessage, { minLength: 1, maxLength: 5 }), { numRuns: 100, seed: 1 })
    .map(encodePacket),
  ...fc.sample(exchangeRequest, { numRuns: 50, seed: 2 }).map(encodeExchangeRequest),
]

function decodeAll(bytes: Uint8Array): void {
  decodePacket(bytes)
  decodeExchangeRequest(bytes)
  decodeExchangeReply(bytes)
}

/** One to eight changes: bytes replaced, bits flipped, pieces cut out, doubled or put in. */
function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let mutant = Array.from(bytes)
  for (let i = random.between(1, 8); i > 0; i--) {
    const at = random.below(mutant.length + 1)
    switch (random.below(5)) {
      case 0:
        mutant[at] = random.below(256)
        break
      case 1:
        mutant[at] = (mutant[at] ?? 0) ^ (1 << random.below(8))
        break
      case 2:
        mutant = mutant.slice(0, at)
        break
      case 3:
        mutant.splice(at, random.between(1, 20))
        break
      default:
        mutant.splice(at, 0, ...mutant.slice(0, random.below(30)))
    }
  }
  return Uint8Array.from(mutant)
}

describe('hostile bytes', () => {
  it('100,000 random buffers throw nothing', () => {
    const random = seededRandom(11)
    for (let i = 0; i < 100_000; i++) {
      const bytes = Uint8Array.from({ length: random.below(80) }, () => random.below(256))
      // Half of them get past the envelope.
      if (i % 2 === 0 && bytes.length > 1) bytes.set([1, random.between(1, 4)])
      decodeAll(bytes)
    }
  })

  it('100,000 mutants of real packets throw nothing', () => {
    const random = seededRandom(12)
    for (let i = 0; i < 100_000; i++)
      decodeAll(mutate(samples[i % samples.length] ?? Uint8Array.of(), random))
  })

  it('what a mutant still says does not upset a machine', () => {
    const random = seededRandom(13)
    const me = new Lone().meet('p1', 'p2')
    let taken = 0
    for (let i = 0; i < 20_000; i++) {
      const packet = decodePacket(mutate(samples[i % 100] ?? Uint8Array.of(), random))
      if (!packet.ok) continue
      taken++
      me.packet('p1', ...packet.value)
      me.advance(10)
      me.effects.length = 0
    }
    expect(taken).toBeGreaterThan(100)
  })

  it('every prefix of a packet is refused or read, never an exception', () => {
    for (const sample of samples)
      for (let end = 0; end < sample.length; end++) decodeAll(sample.subarray(0, end))
  })

  it.each([
    ['array of 2^32-1 values', [0x9a, 0xff, 0xff, 0xff, 0xff]],
    ['map of 2^32-1 entries', [0xba, 0xff, 0xff, 0xff, 0xff]],
    ['text of 2^32-1 bytes', [0x7a, 0xff, 0xff, 0xff, 0xff]],
    ['bytes of 2^31 bytes', [0x5a, 0x80, 0x00, 0x00, 0x00]],
    ['many arrays of 60,000', Array.from({ length: 400 }, () => [0x99, 0xea, 0x60]).flat()],
  ])('a header that announces an %s costs no memory', (_name, header) => {
    const message = Uint8Array.from([...header, 0x01, 0x01])
    const bytes = sealEnvelope(envelopeKinds.gossipPacket, withHeaders([message]))
    const before = process.memoryUsage().heapUsed + process.memoryUsage().external
    for (let i = 0; i < 1000; i++) expect(decodePacket(bytes).ok).toBe(false)
    const grown = process.memoryUsage().heapUsed + process.memoryUsage().external - before
    expect(grown).toBeLessThan(64 * 1024 * 1024)
  })

  it('a large exchange of tiny values is refused before it is built', () => {
    const bytes = new Uint8Array(9_000_000).fill(0x40)
    bytes.set([1, 2])
    expect(decodeExchangeRequest(bytes)).toEqual({ ok: false, error: 'tooLarge' })
  })
})
