// SWIM (Das, Gupta, Motivala, DSN 2002), one test per sentence that we implement.
import { describe, expect, it } from 'vitest'
import { transmitLimit } from '../../src/gossip/broadcast.ts'
import { supersedes } from '../../src/gossip/precedence.ts'
import { addressOf, alive, Lone, sent } from '../unit/gossip/lone.ts'

const peers = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6']

describe('SWIM 3.1: the failure detector', () => {
  it('3.1 every protocol period one member is chosen and pinged', () => {
    const me = new Lone().meet(...peers)
    const before = me.nowMs
    const first = me.nextPing()
    me.packet(first.to, { kind: 'ack', sequence: first.ping.sequence, digest: 0 })
    const startedMs = me.nowMs
    const second = me.nextPing()
    expect([me.nowMs - startedMs, before <= startedMs, second.ping.sequence !== first.ping.sequence]).toEqual(
      [1000, true, true],
    )
  })

  it('3.1 a member that receives a ping answers with an ack of the same sequence', () => {
    const me = new Lone().meet('p1')
    const ping = {
      kind: 'ping',
      sequence: 42,
      target: 'me',
      from: 'p1',
      fromAddress: addressOf('p1'),
      digest: 0,
    } as const
    expect(me.packet('p1', ping)).toContainEqual({
      kind: 'send',
      to: addressOf('p1'),
      messages: [{ kind: 'ack', sequence: 42, digest: expect.any(Number) }],
    })
  })

  it('3.1 without an ack in the time-out, k members chosen at random are asked to ping', () => {
    const me = new Lone().meet(...peers)
    const { ping, to } = me.nextPing()
    const requests = sent(me.advance(500), 'pingRequest')
    expect(requests.map(({ sequence, target }) => [sequence, target])).toEqual(
      Array(3).fill([ping.sequence, to]),
    )
    const helpers = me
      .of('send')
      .filter(({ messages }) => messages.some(({ kind }) => kind === 'pingRequest'))
    expect(new Set(helpers.map((helper) => helper.to.ip)).size).toBe(3)
    expect(helpers.map((helper) => helper.to.ip)).not.toContain(addressOf(to).ip)
  })

  it('3.1 a member asked to ping pings, and forwards the ack', () => {
    const me = new Lone().meet('p1', 'p2')
    const request = {
      kind: 'pingRequest',
      sequence: 9,
      target: 'p2',
      targetAddress: addressOf('p2'),
      from: 'p1',
      fromAddress: addressOf('p1'),
    } as const
    const [ping] = sent(me.packet('p1', request), 'ping')
    expect(ping?.target).toBe('p2')
    const relayed = me.packet('p2', { kind: 'ack', sequence: ping?.sequence ?? 0, digest: 0 })
    expect(relayed).toContainEqual({
      kind: 'send',
      to: addressOf('p1'),
      messages: [{ kind: 'ack', sequence: 9, digest: expect.any(Number) }],
    })
  })

  it('3.1 an indirect ack within the period counts as a direct one', () => {
    const me = new Lone().meet(...peers)
    const { ping } = me.nextPing()
    me.advance(700)
    me.packet('p1', { kind: 'ack', sequence: ping.sequence, digest: 0 })
    me.advance(299)
    expect(me.observed('probeFailed')).toEqual([])
  })

  it('3.1 with neither by the end of the period the member has failed the probe', () => {
    const me = new Lone().meet(...peers)
    const { to } = me.nextPing()
    me.advance(999)
    expect(me.observed('probeFailed')).toEqual([])
    me.advance(1)
    expect(me.observed('probeFailed')).toEqual([{ kind: 'probeFailed', name: to }])
  })
})

describe('SWIM 4.1: dissemination by piggybacking', () => {
  it('4.1 news rides on pings and acks', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p3', alive('p3'))
    const ping = {
      kind: 'ping',
      sequence: 1,
      target: 'me',
      from: 'p1',
      fromAddress: addressOf('p1'),
      digest: 0,
    } as const
    const effects = me.packet('p1', ping)
    expect(
      effects.flatMap((effect) => (effect.kind === 'send' ? [effect.messages.map((m) => m.kind)] : [])),
    ).toContainEqual(['ack', 'alive'])
  })

  it('4.1 each piece of news is sent at most lambda log n times', () => {
    const me = new Lone().meet(...peers)
    me.packet('p7', alive('p7'))
    me.advanceAnswering(10_000)
    const copies = sent(me.effects, 'alive').filter(({ name }) => name === 'p7')
    expect(copies.length).toBe(transmitLimit(4, 8))
  })

  it('4.1 the limit grows with the logarithm of the group', () => {
    expect([1, 9, 10, 99, 100, 1000].map((n) => transmitLimit(4, n))).toEqual([4, 4, 8, 8, 12, 16])
  })

  it('4.1 news that was sent less often goes first', () => {
    const me = new Lone().meet(...peers)
    me.packet('p7', alive('p7'))
    me.advance(10)
    me.packet('p8', alive('p8'))
    me.effects.length = 0
    const [first] = me.advance(200).flatMap((effect) => (effect.kind === 'send' ? [effect.messages] : []))
    const news = first?.filter((message) => message.kind === 'alive').map(({ name }) => name)
    expect(news).toEqual(['p8', 'p7'])
  })
})

describe('SWIM 4.2: suspicion', () => {
  it('4.2 a member that fails a probe is suspected, not declared failed', () => {
    const me = new Lone().meet(...peers)
    const { to } = me.nextPing()
    me.advance(1000)
    expect([me.status(to), me.machine.statistics().suspect]).toEqual(['alive', 1])
    expect(sent(me.effects, 'suspect')[0]).toEqual({ kind: 'suspect', name: to, incarnation: 1, from: 'me' })
  })

  it('4.2 suspected members are still probed like others', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', { kind: 'suspect', name: 'p1', incarnation: 1, from: 'p9' })
    expect(me.nextPing().to).toBe('p1')
  })

  it('4.2 a suspicion that lasts beyond its time-out becomes a failure, and is spread', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p2', { kind: 'suspect', name: 'p1', incarnation: 1, from: 'p2' })
    me.effects.length = 0
    me.advanceAnswering(3999)
    expect(me.status('p1')).toBe('alive')
    me.advanceAnswering(1)
    expect(me.status('p1')).toBe('failed')
    me.advanceAnswering(200)
    expect(sent(me.effects, 'dead')[0]).toEqual({
      kind: 'dead',
      name: 'p1',
      incarnation: 1,
      from: 'me',
      left: false,
    })
  })

  it('4.2 a member that hears of its suspicion raises its incarnation and says that it is alive', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', { kind: 'suspect', name: 'me', incarnation: 1, from: 'p1' })
    expect(me.machine.incarnation).toBe(2)
    me.advance(200)
    expect(sent(me.effects, 'alive')[0]).toMatchObject({ name: 'me', incarnation: 2 })
  })

  it('4.2 only the member itself raises its incarnation: an old suspicion is not answered', () => {
    const me = new Lone({ incarnation: 5 }).meet('p1')
    me.packet('p1', { kind: 'suspect', name: 'me', incarnation: 4, from: 'p1' })
    expect(me.machine.incarnation).toBe(5)
  })

  it('4.2 alive of a higher incarnation ends a suspicion', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p2', { kind: 'suspect', name: 'p1', incarnation: 1, from: 'p2' })
    me.packet('p1', alive('p1', { incarnation: 2 }))
    me.advanceAnswering(60_000)
    expect(me.status('p1')).toBe('alive')
  })

  it('4.2 alive overrides alive and suspect of a lower incarnation alone', () => {
    const claim = (incarnation: number): boolean[] =>
      (['alive', 'suspect'] as const).map((liveness) =>
        supersedes({ incarnation, liveness: 'alive' }, { incarnation: 3, liveness }),
      )
    expect([2, 3, 4].map(claim)).toEqual([
      [false, false],
      [false, false],
      [true, true],
    ])
  })

  it('4.2 suspect overrides alive of the same or a lower incarnation, and suspect of a lower one', () => {
    const claim = (incarnation: number): boolean[] =>
      (['alive', 'suspect'] as const).map((liveness) =>
        supersedes({ incarnation, liveness: 'suspect' }, { incarnation: 3, liveness }),
      )
    expect([2, 3, 4].map(claim)).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ])
  })

  it('4.2 confirm overrides alive and suspect of the same incarnation', () => {
    const overrides = (['alive', 'suspect'] as const).map((liveness) =>
      supersedes({ incarnation: 3, liveness: 'dead' }, { incarnation: 3, liveness }),
    )
    expect(overrides).toEqual([true, true])
  })
})

describe('SWIM 4.3: round-robin probe target selection', () => {
  it('4.3 every member is probed once before any is probed twice', () => {
    const me = new Lone().meet(...peers)
    const order: string[] = []
    for (let i = 0; i < peers.length * 3; i++) {
      const { ping, to } = me.nextPing()
      order.push(to)
      me.packet(to, { kind: 'ack', sequence: ping.sequence, digest: 0 })
    }
    // The first round may have begun while the members were met.
    const start = order.findIndex((_, i) => new Set(order.slice(i, i + peers.length)).size === peers.length)
    const rounds = [order.slice(start, start + 6), order.slice(start + 6, start + 12)]
    expect(rounds.map((round) => [...round].sort())).toEqual([peers, peers])
  })

  it('4.3 the order is shuffled anew after each round', () => {
    const me = new Lone().meet(...peers)
    const orders = new Set<string>()
    for (let round = 0; round < 6; round++) {
      const order: string[] = []
      for (let i = 0; i < peers.length; i++) {
        const { ping, to } = me.nextPing()
        order.push(to)
        me.packet(to, { kind: 'ack', sequence: ping.sequence, digest: 0 })
      }
      orders.add(order.join())
    }
    expect(orders.size).toBeGreaterThan(3)
  })

  it('4.3 a new member is inserted at a random place and probed within one round', () => {
    const me = new Lone().meet(...peers)
    me.meet('p7')
    const order: string[] = []
    for (let i = 0; i < 2 * (peers.length + 1); i++) {
      const { ping, to } = me.nextPing()
      order.push(to)
      me.packet(to, { kind: 'ack', sequence: ping.sequence, digest: 0 })
    }
    expect(order).toContain('p7')
  })
})
