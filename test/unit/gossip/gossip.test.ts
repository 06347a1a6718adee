import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/model/limits.ts'
import { addressOf, alive, Lone, pushPull, sent, stateOf } from './lone.ts'

const dead = (name: string, changes = {}) =>
  ({ kind: 'dead', name, incarnation: 1, from: 'x', left: false, ...changes }) as const
const leaveIntent = (name: string, lamportTime: number, prune = false) =>
  ({ kind: 'leaveIntent', name, lamportTime, prune }) as const

describe('members', () => {
  it('a new member is an event, its news is passed on', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', alive('p2'))
    me.advance(50)
    expect([me.events(), sent(me.effects, 'alive')[0]?.name]).toEqual([['joined p2'], 'p2'])
  })

  it('new tags are an event, a refutation alone is none', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', alive('p1', { incarnation: 2 }))
    me.packet('p1', alive('p1', { incarnation: 3, tags: new Map([['a', 'b']]) }))
    expect(me.events()).toEqual(['updated p1'])
  })

  it('a new address under a higher incarnation is accepted of the same node', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', alive('p1', { incarnation: 2, address: addressOf('p99') }))
    expect(me.machine.member('p1')?.address).toEqual(addressOf('p99'))
  })

  it('failed, and back with a higher incarnation: joined again', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p2', dead('p1'))
    me.packet('p1', alive('p1', { incarnation: 2 }))
    expect(me.events()).toEqual(['failed p1', 'joined p1'])
  })

  it('suspected before its own news came: the news still brings its tags', () => {
    const me = new Lone().meet('p1')
    me.packet('p2', { kind: 'suspect', name: 'p1', incarnation: 4, from: 'p2' })
    me.packet('p1', alive('p1', { incarnation: 4, tags: new Map([['a', 'b']]) }))
    expect([me.machine.member('p1')?.tags.get('a'), me.machine.statistics().suspect]).toEqual(['b', 1])
  })

  it('news of unknown members other than alive is dropped', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', dead('p9'), { kind: 'suspect', name: 'p9', incarnation: 1, from: 'p1' })
    expect([me.events(), me.machine.statistics().broadcastsQueued]).toEqual([[], 0])
  })

  it('our tags change under a new incarnation', () => {
    const me = new Lone().meet('p1')
    me.feed({ kind: 'setTags', tags: new Map([['a', 'b']]) })
    me.advance(200)
    expect(sent(me.effects, 'alive')[0]).toMatchObject({ name: 'me', incarnation: 2 })
    expect(me.events()).toEqual(['updated me'])
  })

  it('tags at the limit are taken, one byte more is refused', () => {
    const me = new Lone().meet('p1')
    const room = limits.tagsBytesMax - 3 - 3 - 1 - 3
    me.feed({ kind: 'setTags', tags: new Map([['k', 'x'.repeat(room)]]) })
    me.feed({ kind: 'setTags', tags: new Map([['k', 'x'.repeat(room + 1)]]) })
    expect([me.machine.self.tags.get('k')?.length, me.rejections()]).toEqual([room, ['tooLarge']])
  })

  it('a peer with tags beyond the limit is refused', () => {
    const me = new Lone().meet('p1')
    me.packet('p2', alive('p2', { tags: new Map([['k', 'x'.repeat(limits.tagsBytesMax)]]) }))
    expect([me.status('p2'), me.rejections()]).toEqual([undefined, ['tooLarge']])
  })

  it('as many members as allowed are kept, one more is refused and counted', () => {
    const me = new Lone({ limits: { ...limits, membersMax: 3 } }).meet('p1', 'p2')
    me.packet('p3', alive('p3'))
    expect([me.machine.statistics().members, me.rejections()]).toEqual([3, ['tooManyMembers']])
  })

  it('a name of the longest length is taken, a longer one is refused', () => {
    const me = new Lone().meet('p1')
    const name = 'n'.repeat(limits.nameBytesMax)
    me.packet('p2', alive(name), alive(`${name}n`))
    expect([me.status(name), me.rejections()]).toEqual(['alive', ['tooLarge']])
  })
})

describe('names and ids', () => {
  it('another node under the name of a live member is refused', () => {
    const me = new Lone().meet('p1')
    me.packet('p2', alive('p1', { id: 'other', incarnation: 9, address: addressOf('p2') }))
    expect([me.machine.member('p1')?.id, me.rejections()]).toEqual(['id-of-p1', ['nameConflict']])
    expect(me.of('rejected')[0]?.detail).toContain('10.0.0.1:8301')
    expect(me.of('rejected')[0]?.detail).toContain('10.0.0.2:8301')
  })

  it('the name of a failed member is kept for it, and free after the reclaim time', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p2', dead('p1'))
    const claim = alive('p1', { id: 'other', incarnation: 1 })
    me.advanceAnswering(29_999)
    me.packet('p3', claim)
    const early = me.machine.member('p1')?.id
    me.advanceAnswering(1)
    me.packet('p3', claim)
    expect([early, me.machine.member('p1')?.id, me.status('p1')]).toEqual(['id-of-p1', 'other', 'alive'])
  })

  it('the name of a member that has left is free at once', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p1', dead('p1', { left: true }), alive('p1', { id: 'other' }))
    expect([me.machine.member('p1')?.id, me.events()]).toEqual(['other', ['left p1', 'joined p1']])
  })

  it('a node restarted under a new name at its address replaces the old name', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', alive('renamed', { id: 'id-of-p1', incarnation: 2, address: addressOf('p1') }))
    expect([me.status('p1'), me.status('renamed'), me.events()]).toEqual([
      undefined,
      'alive',
      ['reaped p1', 'joined renamed'],
    ])
  })

  it('late news under the old name does not bring it back', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', alive('renamed', { id: 'id-of-p1', incarnation: 2, address: addressOf('p1') }))
    me.packet('p3', alive('p1'))
    expect([me.status('p1'), me.rejections()]).toEqual([undefined, ['nameConflict']])
  })

  it('two live nodes of one id: the second is refused with a sentence', () => {
    const me = new Lone().meet('p1')
    me.packet('p2', alive('p2', { id: 'id-of-p1', incarnation: 5 }))
    expect(me.of('rejected')[0]?.detail).toBe(
      "Member 'p2' has conflicting node ID 'id-of-p1' with member 'p1'",
    )
  })

  it('a failed node may come back under another name elsewhere', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p2', dead('p1'), alive('p3', { id: 'id-of-p1' }))
    expect([me.status('p1'), me.status('p3')]).toEqual([undefined, 'alive'])
  })

  it('a namesake of ourselves is refused', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', alive('me', { id: 'other', incarnation: 9 }))
    expect([me.machine.incarnation, me.rejections()]).toEqual([1, ['nameConflict']])
  })

  it('our own past, under a higher incarnation than ours, is outbid', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', alive('me', { incarnation: 7 }))
    expect(me.machine.incarnation).toBe(8)
  })

  it('incarnations that could not be outbid are refused', () => {
    const me = new Lone().meet('p1')
    const incarnation = 0xffff_ffff
    me.packet('p1', { kind: 'suspect', name: 'me', incarnation, from: 'p1' }, dead('p1', { incarnation }))
    expect([me.machine.incarnation, me.status('p1'), me.rejections()]).toEqual([
      1,
      'alive',
      ['badIncarnation', 'badIncarnation'],
    ])
  })
})

describe('leaving', () => {
  it('alone: at once', () => {
    const me = new Lone()
    me.feed({ kind: 'leave' })
    expect([me.of('left').length, me.machine.wakeAtMs]).toEqual([1, Infinity])
  })

  it('with others: first the intent, then our death by our own word, then silence', () => {
    const me = new Lone().meet('p1', 'p2')
    me.feed({ kind: 'leave' })
    me.advance(5000)
    const order = me.of('send').flatMap(({ messages }) => messages.map(({ kind }) => kind))
    expect(order.indexOf('leaveIntent')).toBeLessThan(order.indexOf('dead'))
    expect([me.events(), me.of('left').length, me.machine.wakeAtMs]).toEqual([
      ['leaving me', 'left me'],
      1,
      Infinity,
    ])
  })

  it('is not refuted', () => {
    const me = new Lone().meet('p1')
    me.feed({ kind: 'leave' })
    me.packet('p1', dead('me', { left: true }))
    expect(me.machine.incarnation).toBe(1)
  })

  it('ends after the propagation time at the latest', () => {
    const me = new Lone({ limits: { ...limits, packetBytesMax: 40 } }).meet('p1')
    me.feed({ kind: 'leave' })
    me.advance(3300)
    expect(me.of('left').length).toBe(1)
  })

  it('a member that said so leaves, not fails, when it dies', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p1', leaveIntent('p1', 3))
    me.packet('p2', dead('p1'))
    expect(me.events()).toEqual(['leaving p1', 'left p1'])
  })

  it('after we have left, streams are refused and packets ignored', () => {
    const me = new Lone()
    me.feed({ kind: 'leave' })
    const reply = me.ask('p1', pushPull('p1', [stateOf(alive('p1'))]))
    expect([reply.kind, me.packet('p1', alive('p1'))]).toEqual(['refused', []])
  })
})

describe('force-leave and intents', () => {
  it('an unknown name is answered so', () => {
    const me = new Lone()
    expect(me.feed({ kind: 'forceLeave', name: 'p1', prune: false })).toEqual([
      { kind: 'forceLeaveUnknown', name: 'p1' },
    ])
  })

  it('a failed member becomes left, and the intent is passed on', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p2', dead('p1'))
    me.feed({ kind: 'forceLeave', name: 'p1', prune: false })
    me.advance(50)
    expect([me.status('p1'), sent(me.effects, 'leaveIntent')[0]?.name]).toEqual(['left', 'p1'])
  })

  it('prune forgets a failed member at once', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p2', dead('p1'))
    me.feed({ kind: 'forceLeave', name: 'p1', prune: true })
    expect([me.status('p1'), me.events()]).toEqual([undefined, ['failed p1', 'left p1', 'reaped p1']])
  })

  it('prune forgets a member that has left', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p1', dead('p1', { left: true }))
    me.feed({ kind: 'forceLeave', name: 'p1', prune: true })
    expect(me.events()).toEqual(['left p1', 'reaped p1'])
  })

  it('the intent that pruned a member does not run in circles', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p2', dead('p1'), leaveIntent('p1', 5, true))
    me.settle()
    me.packet('p2', leaveIntent('p1', 5, true))
    expect(me.machine.statistics().broadcastsQueued).toBe(0)
  })

  it('a live member that is declared left leaves only in words, until it says that it stays', () => {
    const me = new Lone().meet('p1', 'p2')
    me.feed({ kind: 'forceLeave', name: 'p1', prune: false })
    const said = me.status('p1')
    me.packet('p1', { kind: 'joinIntent', name: 'p1', lamportTime: 9, prune: false })
    expect([said, me.status('p1')]).toEqual(['leaving', 'alive'])
  })

  it('we answer an intent about us with a later one', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', leaveIntent('me', 41))
    me.advance(200)
    expect(sent(me.effects, 'joinIntent')[0]).toMatchObject({ name: 'me', lamportTime: 42 })
    expect(me.machine.self.status).toBe('alive')
  })

  it('also one of the same time as our last, which some may hold for the later', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', leaveIntent('me', 41))
    me.packet('p1', leaveIntent('me', 42))
    me.advance(200)
    expect(me.machine.lamportTime).toBe(43)
    me.packet('p1', leaveIntent('me', 42))
    expect(me.machine.lamportTime).toBe(43)
  })

  it('an older intent than the last one is dropped', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', { kind: 'joinIntent', name: 'p1', lamportTime: 9, prune: false }, leaveIntent('p1', 8))
    expect(me.status('p1')).toBe('alive')
  })

  it('an intent that comes before its member is remembered', () => {
    const me = new Lone().meet('p2')
    me.packet('p2', leaveIntent('p1', 4), alive('p1'))
    expect(me.status('p1')).toBe('leaving')
  })

  it('remembered intents have a limit: at it all are kept, past it the oldest goes', () => {
    const me = new Lone({ limits: { ...limits, intentsMax: 2 } }).meet('p2')
    me.packet('p2', leaveIntent('a', 1), leaveIntent('b', 2))
    const atLimit = me.machine.statistics().intentsQueued
    me.packet('p2', leaveIntent('c', 3))
    me.packet('p2', alive('a'), alive('b'))
    expect([atLimit, me.status('a'), me.status('b')]).toEqual([2, 'alive', 'leaving'])
  })

  it('a remembered intent is forgotten after five minutes', () => {
    const me = new Lone().meet('p2')
    me.packet('p2', leaveIntent('p1', 4))
    me.advanceAnswering(300_001)
    me.packet('p2', alive('p1'))
    expect(me.status('p1')).toBe('alive')
  })

  it('Lamport time follows what is heard', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', leaveIntent('p9', 77))
    expect(me.machine.lamportTime).toBe(77)
  })

  it('a Lamport time that would use up the clock is refused', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', leaveIntent('p1', 2 ** 52))
    expect([me.machine.lamportTime, me.rejections()]).toEqual([0, ['badIncarnation']])
  })

  it('a member back from leaving is alive, not leaving', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p1', leaveIntent('p1', 3), dead('p1', { left: true }), alive('p1', { incarnation: 2 }))
    expect(me.status('p1')).toBe('alive')
  })
})

describe('reaping', () => {
  it('failed and left members are forgotten after the reap time, not before', () => {
    const me = new Lone().meet('p1', 'p2', 'p3')
    me.packet('p3', dead('p1'), dead('p2', { left: true }))
    const hour = 3_600_000
    me.nowMs += 71 * hour
    me.advanceAnswering(20_000)
    const before = [me.status('p1'), me.status('p2')]
    me.nowMs += hour
    me.advanceAnswering(20_000)
    expect([before, me.status('p1'), me.status('p2')]).toEqual([['failed', 'left'], undefined, undefined])
  })
})

describe('a process that stood still', () => {
  it('judges nobody by the time it missed', () => {
    const me = new Lone().meet('p1', 'p2', 'p3', 'p4')
    me.nextPing()
    me.packet('p2', { kind: 'suspect', name: 'p1', incarnation: 1, from: 'p2' })
    me.nowMs += 60_000
    me.feed({ kind: 'wake' })
    expect([me.observed('probeFailed'), me.status('p1'), me.machine.localHealth]).toEqual([[], 'alive', 1])
  })

  it('asks for the state of another member at once', () => {
    const me = new Lone().meet('p1')
    me.nowMs += 20_000
    const effects = me.feed({ kind: 'wake' })
    expect(effects.find((effect) => effect.kind === 'exchange')?.request.kind).toBe('pushPull')
  })
})

describe('at rest', () => {
  it('nothing but probes and the regular exchange wakes us', () => {
    const me = new Lone().meet('p1', 'p2', 'p3')
    let wakes = 0
    const untilMs = me.nowMs + 20_000
    while (me.machine.wakeAtMs <= untilMs) {
      wakes++
      me.advanceAnswering(me.machine.wakeAtMs - me.nowMs)
    }
    expect(wakes).toBeLessThanOrEqual(22)
  })

  it('alone nothing wakes us at all', () => {
    const me = new Lone()
    me.feed({ kind: 'wake' })
    expect(me.machine.wakeAtMs).toBe(Infinity)
  })
})

describe('restart', () => {
  it('a node that others hold for dead under a higher incarnation outbids it at its first exchange', () => {
    const me = new Lone()
    const ghost = alive('me', { incarnation: 5, address: addressOf('me') })
    me.join('p1', pushPull('p1', [stateOf(alive('p1')), stateOf(ghost, { status: 'dead' })]))
    me.advance(50)
    expect([me.machine.incarnation, sent(me.effects, 'alive')[0]]).toMatchObject([
      6,
      { name: 'me', incarnation: 6 },
    ])
  })

  it('so does one that others hold for left', () => {
    const me = new Lone({ lamportTime: 3 })
    const ghost = alive('me', { incarnation: 5 })
    const left = stateOf(ghost, { status: 'left', intentTime: 9, isLeaving: true })
    me.join('p1', pushPull('p1', [stateOf(alive('p1')), left]))
    me.advance(50)
    expect([me.machine.incarnation, me.machine.self.status]).toEqual([6, 'alive'])
    expect(sent(me.effects, 'joinIntent')[0]).toMatchObject({ name: 'me', lamportTime: 10 })
  })
})
