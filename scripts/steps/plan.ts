// What scripts/check and scripts/test run, in order of cheapness.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Step } from './step.ts'

/** The repository's root directory. */
export const root: string = join(import.meta.dirname, '../..')

const reports = join(root, 'node_modules/.cache/reports')

/** A tool from node_modules, by its JavaScript file, run on the Node that runs us. */
function tool(path: string, ...args: readonly string[]): readonly string[] {
  return [process.execPath, join(root, 'node_modules', path), ...args]
}

/** A gate: one command, one pass or failure. */
function gate(name: string, command: readonly string[]): Step {
  return { name, command, counting: 'gate' }
}

/** The vitest projects of these names in one process. */
function vitest(projects: readonly string[], env: Readonly<Record<string, string>> = {}): Step {
  mkdirSync(reports, { recursive: true })
  const reportPath = join(reports, `${projects.join('-')}.json`)
  const chosen = projects.flatMap((name) => ['--project', name])
  const output = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`]
  const command = tool('vitest/vitest.mjs', 'run', '--passWithNoTests', ...output, ...chosen)
  return { name: projects.join(', '), command, counting: 'vitest', reportPath, env }
}

/** The fast gate: what has to hold before every commit. */
export function checkPlan(): readonly Step[] {
  return [
    gate('format', tool('oxfmt/bin/oxfmt', '--check', '.')),
    gate('lint', tool('oxlint/bin/oxlint', '--deny-warnings', '.')),
    gate('types', tool('typescript/bin/tsc', '--noEmit', '-p', '.')),
    gate('pure types', tool('typescript/bin/tsc', '--noEmit', '-p', 'test/tidy/pure.tsconfig.json')),
    gate('dead code', tool('knip/bin/knip.js', '--no-progress')),
    vitest(['tidy']),
    vitest(['unit', 'paper', 'cases', 'property']),
    vitest(['parity', 'fuzz', 'fixtures', 'linearizability']),
    vitest(['sim']),
  ]
}

/** A plain script that ends with its count, if it is there. */
function script(name: string, path: string): readonly Step[] {
  const at = join(root, path)
  return existsSync(at) ? [{ name, command: [process.execPath, at], counting: 'lines' }] : []
}

/** Builds the executable, then runs each end-to-end script against it. */
function executableSteps(): readonly Step[] {
  const build = join(root, 'scripts/build')
  const folder = join(root, 'test/e2e')
  const scripts = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.e2e.ts')) : []
  const e2e = scripts.sort().map((name): Step => {
    const command = [process.execPath, join(folder, name)]
    return { name: `e2e ${name.replace('.e2e.ts', '')}`, command, counting: 'lines', timeoutMs: 8 * 60_000 }
  })
  return existsSync(join(root, 'build/executables.ts')) ? [gate('build', [build]), ...e2e] : e2e
}

/** Everything else: the suites that need all runtimes, the executable, or more time. */
export function suitePlan(): readonly Step[] {
  return [...script('conformance', 'test/conformance/run.ts'), ...executableSteps()]
}
