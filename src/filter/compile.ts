// From an expression and the shape of what it is put to, to a test of one value.
import { type Regex, compileRegex } from '../lib/regex.ts'
import { type Result, err, ok } from '../lib/result.ts'
import { parseTruth, parseWhole, quoted } from './literals.ts'
import type { Shape } from './shape.ts'
import { type Expression, type Match, type Operator, operatorNames } from './syntax.ts'
import type { Work } from './work.ts'

/** Whether a value is meant. */
export type Test = (value: unknown, work: Work) => boolean

type Compiled = Result<Test, string>

/** Makes the test. The error is a sentence in the words of the reference. */
export function compileTest(expression: Expression, shape: Shape): Compiled {
  switch (expression.kind) {
    case 'match':
      return compileMatch(expression, shape)
    case 'not': {
      const term = compileTest(expression.term, shape)
      if (!term.ok) return term
      const test = term.value
      return ok((value, work) => !test(value, work))
    }
    default:
      return compileTerms(expression, shape)
  }
}

function compileTerms(
  { kind, terms }: { readonly kind: 'and' | 'or'; readonly terms: readonly Expression[] },
  shape: Shape,
): Compiled {
  const tests: Test[] = []
  for (const term of terms) {
    const compiled = compileTest(term, shape)
    if (!compiled.ok) return compiled
    tests.push(compiled.value)
  }
  return kind === 'and'
    ? ok((value, work) => tests.every((test) => test(value, work)))
    : ok((value, work) => tests.some((test) => test(value, work)))
}

function compileMatch(match: Match, shape: Shape): Compiled {
  return descend(match, shape, 0)
}

/** Goes into a shape by the names of the selector from `at` on. */
function descend(match: Match, shape: Shape, at: number): Compiled {
  if (at === match.selector.length) return compileLeaf(match, shape)
  if (shape.kind === 'list') return anyOf(descend(match, shape.of, at))
  const name = match.selector[at] ?? ''
  if (shape.kind === 'map') {
    const inner = descend(match, shape.of, at + 1)
    if (!inner.ok) return inner
    const test = inner.value
    const without = testsOfNothing[match.operator]
    return ok((value, work) => {
      const map = value as Readonly<Record<string, unknown>>
      return Object.hasOwn(map, name) ? test(map[name], work) : without
    })
  }
  const field = shape.kind === 'struct' ? shape.fields.get(name) : undefined
  if (field === undefined) {
    return err(`Selector "${match.selector.slice(0, at + 1).join('.')}" is not valid`)
  }
  const inner = descend(match, field.shape, at + 1)
  if (!inner.ok) return inner
  const test = inner.value
  const read = field.read as (owner: unknown) => unknown
  return ok((value, work) => test(read(value), work))
}

/** What is true of a value that a map does not have. */
const testsOfNothing: Readonly<Record<Operator, boolean>> = {
  equal: false,
  notEqual: true,
  in: false,
  notIn: true,
  isEmpty: true,
  isNotEmpty: false,
  matches: false,
  notMatches: true,
}

function anyOf(inner: Compiled): Compiled {
  if (!inner.ok) return inner
  const test = inner.value
  return ok((value, work) => (value as readonly unknown[]).some((item) => test(item, work)))
}

/** The comparison itself. */
function compileLeaf(match: Match, shape: Shape): Compiled {
  const { operator, selector } = match
  const compiled = positive[operatorGroups[operator]](match, shape)
  if (compiled === null) {
    return err(`Invalid match operator "${operatorNames[operator]}" for selector "${selector.join('.')}"`)
  }
  if (!compiled.ok || !negated.has(operator)) return compiled
  const test = compiled.value
  return ok((value, work) => !test(value, work))
}

type Group = 'equal' | 'in' | 'isEmpty' | 'matches'

const operatorGroups: Readonly<Record<Operator, Group>> = {
  equal: 'equal',
  notEqual: 'equal',
  in: 'in',
  notIn: 'in',
  isEmpty: 'isEmpty',
  isNotEmpty: 'isEmpty',
  matches: 'matches',
  notMatches: 'matches',
}

const negated: ReadonlySet<Operator> = new Set(['notEqual', 'notIn', 'isNotEmpty', 'notMatches'])

/** The operators without their negations; null where a shape knows no such operator. */
const positive: Readonly<Record<Group, (match: Match, shape: Shape) => Compiled | null>> = {
  equal: compileEqual,
  in: compileIn,
  isEmpty: compileIsEmpty,
  matches: compileMatches,
}

function compileEqual({ value, selector }: Match, { kind }: Shape): Compiled | null {
  if (kind === 'text') return ok(isValue(value))
  if (kind !== 'whole' && kind !== 'truth') return null
  const parsed = kind === 'whole' ? parseWhole(value) : parseTruth(value)
  if (parsed.ok) return ok(isValue(parsed.value))
  return err(`Failed to coerce value ${quoted(value)} for selector "${selector.join('.')}": ${parsed.error}`)
}

function isValue(expected: unknown): Test {
  return (value, work) => {
    work.spend(1)
    return value === expected
  }
}

function compileIn({ value: wanted }: Match, shape: Shape): Compiled | null {
  if (shape.kind === 'text') {
    return ok((value, work) => {
      const text = value as string
      work.spend(1 + text.length)
      return text.includes(wanted)
    })
  }
  if (shape.kind === 'map') {
    return ok((value, work) => {
      work.spend(1)
      return Object.hasOwn(value as object, wanted)
    })
  }
  if (shape.kind !== 'list' || shape.of.kind !== 'text') return null
  return ok((value, work) => {
    const list = value as readonly unknown[]
    work.spend(1 + list.length)
    return list.includes(wanted)
  })
}

function compileIsEmpty(_match: Match, { kind }: Shape): Compiled | null {
  if (kind === 'list') return ok((value) => (value as readonly unknown[]).length === 0)
  if (kind === 'map') return ok((value) => Object.keys(value as object).length === 0)
  return null
}

function compileMatches({ value }: Match, { kind }: Shape): Compiled | null {
  if (kind !== 'text') return null
  const compiled = compileRegex(value)
  if (compiled.ok) return ok(isMatchOf(compiled.value))
  return err(`Failed to compile regular expression ${quoted(value)}: ${compiled.error}`)
}

function isMatchOf(regex: Regex): Test {
  return (value, work) => {
    const text = value as string
    // Each character may cost as much as the pattern is large.
    work.spend(regex.size * (text.length + 1))
    return regex.test(text)
  }
}
