import { describe, expect, it } from 'vitest'
import { decodePacket, encodePacket } from '../../../src/codec/gossip-codec.ts'
import { NewsCache } from '../../../src/codec/news-cache.ts'
import { alive } from '../gossip/lone.ts'

const bytesOf = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 100 }, (_, i) => (seed >> (i % 24)) & 255)

describe('news cache', () => {
  it('knows news by its bytes and bytes by their news', () => {
    const cache = new NewsCache()
    const [news, bytes] = [alive('p1'), bytesOf(1)]
    cache.keep(news, bytes)
    expect([cache.updateOf(Uint8Array.from(bytes)), cache.bytesOf(news), cache.updateOf(bytesOf(2))]).toEqual(
      [news, bytes, undefined],
    )
  })

  it('at its limit all is known, one more drops the oldest', () => {
    const cache = new NewsCache()
    for (let i = 1; i <= 2048; i++) cache.keep(alive(`p${i}`), bytesOf(i))
    const atLimit = cache.updateOf(bytesOf(1)) !== undefined
    cache.keep(alive('more'), bytesOf(5000))
    expect([atLimit, cache.updateOf(bytesOf(1)), cache.updateOf(bytesOf(2)) !== undefined]).toEqual([
      true,
      undefined,
      true,
    ])
  })

  it('does not remember what is too short to be worth it', () => {
    const cache = new NewsCache()
    cache.keep(alive('p1'), bytesOf(1).subarray(0, 47))
    expect(cache.updateOf(bytesOf(1).subarray(0, 47))).toBeUndefined()
  })
})

describe('news that comes again', () => {
  it('is the same object, even though the buffer it came in was used again', () => {
    const packet = encodePacket([alive('again')])
    const copy = Uint8Array.from(packet)
    const first = decodePacket(copy)
    copy.fill(0)
    const second = decodePacket(Uint8Array.from(packet))
    expect(first.ok && second.ok && first.value[0] === second.value[0]).toBe(true)
  })
})
