// Every test there is: the gates of scripts/check, then the suites on all runtimes and on the executable.
// The last line is `N passed, N failed[, N skipped]`, summed over all.
import { parseArgs } from 'node:util'
import { checkPlan, root, suitePlan } from './steps/plan.ts'
import { finish, runSteps } from './steps/report.ts'

const help = `Usage: scripts/test [--help]
Runs scripts/check, conformance on Node, Bun and Deno, the build and the end-to-end tests.
Tests that need root or network namespaces are skipped, with the reason, where they cannot run.
`

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } })
if (values.help === true) {
  process.stdout.write(help)
} else {
  process.chdir(root)
  finish(await runSteps([...checkPlan(), ...suitePlan()]))
}
