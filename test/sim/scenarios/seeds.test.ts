import { describe, expect, it } from 'vitest'
import { knownSeeds } from '../seeds.ts'
import { runSeed } from '../run.ts'

/** Fixed, so that a red build is about the change and not about the dice. `scripts/sim` draws new ones. */
const fixedSeeds = Array.from({ length: 25 }, (_, i) => 5000 + i)

describe('seeded runs with faults keep every promise', () => {
  it.each([...knownSeeds(), ...fixedSeeds])('seed %i', async (seed) => {
    const result = await runSeed({ seed, faultsMs: 25_000 })
    const report = [
      ...result.problems,
      ...result.report,
      `Run it again with: scripts/sim --seed ${seed} --faults 25`,
    ]
    expect(result.ok, report.join('\n')).toBe(true)
  })
})
