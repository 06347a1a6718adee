// Parses a JSON body. The platform's parser does the work; what it refuses is looked at again here, for the
// reference takes a value with anything behind it, and says in its own words what is wrong.
import type { Json } from '../model/catalog.ts'
import { Refusal } from './errors.ts'

/** Nesting that is accepted. The reference allows 10,000; no body that means something comes near this. */
const depthMax = 200

/** Parses a body. Throws Refusal (400). */
export function parseJson(body: string): Json {
  try {
    const value = JSON.parse(body) as Json
    assertDepth(value, 0)
    return value
  } catch (error) {
    if (error instanceof Refusal) throw error
    return JSON.parse(firstValue(body)) as Json
  }
}

/**
 * Parses a body in which 64-bit numbers count to the last digit: those that a number of
 * JavaScript cannot hold become an object with their digits in `#digits`.
 */
export function parseJsonExact(body: string): Json {
  const value = parseJson(body)
  if (!/\d{16}/.test(body)) return value
  return JSON.parse(firstValue(body), exact as (key: string, value: Json) => Json) as Json
}

function exact(_key: string, value: Json, context?: { readonly source?: string }): Json {
  const source = context?.source
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value
  return /^\d+$/.test(source) ? { '#digits': source } : value
}

function assertDepth(value: Json, depth: number): void {
  if (depth > depthMax) throw failure('exceeded max depth')
  if (typeof value !== 'object' || value === null) return
  for (const inner of Object.values(value)) assertDepth(inner, depth + 1)
}

/** The text of the first JSON value of a body. Throws Refusal when it is not valid. */
function firstValue(body: string): string {
  const scanner = new Scanner(body)
  scanner.skipSpace()
  if (scanner.isAtEnd) throw failure('EOF')
  const start = scanner.at
  scanner.value(0)
  return body.slice(start, scanner.at)
}

function failure(reason: string): Refusal {
  return new Refusal(400, `Request decode failed: ${reason}`)
}

class Scanner {
  readonly #text: string
  at = 0

  constructor(text: string) {
    this.#text = text
  }

  get isAtEnd(): boolean {
    return this.at >= this.#text.length
  }

  skipSpace(): void {
    while (/^[ \t\r\n]$/.test(this.#text.charAt(this.at))) this.at++
  }

  value(depth: number): void {
    if (depth > depthMax) throw failure('exceeded max depth')
    this.skipSpace()
    const character = this.#peek()
    if (character === '{') return this.#object(depth)
    if (character === '[') return this.#list(depth)
    if (character === '"') return this.#string()
    if (character === '-' || isDigit(character)) return this.#number()
    for (const literal of ['true', 'false', 'null']) {
      if (literal.startsWith(character)) return this.#literal(literal)
    }
    throw this.#unexpected('looking for beginning of value')
  }

  #object(depth: number): void {
    this.at++
    if (this.#takes('}')) return
    do {
      this.skipSpace()
      if (this.#peek() !== '"') throw this.#unexpected('looking for beginning of object key string')
      this.#string()
      if (!this.#takes(':')) throw this.#unexpected('after object key')
      this.value(depth + 1)
    } while (this.#takes(','))
    if (!this.#takes('}')) throw this.#unexpected('after object key:value pair')
  }

  #list(depth: number): void {
    this.at++
    if (this.#takes(']')) return
    do this.value(depth + 1)
    while (this.#takes(','))
    if (!this.#takes(']')) throw this.#unexpected('after array element')
  }

  #string(): void {
    this.at++
    for (;;) {
      const character = this.#peek()
      if (character < ' ') throw this.#unexpected('in string literal')
      this.at++
      if (character === '"') return
      if (character === '\\') this.#escape()
    }
  }

  #escape(): void {
    const character = this.#peek()
    if (!'"\\/bfnrtu'.includes(character)) throw this.#unexpected('in string escape code')
    this.at++
    if (character !== 'u') return
    for (let i = 0; i < 4; i++) {
      if (!/^[\da-f]$/i.test(this.#peek()))
        throw this.#unexpected(String.raw`in \u hexadecimal character escape`)
      this.at++
    }
  }

  #number(): void {
    const match = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(
      this.#text.slice(this.at, this.at + 400),
    )
    if (match === null) {
      this.at++
      this.#peek()
      throw this.#unexpected('in numeric literal')
    }
    this.at += match[0].length
  }

  #literal(literal: string): void {
    for (const expected of literal) {
      if (this.#peek() !== expected) throw this.#unexpected(`in literal ${literal} (expecting '${expected}')`)
      this.at++
    }
  }

  /** Passes over a character, and space before it, if it comes next. */
  #takes(character: string): boolean {
    this.skipSpace()
    if (this.#text.charAt(this.at) !== character) return false
    this.at++
    return true
  }

  #peek(): string {
    if (this.isAtEnd) throw failure('unexpected EOF')
    return this.#text.charAt(this.at)
  }

  #unexpected(context: string): Refusal {
    if (this.isAtEnd) return failure('unexpected EOF')
    return failure(`invalid character '${this.#text.charAt(this.at)}' ${context}`)
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9'
}
