// Words that may not stand in the repository: open ends, waits in tests, addresses, and talk about how it is made.
import { blank, lineAt, type SourceFile } from './source.ts'

/** A pattern that no file in scope may hold, and the reason. */
interface Ban {
  readonly pattern: RegExp
  readonly reason: string
  readonly applies: (path: string) => boolean
  /** Looks only at code, not at comments and strings. */
  readonly isCode?: true
}

const always = (): boolean => true

// This folder spells the words out, in its bans and in what it plants.
const outsideTidy = (path: string): boolean => !path.startsWith('test/tidy/')

// Real time passes only in tests of the outside world.
const inVirtualTime = (path: string): boolean =>
  /^test\/(?!e2e\/|conformance\/|bench\/|faults\/)/.test(path) && path.endsWith('.ts')

const bans: readonly Ban[] = [
  { pattern: /\bFIXME\b/g, reason: 'mend it or write a TODO with owner and condition', applies: outsideTidy },
  {
    pattern: /\bTODO\b(?!\([a-z][\w-]*\): .*\b(?:when|once|if|until|after)\b)/g,
    reason: 'write "TODO(owner): what, when condition"',
    applies: outsideTidy,
  },
  {
    pattern: /\b(?:setTimeout|setInterval|sleep|delay)\s*\(/g,
    reason: 'tests outside e2e and faults run in virtual time; wait for a condition',
    applies: inVirtualTime,
    isCode: true,
  },
  {
    pattern: /\bvi\.(?:mock|fn|spyOn|stubGlobal|useFakeTimers)\b/g,
    reason: 'the ports are the seam; use the simulated host',
    applies: inVirtualTime,
    isCode: true,
  },
  {
    pattern: /\b(?:test|it|describe)\.only\b/g,
    reason: 'the other tests would not run',
    applies: (path) => path.startsWith('test/'),
    isCode: true,
  },
  { pattern: /registry\.npmjs/g, reason: 'the registry is the choice of the machine', applies: outsideTidy },
  {
    pattern:
      /\/work\/|\bget-consul\b|\bhouse(?:\.md|(?:,? (?:rule )?\d))|\bChatGPT\b|\bClaude\b|\bLLM\b|\blanguage model\b/g,
    reason: 'the repository speaks of the product alone',
    applies: outsideTidy,
  },
  {
    pattern:
      /\b(?:reference )?(?:semantics|config|dns|http|cli)(?:\.md)?,? §|\breference semantics\b|\(semantics:/gi,
    reason: 'readers do not have that document; state the rule itself',
    applies: outsideTidy,
  },
  { pattern: /^<{7} |^>{7} /gm, reason: 'resolve the conflict', applies: always },
]

/** The banned words of a file, one sentence each. */
export function wordViolations(file: SourceFile): readonly string[] {
  const code = blank(file.text, { strings: true })
  return bans
    .filter((ban) => ban.applies(file.path))
    .flatMap((ban) =>
      [...(ban.isCode ? code : file.text).matchAll(ban.pattern)].map(
        (match) => `${file.path}:${lineAt(file.text, match.index)} Cannot keep "${match[0]}": ${ban.reason}`,
      ),
    )
}
