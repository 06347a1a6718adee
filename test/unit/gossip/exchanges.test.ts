import { describe, expect, it } from 'vitest'
import { lanTiming } from '../../../src/gossip/config.ts'
import type { ExchangeReply } from '../../../src/gossip/message.ts'
import { addressOf, alive, Lone, pushPull, sent, stateOf } from './lone.ts'

const refusalOf = (reply: ExchangeReply): string => (reply.kind === 'refused' ? reply.reason : reply.kind)
const hello = (name: string, changes = {}) => pushPull(name, [stateOf(alive(name, changes))], { join: true })

describe('join', () => {
  it('asks all addresses at once, some at a time, and reports each that failed', () => {
    const me = new Lone()
    const addresses = Array.from({ length: 20 }, (_, i) => addressOf(`p${i + 1}`))
    const asked = me
      .feed({ kind: 'join', request: 7, addresses })
      .filter((effect) => effect.kind === 'exchange')
    expect(asked.length).toBe(16)
    for (let exchange = 1; exchange <= 19; exchange++) {
      me.feed({ kind: 'exchangeFailed', exchange, reason: `no route ${exchange}` })
    }
    me.feed({ kind: 'exchangeAnswered', exchange: 20, reply: pushPull('p20', [stateOf(alive('p20'))]) })
    const [joined] = me.of('joined')
    expect([joined?.request, joined?.contacted, joined?.failures.length]).toEqual([7, 1, 19])
    expect(joined?.failures[0]).toEqual({ address: addressOf('p1'), reason: 'no route 1', isRefusal: false })
  })

  it('asks an address once although it is named twice', () => {
    const me = new Lone()
    const addresses = [addressOf('p1'), addressOf('p1')]
    expect(me.feed({ kind: 'join', request: 1, addresses }).length).toBe(1)
  })

  it('without addresses ends at once', () => {
    expect(new Lone().feed({ kind: 'join', request: 1, addresses: [] })).toEqual([
      { kind: 'joined', request: 1, contacted: 0, failures: [] },
    ])
  })

  it('takes over all members of the answer, those that are gone included', () => {
    const me = new Lone()
    me.join(
      'p1',
      pushPull('p1', [
        stateOf(alive('p1')),
        stateOf(alive('p2'), { status: 'dead' }),
        stateOf(alive('p3'), { status: 'left', isLeaving: true, intentTime: 3 }),
        stateOf(alive('p4'), { status: 'suspect' }),
      ]),
    )
    expect(['p1', 'p2', 'p3', 'p4'].map((name) => me.status(name))).toEqual([
      'alive',
      'failed',
      'left',
      'alive',
    ])
  })

  it('speaks for itself at once, and does not repeat what all others know', () => {
    const me = new Lone()
    me.join('p1', pushPull('p1', [stateOf(alive('p1')), stateOf(alive('p2'))]))
    me.advance(200)
    expect(new Set(sent(me.effects, 'alive').map(({ name }) => name))).toEqual(new Set(['me']))
  })

  it('pings other members early, and asks one whose digest differs again', () => {
    const me = new Lone()
    me.join('p1', pushPull('p1', [stateOf(alive('p1')), stateOf(alive('p2'))]))
    me.effects.length = 0
    const { ping, to } = me.nextPing()
    expect(me.nowMs).toBeLessThanOrEqual(1200)
    me.packet(to, { kind: 'ack', sequence: ping.sequence, digest: 12_345 })
    expect(me.of('exchange')).toMatchObject([{ to: addressOf(to), request: { kind: 'pushPull' } }])
  })

  it('while leaving fails with a reason', () => {
    const me = new Lone().meet('p1')
    me.feed({ kind: 'leave' })
    me.feed({ kind: 'join', request: 1, addresses: [addressOf('p2')] })
    expect(me.of('joined')[0]?.failures).toMatchObject([
      { reason: 'this agent is leaving', isRefusal: false },
    ])
  })

  it('gives the sentence of a refusal to whoever asked', () => {
    const joined = new Lone().join('p1', { kind: 'refused', reason: 'Because' })
    expect([joined.contacted, joined.failures[0]]).toMatchObject([0, { reason: 'Because', isRefusal: true }])
  })

  it('checks the contact as the contact checks us', () => {
    const me = new Lone()
    const joined = me.join('p1', pushPull('p1', [stateOf(alive('p1'))], { datacenter: 'dc2' }))
    expect([joined.failures[0]?.reason, me.status('p1')]).toEqual([
      "Member 'p1' part of wrong datacenter 'dc2'",
      undefined,
    ])
  })

  it('where our name is in use, fails and names both addresses', () => {
    const me = new Lone()
    const namesake = stateOf(alive('me', { id: 'other', address: addressOf('p9') }))
    const joined = me.join('p1', pushPull('p1', [stateOf(alive('p1')), namesake]))
    expect(joined.failures[0]?.reason).toBe(
      "Member name 'me' is in use by the one at 10.0.0.250:8301 (node ID id-of-me); " +
        'the one at 10.0.0.9:8301 (node ID other) needs another',
    )
  })
})

describe('answers to peers', () => {
  it('a peer that joins is told all members, and all members are told of it at once', () => {
    const me = new Lone().meet('p1')
    const reply = me.ask('p2', hello('p2'))
    expect(reply.kind === 'pushPull' ? reply.members.map(({ update }) => update.name) : reply).toEqual([
      'me',
      'p1',
      'p2',
    ])
    me.advance(0)
    expect(sent(me.effects, 'alive').map(({ name }) => name)).toContain('p2')
  })

  it('a member of another datacenter is refused on the LAN', () => {
    const me = new Lone()
    expect(refusalOf(me.ask('p1', { ...hello('p1'), datacenter: 'dc2' }))).toBe(
      "Member 'p1' part of wrong datacenter 'dc2'",
    )
  })

  it('the tag tells it too', () => {
    const me = new Lone().meet('p1')
    me.packet('p2', alive('p2', { tags: new Map([['dc', 'dc2']]) }))
    expect(me.of('rejected')[0]?.detail).toBe("Member 'p2' part of wrong datacenter 'dc2'")
  })

  it('a client is refused on the WAN, servers of any datacenter are not', () => {
    const me = new Lone({ pool: 'wan', tags: new Map([['role', 'consul']]) })
    const server = { ...hello('s2', { tags: new Map([['role', 'consul']]) }), datacenter: 'dc2' }
    expect([refusalOf(me.ask('p1', hello('p1'))), me.ask('s2', server).kind]).toEqual([
      "Member 'p1' is not a server",
      'pushPull',
    ])
  })

  it('a peer of other wire versions is refused, both ranges named', () => {
    expect(refusalOf(new Lone().ask('p1', hello('p1', { versionMin: 3, versionMax: 5 })))).toBe(
      "Member 'p1' speaks wire versions 3 to 5, this agent speaks wire version 1",
    )
  })

  it('a peer under the name of a live member is refused, both addresses named', () => {
    const me = new Lone().meet('p1')
    const reply = me.ask('p2', hello('p1', { id: 'other', address: addressOf('p2') }))
    expect(refusalOf(reply)).toBe(
      "Member name 'p1' is in use by the one at 10.0.0.1:8301 (node ID id-of-p1); " +
        'the one at 10.0.0.2:8301 (node ID other) needs another',
    )
  })

  it('a peer with the id of a live member is refused', () => {
    const me = new Lone().meet('p1')
    expect(refusalOf(me.ask('p2', hello('p2', { id: 'id-of-p1' })))).toBe(
      "Member 'p2' has conflicting node ID 'id-of-p1' with member 'p1'",
    )
  })

  it('a refused peer changes nothing', () => {
    const me = new Lone().meet('p1')
    const members = [stateOf(alive('p2', { id: 'id-of-p1' })), stateOf(alive('p3'))]
    me.ask('p2', pushPull('p2', members, { join: true }))
    expect([me.status('p2'), me.status('p3')]).toEqual([undefined, undefined])
  })

  it('a member that the peer holds for dead is suspected here, so that it can refute', () => {
    const me = new Lone().meet('p1', 'p2')
    me.ask('p2', pushPull('p2', [stateOf(alive('p2')), stateOf(alive('p1'), { status: 'dead' })]))
    expect([me.status('p1'), me.machine.statistics().suspect]).toEqual(['alive', 1])
  })

  it('members gone before are not learned from peers: they may have been forgotten on purpose', () => {
    const me = new Lone().meet('p2')
    me.ask('p2', pushPull('p2', [stateOf(alive('p2')), stateOf(alive('p1'), { status: 'dead' })]))
    expect(me.status('p1')).toBeUndefined()
  })

  it('a member that has left by the word of the peer has left', () => {
    const me = new Lone().meet('p1', 'p2')
    const left = stateOf(alive('p1'), { status: 'left', intentTime: 4, isLeaving: true })
    me.ask('p2', pushPull('p2', [stateOf(alive('p2')), left]))
    expect(me.status('p1')).toBe('left')
  })

  it('a stream ping for us is answered, one for another is refused', () => {
    const me = new Lone()
    expect([
      me.ask('p1', { kind: 'streamPing', target: 'me', from: 'p1' }).kind,
      me.ask('p1', { kind: 'streamPing', target: 'you', from: 'p1' }).kind,
      me.rejections(),
    ]).toEqual(['streamAck', 'refused', ['wrongTarget']])
  })
})

describe('regular work', () => {
  it('a full exchange with some member in each interval', () => {
    const me = new Lone().meet('p1', 'p2')
    me.advanceAnswering(lanTiming.pushPullIntervalMs)
    me.effects.length = 0
    me.advanceAnswering(2 * lanTiming.pushPullIntervalMs)
    expect(me.of('exchange').length).toBe(2)
  })

  it('above 32 members the interval is stretched', () => {
    const me = new Lone().meet(...Array.from({ length: 39 }, (_, i) => `p${i + 1}`))
    me.advanceAnswering(lanTiming.pushPullIntervalMs)
    me.effects.length = 0
    me.advanceAnswering(4 * lanTiming.pushPullIntervalMs)
    expect(me.of('exchange').length).toBe(2)
  })

  it('failed members are tried again', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', { kind: 'dead', name: 'p1', incarnation: 1, from: 'x', left: false })
    me.effects.length = 0
    me.advance(lanTiming.reconnectIntervalMs)
    expect(me.of('exchange').map(({ to }) => to)).toEqual([addressOf('p1')])
  })

  it('answers to nothing are ignored', () => {
    const me = new Lone()
    expect(me.feed({ kind: 'exchangeAnswered', exchange: 99, reply: { kind: 'streamAck' } })).toEqual([])
    expect(me.feed({ kind: 'exchangeFailed', exchange: 99, reason: 'x' })).toEqual([])
  })
})
