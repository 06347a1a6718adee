import { expect, it } from 'vitest'

import { Alarms } from '../../../src/lib/alarms.ts'

it('tells what is due at the time that it was set to last', () => {
  const alarms = new Alarms<string>()
  const [a, b] = [alarms.alarm('a'), alarms.alarm('b')]
  alarms.set(a, 10)
  alarms.set(b, 20)
  alarms.set(a, 30)
  alarms.set(b, 5)
  expect(alarms.takeDue(4)).toBeUndefined()
  expect(alarms.takeDue(29)).toEqual({ owner: 'b', atMs: 5 })
  expect(alarms.takeDue(29)).toBeUndefined()
  expect(alarms.takeDue(30)).toEqual({ owner: 'a', atMs: 30 })
  expect(alarms.takeDue(1000)).toBeUndefined()
  expect(alarms.wakeAtMs).toBe(Infinity)
})

it('keeps one place for an alarm that moves later a million times', () => {
  const alarms = new Alarms<string>()
  const alarm = alarms.alarm('a')
  for (let at = 1; at < 1_000_000; at++) alarms.set(alarm, at)
  expect(alarms.places).toBe(1)
})

it('sweeps out the places of alarms that move earlier again and again', () => {
  const alarms = new Alarms<string>()
  const alarm = alarms.alarm('a')
  for (let at = 100_000; at > 0; at--) alarms.set(alarm, at)
  expect(alarms.places).toBeLessThan(1100)
  expect(alarms.takeDue(1)).toEqual({ owner: 'a', atMs: 1 })
  expect(alarms.takeDue(1_000_000)).toBeUndefined()
})
