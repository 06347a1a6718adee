import { describe, expect, it } from 'vitest'
import { createPump } from '../../../src/agent/loop.ts'
import type { Machine } from '../../../src/lib/machine.ts'
import { TestClock } from './samples.ts'

type Input = { readonly kind: 'wake' } | { readonly kind: 'echo'; readonly words: readonly string[] }

/** Answers with the words that it is given. */
function echo(wakeAtMs = Infinity): Machine<Input, string> {
  return { step: (input) => (input.kind === 'echo' ? input.words : ['woken']), wakeAtMs }
}

describe('pump', () => {
  it('carries out effects in order, and inputs that come meanwhile afterwards', () => {
    const seen: string[] = []
    const pump = createPump<Input, string>(echo(), new TestClock(), {
      perform(effect) {
        seen.push(effect)
        if (effect === 'a') pump.feed({ kind: 'echo', words: ['later'] })
      },
      onFault: () => undefined,
    })
    pump.feed({ kind: 'echo', words: ['a', 'b'] })
    expect(seen).toEqual(['a', 'b', 'later'])
  })

  it('stops for good when an effect throws, and says so once', () => {
    const clock = new TestClock()
    const seen: string[] = []
    const faults: unknown[] = []
    const pump = createPump<Input, string>(echo(clock.ms + 10), clock, {
      perform(effect) {
        seen.push(effect)
        if (effect === 'bad') throw new Error('broken')
      },
      onFault: (error) => faults.push(error),
    })
    expect(() => pump.feed({ kind: 'echo', words: ['bad', 'never'] })).toThrow('broken')
    pump.feed({ kind: 'echo', words: ['too late'] })
    clock.pass(20)
    expect(seen).toEqual(['bad'])
    expect(faults).toHaveLength(1)
    expect(clock.armed).toBe(0)
  })

  it('carries out nothing more once it is stopped, not even the rest of a step', () => {
    const seen: string[] = []
    const pump = createPump<Input, string>(echo(), new TestClock(), {
      perform(effect) {
        seen.push(effect)
        pump.stop()
      },
      onFault: () => undefined,
    })
    pump.feed({ kind: 'echo', words: ['a', 'b'] })
    expect(seen).toEqual(['a'])
  })
})
