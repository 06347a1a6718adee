// The machine of the local state against a dumb catalog: whatever is changed here and there, lost, refused or answered
// from the past, a sync period after the last trouble both say the same.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LocalChange } from '../../src/local/entries.ts'
import { Bench, check, heard, put, putCheck, type DumbCatalog } from '../unit/local/bench.ts'
import { service } from '../unit/state/fixtures.ts'

/** One full period with its random part, and the retry after a refusal. */
const periodMs = 120_000 + 30_000

/** The longest time that output alone may wait. */
const outputMs = 450_000

type Step = (bench: Bench, world: { archive: DumbCatalog }) => void

const serviceId = fc.constantFrom('a', 'b', 'c')
const checkId = fc.constantFrom('1', '2', '3', '4')
const token = fc.constantFrom('', '', 'T')
const status = fc.constantFrom('passing' as const, 'warning' as const, 'critical' as const)

const change: fc.Arbitrary<LocalChange> = fc.oneof(
  fc
    .tuple(serviceId, fc.integer({ min: 1, max: 3 }), token)
    .map(([id, port, its]) => put(service(id, { port }), its)),
  fc
    .tuple(checkId, fc.oneof(serviceId, fc.constant('')), token, status)
    .map(([id, of, its, now]) => putCheck(check(id, { serviceId: of, status: now }), its)),
  serviceId.map((id) => ({ kind: 'removeService', id }) as const),
  checkId.map((id) => ({ kind: 'removeCheck', id }) as const),
)

/** What happens to the agent. */
const inside: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(change, { maxLength: 4 }).map(
      (c): Step =>
        (b) =>
          b.change(...c),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(checkId, status, fc.constantFrom('x', 'y')).map(
      ([id, now, output]): Step =>
        (bench) =>
          bench.feed(heard(id, now, output)),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 0, max: 90_000 }).map(
      (ms): Step =>
        (b) =>
          b.advance(ms),
    ),
  },
  fc.constantFrom<Step>(
    (bench) => bench.feed({ kind: 'serversChanged' }),
    (bench) => bench.feed({ kind: 'paused' }),
    (bench) => bench.feed({ kind: 'resumed' }),
    (bench) => bench.feed({ kind: 'poolSized', members: 10 }),
  ),
)

/** What happens to the catalog and on the way to it. */
const outside: fc.Arbitrary<Step> = fc.oneof(
  fc.boolean().map(
    (isUp): Step =>
      (bench) =>
        void (bench.isUp = isUp),
  ),
  fc.boolean().map(
    (isSlow): Step =>
      (bench) =>
        isSlow ? bench.holdAnswers() : bench.answer(),
  ),
  fc.boolean().map(
    (isRefusing): Step =>
      (b) =>
        void (b.refuse = () => (isRefusing ? 'Permission denied' : null)),
  ),
  fc.constantFrom<Step>(
    (bench, world) => void (world.archive = bench.catalog.copy()),
    (bench, world) => bench.catalog.restore(world.archive),
    (bench) => void (bench.catalog.node = null),
  ),
  fc.tuple(serviceId, fc.boolean()).map(([id, isGone]): Step => ({ catalog }) => {
    if (isGone) catalog.apply({ kind: 'deregister', node: 'n1', serviceId: id, checkId: '' })
    else catalog.services.set(id, service(id, { port: 99 }))
  }),
  checkId.map(
    (id): Step =>
      ({ catalog }) =>
        void catalog.checks.delete(id),
  ),
)

describe('anti-entropy', () => {
  it('makes the catalog agree within one sync period after the last trouble', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 2, arbitrary: inside }, outside), { maxLength: 40 }),
        fc.nat(),
        (steps, seed) => {
          const bench = new Bench({ seed, batch: { commandsMax: 3, charactersMax: 600 } })
          const world = { archive: bench.catalog.copy() }
          for (const step of steps) step(bench, world)
          bench.isUp = true
          bench.refuse = () => null
          bench.answer()
          bench.feed({ kind: 'resumed' })
          bench.advance(periodMs)
          expect(bench.differences({ ignoresOutput: true })).toEqual([])
          bench.advance(outputMs)
          expect(bench.differences()).toEqual([])
          expect(bench.machine.isInSync).toBe(true)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('is quiet when nothing happens', () => {
    fc.assert(
      fc.property(fc.array(inside, { maxLength: 20 }), fc.nat(), (steps, seed) => {
        const bench = new Bench({ seed })
        const world = { archive: bench.catalog.copy() }
        for (const step of steps) step(bench, world)
        bench.feed({ kind: 'resumed' })
        bench.advance(periodMs + outputMs)
        const since = bench.since()
        bench.advance(3_600_000)
        expect(since()).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})
