// Runs the project's own tools as their gates do, on the repository or on a planted copy of its settings.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root, type SourceFile } from './source.ts'

/** How a tool ended; `output` is stdout, then stderr. */
interface ToolResult {
  readonly code: number | null
  readonly output: string
}

/** Runs a tool by its JavaScript file in node_modules. */
export function runTool(path: string, args: readonly string[], cwd: string = root): ToolResult {
  const tool = join(root, 'node_modules', path)
  const ended = spawnSync(process.execPath, [tool, ...args], { cwd, encoding: 'utf8' })
  return { code: ended.status, output: ended.stdout + ended.stderr }
}

const settings = ['.oxlintrc.json', '.oxfmtrc.json', 'tsconfig.json', 'knip.json', 'package.json']

/** Writes files beside a copy of the project's settings into a new directory; the caller removes it. */
export function plant(files: readonly SourceFile[]): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'proconsul-tidy-'))
  for (const name of settings) cpSync(join(root, name), join(path, name))
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'))
  for (const file of files) {
    mkdirSync(dirname(join(path, file.path)), { recursive: true })
    writeFileSync(join(path, file.path), file.text)
  }
  return { path, remove: () => rmSync(path, { recursive: true }) }
}
