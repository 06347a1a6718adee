import { describe, expect, it } from 'vitest'
import { lanTiming } from '../../../src/gossip/config.ts'
import { addressOf, alive, Lone, pushPull, sent, stateOf } from './lone.ts'

const pingFrom = (from: string, digest: number) =>
  ({ kind: 'ping', sequence: 1, target: 'me', from, fromAddress: addressOf(from), digest }) as const

/** A machine with peers, at rest for a second. */
function atRest(...names: readonly string[]): Lone {
  const me = new Lone().meet(...names)
  me.advanceAnswering(1000)
  me.effects.length = 0
  return me
}

/** Addresses with which states were exchanged. */
const partners = (me: Lone): string[] =>
  me
    .of('exchange')
    .filter(({ request }) => request.kind === 'pushPull')
    .map(({ to }) => to.ip)

describe('digest', () => {
  const digestOf = (me: Lone): number => sent(me.packet('p1', pingFrom('p1', 0)), 'ack')[0]?.digest ?? 0

  it('is the same whatever the order in which members became known', () => {
    expect(digestOf(atRest('p1', 'p2', 'p3'))).toBe(digestOf(atRest('p3', 'p1', 'p2')))
  })

  it('differs with a member, an incarnation, a death', () => {
    const all = [atRest('p1', 'p2'), atRest('p1'), atRest('p1', 'p2'), atRest('p1', 'p2')]
    all[2]?.packet('p2', alive('p2', { incarnation: 2 }))
    all[3]?.packet('p1', { kind: 'dead', name: 'p2', incarnation: 1, from: 'p1', left: false })
    const [both, one, later, bereaved] = all.map(digestOf)
    expect([new Set([both, one, later]).size, bereaved === one]).toEqual([3, true])
  })

  it('does not differ with a suspicion, which may pass', () => {
    const me = atRest('p1', 'p2')
    const before = digestOf(me)
    me.packet('p1', { kind: 'suspect', name: 'p2', incarnation: 1, from: 'p1' })
    expect(digestOf(me)).toBe(before)
  })

  it('is as before when a member is forgotten', () => {
    const me = atRest('p1')
    const before = digestOf(me)
    me.meet('p2')
    me.packet('p1', { kind: 'dead', name: 'p2', incarnation: 1, from: 'p1', left: false })
    expect(digestOf(me)).toBe(before)
  })
})

describe('regular exchanges', () => {
  it('while the digests agree three of four are left out', () => {
    const me = atRest('p1', 'p2')
    const untilMs = me.nowMs + 16 * lanTiming.pushPullIntervalMs
    while (me.nowMs < untilMs) {
      const digest = sent(me.packet('p1', pingFrom('p1', 0)), 'ack')[0]?.digest ?? 0
      me.packet('p1', pingFrom('p1', digest))
      me.advanceAnswering(1000)
    }
    expect(partners(me).length).toBe(4)
  })
})

describe('repair', () => {
  it('a peer with another digest is asked for its state, and ours is told', () => {
    const me = atRest('p1', 'p2')
    me.packet('p1', pingFrom('p1', 12_345))
    expect(partners(me)).toEqual([addressOf('p1').ip])
  })

  it('so is one whose ack shows another digest', () => {
    const me = atRest('p1', 'p2')
    const { ping, to } = me.nextPing()
    me.packet(to, { kind: 'ack', sequence: ping.sequence, digest: 12_345 })
    expect(partners(me)).toEqual([addressOf(to).ip])
  })

  it('not while news is on its way', () => {
    const me = atRest('p1', 'p2')
    me.packet('p2', alive('p3'))
    me.packet('p1', pingFrom('p1', 12_345))
    expect(partners(me)).toEqual([])
  })

  it('not by strangers, nor by one that says nothing', () => {
    const me = atRest('p1', 'p2')
    me.packet('p9', pingFrom('p9', 12_345))
    me.packet('p1', pingFrom('p1', 0))
    expect(partners(me)).toEqual([])
  })

  it('becomes rarer while it is of no use, down to the regular rhythm', () => {
    const me = atRest('p1', 'p2')
    const times: number[] = []
    for (let i = 0; i < 1200; i++) {
      const before = partners(me).length
      me.packet('p1', pingFrom('p1', 12_345))
      if (partners(me).length > before) times.push(me.nowMs)
      me.advanceAnswering(100)
    }
    const pauses = times.slice(1).map((atMs, i) => atMs - (times[i] ?? 0))
    expect(pauses.slice(0, 5)).toEqual([1000, 2000, 4000, 8000, 16_000])
    expect(pauses.slice(5).every((ms) => ms === lanTiming.pushPullIntervalMs)).toBe(true)
  })

  it('is prompt again after it was of use', () => {
    const me = atRest('p1', 'p2')
    me.packet('p1', pingFrom('p1', 12_345))
    const [asked] = me.of('exchange')
    const reply = pushPull('p1', [stateOf(alive('p1')), stateOf(alive('p7'))])
    me.feed({ kind: 'exchangeAnswered', exchange: asked?.exchange ?? 0, reply })
    me.settle()
    me.advanceAnswering(1000)
    me.effects.length = 0
    me.packet('p1', pingFrom('p1', 54_321))
    expect([me.status('p7'), partners(me)]).toEqual(['alive', [addressOf('p1').ip]])
  })
})
