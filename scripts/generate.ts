// Writes what is made from the tables in the code: docs/cli.md from the command table, docs/configuration.md from the
// settings. A unit test compares them with the files. `node scripts/generate.ts`, or `--check` to only compare.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generatedFiles } from './generate/files.ts'

const help = `Usage: node scripts/generate.ts [--check] [--help]
Writes the documents that are made from tables in the code. With --check, only says which are stale (exit code 1).
`

const { values } = parseArgs({
  options: { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
})
if (values.help === true) {
  process.stdout.write(help)
} else {
  const root = join(import.meta.dirname, '..')
  for (const { path, text } of generatedFiles()) {
    const at = join(root, path)
    if (values.check !== true) writeFileSync(at, text)
    else if (readFileSync(at, 'utf8') !== text) {
      process.stdout.write(`${path} is stale: run node scripts/generate.ts\n`)
      process.exitCode = 1
    }
  }
}
