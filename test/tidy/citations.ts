// Every handler of a protocol machine says which rule it follows, a section of a paper or our own decision, in its own
// comment or in the header of its file.
import { lineAt, type SourceFile } from './source.ts'

const handler = /^(?:export function |  )(on[A-Z]\w*)\(/gm
const source =
  /(?:SWIM|[Pp]aper|[Tt]hesis|[Ff]igure|[Ff]igures) \(?\d|Lifeguard|LHA-|Lamport|memberlist|\b[Ss]erf\b|\betcd\b|[Dd]ecision \d/

/** The comment that ends right before a position, or nothing. */
function commentBefore(text: string, position: number): string {
  const before = text.slice(0, position).trimEnd()
  return before.endsWith('*/') ? before.slice(before.lastIndexOf('/**')) : ''
}

/** The line comments that a file begins with. */
function header(text: string): string {
  return /^(?:\/\/[^\n]*\n)*/.exec(text)?.[0] ?? ''
}

/** The handlers of gossip/ and raft/ that others call and that name no source, one sentence each. */
export function citationViolations({ path, text }: SourceFile): readonly string[] {
  if (!/^src\/(?:gossip|raft)\//.test(path) || source.test(header(text))) return []
  return [...text.matchAll(handler)]
    .filter((match) => !source.test(commentBefore(text, match.index)))
    .map(
      (match) =>
        `${path}:${lineAt(text, match.index)} Cannot leave "${match[1]}" without its source: name the section of the paper, or the decision in DESIGN.md`,
    )
}
