// Filter expressions of requests: each is compiled once, and put once to each answer. Values are shared between all who
// ask the same, and so is what is left of them; a change makes another value, so nothing here is ever out of date.
import { type Filter, compileFilter } from '../filter/filter.ts'
import type { StructShape } from '../filter/shape.ts'
import { type Result, ok } from '../lib/result.ts'
import { Refusal, failedRead } from './errors.ts'

/** Takes what is not meant out of an answer; the answer itself stays as it is. The error is a sentence. */
export type Narrow<V> = (value: V) => Result<V, string>

/** How an expression is put to answers of one kind. */
export interface Filtering<V> {
  /** The error is a sentence. */
  readonly compile: (text: string) => Result<Narrow<V>, string>
}

/** Answers that are lists of what the expression is put to. */
export function eachOf<T>(shape: StructShape<T>): Filtering<readonly T[]> {
  return partsOf(
    shape,
    (value) => value,
    (_value, kept) => kept,
  )
}

/** Answers that hold a list of what the expression is put to. */
export function partsOf<V, T>(
  shape: StructShape<T>,
  parts: (value: V) => readonly T[],
  withParts: (value: V, kept: readonly T[]) => V,
): Filtering<V> {
  return {
    compile(text) {
      const compiled = compileFilter(text, shape)
      return compiled.ok ? ok((value) => narrowed(value, compiled.value, { parts, withParts })) : compiled
    },
  }
}

function narrowed<V, T>(
  value: V,
  filter: Filter<T>,
  {
    parts,
    withParts,
  }: {
    readonly parts: (value: V) => readonly T[]
    readonly withParts: (value: V, kept: readonly T[]) => V
  },
): Result<V, string> {
  const all = parts(value)
  const kept = filter.select(all)
  if (!kept.ok) return kept
  return ok(kept.value.length === all.length ? value : withParts(value, kept.value))
}

/** Status of an expression that cannot be used. */
const badExpression = 400

/** Expressions that are kept for each kind of answer; the one not used for the longest time goes first. */
const expressionsMax = 256

/** The expressions of one API. */
export class Filters {
  /** By the kind of answer that they are for. */
  readonly #compiled = new WeakMap<object, Map<string, unknown>>()
  readonly #answers = new WeakMap<object, WeakMap<object, unknown>>()

  /** The expression for answers of this kind. Throws Refusal with what is wrong in it. */
  narrowing<V>(filtering: Filtering<V>, text: string): Narrow<V> {
    const known = this.#compiled.get(filtering) ?? new Map<string, unknown>()
    this.#compiled.set(filtering, known)
    const found = known.get(text) as Narrow<V> | undefined
    if (found !== undefined) {
      known.delete(text)
      known.set(text, found)
      return found
    }
    const compiled = filtering.compile(text)
    if (!compiled.ok) throw new Refusal(badExpression, compiled.error, failedRead)
    known.set(text, compiled.value)
    if (known.size > expressionsMax) known.delete(known.keys().next().value ?? '')
    return compiled.value
  }

  /** What is left of an answer: the same object each time. Throws Refusal where that takes too long. */
  narrowed<V>(value: V, narrow: Narrow<V>): V {
    if (typeof value !== 'object' || value === null) return value
    const known = this.#answers.get(value) ?? new WeakMap<object, unknown>()
    this.#answers.set(value, known)
    const found = known.get(narrow)
    if (found !== undefined) return found as V
    const result = narrow(value)
    if (!result.ok) throw new Refusal(badExpression, result.error, failedRead)
    known.set(narrow, result.value)
    return result.value
  }
}
