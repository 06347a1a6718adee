// Runs the suite on every form of host: the base host on all three runtimes, and the native ones on theirs.
// Last line: `N passed, N failed[, N skipped]` over all forms.

import { spawn } from 'node:child_process'

const root = new URL('../..', import.meta.url).pathname
const bin = `${root}node_modules/.bin`
const suite = `${root}test/conformance/main.ts`

/** Runtime's command, host asked for, and the form's name. */
const forms: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: 'node', command: [`${bin}/node`, suite, 'node'] },
  { name: 'bun, base host', command: [`${bin}/bun`, suite, 'node'] },
  { name: 'bun', command: [`${bin}/bun`, suite, 'bun'] },
  { name: 'deno, base host', command: [`${bin}/deno`, 'run', '-A', suite, 'node'] },
  { name: 'deno', command: [`${bin}/deno`, 'run', '-A', suite, 'deno'] },
]

function runForm(command: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const [file = '', ...args] = command
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: root })
    let output = ''
    child.stdout.on('data', (bytes) => (output += bytes))
    child.stderr.on('data', (bytes) => (output += bytes))
    child.on('error', (error) => resolve(`${error.message}\n0 passed, 1 failed\n`))
    child.on('close', (code) =>
      resolve(/ passed, /.test(output) ? output : `${output}\nexit ${code}\n0 passed, 1 failed\n`),
    )
  })
}

const total = { passed: 0, failed: 0, skipped: 0 }
const running = forms.map(({ command }) => runForm(command))
for (const [i, form] of forms.entries()) {
  const output = (await running[i]) ?? ''
  const lines = output.trimEnd().split('\n')
  const counts = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(lines.at(-1) ?? '')
  total.passed += Number(counts?.[1] ?? 0)
  total.failed += Number(counts?.[2] ?? 1)
  total.skipped += Number(counts?.[3] ?? 0)
  console.log(lines.map((line) => `${form.name}: ${line}`).join('\n'))
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`)
process.exitCode = total.failed === 0 ? 0 : 1
