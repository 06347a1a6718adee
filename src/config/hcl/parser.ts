// HCL as a tree: what was written, in order, before equal keys are put together (`document.ts`).
import { HclFault } from './fault.ts'
import { Lexer, type Token } from './lexer.ts'

/** A value as it was written. */
export type HclNode =
  | { readonly kind: 'plain'; readonly value: string | number | boolean }
  | { readonly kind: 'list'; readonly items: readonly HclNode[] }
  | { readonly kind: 'object'; readonly entries: readonly HclEntry[] }

/** A key and its value. A label of a block is a key inside of it. */
export interface HclEntry {
  readonly key: string
  readonly at: number
  readonly line: number
  readonly node: HclNode
}

/** Deepest nesting that is read; deeper is refused. */
const depthMax = 64

/** Parses a whole file into its entries; every fault is thrown as an HclFault. */
export function parseEntries(text: string): readonly HclEntry[] {
  return new Parser(new Lexer(text)).file()
}

/** A token in messages. */
function foundWords(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the file'
    case 'word':
      return `the word ${short(token.value)}`
    case 'text':
      return `the text ${JSON.stringify(short(token.value))}`
    case 'heredoc':
      return 'a text of several lines'
    case 'number':
      return `the number ${token.value}`
    case 'bool':
      return String(token.value)
    case 'mark':
      return `"${token.value}"`
  }
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

class Parser {
  readonly #lexer: Lexer
  #token: Token

  constructor(lexer: Lexer) {
    this.#lexer = lexer
    this.#token = lexer.next()
  }

  file(): readonly HclEntry[] {
    const entries: HclEntry[] = []
    while (this.#token.kind !== 'end') {
      entries.push(this.#entry('a key', 0))
      if (this.#isMark(',')) this.#step()
    }
    return entries
  }

  /** Returns the present token and goes on to the next one. */
  #step(): Token {
    const token = this.#token
    this.#token = this.#lexer.next()
    return token
  }

  #isMark(mark: string): boolean {
    return this.#token.kind === 'mark' && this.#token.value === mark
  }

  #expected(what: string): HclFault {
    return new HclFault(this.#token.at, `${what} was expected, found ${foundWords(this.#token)}`)
  }

  /** `key = value`, `key { }` or `key "label" { }`. */
  #entry(expected: string, depth: number): HclEntry {
    const start = this.#token
    const [key = '', ...labels] = this.#keys(expected)
    if (labels.length === 0 && this.#isMark('=')) {
      this.#step()
      return { key, at: start.at, line: start.line, node: this.#value('a value', depth + 1) }
    }
    if (!this.#isMark('{')) throw this.#expected(afterKey(key, labels))
    const body = this.#object(depth + labels.length + 1)
    const place = { at: start.at, line: start.line }
    const node = labels.reduceRight<HclNode>(
      (inner, label) => ({ kind: 'object', entries: [{ key: label, ...place, node: inner }] }),
      body,
    )
    return { key, ...place, node }
  }

  /** A key with the labels of its block. */
  #keys(expected: string): readonly string[] {
    const keys: string[] = []
    while (this.#token.kind === 'word' || this.#token.kind === 'text') {
      keys.push(this.#token.value)
      this.#step()
    }
    if (keys.length > 0) return keys
    const fault = this.#expected(expected)
    if (this.#token.kind !== 'bool') throw fault
    throw new HclFault(fault.at, `${fault.message}: a key of that name needs quotes`)
  }

  #value(expected: string, depth: number): HclNode {
    const { kind, value } = this.#token
    if (kind === 'text' || kind === 'heredoc' || kind === 'number' || kind === 'bool') {
      this.#step()
      return { kind: 'plain', value }
    }
    if (this.#isMark('{')) return this.#object(depth)
    if (this.#isMark('[')) return this.#list(depth)
    const fault = this.#expected(expected)
    if (kind !== 'word') throw fault
    throw new HclFault(fault.at, `${fault.message}: texts stand in quotes`)
  }

  #deeper(depth: number): void {
    if (depth <= depthMax) return
    throw new HclFault(this.#token.at, `it is nested more than ${depthMax} levels deep`)
  }

  #object(depth: number): HclNode {
    this.#deeper(depth)
    const { line } = this.#step()
    const entries: HclEntry[] = []
    while (!this.#isMark('}')) {
      if (this.#token.kind === 'end') throw this.#expected(`"}" for the "{" on line ${line}`)
      entries.push(this.#entry('a key or "}"', depth))
      if (this.#isMark(',')) this.#step()
    }
    this.#step()
    return { kind: 'object', entries }
  }

  #list(depth: number): HclNode {
    this.#deeper(depth)
    const { line } = this.#step()
    const items: HclNode[] = []
    for (;;) {
      while (this.#isMark(',')) this.#step()
      if (this.#isMark(']')) break
      if (this.#token.kind === 'end') throw this.#expected(`"]" for the "[" on line ${line}`)
      items.push(this.#value('a value or "]"', depth + 1))
      if (!this.#isMark(',') && !this.#isMark(']')) throw this.#expected('"," or "]"')
    }
    this.#step()
    return { kind: 'list', items }
  }
}

function afterKey(key: string, labels: readonly string[]): string {
  const name = short(key)
  return labels.length === 0 ? `"=" or "{" after the key ${name}` : `"{" after the label of the block ${name}`
}
