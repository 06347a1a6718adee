// The fast gate, one line per step with its time. scripts/test runs it first.
import { parseArgs } from 'node:util'
import { checkPlan, root } from './steps/plan.ts'
import { finish, runSteps } from './steps/report.ts'

const help = `Usage: scripts/check [--help] [step ...]
Runs format, lint, types, pure types, dead code, tidy, the tests in virtual time and the short simulation.
With names, runs only the steps whose name begins with one of them: scripts/check lint types
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' } },
})
if (values.help === true) {
  process.stdout.write(help)
} else {
  process.chdir(root)
  const wanted = checkPlan().filter(
    (step) => positionals.length === 0 || positionals.some((name) => step.name.startsWith(name)),
  )
  finish(await runSteps(wanted))
}
