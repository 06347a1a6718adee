// Vivaldi: the paper's rules on single steps, and convergence on metrics that the space can and cannot show.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { coordinateDefaults } from '../../../src/coordinate/config.ts'
import { distance, rawDistance } from '../../../src/coordinate/distance.ts'
import { createPosition, type Position } from '../../../src/coordinate/position.ts'
import { isValidCoordinate, originCoordinate, vivaldiStep } from '../../../src/coordinate/vivaldi.ts'
import { seededRandom, type Random } from '../../../src/lib/random.ts'
import type { Coordinate } from '../../../src/model/coordinate.ts'

const config = coordinateDefaults
const origin = originCoordinate(config)

function at(x: number, rest: Partial<Coordinate> = {}): Coordinate {
  return { ...origin, vec: [x, 0, 0, 0, 0, 0, 0, 0], ...rest }
}

describe('distance', () => {
  test('adds the heights of both to the distance in the space', () => {
    expect(distance(at(0.03, { height: 0.002 }), at(0, { height: 0.001 }))).toBeCloseTo(0.033, 12)
  })

  test('adds the adjustments of both', () => {
    const a = at(0.03, { height: 0, adjustment: -0.004 })
    expect(distance(a, at(0, { height: 0, adjustment: 0.001 }))).toBeCloseTo(0.027, 12)
  })

  test('leaves the adjustments out when they would leave no distance', () => {
    const a = at(0.03, { height: 0, adjustment: -0.04 })
    expect(distance(a, at(0, { height: 0 }))).toBe(rawDistance(a, at(0, { height: 0 })))
  })

  test('is the same in both directions', () => {
    const number = fc.double({ min: -1, max: 1, noNaN: true })
    const place = fc
      .tuple(fc.array(number, { minLength: 8, maxLength: 8 }), number)
      .map(([vec, adjustment]) => ({ ...origin, vec, adjustment }))
    fc.assert(fc.property(place, place, (a, b) => distance(a, b) === distance(b, a)))
  })
})

describe('one step (Vivaldi 3.4)', () => {
  test('a round trip that is longer than the distance pushes us away', () => {
    const moved = vivaldiStep(at(0.01), { other: at(0), rtt: 0.05 }, config, seededRandom(1))
    expect(moved.vec[0]).toBeGreaterThan(0.01)
    expect(distance(moved, at(0))).toBeLessThan(0.05)
  })

  test('a round trip that is shorter pulls us nearer', () => {
    const moved = vivaldiStep(at(0.05), { other: at(0), rtt: 0.01 }, config, seededRandom(1))
    expect(moved.vec[0]).toBeLessThan(0.05)
  })

  test('whoever is sure moves less than whoever is not', () => {
    const sample = { other: at(0, { error: 0.5 }), rtt: 0.05 }
    const sure = vivaldiStep(at(0.01, { error: 0.1 }), sample, config, seededRandom(1))
    const unsure = vivaldiStep(at(0.01, { error: 1 }), sample, config, seededRandom(1))
    expect((sure.vec[0] ?? 0) - 0.01).toBeLessThan((unsure.vec[0] ?? 0) - 0.01)
  })

  test('a right prediction lowers the error, a wrong one raises it, never above the largest', () => {
    const other = at(0)
    const own = at(0.05, { error: 1 })
    const right = vivaldiStep(own, { other, rtt: rawDistance(own, other) }, config, seededRandom(1))
    const wrong = vivaldiStep(own, { other, rtt: 0.0001 }, config, seededRandom(1))
    expect(right.error).toBeLessThan(1)
    expect(wrong.error).toBe(config.errorMax)
  })

  test('two at one place leave it in directions of their own (3.2)', () => {
    const sample = { other: origin, rtt: 0.05 }
    const one = vivaldiStep(origin, sample, config, seededRandom(1))
    const two = vivaldiStep(origin, sample, config, seededRandom(2))
    expect(one.vec).not.toEqual(two.vec)
    expect(rawDistance(one, origin)).toBeGreaterThan(0.005)
  })

  test('a height never falls below the least', () => {
    const low = vivaldiStep(at(0.5), { other: at(0), rtt: 0.001 }, config, seededRandom(1))
    expect(low.height).toBe(config.heightMin)
  })
})

/** Many nodes that measure each other in turn; `rttMicros` is the truth. */
function converge(
  count: number,
  rounds: number,
  rttMicros: (a: number, b: number, random: Random) => number,
): Position[] {
  const random = seededRandom(7)
  const nodes = Array.from({ length: count }, (_, i) => createPosition(random.fork(`n${i}`)))
  for (let round = 0; round < rounds; round++) {
    for (const [i, node] of nodes.entries()) {
      const j = (i + 1 + random.below(count - 1)) % count
      const other = nodes[j]
      if (other !== undefined) node.measured(`n${j}`, other.coordinate, rttMicros(i, j, random))
    }
  }
  return nodes
}

/** The median and the worst of |predicted − true| / true over all pairs. */
function errors(nodes: readonly Position[], rttMicros: (a: number, b: number) => number): [number, number] {
  const all: number[] = []
  for (const [i, a] of nodes.entries()) {
    for (const [j, b] of nodes.entries()) {
      if (i >= j) continue
      const truth = rttMicros(i, j) / 1e6
      all.push(Math.abs(distance(a.coordinate, b.coordinate) - truth) / truth)
    }
  }
  all.sort((a, b) => a - b)
  return [all[Math.floor(all.length / 2)] ?? 0, all.at(-1) ?? 0]
}

describe('convergence (Vivaldi 4 and 5)', () => {
  test('on a grid of places the median error falls below 1 %', () => {
    const truth = (a: number, b: number): number => {
      const [dx, dy] = [(a % 5) - (b % 5), Math.floor(a / 5) - Math.floor(b / 5)]
      return Math.round(10_000 * Math.sqrt(dx * dx + dy * dy))
    }
    const [median, worst] = errors(converge(25, 1500, truth), truth)
    expect(median).toBeLessThan(0.01)
    expect(worst).toBeLessThan(0.05)
  })

  test('two datacenters of nodes behind slow lines: the lines become heights', () => {
    const truth = (a: number, b: number): number =>
      (a % 2 === b % 2 ? 0 : 60_000) + 4000 * (1 + (a % 3) + (b % 3))
    const [median, worst] = errors(converge(24, 1500, truth), truth)
    expect(median).toBeLessThan(0.08)
    expect(worst).toBeLessThan(0.5)
  })

  test('noise of a fifth leaves the median error below that', () => {
    const truth = (a: number, b: number): number => 20_000 * Math.abs(a - b)
    const noisy = (a: number, b: number, random: Random): number =>
      Math.round((truth(a, b) * random.between(900, 1100)) / 1000)
    expect(errors(converge(12, 1500, noisy), truth)[0]).toBeLessThan(0.1)
  })

  test('newcomers find their place without moving those who are sure (3.4)', () => {
    const truth = (a: number, b: number): number => 10_000 * Math.abs(a - b)
    const nodes = converge(10, 1500, truth)
    const before = nodes.map((node) => node.coordinate)
    const newcomer = createPosition(seededRandom(99))
    for (let i = 0; i < 100; i++) {
      const j = i % 10
      const old = nodes[j]
      if (old === undefined) continue
      newcomer.measured(`n${j}`, old.coordinate, truth(10, j))
      old.measured('newcomer', newcomer.coordinate, truth(10, j))
    }
    const moved = nodes.map((node, i) => rawDistance(node.coordinate, before[i] ?? origin))
    expect(Math.max(...moved)).toBeLessThan(0.03)
    expect(distance(newcomer.coordinate, nodes[0]?.coordinate ?? origin)).toBeGreaterThan(0.08)
  })

  test('a run is the same down to the last digit', () => {
    const truth = (a: number, b: number): number => 1234 * Math.abs(a - b) + 777
    const sum = converge(8, 200, truth).reduce(
      (total, { coordinate }) => total + coordinate.vec.reduce((a, b) => a + b, 0) + coordinate.height,
      0,
    )
    expect(sum).toMatchInlineSnapshot(`-0.004993468889234509`)
  })
})

describe('what others say', () => {
  const fine = at(0.01)
  test.each([
    ['too few numbers', { ...fine, vec: [1, 2] }, 1000],
    ['a number that is none', at(Number.NaN), 1000],
    ['an infinite number', at(Infinity), 1000],
    ['an infinite height', at(0, { height: Infinity }), 1000],
    ['a negative height', at(0, { height: -1 }), 1000],
    ['a negative error', at(0, { error: -1 }), 1000],
    ['a place beyond all round trips', at(20.1), 1000],
    ['a height beyond all round trips', at(0, { height: 20.1 }), 1000],
    ['a negative round trip', fine, -1],
    ['a round trip above ten seconds', fine, 10_000_001],
    ['a round trip that is no number', fine, Number.NaN],
  ])('%s is rejected and changes nothing', (_, other, rttMicros) => {
    const position = createPosition(seededRandom(1))
    expect(position.measured('x', other, rttMicros)).toBe('rejected')
    expect(position.coordinate).toEqual(origin)
    expect(position.peerCount).toBe(0)
  })

  test('one late answer of three does not count', () => {
    const position = createPosition(seededRandom(1))
    for (let i = 0; i < 50; i++) position.measured('x', at(0), 5000)
    const before = position.coordinate
    position.measured('x', at(0), 5_000_000)
    expect(rawDistance(position.coordinate, before)).toBeLessThan(0.001)
  })

  test('peers that are remembered have a limit', () => {
    const position = createPosition(seededRandom(1), { ...config, peersMax: 3 })
    for (let i = 0; i < 10; i++) position.measured(`n${i}`, at(0), 5000)
    expect(position.peerCount).toBe(3)
  })

  test('whatever is said, the place stays valid', () => {
    const double = fc.oneof(
      fc.double({ min: -5, max: 5, noNaN: true }),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    )
    const positive = double.map(Math.abs)
    const sample = fc.record({
      vec: fc.array(double, { minLength: 8, maxLength: 8 }),
      error: positive,
      adjustment: double,
      height: positive,
      rtt: fc.integer({ min: 0, max: 10_000_000 }),
    })
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 40 }), (samples) => {
        const position = createPosition(seededRandom(3))
        for (const { rtt, ...other } of samples) {
          position.measured('x', other, rtt)
          expect(isValidCoordinate(position.coordinate)).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('one liar among ten does not carry us away', () => {
    const position = createPosition(seededRandom(5))
    const liar = at(19, { error: 0 })
    for (let i = 0; i < 500; i++) {
      position.measured(`n${i % 10}`, i % 10 === 0 ? liar : at(0.01, { error: 0.1 }), 20_000)
    }
    expect(distance(position.coordinate, origin)).toBeLessThan(8)
    for (let i = 0; i < 200; i++) position.measured('n1', at(0.01, { error: 0.1 }), 20_000)
    expect(distance(position.coordinate, at(0.01))).toBeLessThan(0.05)
  })

  test('numbers that grow beyond all bounds begin anew', () => {
    const position = createPosition(seededRandom(3), { ...config, placeMax: 1e6, gravityRho: 1e-9 })
    let outcome = position.measured('x', at(900_000), 5000)
    for (let i = 0; i < 20 && outcome !== 'reset'; i++) outcome = position.measured('x', at(-900_000), 5000)
    expect(outcome).toBe('reset')
    expect(position.resets).toBe(1)
    expect(position.coordinate).toEqual(origin)
  })
})
