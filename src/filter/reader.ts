// A text that a grammar is read from, with ordered choice and going back. It remembers what would have been accepted at
// the farthest place that was reached: that is the sentence of a refusal (DESIGN.md, decision 1).
import { utf8Length } from '../lib/bytes.ts'

/** A position in the text, with what was expected there. */
interface Farthest {
  at: number
  readonly expected: Set<string>
}

/** The reader. A rule takes what it accepts; where it returns `null` or false, `at` is as it was. */
export class Reader {
  readonly text: string
  /** Where the next character is. */
  at = 0
  readonly #farthest: Farthest = { at: 0, expected: new Set() }
  readonly #errors = new Set<string>()

  constructor(text: string) {
    this.text = text
  }

  /** True if a rule has found something that no other reading can mend. */
  get hasErrors(): boolean {
    return this.#errors.size > 0
  }

  /** Takes exactly this text. */
  literal(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return this.#missed(JSON.stringify(text))
    this.at += text.length
    return true
  }

  /** Takes a character of a class; `shown` is its name in refusals. */
  oneOf(characters: RegExp, shown: string): boolean {
    const { text, at } = this
    if (at >= text.length || !characters.test(text.charAt(at))) return this.#missed(shown)
    this.at++
    return true
  }

  /** True at the end of the text. */
  end(): boolean {
    return this.at === this.text.length || this.#missed('EOF')
  }

  /** Runs a rule, and is back where it began if the rule takes nothing. */
  attempt<T>(rule: () => T | null): T | null {
    const { at } = this
    const value = rule()
    if (value === null) this.at = at
    return value
  }

  /** Says what is wrong at a place in a rule; the reading goes on, and is refused in the end. */
  error(at: number, rule: string, message: string): null {
    this.#errors.add(`${this.#place(at)}: rule "${rule}": ${message}`)
    return null
  }

  /** Why the text is not accepted. */
  refusal(): string {
    if (this.hasErrors) return [...this.#errors].join('\n')
    const names = [...this.#farthest.expected].filter((name) => name !== 'EOF').toSorted()
    if (this.#farthest.expected.has('EOF')) names.push('EOF')
    const last = names.pop() ?? ''
    const listed = names.length === 0 ? last : `${names.join(', ')} or ${last}`
    return `${this.#place(this.#farthest.at)}: no match found, expected: ${listed}`
  }

  #missed(what: string): false {
    const farthest = this.#farthest
    if (this.at > farthest.at) {
      farthest.at = this.at
      farthest.expected.clear()
    }
    if (this.at === farthest.at) farthest.expected.add(what)
    return false
  }

  /** Line, column in characters, and offset in bytes, as the reference counts: a line break begins the next line. */
  #place(at: number): string {
    const isBreak = this.text[at] === '\n'
    const before = this.text.slice(0, at)
    const lines = before.split('\n')
    const line = lines.length + (isBreak ? 1 : 0)
    const column = isBreak ? 0 : Array.from(lines.at(-1) ?? '').length + 1
    return `${line}:${column} (${utf8Length(before)})`
  }
}
