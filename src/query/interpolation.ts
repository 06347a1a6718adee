// Text with `${…}` in it: a small part of HIL, the language of the reference's templates, parsed once and filled in often.
// Variables, calls, text and numbers; no arithmetic and no conditions, which the reference has and nobody documents.
import { type Result, err, ok } from '../lib/result.ts'

/** Text that is filled in. */
export interface Interpolation {
  /** The filled text, or why it cannot be filled in, with line and column. */
  fill(scope: Scope): Result<string, string>
}

/** What can stand between the braces. */
export interface Scope {
  readonly variables: ReadonlyMap<string, string>
  /** Functions of one number. */
  readonly functions: ReadonlyMap<string, (argument: number) => string>
}

/** Parses text; null if it is not of this form. */
export function parseInterpolation(source: string): Interpolation | null {
  const parser = new Parser(source)
  const parts = parser.parts(null)
  if (parts === null) return null
  return {
    fill(scope) {
      try {
        return ok(join(parts, scope))
      } catch (error) {
        if (error instanceof Misuse) return err(error.message)
        throw error
      }
    },
  }
}

type Expression =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'joined'; readonly parts: readonly Expression[] }
  | { readonly kind: 'variable'; readonly name: string; readonly at: string }
  | {
      readonly kind: 'call'
      readonly name: string
      readonly at: string
      readonly arguments: readonly Expression[]
    }

/** A variable or function that does not exist, or is used wrongly; never leaves this file. */
class Misuse extends Error {
  override readonly name = 'Misuse'
}

function join(parts: readonly Expression[], scope: Scope): string {
  let text = ''
  for (const part of parts) text += evaluate(part, scope)
  return text
}

function evaluate(expression: Expression, scope: Scope): string {
  switch (expression.kind) {
    case 'text':
      return expression.text
    case 'joined':
      return join(expression.parts, scope)
    case 'variable': {
      const value = scope.variables.get(expression.name)
      if (value === undefined)
        throw new Misuse(`${expression.at}: unknown variable accessed: ${expression.name}`)
      return value
    }
    case 'call':
      return call(expression, scope)
    default:
      return expression satisfies never
  }
}

function call(expression: Extract<Expression, { readonly kind: 'call' }>, scope: Scope): string {
  const { name, at } = expression
  const given = expression.arguments.map((argument) => evaluate(argument, scope))
  const carryOut = scope.functions.get(name)
  if (carryOut === undefined) throw new Misuse(`${at}: unknown function called: ${name}`)
  const [argument] = given
  if (argument === undefined || given.length > 1) {
    throw new Misuse(`${at}: ${name}: expected 1 arguments, got ${given.length}`)
  }
  if (!/^[+-]?\d+(?:\.\d+)?$/.test(argument)) {
    const why = `strconv.ParseInt: parsing ${JSON.stringify(argument)}: invalid syntax`
    throw new Misuse(`__builtin_StringToInt: ${why}`)
  }
  return carryOut(Math.trunc(Number(argument)))
}

/** Braces and quotes in each other; the parser calls itself for each. */
const depthMax = 16

class Parser {
  readonly #source: string
  #at = 0
  #depth = 0

  constructor(source: string) {
    this.#source = source
  }

  /** Literal text and braces up to `end`, or to the end of all with null. Null: no such text. */
  parts(end: '"' | null): readonly Expression[] | null {
    const source = this.#source
    const parts: Expression[] = []
    let text = ''
    for (;;) {
      if (this.#at >= source.length) return end === null ? [...parts, { kind: 'text', text }] : null
      const char = source[this.#at] ?? ''
      if (char === end) {
        this.#at++
        return [...parts, { kind: 'text', text }]
      }
      if (!source.startsWith('${', this.#at)) {
        const [piece, length] = this.#piece(end)
        text += piece
        this.#at += length
        continue
      }
      const inner = this.#braces()
      if (inner === null) return null
      parts.push({ kind: 'text', text }, inner)
      text = ''
    }
  }

  /** The next character as it is meant, and how much of the source it is. */
  #piece(end: '"' | null): readonly [string, number] {
    const source = this.#source
    if (source.startsWith('$$', this.#at)) return ['$', 2]
    const char = source[this.#at] ?? ''
    if (end === null || char !== '\\' || this.#at + 1 >= source.length) return [char, 1]
    const escaped = source[this.#at + 1] ?? ''
    return [escaped === 'n' ? '\n' : escaped, 2]
  }

  #braces(): Expression | null {
    this.#at += 2
    const inner = this.#nested(() => this.#expression())
    this.#skipSpace()
    if (inner === null || this.#source[this.#at] !== '}') return null
    this.#at++
    return inner
  }

  #nested<T>(parse: () => T | null): T | null {
    if (this.#depth >= depthMax) return null
    this.#depth++
    const parsed = parse()
    this.#depth--
    return parsed
  }

  #expression(): Expression | null {
    this.#skipSpace()
    const char = this.#source[this.#at] ?? ''
    if (char === '"') {
      this.#at++
      const parts = this.#nested(() => this.parts('"'))
      return parts === null ? null : { kind: 'joined', parts }
    }
    if (char === '(') return this.#parenthesis()
    const number = /^-?\d+(?:\.\d+)?/.exec(this.#source.slice(this.#at, this.#at + 20))?.[0]
    if (number !== undefined) {
      this.#at += number.length
      return { kind: 'text', text: number }
    }
    return this.#named()
  }

  #parenthesis(): Expression | null {
    this.#at++
    const inner = this.#nested(() => this.#expression())
    this.#skipSpace()
    if (inner === null || this.#source[this.#at] !== ')') return null
    this.#at++
    return inner
  }

  #named(): Expression | null {
    const at = this.#place()
    const name = /^[A-Za-z_][\w.*-]*/.exec(this.#source.slice(this.#at))?.[0]
    if (name === undefined) return null
    this.#at += name.length
    this.#skipSpace()
    if (this.#source[this.#at] !== '(') return { kind: 'variable', name, at }
    this.#at++
    const given = this.#nested(() => this.#arguments())
    return given === null ? null : { kind: 'call', name, at, arguments: given }
  }

  #arguments(): readonly Expression[] | null {
    const given: Expression[] = []
    this.#skipSpace()
    if (this.#source[this.#at] === ')') {
      this.#at++
      return given
    }
    for (;;) {
      const argument = this.#expression()
      if (argument === null) return null
      given.push(argument)
      this.#skipSpace()
      const char = this.#source[this.#at] ?? ''
      this.#at++
      if (char === ')') return given
      if (char !== ',') return null
    }
  }

  #skipSpace(): void {
    while (/\s/.test(this.#source[this.#at] ?? '')) this.#at++
  }

  /** Line and column as the reference counts them: from the second line on a column more than there is. */
  #place(): string {
    const before = this.#source.slice(0, this.#at)
    const lineStart = before.lastIndexOf('\n') + 1
    const line = before.split('\n').length
    const column = this.#at - lineStart + 1
    return `${line}:${line === 1 ? column : column + 1}`
  }
}
