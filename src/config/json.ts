// JSON with places: the same values as JSON.parse, and for every key the line it stands on, so that an error in a
// configuration file can say where. Engines disagree on what their parser reports, so this one is our own.
import { err, ok, type Result } from '../lib/result.ts'

/** Any JSON value. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/** A parsed document. */
export interface JsonDocument {
  readonly value: JsonValue
  /** Line (from 1) of each object key, by path: `ports.http`, `services[0].name`. */
  readonly lineByPath: ReadonlyMap<string, number>
}

/** Where and why a text is not JSON. */
export interface JsonError {
  readonly line: number
  readonly column: number
  readonly message: string
}

/** Deepest nesting that is read; deeper is refused. */
const depthMax = 64

/**
 * Parses JSON.
 *
 * Of two equal keys the last one counts, as with JSON.parse. A byte order mark at the start is skipped.
 *
 * Errors: the first fault, with line and column from 1.
 */
export function parseJson(text: string): Result<JsonDocument, JsonError> {
  const parser = new Parser(text)
  try {
    return ok(parser.document())
  } catch (error) {
    if (error instanceof Fault) return err(placeOf(text, error))
    throw error
  }
}

class Fault extends Error {
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

function placeOf(text: string, fault: Fault): JsonError {
  const before = text.slice(0, fault.at).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message: fault.message }
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

class Parser {
  readonly #text: string
  readonly #lineByPath = new Map<string, number>()
  #at = 0
  #line = 1
  #lineAt = 0

  constructor(text: string) {
    this.#text = text
    if (text.startsWith('\ufeff')) this.#at = 1
  }

  document(): JsonDocument {
    const value = this.#value('', 0)
    this.#skipSpace()
    if (this.#at < this.#text.length) throw this.#fault('there is more text after the end of the document')
    return { value, lineByPath: this.#lineByPath }
  }

  #fault(message: string): Fault {
    return new Fault(this.#at, message)
  }

  #skipSpace(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  /** What stands at the present place, for messages. */
  #found(): string {
    const char = this.#text[this.#at]
    return char === undefined ? 'the end of the file' : JSON.stringify(char)
  }

  #value(path: string, depth: number): JsonValue {
    if (depth > depthMax) throw this.#fault(`it is nested more than ${depthMax} levels deep`)
    this.#skipSpace()
    const char = this.#text[this.#at]
    if (char === '{') return this.#object(path, depth)
    if (char === '[') return this.#array(path, depth)
    if (char === '"') return this.#string()
    return this.#literal()
  }

  #literal(): JsonValue {
    const rest = this.#text.slice(this.#at, this.#at + 400)
    const word = /^(?:true|false|null)\b|^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(rest)?.[0]
    if (word === undefined) throw this.#fault(`a value was expected, found ${this.#found()}`)
    this.#at += word.length
    if (word === 'null') return null
    return word === 'true' ? true : word === 'false' ? false : Number(word)
  }

  #object(path: string, depth: number): JsonValue {
    const entries = new Map<string, JsonValue>()
    this.#at++
    this.#skipSpace()
    if (this.#text[this.#at] === '}') {
      this.#at++
      return {}
    }
    for (;;) {
      this.#skipSpace()
      if (this.#text[this.#at] !== '"')
        throw this.#fault(`a key in quotes was expected, found ${this.#found()}`)
      const line = this.#lineNow()
      const key = this.#string()
      const keyPath = path === '' ? key : `${path}.${key}`
      this.#lineByPath.set(keyPath, line)
      this.#skipSpace()
      if (this.#text[this.#at] !== ':')
        throw this.#fault(`":" was expected after the key, found ${this.#found()}`)
      this.#at++
      entries.set(key, this.#value(keyPath, depth + 1))
      if (this.#closes('}')) return Object.fromEntries(entries)
    }
  }

  #array(path: string, depth: number): JsonValue {
    const items: JsonValue[] = []
    this.#at++
    this.#skipSpace()
    if (this.#text[this.#at] === ']') {
      this.#at++
      return items
    }
    for (;;) {
      items.push(this.#value(`${path}[${items.length}]`, depth + 1))
      if (this.#closes(']')) return items
    }
  }

  /** After an element: true at the end, false when another follows. */
  #closes(end: string): boolean {
    this.#skipSpace()
    const char = this.#text[this.#at]
    if (char !== end && char !== ',')
      throw this.#fault(`"," or "${end}" was expected, found ${this.#found()}`)
    this.#at++
    return char === end
  }

  #string(): string {
    const start = this.#at
    let out = ''
    this.#at++
    for (;;) {
      const char = this.#text[this.#at]
      if (char === undefined) throw new Fault(start, 'this text has no closing quote')
      if (char === '"') break
      if (char < ' ') throw this.#fault('a line break or control character inside a text must be escaped')
      this.#at++
      out += char === '\\' ? this.#escape() : char
    }
    this.#at++
    return out
  }

  #escape(): string {
    const char = this.#text[this.#at] ?? ''
    const plain = escapes[char]
    if (plain !== undefined) {
      this.#at++
      return plain
    }
    const hex = /^u([\da-fA-F]{4})/.exec(this.#text.slice(this.#at, this.#at + 5))?.[1]
    if (hex === undefined) throw this.#fault(`"\\${char}" is not an escape that JSON knows`)
    this.#at += 5
    return String.fromCharCode(Number.parseInt(hex, 16))
  }

  #lineNow(): number {
    for (; this.#lineAt < this.#at; this.#lineAt++) if (this.#text[this.#lineAt] === '\n') this.#line++
    return this.#line
  }
}
