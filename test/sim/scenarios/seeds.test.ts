import { describe, expect, it } from 'vitest'
import { scenarioNames } from '../histories.ts'
import { knownSeeds, type SeededRun } from '../seeds.ts'
import { runSeed } from '../run.ts'

/** Fixed, so that a red build is about the change and not about the dice. `scripts/sim` draws new ones. */
const fixedSeeds = Array.from({ length: 25 }, (_, i) => 5000 + i)

/** Of each of the other scenarios. */
const fixedHistories = scenarioNames
  .filter((scenario) => scenario !== 'cluster')
  .flatMap((scenario) => Array.from({ length: 4 }, (_, i): SeededRun => ({ scenario, seed: 6000 + i })))

/** Runs a seed; on a failure the whole report is the message. */
async function expectKept({ seed, scenario }: SeededRun, faultsSeconds: number): Promise<void> {
  const result = await runSeed({ seed, scenario, faultsMs: faultsSeconds * 1000 })
  const command = `Run it again with: scripts/sim --seed ${seed} --scenario ${scenario} --faults ${faultsSeconds}`
  expect(result.ok, [...result.problems, ...result.report, command].join('\n')).toBe(true)
}

describe('seeded runs with faults keep every promise', () => {
  it.each(knownSeeds())('$scenario $seed, which has failed once', (run) => expectKept(run, 40))
  it.each(fixedSeeds)('seed %i', (seed) => expectKept({ seed, scenario: 'cluster' }, 25))
  it.each(fixedHistories)('$scenario $seed', (run) => expectKept(run, 25))
})
