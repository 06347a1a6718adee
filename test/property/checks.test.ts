// The checks of a node against a dumb model that looks at every check in every millisecond.
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { Checks, deregisterAfterMsMin } from '../../src/checks/checks.ts'
import type { ChecksEffect } from '../../src/checks/events.ts'
import { seededRandom } from '../../src/lib/random.ts'
import type { CheckStatus } from '../../src/model/catalog.ts'
import type { CheckDefinition, CheckOutcome } from '../../src/model/definition.ts'
import { definition, tcpEvery } from '../unit/checks/samples.ts'

const statuses = fc.constantFrom<CheckStatus>('passing', 'warning', 'critical')
const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')

const definitions = fc
  .record({
    id: ids,
    initialStatus: statuses,
    ttlMs: fc.option(fc.integer({ min: 1, max: 5000 })),
    intervalMs: fc.integer({ min: 1, max: 3000 }),
    successBeforePassing: fc.integer({ min: 1, max: 3 }),
    failuresBeforeCritical: fc.integer({ min: 1, max: 3 }),
    warning: fc.integer({ min: 1, max: 3 }),
    deregisterCriticalAfterMs: fc.constantFrom(0, 1, 70_000),
  })
  .map(({ ttlMs, intervalMs, warning, ...rest }): CheckDefinition =>
    definition({
      ...rest,
      failuresBeforeWarning: Math.min(warning, rest.failuresBeforeCritical),
      run: ttlMs === null ? tcpEvery(intervalMs) : { type: 'ttl', ttlMs },
    }),
  )

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: definitions.map((check) => ({ kind: 'add' as const, check })) },
    { weight: 1, arbitrary: ids.map((checkId) => ({ kind: 'remove' as const, checkId })) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('heard' as const), checkId: ids, status: statuses }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('found' as const), pick: fc.nat(), status: statuses }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 2500 }) }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'pass' as const, ms: 65_000 }) },
  ),
  { maxLength: 60, size: 'max' },
)

type Step = typeof steps extends fc.Arbitrary<readonly (infer S)[]> ? S : never

interface Known {
  check: CheckDefinition
  outcome: CheckOutcome
  successes: number
  failures: number
  expiresAtMs: number
  /** The earliest and latest time of the next run; no earliest while one is under way. */
  notBeforeMs: number
  run: number | null
  deregisterAtMs: number
  criticalSinceMs: number
}

const places = 4

/** What each check must be, by the plainest rules; it is told all effects and compares. */
class Model {
  readonly known = new Map<string, Known>()
  nowMs = 0

  get running(): readonly Known[] {
    return [...this.known.values()].filter(({ run }) => run !== null)
  }

  add(check: CheckDefinition): void {
    const before = this.known.get(check.id)
    if (before === undefined) {
      this.known.set(check.id, {
        check,
        outcome: { status: check.initialStatus, output: '' },
        successes: 0,
        failures: 0,
        expiresAtMs: check.run.type === 'ttl' ? this.nowMs + check.run.ttlMs : Infinity,
        notBeforeMs: this.nowMs,
        run: null,
        deregisterAtMs: Infinity,
        criticalSinceMs: check.initialStatus === 'critical' ? this.nowMs : Infinity,
      })
      return this.#planDeregistration(check.id)
    }
    this.#replace(before, check)
    this.#planDeregistration(check.id)
  }

  #replace(before: Known, check: CheckDefinition): void {
    const { run } = before.check
    before.check = check
    if (JSON.stringify(run) === JSON.stringify(check.run)) return
    before.run = null
    if (check.run.type === 'ttl' && run.type === 'ttl') before.expiresAtMs += check.run.ttlMs - run.ttlMs
    else if (check.run.type === 'ttl') before.expiresAtMs = this.nowMs + check.run.ttlMs
    else before.expiresAtMs = Infinity
    if (check.run.type !== run.type) [before.successes, before.failures] = [0, 0]
    before.notBeforeMs = this.nowMs
  }

  hold(one: Known, outcome: CheckOutcome): ChecksEffect[] {
    const { status, output } = one.outcome
    if (status === outcome.status && output === outcome.output) return []
    one.outcome = outcome
    if (outcome.status !== 'critical') one.criticalSinceMs = Infinity
    else if (status !== 'critical') one.criticalSinceMs = this.nowMs
    if (status !== outcome.status) this.#planDeregistration(one.check.id)
    return [{ kind: 'report', checkId: one.check.id, outcome }]
  }

  #planDeregistration(id: string): void {
    const one = this.known.get(id)
    if (one === undefined) return
    const afterMs = one.check.deregisterCriticalAfterMs
    one.deregisterAtMs =
      afterMs === 0 ? Infinity : one.criticalSinceMs + Math.max(afterMs, deregisterAfterMsMin)
  }

  found(one: Known, { status, output }: CheckOutcome): ChecksEffect[] {
    one.run = null
    const { check } = one
    if (check.run.type === 'tcp') one.notBeforeMs = this.nowMs + check.run.intervalMs
    if (status !== 'critical') {
      one.successes++
      one.failures = 0
      return one.successes >= check.successBeforePassing ? this.hold(one, { status, output }) : []
    }
    one.failures++
    one.successes = 0
    if (one.failures >= check.failuresBeforeCritical) return this.hold(one, { status, output })
    if (one.failures >= check.failuresBeforeWarning) return this.hold(one, { status: 'warning', output })
    return []
  }

  /** What must happen in this millisecond by itself, but for runs. */
  tick(): ChecksEffect[] {
    const effects: ChecksEffect[] = []
    for (const one of this.known.values()) {
      if (one.expiresAtMs <= this.nowMs) {
        one.expiresAtMs = Infinity
        const last = one.outcome.output
        const isTold = last !== '' && !last.startsWith('TTL')
        const output = isTold ? `TTL expired (last output before timeout follows): ${last}` : 'TTL expired'
        effects.push(...this.hold(one, { status: 'critical', output }))
      }
      if (one.deregisterAtMs <= this.nowMs) {
        one.deregisterAtMs = this.nowMs + 30_000
        effects.push({ kind: 'criticalTooLong', serviceId: 'web', checkId: one.check.id })
      }
    }
    return effects
  }
}

function sortedByText(effects: readonly ChecksEffect[]): readonly string[] {
  return effects.map((effect) => JSON.stringify(effect)).toSorted()
}

class Pair {
  readonly machine: Checks
  readonly model = new Model()
  #results = 0

  constructor(seed: number) {
    const random = seededRandom(seed)
    this.machine = new Checks({ random, programsMax: places, requestsMax: places })
  }

  do(step: Step): void {
    const { model, machine } = this
    switch (step.kind) {
      case 'add':
        model.add(step.check)
        return this.#take(machine.step({ ...step, known: null }, model.nowMs), [])
      case 'remove':
        model.known.delete(step.checkId)
        return this.#take(machine.step(step, model.nowMs), [])
      case 'heard':
        return this.#heard(step.checkId, { status: step.status, output: `said ${this.#results++}` })
      case 'found':
        return this.#found(step.pick, { status: step.status, output: `found ${this.#results++}` })
      case 'pass':
        for (let ms = 0; ms < step.ms; ms++) this.#tick()
    }
  }

  #heard(checkId: string, outcome: CheckOutcome): void {
    const { model, machine } = this
    const one = model.known.get(checkId)
    const wanted: ChecksEffect[] = []
    if (one?.check.run.type === 'ttl') {
      one.expiresAtMs = model.nowMs + one.check.run.ttlMs
      wanted.push(...model.hold(one, outcome), {
        kind: 'heard',
        checkId,
        outcome,
        expiresAtMs: one.expiresAtMs,
      })
    }
    this.#take(machine.step({ kind: 'heard', checkId, outcome }, model.nowMs), wanted)
  }

  #found(pick: number, outcome: CheckOutcome): void {
    const { model, machine } = this
    const one = model.running[pick % Math.max(1, model.running.length)]
    if (one === undefined) return
    const run = one.run ?? -1
    this.#take(machine.step({ kind: 'found', run, outcome }, model.nowMs), model.found(one, outcome))
  }

  #tick(): void {
    const { model, machine } = this
    model.nowMs++
    const effects = machine.wakeAtMs <= model.nowMs ? machine.step({ kind: 'wake' }, model.nowMs) : []
    this.#take(effects, model.tick())
    for (const one of model.known.values()) {
      if (one.check.run.type !== 'tcp' || one.run !== null || model.running.length >= places >> 1) continue
      // With a place free, for slow ones too, nobody waits for longer than its interval and one step.
      if (model.nowMs - one.notBeforeMs > one.check.run.intervalMs + 64)
        expect.fail(`${one.check.id} does not run`)
    }
  }

  /** Runs and their ends are checked one by one; all else must be what the model says. */
  #take(effects: readonly ChecksEffect[], wanted: readonly ChecksEffect[]): void {
    const { known, nowMs } = this.model
    if (effects.length === 0 && wanted.length === 0) return
    for (const effect of effects) {
      if (effect.kind !== 'run') continue
      const one = known.get(effect.check.id)
      expect(one?.run).toBeNull()
      expect(one?.check).toBe(effect.check)
      if (one === undefined) continue
      expect(one.notBeforeMs).toBeLessThanOrEqual(nowMs)
      one.run = effect.run
    }
    expect(this.model.running.length).toBeLessThanOrEqual(places)
    expect(this.machine.running).toBe(this.model.running.length)
    const others = effects.filter(({ kind }) => kind !== 'run' && kind !== 'cancel')
    expect(sortedByText(others)).toEqual(sortedByText(wanted))
  }
}

test('checks run, expire, count and end as a model that looks in every millisecond says', () => {
  fc.assert(
    fc.property(fc.nat(), steps, (seed, list) => {
      const pair = new Pair(seed)
      for (const step of list) pair.do(step)
    }),
    { numRuns: 200 },
  )
})
