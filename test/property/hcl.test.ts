// Any JSON value can be written as HCL, in all the ways that HCL has, and is read back as it was.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseHcl } from '../../src/config/hcl/hcl.ts'
import type { JsonValue } from '../../src/config/json.ts'

/** What HCL can hold: JSON without null, and without halves of surrogate pairs. */
const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'))
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
)
const { object } = fc.letrec<{ value: JsonValue; object: { [key: string]: JsonValue } }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc
      .array(fc.constantFrom('x', ' x', '\ty $', '', '${', '"\\n"'), { maxLength: 3 })
      .map((lines) => `${lines.join('\n')}\n`),
    number,
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(
    fc.oneof(text, fc.constantFrom('a', 'b_c', 'true', '__proto__', 'x-1.y')),
    tie('value'),
    {
      maxKeys: 4,
      noNullPrototype: true,
    },
  ),
}))

/** Writes HCL; each choice between ways of writing takes the next of `choices`. */
class Writer {
  readonly #choices: readonly number[]
  #at = 0

  constructor(choices: readonly number[]) {
    this.#choices = choices
  }

  #pick<T>(...ways: readonly T[]): T {
    const choice = this.#choices[this.#at++ % this.#choices.length] ?? 0
    return ways[choice % ways.length] as T
  }

  #space(): string {
    return this.#pick(' ', '\n', '\t', ' # x "{\n', '// ]\r\n', '/* = \n */', '  ')
  }

  #text(value: string): string {
    const escaped = value.replaceAll(/[\\"\n$\u0080-\u{10ffff}]/gu, (char) => {
      const code = char.codePointAt(0) ?? 0
      const long = `\\U${code.toString(16).padStart(8, '0')}`
      const short = code > 0xffff ? long : `\\u${code.toString(16).padStart(4, '0')}`
      if (char === '\\' || char === '"') return `\\${char}`
      return char === '\n' || char === '$' ? this.#pick(short, long) : this.#pick(char, short, long)
    })
    return `"${escaped}"`
  }

  #key(key: string): string {
    const isBare = /^[\p{L}_][\p{L}\p{Nd}_.-]*$/u.test(key) && key !== 'true' && key !== 'false'
    return isBare ? this.#pick(key, this.#text(key)) : this.#text(key)
  }

  #number(value: number): string {
    const isWhole = Number.isSafeInteger(value)
    const sign = value < 0 ? '-' : ''
    const plain = isWhole ? String(value) : value.toExponential()
    if (!isWhole) return plain
    const size = Math.abs(value)
    return this.#pick(plain, `${sign}0x${size.toString(16)}`, `${sign}0${size.toString(8)}`, `${plain}.0e0`)
  }

  value(value: JsonValue): string {
    if (typeof value === 'string') return value.endsWith('\n') ? this.#longText(value) : this.#text(value)
    if (typeof value === 'number') return this.#number(value)
    if (typeof value === 'boolean' || value === null) return String(value)
    if (!Array.isArray(value))
      return `{${this.#space()}${this.entries(value as { [key: string]: JsonValue })}}`
    const items = value.map((item: JsonValue) => this.value(item) + this.#space())
    return `[${this.#space()}${items.join(`,${this.#space()}`)}${items.length > 0 ? this.#pick('', ',') : ''}]`
  }

  #longText(value: string): string {
    if (value.includes('\r') || /^[ \t]*END$/m.test(value)) return this.#text(value)
    return this.#pick(
      this.#text(value),
      `<<END\n${value}END\n`,
      `<<-END\n${value.replaceAll(/^/gm, ' ').slice(0, -1)} END\n`,
    )
  }

  entries(value: { readonly [key: string]: JsonValue }): string {
    return Object.entries(value)
      .map(([key, inner]) => `${this.#entry(key, inner)}${this.#space()}${this.#pick('', ', ')}`)
      .join(this.#space())
  }

  #entry(key: string, value: JsonValue): string {
    const asKey = this.#key(key)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isObject)
      return this.#list(asKey, value) ?? `${asKey}${this.#space()}=${this.#space()}${this.value(value)}`
    const fields = Object.entries(value)
    const [label, body] = fields[0] ?? ['', null]
    const hasLabel = fields.length === 1 && typeof body === 'object' && !Array.isArray(body)
    if (hasLabel && this.#pick(true, false))
      return `${asKey} ${this.#entry(label, body).replace(/=\s*(?=\{)/, '')}`
    return `${asKey}${this.#space()}${this.#pick('', '=')}${this.value(value)}`
  }

  /** A list of several objects as blocks of one name. */
  #list(key: string, value: JsonValue): string | undefined {
    if (!Array.isArray(value) || value.length < 2) return undefined
    const isBlocks = value.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item))
    if (!isBlocks || this.#pick(true, false)) return undefined
    return value.map((item: JsonValue) => `${key} ${this.value(item)}`).join(this.#space())
  }
}

test('a JSON value written as HCL is read back', () => {
  fc.assert(
    fc.property(object, fc.array(fc.nat(60), { minLength: 1, maxLength: 50 }), (value, choices) => {
      const written = new Writer(choices).entries(value)
      const parsed = parseHcl(written)
      expect(parsed.ok ? parsed.value.value : parsed.error, written).toEqual(value)
    }),
    { numRuns: 2000 },
  )
})

test('every key has the line on which it stands', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.stringMatching(/^[a-z]{1,5}$/), { maxLength: 20 }),
      fc.nat(3),
      (keys, gap) => {
        const keysAllowed = keys.filter((key) => key !== 'true' && key !== 'false')
        const parsed = parseHcl(keysAllowed.map((key) => `${'\n'.repeat(gap)}${key} = 1\n`).join(''))
        const lines = keysAllowed.map((key, i) => [key, (i + 1) * (gap + 1)])
        expect(parsed.ok && [...parsed.value.lineByPath]).toEqual(lines)
      },
    ),
  )
})
