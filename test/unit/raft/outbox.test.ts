import { expect, test } from 'vitest'
import type { Entry, RaftMessage } from '../../../src/raft/message.ts'
import { Outbox } from '../../../src/raft/outbox.ts'

const message: RaftMessage = { kind: 'timeoutNow', term: 1 }

function noops(from: number, to: number): readonly Entry[] {
  return Array.from({ length: to - from + 1 }, (_, at) => ({ kind: 'noop', index: from + at, term: 1 }))
}

function kinds(outbox: Outbox): readonly string[] {
  return outbox.finish().map((effect) => effect.kind)
}

test('with nothing to write, what waits for the disk leaves at once', () => {
  const outbox = new Outbox(0)
  outbox.sendWhenDurable('b', message)
  expect(kinds(outbox)).toEqual(['send'])
})

test('while a write is in flight it waits for that, in a write of its own without content', () => {
  const outbox = new Outbox(0)
  outbox.writeEntries(noops(1, 1))
  outbox.finish()
  outbox.sendWhenDurable('b', message)
  expect(outbox.finish()).toMatchObject([{ kind: 'persist', write: 2, entries: [], hardState: null }])
  outbox.onPersisted(2)
  outbox.sendWhenDurable('b', message)
  expect(kinds(outbox)).toEqual(['send'])
})

test('one step makes one write, last', () => {
  const outbox = new Outbox(0)
  outbox.writeHardState({ term: 2, votedFor: null })
  outbox.writeEntries(noops(1, 2))
  outbox.writeEntries(noops(3, 3))
  outbox.send('b', message)
  outbox.sendWhenDurable('c', message)
  expect(outbox.finish()).toMatchObject([
    { kind: 'send', to: 'b' },
    { kind: 'persist', hardState: { term: 2 }, entries: noops(1, 3), sendWhenDurable: [{ to: 'c' }] },
  ])
  expect(outbox.finish()).toEqual([])
})

test('what needs term and vote alone does not wait for entries', () => {
  const outbox = new Outbox(0)
  outbox.writeEntries(noops(1, 1))
  outbox.finish()
  outbox.sendWithHardState('b', message)
  expect(kinds(outbox)).toEqual(['send'])
  outbox.writeHardState({ term: 2, votedFor: null })
  outbox.sendWithHardState('b', message)
  expect(kinds(outbox)).toEqual(['persist'])
  outbox.onPersisted(1)
  expect(outbox.isHardStateDurable).toBe(false)
  outbox.onPersisted(2)
  expect(outbox.isHardStateDurable).toBe(true)
})

test('the durable index follows the writes in order', () => {
  const outbox = new Outbox(4)
  outbox.writeEntries(noops(5, 6))
  outbox.finish()
  outbox.writeEntries(noops(7, 9))
  outbox.finish()
  expect(outbox.durableIndex).toBe(4)
  outbox.onPersisted(1)
  expect(outbox.durableIndex).toBe(6)
  outbox.onPersisted(2)
  expect(outbox.durableIndex).toBe(9)
})

test('entries that a later write replaces count only up to there', () => {
  const outbox = new Outbox(4)
  outbox.writeEntries(noops(5, 9))
  outbox.finish()
  outbox.writeEntries(noops(3, 3))
  outbox.finish()
  expect(outbox.durableIndex).toBe(2)
  outbox.onPersisted(1)
  expect(outbox.durableIndex).toBe(2)
  outbox.onPersisted(2)
  expect(outbox.durableIndex).toBe(3)
})

test('a reset makes everything before it void, and the place behind it durable', () => {
  const outbox = new Outbox(4)
  outbox.writeEntries(noops(5, 9))
  outbox.finish()
  outbox.writeReset({ index: 20, term: 3 })
  outbox.writeEntries(noops(21, 22))
  expect(outbox.finish()).toMatchObject([{ kind: 'persist', reset: { index: 20 }, entries: noops(21, 22) }])
  outbox.onPersisted(1)
  expect(outbox.durableIndex).toBe(20)
  outbox.onPersisted(2)
  expect(outbox.durableIndex).toBe(22)
})

test('a write that was never asked for is a fault of the driver', () => {
  expect(() => new Outbox(0).onPersisted(1)).toThrow('never asked for')
})
