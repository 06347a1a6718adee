// Definitions for tests of checks, and a machine with a clock.
import { seededRandom } from '../../../src/lib/random.ts'
import { Checks } from '../../../src/checks/checks.ts'
import type { ChecksEffect, ChecksInput } from '../../../src/checks/events.ts'
import type { CheckStatus } from '../../../src/model/catalog.ts'
import type { CheckDefinition, CheckOutcome, CheckRun } from '../../../src/model/definition.ts'

/** A TCP check of every ten seconds with thresholds of 1, of service `web`. */
export function definition(changes: Partial<CheckDefinition> = {}): CheckDefinition {
  return {
    id: 'c',
    name: 'c',
    notes: '',
    serviceId: 'web',
    token: '',
    initialStatus: 'critical',
    run: tcpEvery(10_000),
    successBeforePassing: 1,
    failuresBeforeWarning: 1,
    failuresBeforeCritical: 1,
    deregisterCriticalAfterMs: 0,
    outputBytesMax: 4096,
    ...changes,
  }
}

/** A TCP check's run. */
export function tcpEvery(intervalMs: number): CheckRun {
  return { type: 'tcp', address: '127.0.0.1:1', tls: null, intervalMs, timeoutMs: 1000 }
}

/** A script's run. */
export function scriptEvery(intervalMs: number): CheckRun {
  return { type: 'script', args: ['true'], intervalMs, timeoutMs: 1000 }
}

/** An outcome. */
export function outcome(status: CheckStatus, output = ''): CheckOutcome {
  return { status, output }
}

/** A machine at a time, with all its effects written down. */
export class Bench {
  readonly checks: Checks
  nowMs = 1_000_000
  effects: ChecksEffect[] = []

  constructor(places = 100, seed = 1) {
    this.checks = new Checks({ random: seededRandom(seed), programsMax: places, requestsMax: places })
  }

  /** Feeds one input now; returns its effects. */
  feed(input: ChecksInput): readonly ChecksEffect[] {
    const effects = this.checks.step(input, this.nowMs)
    this.effects.push(...effects)
    return effects
  }

  add(check: CheckDefinition): readonly ChecksEffect[] {
    return this.feed({ kind: 'add', check, known: null })
  }

  /** Wakes the machine whenever it wants to, for so long; returns the effects. */
  pass(ms: number): readonly ChecksEffect[] {
    const endMs = this.nowMs + ms
    const effects: ChecksEffect[] = []
    while (this.checks.wakeAtMs <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.checks.wakeAtMs)
      effects.push(...this.feed({ kind: 'wake' }))
    }
    this.nowMs = endMs
    return effects
  }

  /** Waits for the next run to begin, up to a minute; returns its number. */
  nextRun(): number {
    const endMs = this.nowMs + 60_000
    while (this.checks.wakeAtMs <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.checks.wakeAtMs)
      const begun = this.feed({ kind: 'wake' }).find((effect) => effect.kind === 'run')
      if (begun !== undefined) return begun.run
    }
    throw new Error('no run has begun')
  }

  /** Lets the next run find something; returns the effects of that. */
  runFinds(found: CheckOutcome): readonly ChecksEffect[] {
    return this.feed({ kind: 'found', run: this.nextRun(), outcome: found })
  }
}
