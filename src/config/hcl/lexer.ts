// HCL as words: keys, texts, numbers, true and false, and the marks { } [ ] , = between them; comments are left out.
import { HclFault, shown } from './fault.ts'
import { scanNumber } from './number.ts'
import { scanHeredoc, scanQuoted } from './text.ts'

/** What a token is. `word` is a bare key, `mark` one of { } [ ] , and =. */
export type Token = { readonly at: number; readonly line: number } & (
  | { readonly kind: 'word'; readonly value: string }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'heredoc'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'mark'; readonly value: string }
  | { readonly kind: 'end'; readonly value: null }
)

const space = /[ \t\r\n]+/y
const word = /[\p{L}_][\p{L}\p{Nd}_.-]*/uy

/** Hands out the tokens of a text one by one; every fault is thrown as an HclFault. */
export class Lexer {
  readonly #text: string
  #at = 0
  #line = 1
  #lineAt = 0

  constructor(text: string) {
    this.#text = text
    if (text.startsWith('\ufeff')) this.#at = 1
  }

  /** The next token; `end` again and again after the last one. */
  next(): Token {
    this.#skip()
    const at = this.#at
    const line = this.#lineNow()
    const char = this.#text[at]
    if (char === undefined) return { kind: 'end', value: null, at, line }
    if ('{}[],='.includes(char)) {
      this.#at++
      return { kind: 'mark', value: char, at, line }
    }
    if (char === '"') return { kind: 'text', value: this.#taken(scanQuoted(this.#text, at)), at, line }
    if (char === '<') return { kind: 'heredoc', value: this.#taken(scanHeredoc(this.#text, at)), at, line }
    const number = '-.0123456789'.includes(char) ? scanNumber(this.#text, at) : undefined
    if (number !== undefined) return { kind: 'number', value: this.#taken(number), at, line }
    const value = this.#word()
    if (value === 'true' || value === 'false') return { kind: 'bool', value: value === 'true', at, line }
    return { kind: 'word', value, at, line }
  }

  #taken<T>(scanned: { readonly value: T; readonly end: number }): T {
    this.#at = scanned.end
    return scanned.value
  }

  #word(): string {
    word.lastIndex = this.#at
    const value = word.exec(this.#text)?.[0]
    if (value === undefined) throw new HclFault(this.#at, this.#strange())
    this.#at += value.length
    return value
  }

  /** Why the present character begins nothing. */
  #strange(): string {
    const found = `${shown(this.#text, this.#at)} has no meaning here`
    switch (this.#text[this.#at]) {
      case "'":
        return `${found}: texts stand in double quotes`
      case ':':
        return `${found}: a key is followed by "="`
      case ';':
        return `${found}: put the next key on a line of its own`
      case '+':
      case '-':
      case '.':
        return `${found}: no number follows it`
      case '/':
        return `${found}: a comment begins with #, // or /*`
      default:
        return found
    }
  }

  /** Goes past space and comments. */
  #skip(): void {
    for (;;) {
      space.lastIndex = this.#at
      this.#at += space.exec(this.#text)?.[0].length ?? 0
      const char = this.#text[this.#at]
      const next = char === '/' ? this.#text[this.#at + 1] : undefined
      if (next === '*') this.#skipTo('*/')
      else if (next === '/' || char === '#') this.#skipTo('\n')
      else return
    }
  }

  #skipTo(end: '*/' | '\n'): void {
    const found = this.#text.indexOf(end, this.#at + end.length)
    if (found === -1 && end === '*/') throw new HclFault(this.#at, 'this comment has no closing */')
    this.#at = found === -1 ? this.#text.length : found + end.length
  }

  #lineNow(): number {
    for (; this.#lineAt < this.#at; this.#lineAt++) if (this.#text[this.#lineAt] === '\n') this.#line++
    return this.#line
  }
}
