// The watch index against the plain rule of `matches`.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { matches } from '../../src/state/topics.ts'
import { createWatches } from '../../src/state/watch.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 5 })
const topic = fc.oneof(
  text.map((key) => `k:${key}`),
  text.map((prefix) => `p:${prefix}`),
  fc.constantFrom('s:web', 'n:n1'),
)
const changed = fc.oneof(
  text.map((key) => `k:${key}`),
  text.map((prefix) => `d:${prefix}`),
  fc.constantFrom('s:web', 'n:n1'),
)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ add: fc.array(topic, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ stop: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ wake: fc.array(changed, { maxLength: 3 }) }) },
)

it('wakes exactly those whose topics match, each once', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const watches = createWatches<number>()
      const waiting = new Map<number, { readonly topics: readonly string[]; readonly stop: () => void }>()
      let added = 0
      for (const each of steps) {
        if ('add' in each) {
          waiting.set(added, { topics: each.add, stop: watches.add(each.add, added) })
          added++
        } else if ('stop' in each) {
          waiting.get(each.stop)?.stop()
          waiting.delete(each.stop)
        } else {
          const expected = [...waiting].filter(([, { topics }]) =>
            topics.some((wanted) => each.wake.some((change) => matches(wanted, change))),
          )
          for (const [number] of expected) waiting.delete(number)
          expect(watches.wake(each.wake)).toEqual(expected.map(([number]) => number))
        }
        expect(watches.size).toBe(waiting.size)
      }
    }),
    { numRuns: 500 },
  )
})
