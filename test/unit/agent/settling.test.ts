import { expect, it } from 'vitest'
import { createSettling } from '../../../src/agent/settling.ts'
import type { Host } from '../../../src/runtime/host.ts'
import { TestClock } from './samples.ts'

/** What the host was told, in order. */
function told() {
  const clock = new TestClock()
  const words: string[] = []
  const system = { settled: () => words.push('settled'), rested: () => words.push('rested') }
  const stopping = new AbortController()
  const host = { clock, system } as unknown as Pick<Host, 'clock' | 'system'>
  return { clock, words, settling: createSettling(host, stopping.signal), stop: () => stopping.abort() }
}

it('is over after a while', () => {
  const { clock, words } = told()
  clock.pass(29_999)
  expect(words).toEqual([])
  clock.pass(1)
  expect(words).toEqual(['settled', 'rested'])
})

it('is over sooner under load, of requests or of entries', () => {
  const { words, settling } = told()
  for (let i = 0; i < 50; i++) settling.note()
  expect(words).toEqual([])
  settling.noteBytes(64 * 1024)
  expect(words).toEqual(['settled'])
})

it('tells of a rest when the load that ended the start is over, however small it was', () => {
  const { clock, words, settling } = told()
  for (let i = 0; i < 100; i++) settling.note()
  clock.pass(99)
  expect(words).toEqual(['settled'])
  clock.pass(1)
  expect(words).toEqual(['settled', 'rested'])
})

it('tells of the end of a load, not while it lasts', () => {
  const { clock, words, settling } = told()
  settling.noteBytes(20_000 * 256)
  for (let i = 0; i < 20; i++) {
    settling.noteBytes(5000)
    clock.pass(50)
  }
  expect(words).toEqual(['settled'])
  clock.pass(200)
  expect(words).toEqual(['settled', 'rested'])
})

it('tells nothing any more when the agent stops', () => {
  const { clock, words, settling, stop } = told()
  settling.noteBytes(400 * 256)
  stop()
  settling.noteBytes(40_000 * 256)
  clock.pass(60_000)
  expect(words).toEqual([])
})
