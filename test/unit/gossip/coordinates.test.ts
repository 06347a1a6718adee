import { describe, expect, it } from 'vitest'
import type { Coordinate } from '../../../src/model/coordinate.ts'
import { addressOf, alive, Lone, sent } from './lone.ts'

const here: Coordinate = { vec: [1, 0, 0, 0, 0, 0, 0, 0], error: 1, adjustment: 0, height: 0.5 }
const there: Coordinate = { ...here, vec: [2, 0, 0, 0, 0, 0, 0, 0] }

/** A machine that has a place, and its next ping. */
function pinging(): { readonly me: Lone; readonly to: string; readonly sequence: number } {
  const me = new Lone().meet('p1')
  me.feed({ kind: 'setCoordinate', coordinate: here })
  const { ping, to } = me.nextPing()
  return { me, to, sequence: ping.sequence }
}

const answers = (me: Lone): unknown[] => me.of('probeAnswered')

describe('coordinates', () => {
  it('without a place of our own neither is told nor timed', () => {
    const me = new Lone().meet('p1')
    const { ping, to } = me.nextPing()
    me.packet(to, { kind: 'ack', sequence: ping.sequence, digest: 0, coordinate: there })
    expect(me.effects.some(({ kind }) => kind === 'probeSent' || kind === 'probeAnswered')).toBe(false)
  })

  it('our acks tell where we are', () => {
    const { me } = pinging()
    const ping = { kind: 'ping', sequence: 9, target: 'me', from: 'p1', digest: 0 } as const
    const effects = me.packet('p1', { ...ping, fromAddress: addressOf('p1') })
    expect(sent(effects, 'ack')).toMatchObject([{ sequence: 9, coordinate: here }])
  })

  it('a ping is timed from its sending to its answer', () => {
    const { me, to, sequence } = pinging()
    const ends = me.effects.slice(-2).map(({ kind }) => kind)
    me.packet(to, { kind: 'ack', sequence, digest: 0, coordinate: there })
    expect(ends).toEqual(['send', 'probeSent'])
    expect(answers(me)).toEqual([{ kind: 'probeAnswered', sequence, name: to, coordinate: there }])
  })

  it('an answer to a repeated ping is not timed (Karn)', () => {
    const { me, to, sequence } = pinging()
    me.advance(150)
    me.packet(to, { kind: 'ack', sequence, digest: 0, coordinate: there })
    expect(answers(me)).toEqual([])
  })

  it('an answer from elsewhere is not timed', () => {
    const { me, sequence } = pinging()
    me.packet('p9', { kind: 'ack', sequence, digest: 0, coordinate: there })
    expect(answers(me)).toEqual([])
  })

  it('a second answer is not timed', () => {
    const { me, to, sequence } = pinging()
    for (let i = 0; i < 2; i++) me.packet(to, { kind: 'ack', sequence, digest: 0, coordinate: there })
    expect(answers(me)).toHaveLength(1)
  })

  it('an ack that is passed on for another carries no place: it would be the wrong one', () => {
    const { me } = pinging()
    me.packet('p2', alive('p2'))
    const request = {
      kind: 'pingRequest',
      sequence: 5,
      target: 'p1',
      targetAddress: addressOf('p1'),
    } as const
    const [ping] = sent(me.packet('p2', { ...request, from: 'p2', fromAddress: addressOf('p2') }), 'ping')
    const passed = me.packet('p1', {
      kind: 'ack',
      sequence: ping?.sequence ?? 0,
      digest: 0,
      coordinate: there,
    })
    expect(sent(passed, 'ack')).toEqual([{ kind: 'ack', sequence: 5, digest: expect.any(Number) }])
  })
})
