import { describe, expect, it } from 'vitest'
import { Heap } from '../../../src/lib/heap.ts'
import { seededRandom } from '../../../src/lib/random.ts'

describe('a heap', () => {
  it('gives back what was put in, least first', () => {
    const random = seededRandom(1)
    for (let round = 0; round < 200; round++) {
      const heap = new Heap<number>()
      const numbers = Array.from({ length: random.below(40) }, () => random.below(20))
      for (const number of numbers) heap.push(number, number)
      const out: number[] = []
      for (let least = heap.leastAt; least < Infinity; least = heap.leastAt) {
        expect(heap.pop()).toBe(least)
        out.push(least)
      }
      expect(out).toEqual(numbers.toSorted((a, b) => a - b))
    }
  })

  it('is empty at first, and when it was cleared', () => {
    const heap = new Heap<string>()
    expect([heap.size, heap.leastAt, heap.pop()]).toEqual([0, Infinity, undefined])
    heap.push(3, 'c')
    heap.clear()
    expect([heap.size, heap.leastAt, heap.pop()]).toEqual([0, Infinity, undefined])
  })
})
