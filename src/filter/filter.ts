// Filter expressions: which values of an answer are meant. The door of this folder (DESIGN.md).
import { type Result, err, ok } from '../lib/result.ts'
import { type Test, compileTest } from './compile.ts'
import { parseExpression } from './grammar.ts'
import type { StructShape } from './shape.ts'
import { Work, WorkExceeded, stepsMax } from './work.ts'

/** An expression that was understood. */
export interface Filter<T> {
  /** As it was written. */
  readonly text: string
  /** Those values for which it is true, in their order. The error is a sentence. */
  select(values: readonly T[]): Result<readonly T[], string>
}

/**
 * Makes a filter for values of a shape.
 *
 * @param text an expression; what is empty means nothing, and is for the caller to leave out
 * @returns the filter, or a sentence: the reference's own where it refuses the expression too
 * Bounds: the length and the nesting of an expression, the size of a pattern. State: none.
 */
export function compileFilter<T>(text: string, shape: StructShape<T>): Result<Filter<T>, string> {
  const expression = parseExpression(text)
  const test = expression.ok ? compileTest(expression.value, shape) : expression
  if (!test.ok) return err(`Failed to create boolean expression evaluator: ${test.error}`)
  return ok({ text, select: (values) => select(values, test.value) })
}

function select<T>(values: readonly T[], test: Test): Result<readonly T[], string> {
  const work = new Work(stepsMax)
  try {
    return ok(values.filter((value) => test(value, work)))
  } catch (error) {
    if (!(error instanceof WorkExceeded)) throw error
    return err(
      `Failed to filter: the expression takes more than ${stepsMax} steps for ${values.length} values; ` +
        'use a shorter pattern, or ask for less with a tag or node-meta',
    )
  }
}
