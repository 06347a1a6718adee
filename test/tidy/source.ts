// Reads the repository's own files for the checks of this folder, and blanks out comments and strings.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The repository's root directory. */
export const root: string = join(import.meta.dirname, '../..')

/** A file of the repository; `path` is relative to its root, with slashes. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

const skipped = new Set(['node_modules', 'dist', '.git', '.cache', 'fixtures', 'canary'])

/** All files below a folder of the repository, sorted by path. */
export function filesBelow(folder: string): readonly SourceFile[] {
  const found: SourceFile[] = []
  const visit = (directory: string): void => {
    const entries = readdirSync(directory, { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(directory, entry.name)
      if (entry.isDirectory() && !skipped.has(entry.name)) visit(path)
      if (entry.isFile()) found.push({ path: relative(root, path), text: readFileSync(path, 'utf8') })
    }
  }
  visit(join(root, folder))
  return found
}

/** The TypeScript files below the given folders. */
export function typescriptBelow(...folders: readonly string[]): readonly SourceFile[] {
  return folders.flatMap((folder) => filesBelow(folder)).filter((file) => file.path.endsWith('.ts'))
}

/** The number, from 1, of the line that holds a position. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}

/** What `blank` takes out; lines and columns stay where they were. */
interface Blanking {
  readonly strings: boolean
}

// A comment, a string, a template or a regular expression, whichever begins first. A slash begins a regular
// expression only behind what cannot end a value.
const literals =
  /\/\/[^\n]*|\/\*[^]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[^])*`|(?<=(?:[(,=:[!&|?{};]|=>|return)\s*)\/(?![/*])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g

/** Replaces comments by spaces, and with `strings` also strings, templates and regular expressions. */
export function blank(text: string, { strings }: Blanking): string {
  return text.replace(literals, (found) => {
    const isComment = found.startsWith('//') || found.startsWith('/*')
    return isComment || strings ? found.replace(/[^\n]/g, ' ') : found
  })
}
