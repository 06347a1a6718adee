// What the type-check and the linter cannot see in pure folders: the words of waiting.
import { blank, lineAt, type SourceFile } from './source.ts'

/** The folders whose code has no clock, sockets, randomness of its own, or promises. */
export const pureFolders: readonly string[] = [
  'lib',
  'model',
  'gossip',
  'raft',
  'state',
  'checks',
  'coordinate',
  'query',
  'definition',
  'local',
  'filter',
  'metrics',
  'config/hcl',
]

const impure =
  /(?<![.\w$])(?:async|await|Promise|PromiseLike|Date|WeakRef|FinalizationRegistry|Intl|globalThis)(?![\w$:?])/g
const ignoredTypes = /@ts-(?:ignore|expect-error|nocheck)|<reference\b/g

/** The words of waiting, of clocks and of collection, and switched-off type checks, in a file of a pure folder. */
export function purityViolations(file: SourceFile): readonly string[] {
  const folder = pureFolders.find((pure) => file.path.startsWith(`src/${pure}/`))
  if (folder === undefined) return []
  const code = blank(file.text, { strings: true })
  const found = [...code.matchAll(impure), ...file.text.matchAll(ignoredTypes)]
  return found.map(
    (match) => `${file.path}:${lineAt(file.text, match.index)} Cannot use "${match[0]}": ${folder}/ is pure`,
  )
}
