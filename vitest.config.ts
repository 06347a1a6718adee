// The test suites that run under vitest, as projects; conformance and e2e are plain scripts (see scripts/test.ts).
import type { ViteUserConfig } from 'vitest/config'

/** One project per folder of test/, so that `vitest run --project unit` runs that folder alone. */
const suites = [
  'unit',
  'paper',
  'cases',
  'property',
  'sim',
  'tidy',
  'parity',
  'fuzz',
  'fixtures',
  'linearizability',
] as const

/** Suites whose single tests run long: whole clusters, the compiler, thousands of hostile inputs. */
const slow: ReadonlySet<string> = new Set(['sim', 'tidy', 'fuzz', 'property', 'fixtures', 'linearizability'])

const config: ViteUserConfig = {
  test: {
    projects: suites.map((name) => ({
      test: {
        name,
        environment: 'node',
        include: [`test/${name}/**/*.test.ts`],
        testTimeout: slow.has(name) ? 120_000 : 10_000,
        hookTimeout: 30_000,
      },
    })),
    pool: 'forks',
    maxWorkers: 2,
    passWithNoTests: true,
  },
}

export default config
