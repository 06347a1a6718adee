// Whole clusters of bare Raft machines under faults: the properties of paper figure 3, on many seeds.
import { expect, test } from 'vitest'
import { mistakes } from './raft-bugs.ts'
import { Violation } from './raft-checks.ts'
import type { RaftWorld } from './raft-network.ts'
import { runScenario } from './raft-scenario.ts'
import type { ScenarioOptions } from './raft-scenario.ts'

/** Seeds that show a fault that was there once. When the simulation changes, plant the fault to find a new one. */
const oldFailures: readonly (readonly [number, string])[] = [
  [1497, 'a voter that had demoted itself was needed to commit that, and did not stand for election'],
  [5905, 'the same after a restart, when the commit index is not known'],
]

test.each(oldFailures)('seed %i: %s', (seed) => {
  runScenario({ seed })
})

test('200 seeds keep every property, and agree in the end', () => {
  for (let seed = 1; seed <= 200; seed++) runSeed({ seed })
})

test('200 clusters that shrink to one server and grow again keep every property, and are quiet in the end', () => {
  let alone = 0
  for (let seed = 1; seed <= 200; seed++) alone += runSeed({ seed, breathes: true }).counts.alone
  expect(alone).toBeGreaterThan(100)
})

test('the runs are worth something: everything happens in them', () => {
  const sum = {
    refused: 0,
    accepted: 0,
    reads: 0,
    leaseReads: 0,
    staleReads: 0,
    installs: 0,
    messages: 0,
    changes: 0,
  }
  for (let seed = 1; seed <= 30; seed++) {
    const { counts } = runScenario({ seed })
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counts[name]
  }
  for (const [name, count] of Object.entries(sum)) expect(count, name).toBeGreaterThan(20)
})

test('the same seed gives the same run', () => {
  expect(runScenario({ seed: 7 }).trace).toEqual(runScenario({ seed: 7 }).trace)
})

test.each(Object.entries(mistakes))('a planted bug is seen: %s', (_name, { wrap, breaks }) => {
  const seen = firstViolation({ wrap }, 150)
  expect(breaks).toContain(seen?.property)
})

test('a planted bug is seen: the disk forgets term and vote', () => {
  expect(['voteDurable', 'termDurable']).toContain(firstViolation({ bug: 'forgetHardState' }, 20)?.property)
})

test('a planted bug is seen: the driver sends before the sync', () => {
  const seen = firstViolation({ bug: 'sendBeforeDurable' }, 20)
  expect(['voteDurable', 'termDurable', 'ackDurable']).toContain(seen?.property)
})

/** Runs a seed; on failure says how to run it again. */
function runSeed(options: ScenarioOptions): RaftWorld {
  try {
    return runScenario(options)
  } catch (error) {
    const trace = error instanceof Violation ? error.trace.slice(-40).join('\n') : ''
    throw new Error(`runScenario(${JSON.stringify(options)})\n${trace}`, { cause: error })
  }
}

function firstViolation(options: Omit<ScenarioOptions, 'seed'>, seeds: number): Violation | undefined {
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      runScenario({ ...options, seed })
    } catch (error) {
      if (error instanceof Violation) return error
      throw error
    }
  }
  return undefined
}
