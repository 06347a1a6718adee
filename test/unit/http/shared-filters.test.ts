// An expression is compiled once, and put once to each answer.
import { expect, test } from 'vitest'
import { Refusal } from '../../../src/http/errors.ts'
import { filteredServicesWith } from '../../../src/http/routes/filtered-services.ts'
import { type Filtering, Filters, eachOf } from '../../../src/http/filters.ts'
import { struct, text } from '../../../src/filter/shape.ts'
import { ok } from '../../../src/lib/result.ts'

interface Thing {
  readonly name: string
}

const names = eachOf<Thing>(struct({ Name: text((thing) => thing.name) }))
const things: readonly Thing[] = [{ name: 'a' }, { name: 'b' }]

/** Counts how often an expression is compiled and used. */
function counted(): {
  readonly filtering: Filtering<readonly Thing[]>
  readonly counts: { compiled: number; used: number }
} {
  const counts = { compiled: 0, used: 0 }
  return {
    counts,
    filtering: {
      compile() {
        counts.compiled++
        return ok((value) => {
          counts.used++
          return ok(value.slice(1))
        })
      },
    },
  }
}

test('the same expression on the same answer gives the same object', () => {
  const filters = new Filters()
  const first = filters.narrowed(things, filters.narrowing(names, 'Name == a'))
  expect(first).toEqual([{ name: 'a' }])
  expect(filters.narrowed(things, filters.narrowing(names, 'Name == a'))).toBe(first)
  expect(filters.narrowed([...things], filters.narrowing(names, 'Name == a'))).not.toBe(first)
})

test('an answer of which all is meant stays itself', () => {
  const filters = new Filters()
  expect(filters.narrowed(things, filters.narrowing(names, 'Name != c'))).toBe(things)
})

test('services of nodes with the same meta data share a view, in any order', () => {
  const view = filteredServicesWith({ rack: 'r1', zone: 'z' })
  expect(filteredServicesWith({ zone: 'z', rack: 'r1' })).toBe(view)
  expect(filteredServicesWith({ rack: 'r1' })).not.toBe(view)
})

test('nothing is done twice', () => {
  const filters = new Filters()
  const { filtering, counts } = counted()
  for (let i = 0; i < 5; i++) filters.narrowed(things, filters.narrowing(filtering, 'x'))
  expect(counts).toEqual({ compiled: 1, used: 1 })
})

test('expressions are kept up to a number, those used last the longest', () => {
  const filters = new Filters()
  const { filtering, counts } = counted()
  for (let i = 0; i < 256; i++) filters.narrowing(filtering, `${i}`)
  filters.narrowing(filtering, '0')
  filters.narrowing(filtering, 'one more')
  expect(counts.compiled).toBe(257)
  filters.narrowing(filtering, '0')
  expect(counts.compiled).toBe(257)
  filters.narrowing(filtering, '1')
  expect(counts.compiled).toBe(258)
})

test('a wrong expression is a refusal', () => {
  expect(() => new Filters().narrowing(names, 'Bad == 1')).toThrow(Refusal)
})
