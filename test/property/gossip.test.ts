import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Update } from '../../src/gossip/message.ts'
import { supersedes, type Claim, type Liveness } from '../../src/gossip/precedence.ts'
import { limits } from '../../src/model/limits.ts'
import { messageSizeMax, packetOverheadBytes } from '../../src/gossip/size.ts'
import { alive, Lone } from '../unit/gossip/lone.ts'
import { packetMessage, exchangeRequest } from './gossip-arbitraries.ts'

const claim: fc.Arbitrary<Claim> = fc.record({
  incarnation: fc.integer({ min: 0, max: 4 }),
  liveness: fc.constantFrom<Liveness>('alive', 'suspect', 'dead', 'left'),
})

/** What one member says and others say of it, as it can come about: contents change with the incarnation alone. */
const newsOfOne: fc.Arbitrary<Update> = fc
  .record({ incarnation: fc.integer({ min: 1, max: 5 }), what: fc.integer({ min: 0, max: 3 }) })
  .map(({ incarnation, what }): Update => {
    const about = { name: 'p1', incarnation, from: 'p2' }
    if (what === 0) return alive('p1', { incarnation, tags: new Map([['round', String(incarnation)]]) })
    if (what === 1) return { kind: 'suspect', ...about }
    return { kind: 'dead', ...about, left: what === 3 }
  })

/** What a machine believes of p1 after news in some order. */
function beliefAfter(news: readonly Update[]): unknown {
  const me = new Lone()
  me.packet('p1', alive('p1', { incarnation: 0, tags: new Map([['round', '0']]) }))
  for (const update of news) me.packet('p2', update)
  const member = me.machine.member('p1')
  return [member?.status, member?.incarnation, me.machine.statistics().suspect, member?.tags.get('round')]
}

describe('supersedes', () => {
  it('is a strict order: never both ways, never over itself', () => {
    fc.assert(
      fc.property(claim, claim, (a, b) => {
        expect(supersedes(a, b) && supersedes(b, a)).toBe(false)
        expect(supersedes(a, a)).toBe(false)
      }),
    )
  })

  it('is total: of two different claims one wins', () => {
    fc.assert(
      fc.property(claim, claim, (a, b) => {
        const isSame = a.incarnation === b.incarnation && a.liveness === b.liveness
        expect(supersedes(a, b) || supersedes(b, a)).toBe(!isSame)
      }),
    )
  })

  it('is transitive', () => {
    fc.assert(
      fc.property(claim, claim, claim, (a, b, c) => {
        if (supersedes(a, b) && supersedes(b, c)) expect(supersedes(a, c)).toBe(true)
      }),
    )
  })
})

describe('the machine', () => {
  it('believes the same whatever the order in which news arrives, and however often', () => {
    fc.assert(
      fc.property(
        fc
          .array(newsOfOne, { minLength: 1, maxLength: 8 })
          .chain((news) =>
            fc.tuple(
              fc.constant(news),
              fc.shuffledSubarray([...news, ...news], { minLength: news.length * 2 }),
            ),
          ),
        ([news, shuffled]) => {
          expect(beliefAfter(shuffled)).toEqual(beliefAfter(news))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('neither throws nor exceeds a packet or a limit, whatever peers say', () => {
    const small = {
      ...limits,
      membersMax: 6,
      broadcastsMax: 5,
      intentsMax: 4,
      relaysMax: 3,
      packetBytesMax: 600,
    }
    fc.assert(
      fc.property(fc.array(fc.oneof(packetMessage, exchangeRequest), { maxLength: 40 }), (said) => {
        const me = new Lone({ limits: small })
        me.meet('p1', 'p2')
        for (const message of said) {
          if (message.kind === 'pushPull' || message.kind === 'streamPing') me.ask('p1', message)
          else me.packet('p1', message)
          me.advance(37)
        }
        me.advance(5000)
        const { members, broadcastsQueued, intentsQueued, relaysOpen } = me.machine.statistics()
        expect([members <= 6, broadcastsQueued <= 5, intentsQueued <= 4, relaysOpen <= 3]).toEqual(
          Array(4).fill(true),
        )
        for (const { messages } of me.of('send')) {
          const bytes = messages.reduce((sum, message) => sum + messageSizeMax(message), packetOverheadBytes)
          if (messages.length > 1) expect(bytes).toBeLessThanOrEqual(600)
        }
      }),
      { numRuns: 500 },
    )
  })
})
