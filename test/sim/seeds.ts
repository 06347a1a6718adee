// The file of old failures.
import { readFileSync } from 'node:fs'
import { scenarioNames, type Scenario } from './histories.ts'

/** One run: its seed, and what its clients do. */
export interface SeededRun {
  readonly seed: number
  readonly scenario: Scenario
}

/** Runs that have failed once; they come first. */
export function knownSeeds(): readonly SeededRun[] {
  const text = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8')
  return text.split('\n').flatMap((line): readonly SeededRun[] => {
    const [, name, seed] = /^(?:([a-z]+) )?(\d+) /.exec(line) ?? []
    if (seed === undefined) return []
    return [
      { seed: Number(seed), scenario: scenarioNames.find((scenario) => scenario === name) ?? 'cluster' },
    ]
  })
}

/** The scenario of a seed where all take turns. */
export function scenarioOf(seed: number): Scenario {
  return scenarioNames[seed % scenarioNames.length] ?? 'cluster'
}
