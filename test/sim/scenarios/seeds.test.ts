import { describe, expect, it } from 'vitest'
import { knownSeeds } from '../seeds.ts'
import { runSeed } from '../run.ts'

/** Fixed, so that a red build is about the change and not about the dice. `scripts/sim` draws new ones. */
const fixedSeeds = Array.from({ length: 25 }, (_, i) => 5000 + i)

/** Runs a seed; on a failure the whole report is the message. */
async function expectKept(seed: number, faultsSeconds: number): Promise<void> {
  const result = await runSeed({ seed, faultsMs: faultsSeconds * 1000 })
  const command = `Run it again with: scripts/sim --seed ${seed} --faults ${faultsSeconds}`
  expect(result.ok, [...result.problems, ...result.report, command].join('\n')).toBe(true)
}

describe('seeded runs with faults keep every promise', () => {
  it.each(knownSeeds())('seed %i, which has failed once', (seed) => expectKept(seed, 40))
  it.each(fixedSeeds)('seed %i', (seed) => expectKept(seed, 25))
})
