// The file of old failures.
import { readFileSync } from 'node:fs'

/** Seeds that have failed once; they run first. */
export function knownSeeds(): readonly number[] {
  const text = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8')
  return text
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => Number.parseInt(line, 10))
}
