import { describe, expect, it } from 'vitest'
import { BroadcastQueue, subjectOf } from '../../../src/gossip/broadcast.ts'
import { messageSizeMax } from '../../../src/gossip/size.ts'
import { alive } from './lone.ts'

const suspect = (name: string, from = 'x') => ({ kind: 'suspect', name, incarnation: 1, from }) as const

describe('broadcast queue', () => {
  it('newer news about a member replaces older', () => {
    const queue = new BroadcastQueue(8)
    queue.add(alive('p1'))
    queue.add(suspect('p1'))
    expect(queue.take(1400, 4).map((update) => update.kind)).toEqual(['suspect'])
  })

  it('an intent does not replace news of the state', () => {
    const queue = new BroadcastQueue(8)
    queue.add(alive('p1'))
    queue.add({ kind: 'leaveIntent', name: 'p1', lamportTime: 1, prune: false })
    expect(queue.size).toBe(2)
  })

  it('of news sent equally often the newest goes first', () => {
    const queue = new BroadcastQueue(8)
    for (const name of ['a', 'b', 'c']) queue.add(suspect(name))
    expect(queue.take(1400, 4).map(subjectOf)).toEqual(['c', 'b', 'a'])
  })

  it('what was sent less goes first, so that all news has its turn', () => {
    const queue = new BroadcastQueue(8)
    for (const name of ['a', 'b']) queue.add(suspect(name))
    const one = messageSizeMax(suspect('a'))
    expect([1, 2, 3, 4].flatMap(() => queue.take(one, 4).map(subjectOf))).toEqual(['b', 'a', 'b', 'a'])
  })

  it('fills the room and never exceeds it', () => {
    const queue = new BroadcastQueue(100)
    for (let i = 0; i < 50; i++) queue.add(alive(`p${i}`))
    const taken = queue.take(500, 4)
    const bytes = taken.reduce((sum, update) => sum + messageSizeMax(update), 0)
    expect([bytes <= 500, bytes > 400]).toEqual([true, true])
  })

  it('small news fills the room that large news leaves', () => {
    const queue = new BroadcastQueue(8)
    queue.add(suspect('small'))
    queue.add(alive('large', { tags: new Map([['t', 'x'.repeat(300)]]) }))
    expect(queue.take(100, 4).map(subjectOf)).toEqual(['small'])
  })

  it('forgets news at the transmit limit', () => {
    const queue = new BroadcastQueue(8)
    queue.add(suspect('a'))
    const sizes = [1, 2, 3].map(() => {
      queue.take(1400, 3)
      return queue.size
    })
    expect(sizes).toEqual([1, 1, 0])
  })

  it('at the limit all is kept', () => {
    const queue = new BroadcastQueue(3)
    for (const name of ['a', 'b', 'c']) queue.add(suspect(name))
    expect(queue.size).toBe(3)
  })

  it('one past the limit drops what was sent most often, the oldest of it', () => {
    const queue = new BroadcastQueue(3)
    queue.add(suspect('a'))
    queue.add(suspect('b'))
    queue.take(1400, 9)
    queue.add(suspect('c'))
    queue.add(suspect('d'))
    expect([queue.size, queue.stateTransmits('a'), queue.stateTransmits('b')]).toEqual([3, Infinity, 1])
  })
})
