// Every exported name has a doc comment, every file a header, every folder a door instead of a barrel.
import { blank, lineAt, type SourceFile } from './source.ts'

const exported =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum|namespace) ([\w$]+)/gm
const reexported = /^export (?:type )?(?:\*|\{)/gm

/** Whether the last thing in a text is a doc comment. */
function endsInDocComment(text: string): boolean {
  const start = text.lastIndexOf('/**')
  return start >= 0 && text.indexOf('*/', start + 2) === text.length - 2
}

/** The exported names of a file that have no doc comment, one sentence each; overloads share the first one's. */
function undocumented({ path, text }: SourceFile): readonly string[] {
  const seen = new Set<string>()
  const problems: string[] = []
  for (const match of blank(text, { strings: true }).matchAll(exported)) {
    const name = match[1] ?? ''
    if (seen.has(name)) continue
    seen.add(name)
    if (endsInDocComment(text.slice(0, match.index).trimEnd())) continue
    problems.push(`${path}:${lineAt(text, match.index)} Cannot export "${name}" without a doc comment`)
  }
  return problems
}

/** Re-exports: a reader should find a name in the file that defines it. */
function reexports({ path, text }: SourceFile): readonly string[] {
  return [...blank(text, { strings: true }).matchAll(reexported)].map(
    (match) =>
      `${path}:${lineAt(text, match.index)} Cannot re-export: import from the file that defines the name`,
  )
}

/** Missing headers. */
function headerless({ path, text }: SourceFile): readonly string[] {
  const body = text.replace(/^#![^\n]*\n/, '')
  return /^\/[/*]/.test(body)
    ? []
    : [`${path}:1 Cannot leave out the header: say what this file is, and is not`]
}

/** All documentation problems of a TypeScript file. */
export function docViolations(file: SourceFile): readonly string[] {
  return [...headerless(file), ...undocumented(file), ...reexports(file)]
}
