// Regular expressions as Go has them (RE2's syntax and sentences), matched in time that grows with pattern and text and
// never with the ways to match: what a client or a stored query sends cannot hold an agent up.
import { RE2JS, RE2JSException } from 're2js'
import { type Result, err, ok } from './result.ts'

/** A compiled pattern. */
export interface Regex {
  /** Instructions that it became. A match takes at most a multiple of this times the length of the text. */
  readonly size: number
  /** True if it matches anywhere in the text. */
  test(text: string): boolean
  /** The first match: all of it, then its groups, null for those that took no part; null if there is none. */
  find(text: string): readonly (string | null)[] | null
}

/** Characters of a pattern; repetitions are written short and become long. */
const sourceLengthMax = 1024
/** Instructions: memory, and time for each character of a text. */
const sizeMax = 10_000

/** Compiles a pattern. The error is a sentence in the words of the reference, or says which limit it exceeds. */
export function compileRegex(source: string): Result<Regex, string> {
  if (source.length > sourceLengthMax) {
    return err(`error parsing regexp: expression is longer than ${sourceLengthMax} characters`)
  }
  const compiled = compile(source)
  if (typeof compiled === 'string') return err(compiled)
  const size = compiled.programSize()
  if (size > sizeMax) return err(`error parsing regexp: expression too large: \`${source}\``)
  return ok({
    size,
    test: (text) => compiled.test(text),
    find: (text) => {
      const matcher = compiled.matcher(text)
      if (!matcher.find()) return null
      return Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i))
    },
  })
}

function compile(source: string): RE2JS | string {
  try {
    return RE2JS.compile(source)
  } catch (error) {
    if (error instanceof RE2JSException) return error.message
    throw error
  }
}
