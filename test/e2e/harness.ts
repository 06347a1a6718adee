// The frame of end-to-end scripts: named cases in order, waiting for conditions with a bound, and the closing line.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The repository's root directory. */
export const root: string = join(import.meta.dirname, '../..')

/** The executable under test. */
export const executable: string = process.env['PROCONSUL_BIN'] ?? join(root, 'dist/proconsul')

/** Milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Asks until the answer is not undefined or false; the last failure is part of the error. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  ms = 15_000,
): Promise<T> {
  const end = performance.now() + ms
  let last = ''
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    if (performance.now() > end)
      throw new Error(`not within ${ms} ms: ${what}${last === '' ? '' : ` (${last})`}`)
    await sleep(50)
  }
}

/** Fails with both values when they differ (compared as JSON). */
export function equal(actual: unknown, expected: unknown, what = 'value'): void {
  const [a, e] = [JSON.stringify(actual, null, 1), JSON.stringify(expected, null, 1)]
  if (a !== e) throw new Error(`${what}: expected ${e}, found ${a}`)
}

/** Fails when the text does not match. */
export function matches(text: string, pattern: RegExp, what = 'text'): void {
  if (!pattern.test(text)) throw new Error(`${what}: expected ${String(pattern)}, found:\n${text}`)
}

/** A script's cases, run in order; later cases build on earlier ones. */
export interface Script {
  step(name: string, run: () => Promise<void> | void): Promise<void>
  skip(name: string, reason: string): void
}

/** Runs a script and ends the process with the closing line. `cleanUp` always runs. */
export async function runScript(
  body: (script: Script) => Promise<void>,
  cleanUp: () => Promise<void> | void,
): Promise<void> {
  const count = { passed: 0, failed: 0, skipped: 0 }
  let isBroken = false
  const script: Script = {
    async step(name, run) {
      if (isBroken) {
        count.failed++
        console.log(`FAIL ${name}: an earlier step failed`)
        return
      }
      const startedAt = performance.now()
      try {
        await run()
        count.passed++
        console.log(`ok   ${name} (${Math.round(performance.now() - startedAt)} ms)`)
      } catch (error) {
        count.failed++
        isBroken = true
        console.log(`FAIL ${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    },
    skip(name, reason) {
      count.skipped++
      console.log(`skip ${name}: ${reason}`)
    },
  }
  process.once('SIGINT', () => void Promise.resolve(cleanUp()).finally(() => process.exit(130)))
  process.once('SIGTERM', () => void Promise.resolve(cleanUp()).finally(() => process.exit(143)))
  try {
    if (existsSync(executable)) await body(script)
    else
      await script.step(`find ${executable}`, () => Promise.reject(new Error('not built; run scripts/build')))
  } catch (error) {
    count.failed++
    console.log(`FAIL script: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  } finally {
    await cleanUp()
  }
  const skipped = count.skipped === 0 ? '' : `, ${count.skipped} skipped`
  console.log(`${count.passed} passed, ${count.failed} failed${skipped}`)
  process.exit(count.failed === 0 ? 0 : 1)
}

/** Why hosts of our own cannot be made here, or undefined. */
export function cannotMakeHosts(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root for network namespaces'
  const probe = spawnSync('ip', ['netns', 'list'])
  return probe.status === 0 ? undefined : 'needs the program ip (package iproute2)'
}
