import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/model/limits.ts'
import { addressOf, alive, Lone, sent } from './lone.ts'

const request = (sequence: number, target = 'p2') =>
  ({
    kind: 'pingRequest',
    sequence,
    target,
    targetAddress: addressOf(target),
    from: 'p1',
    fromAddress: addressOf('p1'),
  }) as const

describe('a probe', () => {
  it('is repeated once, and tried over a stream, after a fifth of its time-out', () => {
    const me = new Lone().meet('p1', 'p2')
    const { ping, to } = me.nextPing()
    me.effects.length = 0
    me.advance(100)
    expect(sent(me.effects, 'ping')).toEqual([ping])
    expect(me.of('exchange')).toMatchObject([
      { to: addressOf(to), request: { kind: 'streamPing', target: to }, timeoutMs: 900 },
    ])
  })

  it('succeeds by the stream alone', () => {
    const me = new Lone().meet('p1', 'p2')
    me.nextPing()
    me.advance(100)
    const exchange = me.of('exchange')[0]?.exchange ?? 0
    me.feed({ kind: 'exchangeAnswered', exchange, reply: { kind: 'streamAck' } })
    me.advance(900)
    expect(me.observed('probeFailed')).toEqual([])
  })

  it('ends at its time-out when the stream is refused: nobody needs to be asked', () => {
    const me = new Lone().meet('p1', 'p2', 'p3')
    me.nextPing()
    me.advance(100)
    me.feed({
      kind: 'exchangeFailed',
      exchange: me.of('exchange')[0]?.exchange ?? 0,
      reason: 'x',
      isRefused: true,
    })
    me.advance(400)
    expect([me.observed('probeFailed').length, sent(me.effects, 'pingRequest').length]).toEqual([1, 0])
    expect(me.machine.localHealth).toBe(0)
  })

  it('goes on when the stream merely failed', () => {
    const me = new Lone().meet('p1', 'p2', 'p3')
    me.nextPing()
    me.advance(100)
    me.feed({ kind: 'exchangeFailed', exchange: me.of('exchange')[0]?.exchange ?? 0, reason: 'x' })
    me.advance(400)
    expect([me.observed('probeFailed').length, sent(me.effects, 'pingRequest').length]).toEqual([0, 2])
  })

  it('ends early when all helpers said no and the stream failed', () => {
    const me = new Lone().meet('p1', 'p2', 'p3')
    const { ping } = me.nextPing()
    me.advance(100)
    me.feed({ kind: 'exchangeFailed', exchange: me.of('exchange')[0]?.exchange ?? 0, reason: 'x' })
    me.advance(800)
    me.packet('p1', { kind: 'nack', sequence: ping.sequence })
    const afterOne = me.observed('probeFailed').length
    me.packet('p2', { kind: 'nack', sequence: ping.sequence })
    expect([afterOne, me.observed('probeFailed').length]).toEqual([0, 1])
  })

  it('reports the round trip of a direct answer only', () => {
    const me = new Lone().meet('p1', 'p2')
    const first = me.nextPing()
    me.advance(7)
    me.packet(first.to, { kind: 'ack', sequence: first.ping.sequence, digest: 0 })
    expect(me.observed('acked')).toEqual([{ kind: 'acked', name: first.to, rttMs: 7 }])
    const second = me.nextPing()
    me.packet(second.to === 'p1' ? 'p2' : 'p1', { kind: 'ack', sequence: second.ping.sequence, digest: 0 })
    expect(me.observed('acked').length).toBe(1)
  })

  it('of a member that refutes meanwhile does not suspect it', () => {
    const me = new Lone().meet('p1')
    me.nextPing()
    me.packet('p1', alive('p1', { incarnation: 2 }))
    me.advance(1000)
    expect(me.machine.statistics().suspect).toBe(0)
  })

  it('is made at once when contact was lost elsewhere', () => {
    const me = new Lone().meet('p1', 'p2', 'p3')
    const { ping, to } = me.nextPing()
    me.packet(to, { kind: 'ack', sequence: ping.sequence, digest: 0 })
    me.advance(500)
    me.feed({ kind: 'contactLost', name: to })
    expect(sent(me.effects, 'ping').at(-1)?.target).toBe(to)
  })

  it('hints about ourselves, strangers and the dead are ignored', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p2', { kind: 'dead', name: 'p1', incarnation: 1, from: 'p2', left: false })
    me.settle()
    for (const name of ['me', 'nobody', 'p1']) me.feed({ kind: 'contactLost', name })
    expect(sent(me.effects, 'ping').filter(({ target }) => target !== 'p2')).toEqual([])
  })
})

describe('wrong messages', () => {
  it('an ack or nack that nobody waits for is dropped and counted', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', { kind: 'ack', sequence: 5, digest: 0 }, { kind: 'nack', sequence: 5 })
    expect(me.rejections()).toEqual(['unknownSequence', 'unknownSequence'])
  })

  it('a ping for another name is not answered', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', {
      kind: 'ping',
      sequence: 1,
      target: 'you',
      from: 'p1',
      fromAddress: addressOf('p1'),
      digest: 0,
    })
    expect([me.rejections(), sent(me.effects, 'ack')]).toEqual([['wrongTarget'], []])
  })
})

describe('probes for others', () => {
  it('of an unknown member are answered by a nack at once', () => {
    const me = new Lone().meet('p1')
    expect(sent(me.packet('p1', request(4, 'nobody')), 'nack')).toEqual([{ kind: 'nack', sequence: 4 }])
  })

  it('have a limit: at it all are made, one more is answered by a nack', () => {
    const me = new Lone({ limits: { ...limits, relaysMax: 2 } }).meet('p1', 'p2')
    me.packet('p1', request(1), request(2))
    const atLimit = [me.machine.statistics().relaysOpen, sent(me.effects, 'nack').length]
    me.packet('p1', request(3))
    expect([atLimit, me.machine.statistics().relaysOpen, sent(me.effects, 'nack')]).toEqual([
      [2, 0],
      2,
      [{ kind: 'nack', sequence: 3 }],
    ])
  })

  it('are forgotten after a probe interval', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p1', request(1))
    me.advance(1000)
    expect(me.machine.statistics().relaysOpen).toBe(0)
  })

  it('an answer after the nack is still passed on', () => {
    const me = new Lone().meet('p1', 'p2')
    const [ping] = sent(me.packet('p1', request(8)), 'ping')
    me.advance(450)
    me.effects.length = 0
    me.packet('p2', { kind: 'ack', sequence: ping?.sequence ?? 0, digest: 0 })
    expect(sent(me.effects, 'ack').map(({ sequence }) => sequence)).toEqual([8])
  })
})
