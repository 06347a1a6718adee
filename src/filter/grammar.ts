// The grammar of filter expressions: a text in, an expression or a sentence out.
//
//   or       = and (_ "or" _ and)*            match    = selector ("==" | "!=" | contains | matches) value
//   and      = term (_ "and" _ term)*                  | selector _ "is" _ ("not" _)? "empty"
//   term     = "not" _ term | "(" or ")" | match       | value _ ("not" _)? "in" _ selector
//   selector = name ("." name | "[" string "]")*   value = selector | number | string
import { type Result, err, ok } from '../lib/result.ts'
import { unquote } from './literals.ts'
import { Reader } from './reader.ts'
import type { Expression, Match, Operator } from './syntax.ts'

/** Characters of an expression; more is refused. */
export const expressionLengthMax = 8192
/** Parentheses and negations within each other; more is refused. */
export const nestingMax = 100

/** Reads an expression. The error is a sentence in the words of the reference. */
export function parseExpression(text: string): Result<Expression, string> {
  if (text.length > expressionLengthMax) {
    return err(`The expression has ${text.length} characters, and ${expressionLengthMax} is the limit`)
  }
  const grammar = new Grammar(text.toWellFormed())
  const expression = grammar.whole()
  if (grammar.isTooDeep) return err(`The expression nests deeper than ${nestingMax} levels`)
  return expression === null ? err(grammar.refusal()) : ok(expression)
}

/** A part that was read, and where it ended. */
interface Known {
  readonly expression: Expression | null
  readonly end: number
}

class Grammar {
  readonly #reader: Reader
  /** Alternations by where they begin: parentheses are read twice, once to say what is wrong with them. */
  readonly #alternations = new Map<number, Known>()
  #depth = 0
  isTooDeep = false

  constructor(text: string) {
    this.#reader = new Reader(text)
  }

  refusal(): string {
    return this.#reader.refusal()
  }

  whole(): Expression | null {
    const reader = this.#reader
    this.#spaces()
    const expression = this.#or()
    if (expression === null) return null
    this.#spaces()
    return reader.end() && !reader.hasErrors ? expression : null
  }

  #or(): Expression | null {
    const reader = this.#reader
    const begin = reader.at
    const known = this.#alternations.get(begin)
    if (known !== undefined) {
      reader.at = known.end
      return known.expression
    }
    const expression = this.#chain('or', () => this.#chain('and', () => this.#term()))
    this.#alternations.set(begin, { expression, end: reader.at })
    return expression
  }

  #chain(word: 'and' | 'or', rule: () => Expression | null): Expression | null {
    const first = rule()
    if (first === null) return null
    const terms = [first]
    for (;;) {
      const next = this.#reader.attempt(() => (this.#word(word) && this.#spaces() ? rule() : null))
      if (next === null) return terms.length === 1 ? first : { kind: word, terms }
      terms.push(next)
    }
  }

  #term(): Expression | null {
    if (this.#depth >= nestingMax) {
      this.isTooDeep = true
      return null
    }
    this.#depth++
    const expression =
      this.#reader.attempt(() => this.#negation()) ??
      this.#reader.attempt(() => this.#grouping()) ??
      this.#match()
    this.#depth--
    return expression
  }

  #negation(): Expression | null {
    if (!this.#reader.literal('not') || !this.#spaces()) return null
    const term = this.#term()
    return term === null ? null : { kind: 'not', term }
  }

  #grouping(): Expression | null {
    const reader = this.#reader
    if (!reader.literal('(')) return null
    this.#spaces()
    const inner = this.#or()
    if (inner === null) return null
    this.#spaces()
    return reader.literal(')') ? inner : reader.error(reader.at, 'grouping', 'Unmatched parentheses')
  }

  #match(): Expression | null {
    const reader = this.#reader
    return (
      reader.attempt(() => this.#selectorFirst()) ??
      reader.attempt(() => this.#emptiness()) ??
      this.#valueFirst()
    )
  }

  #selectorFirst(): Match | null {
    const reader = this.#reader
    const selector = this.#selector()
    if (selector === null) return null
    const operator =
      reader.attempt(() => this.#sign('==', 'equal')) ??
      reader.attempt(() => this.#sign('!=', 'notEqual')) ??
      reader.attempt(() => this.#words(['contains'], 'in')) ??
      reader.attempt(() => this.#words(['not', 'contains'], 'notIn')) ??
      reader.attempt(() => this.#words(['matches'], 'matches')) ??
      reader.attempt(() => this.#words(['not', 'matches'], 'notMatches'))
    if (operator === null) return null
    const value = this.#value()
    return value === null ? null : { kind: 'match', selector, operator, value }
  }

  #emptiness(): Match | null {
    const selector = this.#selector()
    if (selector === null || !this.#word('is') || !this.#spaces()) return null
    const reader = this.#reader
    const isNot = reader.attempt(() => (reader.literal('not') && this.#spaces() ? true : null)) ?? false
    if (!reader.literal('empty')) return null
    return { kind: 'match', selector, operator: isNot ? 'isNotEmpty' : 'isEmpty', value: '' }
  }

  #valueFirst(): Match | null {
    const reader = this.#reader
    return reader.attempt(() => {
      const value = this.#value()
      if (value === null) return null
      const operator =
        reader.attempt(() => this.#words(['in'], 'in')) ??
        reader.attempt(() => this.#words(['not', 'in'], 'notIn'))
      if (operator === null) return null
      const { at } = reader
      const selector = this.#selector()
      if (selector === null) return reader.error(at, 'match', 'Invalid selector')
      return { kind: 'match', selector, operator, value }
    })
  }

  /** An operator of signs: spaces around it may be missing. */
  #sign(sign: string, operator: Operator): Operator | null {
    this.#spaces()
    if (!this.#reader.literal(sign)) return null
    this.#spaces()
    return operator
  }

  /** An operator of words, with spaces around each. */
  #words(words: readonly string[], operator: Operator): Operator | null {
    for (const word of words) if (!this.#word(word)) return null
    return this.#spaces() ? operator : null
  }

  #word(word: string): boolean {
    return this.#spaces() && this.#reader.literal(word)
  }

  /** At least one space. */
  #spaces(): boolean {
    const reader = this.#reader
    const begin = reader.at
    while (reader.oneOf(/[ \t\r\n]/, String.raw`[ \t\r\n]`));
    return reader.at > begin
  }

  #selector(): readonly string[] | null {
    const reader = this.#reader
    const first = this.#name()
    if (first === null) return null
    const names = [first]
    for (;;) {
      const next =
        reader.attempt(() => (reader.literal('.') ? this.#name() : null)) ??
        reader.attempt(() => this.#index())
      if (next === null) return names
      names.push(next)
    }
  }

  #name(): string | null {
    const reader = this.#reader
    const begin = reader.at
    if (!reader.oneOf(/[a-zA-Z]/, '[a-zA-Z]')) return null
    while (reader.oneOf(/[a-zA-Z0-9_]/, '[a-zA-Z0-9_]'));
    return reader.text.slice(begin, reader.at)
  }

  #index(): string | null {
    const reader = this.#reader
    if (!reader.literal('[')) return null
    this.#spaces()
    const { at } = reader
    const name = reader.attempt(() => this.#string())
    if (name === null) return reader.error(at, 'index', 'Invalid index')
    this.#spaces()
    return reader.literal(']') ? name : reader.error(reader.at, 'index', 'Unclosed index expression')
  }

  #value(): string | null {
    const selector = this.#selector()
    return selector === null
      ? (this.#number() ?? this.#reader.attempt(() => this.#string()))
      : selector.join('.')
  }

  /** A number, as it is written: what it is compared with says what it must be. */
  #number(): string | null {
    const reader = this.#reader
    const begin = reader.at
    return reader.attempt(() => {
      reader.literal('-')
      if (!reader.literal('0')) {
        if (!reader.oneOf(/[1-9]/, '[1-9]')) return null
        this.#digits()
      }
      reader.attempt(() => (reader.literal('.') && this.#digits() > 0 ? true : null))
      const { at } = reader
      const isOver = this.#spaces() || reader.end() || reader.literal(')')
      reader.at = at
      return isOver ? reader.text.slice(begin, at) : reader.error(at, 'number', 'Invalid number literal')
    })
  }

  #digits(): number {
    const reader = this.#reader
    const begin = reader.at
    while (reader.oneOf(/[0-9]/, '[0-9]'));
    return reader.at - begin
  }

  #string(): string | null {
    const reader = this.#reader
    const begin = reader.at
    const quote = reader.literal('`') ? '`' : reader.literal('"') ? '"' : ''
    if (quote === '') return null
    const end = reader.text.indexOf(quote, reader.at)
    if (end < 0) return reader.error(reader.text.length, 'string', 'Unterminated string literal')
    const inner = reader.text.slice(reader.at, end)
    reader.at = end + 1
    if (quote === '`') return inner.replaceAll('\r', '')
    const value = unquote(inner)
    if (value === undefined) reader.error(begin, 'string', 'invalid syntax')
    return value ?? ''
  }
}
