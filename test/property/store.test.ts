// Waiting reads against a dumb model: each is answered when, and only when, the index of its answer has passed its own.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Store } from '../../src/agent/store.ts'
import { seededRandom } from '../../src/lib/random.ts'
import type { Query, ReadOptions } from '../../src/model/query.ts'
import { settled, TestClock } from '../unit/agent/samples.ts'

const never = new AbortController().signal
const key = fc.constantFrom('a', 'a/b', 'a/c', 'b')
const prefix = fc.constantFrom('', 'a', 'a/', 'c')

const query: fc.Arbitrary<Query> = fc.oneof(
  fc.record({ kind: fc.constant('kvGet' as const), key }),
  fc.record({ kind: fc.constant('kvList' as const), prefix }),
  fc.record({ kind: fc.constant('kvKeys' as const), prefix, separator: fc.constantFrom('', '/') }),
  fc.record({
    kind: fc.constant('kvChanges' as const),
    key,
    isPrefix: fc.boolean(),
    since: fc.nat({ max: 10 }),
  }),
)

type Step =
  | { readonly kind: 'put' | 'delete'; readonly key: string }
  | { readonly kind: 'read'; readonly query: Query; readonly ahead: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('put' as const, 'delete' as const), key }),
  fc.record({ kind: fc.constant('read' as const), query, ahead: fc.nat({ max: 3 }) }),
)

interface Reader {
  readonly query: Query
  readonly minIndex: number
  answeredAt: number | null
}

function options(minIndex: number): ReadOptions {
  return { datacenter: '', consistency: 'default', maxStaleMs: null, minIndex, waitMs: 60_000 }
}

it('wakes a reader if and only if the index of its answer has passed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const store = new Store({ clock: new TestClock(), random: seededRandom(1), watchesMax: 100 })
      const readers: Reader[] = []
      let index = 1
      for (const each of steps) {
        if (each.kind === 'read') {
          const reader: Reader = { query: each.query, minIndex: index + each.ahead, answeredAt: null }
          readers.push(reader)
          void store.read(each.query, options(reader.minIndex), never).then((answer) => {
            reader.answeredAt = answer.index
          })
        } else {
          index++
          const value = new Uint8Array([index])
          store.apply(
            index,
            each.kind === 'put'
              ? { kind: 'kvSet', key: each.key, value, flags: 0n, ttlMs: 0 }
              : { kind: 'kvDelete', key: each.key },
            { wallMs: 0 },
          )
          store.wake(index)
        }
        await settled()
        for (const reader of readers) {
          if (reader.answeredAt !== null) expect(reader.answeredAt).toBeGreaterThan(reader.minIndex)
          else expect(mayBeAnswered(store, reader)).toBe(false)
        }
      }
    }),
    { numRuns: 300 },
  )
})

/** What is not there follows the index of the whole table, and is only looked at again when it may have come. */
function mayBeAnswered(store: Store, { query: asked, minIndex }: Reader): boolean {
  const { value, index } = store.query(asked)
  const isThere = Array.isArray(value) ? value.length > 0 : value !== null && !('isComplete' in value)
  return isThere && index > minIndex
}
