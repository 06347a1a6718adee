// Lifeguard (Dadgar, Phillips, Currey, arXiv 1707.00788), one test per sentence that we implement.
import { describe, expect, it } from 'vitest'
import { lanTiming } from '../../src/gossip/config.ts'
import { confirmSuspicion, startSuspicion, suspicionEndsAtMs } from '../../src/gossip/suspicion.ts'
import { addressOf, Lone, sent } from '../unit/gossip/lone.ts'

const peers = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6']

/** A machine whose last probe failed although nobody sent a nack. */
function doubtful(): Lone {
  const me = new Lone().meet(...peers)
  me.nextPing()
  me.advance(1000)
  return me
}

describe('LHA-Probe: local health aware probe', () => {
  it('a failed probe worsens the score by the nacks that are missing', () => {
    expect(doubtful().machine.localHealth).toBe(3)
  })

  it('nacks show that our own network works: the score does not change', () => {
    const me = new Lone().meet(...peers)
    const { ping } = me.nextPing()
    me.advance(900)
    for (const helper of ['p1', 'p2', 'p3']) me.packet(helper, { kind: 'nack', sequence: ping.sequence })
    me.advance(100)
    expect([me.observed('probeFailed').length, me.machine.localHealth]).toEqual([1, 0])
  })

  it('a refuted suspicion of ourselves worsens the score by one', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', { kind: 'suspect', name: 'me', incarnation: 1, from: 'p1' })
    expect(me.machine.localHealth).toBe(1)
  })

  it('an answered probe betters the score by one', () => {
    const me = doubtful()
    const { ping, to } = me.nextPing()
    me.packet(to, { kind: 'ack', sequence: ping.sequence, digest: 0 })
    expect(me.machine.localHealth).toBe(2)
  })

  it('the score saturates at its maximum', () => {
    const me = new Lone().meet('p1')
    for (let i = 1; i <= 20; i++) {
      me.packet('p1', { kind: 'suspect', name: 'me', incarnation: me.machine.incarnation, from: 'p1' })
    }
    expect(me.machine.localHealth).toBe(lanTiming.localHealthMax)
  })

  it('probe interval and time-out are stretched by the score plus one', () => {
    const me = doubtful()
    // The next probe began the moment the last one failed, under the score of 3.
    const [ping] = sent(me.effects, 'ping').slice(-1)
    const startedMs = me.nowMs
    expect(sent(me.advance(1999), 'pingRequest')).toEqual([])
    expect(sent(me.advance(1), 'pingRequest').length).toBe(3)
    me.packet(ping?.target ?? '', { kind: 'ack', sequence: ping?.sequence ?? 0, digest: 0 })
    me.nextPing()
    expect(me.nowMs - startedMs).toBe(4000)
  })

  it('a helper without an answer sends a nack before the asker gives up', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p1', {
      kind: 'pingRequest',
      sequence: 9,
      target: 'p2',
      targetAddress: addressOf('p2'),
      from: 'p1',
      fromAddress: addressOf('p1'),
    })
    expect(sent(me.advance(399), 'nack')).toEqual([])
    expect(sent(me.advance(1), 'nack')).toEqual([{ kind: 'nack', sequence: 9 }])
  })
})

describe('LHA-Suspicion: local health aware suspicion', () => {
  const start = startSuspicion(lanTiming, 23, 'p1', 0)

  it('a suspicion held by one member alone lasts the maximum', () => {
    expect(suspicionEndsAtMs(start)).toBe(6 * 5444)
  })

  it('the time-out shrinks logarithmically: max - (max - min) log(c + 1) / log(k + 1)', () => {
    const once = confirmSuspicion(start, 'p2')
    const expected = 6 * 5444 - Math.floor((5 * 5444 * 301) / 477)
    expect(once && suspicionEndsAtMs(once)).toBe(expected)
  })

  it('with k independent confirmations it is the minimum', () => {
    const once = confirmSuspicion(start, 'p2')
    const twice = once && confirmSuspicion(once, 'p3')
    expect(twice && suspicionEndsAtMs(twice)).toBe(5444)
  })

  it('the same member does not confirm twice', () => {
    expect([
      confirmSuspicion(start, 'p1'),
      confirmSuspicion(confirmSuspicion(start, 'p2') ?? start, 'p2'),
    ]).toEqual([null, null])
  })

  it('more than k confirmations are not kept', () => {
    const full = ['p2', 'p3'].reduce(
      (suspicion, from) => confirmSuspicion(suspicion, from) ?? suspicion,
      start,
    )
    expect([full.suspectedBy.size, confirmSuspicion(full, 'p4')]).toEqual([3, null])
  })

  it('in a group too small to confirm, the minimum applies at once', () => {
    expect(suspicionEndsAtMs(startSuspicion(lanTiming, 3, 'p1', 0))).toBe(4000)
  })

  it('the first k independent suspicions are passed on, later ones are not', () => {
    const me = new Lone().meet(...peers)
    for (const from of ['p2', 'p3', 'p4', 'p5']) {
      me.packet(from, { kind: 'suspect', name: 'p1', incarnation: 1, from })
    }
    me.effects.length = 0
    me.advanceAnswering(3000)
    expect(new Set(sent(me.effects, 'suspect').map(({ from }) => from))).toEqual(new Set(['p4', 'p2']))
  })
})

describe('Buddy System', () => {
  it('a ping to a suspected member tells it of the suspicion, first of all news', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', { kind: 'suspect', name: 'p1', incarnation: 1, from: 'p9' })
    me.nextPing()
    const ping = me.of('send').find(({ messages }) => messages[0]?.kind === 'ping')
    expect(ping?.messages[1]).toEqual({ kind: 'suspect', name: 'p1', incarnation: 1, from: 'p9' })
  })

  it('so does a ping on behalf of another member', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p2', { kind: 'suspect', name: 'p1', incarnation: 1, from: 'p2' })
    me.settle()
    me.packet('p2', {
      kind: 'pingRequest',
      sequence: 3,
      target: 'p1',
      targetAddress: addressOf('p1'),
      from: 'p2',
      fromAddress: addressOf('p2'),
    })
    expect(sent(me.effects, 'suspect')).toContainEqual({
      kind: 'suspect',
      name: 'p1',
      incarnation: 1,
      from: 'p2',
    })
  })

  it('and the ack to a ping of a member that is believed dead (our addition)', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', { kind: 'dead', name: 'p1', incarnation: 1, from: 'p9', left: false })
    me.settle()
    me.packet('p1', {
      kind: 'ping',
      sequence: 1,
      target: 'me',
      from: 'p1',
      fromAddress: addressOf('p1'),
      digest: 0,
    })
    expect(sent(me.effects, 'dead')).toMatchObject([{ name: 'p1', incarnation: 1, left: false }])
  })
})
