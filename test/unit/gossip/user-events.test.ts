import { describe, expect, it } from 'vitest'
import { limits } from '../../../src/model/limits.ts'
import type { UserEvent } from '../../../src/model/user-event.ts'
import { alive, Lone, pushPull, sent, stateOf } from './lone.ts'

function event(id: string, changes: Partial<UserEvent> = {}): UserEvent {
  const filters = { nodeFilter: '', serviceFilter: '', tagFilter: '' }
  return {
    id,
    name: 'deploy',
    payload: new Uint8Array([1]),
    ...filters,
    version: 1,
    lamportTime: 1,
    ...changes,
  }
}

function fired(id: string): Omit<UserEvent, 'lamportTime'> {
  const { lamportTime: _, ...rest } = event(id)
  return rest
}

const heard = (me: Lone): string[] => me.of('eventHeard').map((effect) => effect.event.id)

describe('user events', () => {
  it('what we fire we hear ourselves, and tell the others', () => {
    const me = new Lone().meet('p1')
    const effects = me.feed({ kind: 'fireEvent', event: fired('a') })
    expect(effects).toContainEqual({ kind: 'eventHeard', event: event('a') })
    expect(sent([...effects, ...me.advance(200)], 'userEvent')[0]?.event).toEqual(event('a'))
  })

  it('each is heard of once, however often it comes', () => {
    const me = new Lone().meet('p1')
    for (let i = 0; i < 3; i++) me.packet('p1', { kind: 'userEvent', event: event('a') })
    expect(heard(me)).toEqual(['a'])
  })

  it('it is passed on as often as other news, and then no more', () => {
    const me = new Lone().meet('p1', 'p2')
    me.packet('p1', { kind: 'userEvent', event: event('a') })
    me.settle()
    for (let i = 0; i < 200 && me.machine.statistics().eventsQueued > 0; i++) me.advanceAnswering(50)
    expect(sent(me.effects, 'userEvent').length).toBeLessThanOrEqual(4)
    expect(me.machine.statistics().eventsQueued).toBe(0)
  })

  it('whoever is alone rests, and tells it when somebody comes', () => {
    const me = new Lone()
    me.feed({ kind: 'fireEvent', event: fired('a') })
    me.advance(1000)
    let wakes = 0
    for (let i = 0; i < 1000; i++) {
      const atMs = me.machine.wakeAtMs
      me.advance(100)
      if (me.machine.wakeAtMs !== atMs) wakes++
    }
    expect(wakes).toBeLessThan(100)
    const before = me.effects.length
    me.packet('p1', alive('p1'))
    me.advance(1000)
    expect(sent(me.effects.slice(before), 'userEvent')[0]?.event.id).toBe('a')
  })

  it('two of one name and payload are two', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', { kind: 'userEvent', event: event('a') }, { kind: 'userEvent', event: event('b') })
    expect(heard(me)).toEqual(['a', 'b'])
  })

  it('an event fired after one was heard of has a later time', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', { kind: 'userEvent', event: event('a', { lamportTime: 41 }) })
    me.feed({ kind: 'fireEvent', event: fired('b') })
    expect(me.of('eventHeard').at(-1)?.event.lamportTime).toBe(42)
  })

  it('whoever joins alone hears nothing of what was fired before', () => {
    const me = new Lone()
    const old = event('old', { lamportTime: 7 })
    me.join('p1', pushPull('p1', [stateOf(alive('p1'))], { eventTime: 7, events: [old] }))
    me.packet('p1', { kind: 'userEvent', event: old })
    me.packet('p1', { kind: 'userEvent', event: event('new', { lamportTime: 8 }) })
    expect(heard(me)).toEqual(['new'])
  })

  it('whoever is joined takes in what the newcomer has seen', () => {
    const me = new Lone()
    me.ask('p1', pushPull('p1', [stateOf(alive('p1'))], { join: true, eventTime: 7, events: [event('a')] }))
    expect(heard(me)).toEqual(['a'])
  })

  it('a full exchange brings what was missed, and tells what we have', () => {
    const me = new Lone().meet('p1')
    me.feed({ kind: 'fireEvent', event: fired('ours') })
    const reply = me.ask(
      'p1',
      pushPull('p1', [], { eventTime: 3, events: [event('missed', { lamportTime: 3 })] }),
    )
    expect(heard(me)).toEqual(['ours', 'missed'])
    const told = reply.kind === 'pushPull' ? reply.events.map(({ id }) => id) : []
    expect(told).toEqual(['ours', 'missed'])
  })

  it('whoever joins alone is sent no events', () => {
    const me = new Lone().meet('p1')
    me.feed({ kind: 'fireEvent', event: fired('ours') })
    const told = (members: readonly string[]): unknown => {
      const states = members.map((name) => stateOf(alive(name)))
      const reply = me.ask('p2', pushPull('p2', states, { join: true }))
      return reply.kind === 'pushPull' ? [reply.eventTime, reply.events.length] : reply
    }
    expect(told(['p2'])).toEqual([1, 0])
    expect(told(['p2', 'p3'])).toEqual([1, 1])
  })

  it('news of members goes before events', () => {
    const me = new Lone().meet('p1')
    for (let i = 0; i < 100; i++) me.feed({ kind: 'fireEvent', event: fired(`e${i}`) })
    me.packet('p1', { kind: 'suspect', name: 'me', incarnation: 1, from: 'p1' })
    const first = me.advance(200).find((effect) => effect.kind === 'send')
    expect(first?.kind === 'send' ? first.messages.some(({ kind }) => kind === 'alive') : false).toBe(true)
  })

  it('an event at the limit of bytes is taken in, one past it is refused', () => {
    const me = new Lone().meet('p1')
    const room = limits.eventBytesMax - 'deploy'.length
    const [fits, exceeds] = [room, room + 1].map((size) =>
      event(`${size}`, { payload: new Uint8Array(size) }),
    )
    if (fits !== undefined) me.packet('p1', { kind: 'userEvent', event: fits })
    if (exceeds !== undefined) me.packet('p1', { kind: 'userEvent', event: exceeds })
    expect(heard(me)).toEqual([`${room}`])
    expect(me.rejections()).toEqual(['tooLarge'])
  })

  it('a time beyond the clock is refused', () => {
    const me = new Lone().meet('p1')
    me.packet('p1', { kind: 'userEvent', event: event('a', { lamportTime: 0xffff_ffff_ffff + 1 }) })
    expect([heard(me), me.rejections()]).toEqual([[], ['badEventTime']])
  })

  it('past the limit the oldest are forgotten, and do not come back', () => {
    const me = new Lone({ limits: { ...limits, eventsRecentMax: 3 } }).meet('p1')
    const events = [1, 2, 3, 4].map((time) => event(`e${time}`, { lamportTime: time }))
    for (const one of [...events, ...events]) me.packet('p1', { kind: 'userEvent', event: one })
    expect(heard(me)).toEqual(['e1', 'e2', 'e3', 'e4'])
    const reply = me.ask('p1', pushPull('p1', []))
    expect(reply.kind === 'pushPull' ? reply.events.map(({ id }) => id) : []).toEqual(['e2', 'e3', 'e4'])
  })

  it('the queue of events has a limit', () => {
    const me = new Lone({ limits: { ...limits, eventsQueuedMax: 2 } }).meet('p1')
    for (let i = 0; i < 5; i++) me.packet('p1', { kind: 'userEvent', event: event(`e${i}`) })
    expect(me.machine.statistics().eventsQueued).toBeLessThanOrEqual(2)
  })

  it('nothing is fired once we leave', () => {
    const me = new Lone().meet('p1')
    me.feed({ kind: 'leave' })
    me.feed({ kind: 'fireEvent', event: fired('a') })
    expect(heard(me)).toEqual([])
  })
})
