import { expect, test } from 'vitest'
import { Rounds } from '../../../src/raft/read-index.ts'

test('a batch is answered by its own round or a later one, once', () => {
  const rounds = new Rounds()
  rounds.begin(10)
  rounds.wait(1)
  rounds.wait(2)
  rounds.begin(20)
  rounds.join(7)
  expect(rounds.confirm(1)).toBeUndefined()
  expect(rounds.confirm(2)).toMatchObject({ index: 7, requests: [1, 2] })
  expect(rounds.confirm(3)).toBeUndefined()
})

test('the confirmed moment is when the round began, not when it was confirmed', () => {
  const rounds = new Rounds()
  expect(rounds.confirmedStartMs).toBe(-Infinity)
  for (const startMs of [10, 20, 30]) rounds.begin(startMs)
  rounds.confirm(2)
  expect(rounds.confirmedStartMs).toBe(20)
  rounds.confirm(1)
  expect(rounds.confirmedStartMs).toBe(20)
})

test('at the end all that waits is handed back', () => {
  const rounds = new Rounds()
  rounds.wait(1)
  rounds.begin(10)
  rounds.join(7)
  rounds.wait(2)
  expect(rounds.end()).toEqual([1, 2])
  expect([rounds.end(), rounds.hasWaiting, rounds.hasBatch]).toEqual([[], false, false])
})
