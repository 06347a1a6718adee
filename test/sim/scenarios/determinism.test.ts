import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runSeed } from '../run.ts'

const script = fileURLToPath(new URL('../main.ts', import.meta.url))
const bin = fileURLToPath(new URL('../../../node_modules/.bin/', import.meta.url))
/** A short run with most kinds of faults. */
const seeds = [1, 5]
const faultsSeconds = 15

/** Hashes of the seeds' traces as another runtime finds them. */
function hashesOn(runtime: 'node' | 'bun' | 'deno', seed: number): string | undefined {
  const before = { node: [], bun: ['run'], deno: ['run', '-A', '--quiet'] }[runtime]
  const args = [...before, script, '--json', '--seed', `${seed}`, '--faults', `${faultsSeconds}`]
  const { stdout, stderr } = spawnSync(`${bin}${runtime}`, args, { encoding: 'utf8', timeout: 100_000 })
  const hash = /"hash":"([0-9a-f]+)"/.exec(stdout)?.[1]
  return hash ?? stderr
}

describe('a seed decides everything', () => {
  it.each(seeds)('seed %i gives the same trace twice, on Node, Bun and Deno', async (seed) => {
    const options = { seed, faultsMs: faultsSeconds * 1000 }
    const [first, second] = [await runSeed(options), await runSeed(options)]
    expect([second.hash, second.lastDraw]).toEqual([first.hash, first.lastDraw])
    expect(hashesOn('bun', seed)).toBe(first.hash)
    expect(hashesOn('deno', seed)).toBe(first.hash)
    expect(hashesOn('node', seed)).toBe(first.hash)
  })
})
