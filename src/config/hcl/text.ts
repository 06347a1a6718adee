// Texts of HCL: in quotes, with escapes, and as "heredocs" of whole lines.
import { HclFault, shown } from './fault.ts'

/** A text, and the offset after it. */
export interface ScannedText {
  readonly value: string
  readonly end: number
}

/** What needs no second look inside quotes. */
const plain = /[^"\\$\n]+/y

/**
 * The text whose opening quote stands at `at`.
 *
 * What stands in `${` and `}` is kept as it is written, quotes and line breaks included: nothing is put in its place.
 */
export function scanQuoted(text: string, at: number): ScannedText {
  let value = ''
  let next = at + 1
  for (;;) {
    plain.lastIndex = next
    const run = plain.exec(text)?.[0] ?? ''
    value += run
    next += run.length
    const char = text[next]
    if (char === '"') return { value, end: next + 1 }
    if (char === undefined) throw unclosed(at)
    if (char === '\n') {
      throw new HclFault(at, 'this text has no closing quote on its line; longer texts are written as <<EOF')
    }
    const piece = char === '\\' ? scanEscape(text, next, at) : scanDollar(text, next, at)
    value += piece.value
    next = piece.end
  }
}

function unclosed(at: number): HclFault {
  return new HclFault(at, 'this text has no closing quote')
}

function scanDollar(text: string, at: number, start: number): ScannedText {
  if (text[at + 1] !== '{') return { value: '$', end: at + 1 }
  let open = 0
  for (let next = at + 1; next < text.length; next++) {
    const char = text[next]
    if (char === '\\') next++
    else if (char === '{') open++
    else if (char === '}') open--
    if (open === 0) return { value: text.slice(at, next + 1), end: next + 1 }
  }
  throw new HclFault(start, 'this text holds a ${ without its }, and so has no closing quote')
}

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

/** Escapes by number: the pattern, the base and what is expected. */
const numbered: readonly (readonly [prefix: string, pattern: RegExp, base: number, words: string])[] = [
  ['u', /u([\da-fA-F]{4})/y, 16, '\\u must be followed by 4 hexadecimal digits'],
  ['U', /U([\da-fA-F]{8})/y, 16, '\\U must be followed by 8 hexadecimal digits'],
  ['x', /x([\da-fA-F]{2})/y, 16, '\\x must be followed by 2 hexadecimal digits'],
  ['01234567', /([0-7]{3})/y, 8, 'an escape by number must have 3 octal digits'],
]

/** The escape at `at`, in the text that begins at `start`. */
function scanEscape(text: string, at: number, start: number): ScannedText {
  const char = text[at + 1]
  if (char === undefined) throw unclosed(start)
  const known = escapes[char]
  if (known !== undefined) return { value: known, end: at + 2 }
  for (const [prefix, pattern, base, words] of numbered) {
    if (!prefix.includes(char)) continue
    pattern.lastIndex = at + 1
    const [written = '', digits] = pattern.exec(text) ?? []
    if (digits === undefined) throw new HclFault(at, words)
    const end = at + 1 + written.length
    return scanPoint(text, { at, end, point: Number.parseInt(digits, base), prefix })
  }
  throw new HclFault(at, `a backslash before ${shown(text, at + 1)} is not an escape that HCL knows`)
}

interface Point {
  readonly at: number
  readonly end: number
  readonly point: number
  readonly prefix: string
}

const lowSurrogate = /\\u([dD][c-fC-F][\da-fA-F]{2})/y

/** The character of a number; two surrogates make one, and half of a pair the replacement character. */
function scanPoint(text: string, { at, end, point, prefix }: Point): ScannedText {
  const written = text.slice(at, end)
  if (point > 0x10_ff_ff) throw new HclFault(at, `${written} is beyond the last character, \\U0010FFFF`)
  const isByte = prefix !== 'u' && prefix !== 'U'
  if (isByte && point > 0x7f) {
    const better = `\\u${point.toString(16).padStart(4, '0')}`
    throw new HclFault(at, `${written} is a byte and no character; write the character, or ${better}`)
  }
  if (point < 0xd8_00 || point > 0xdf_ff) return { value: String.fromCodePoint(point), end }
  lowSurrogate.lastIndex = end
  const low = point < 0xdc_00 && prefix === 'u' ? lowSurrogate.exec(text)?.[1] : undefined
  if (low === undefined) return { value: '\ufffd', end }
  return { value: String.fromCharCode(point, Number.parseInt(low, 16)), end: end + 6 }
}

const opening = /<<(-?)([\p{L}\p{Nd}]*)(\r?\n)?/uy

/**
 * The text whose `<<` stands at `at`: the lines up to one that holds only the word.
 *
 * After `<<-` the space in front of that last word is taken off every line, if all lines have it.
 */
export function scanHeredoc(text: string, at: number): ScannedText {
  opening.lastIndex = at
  const match = opening.exec(text)
  if (match === null)
    throw new HclFault(at, 'a second "<" was expected: texts of several lines begin with <<')
  const [whole, dash, word = '', lineEnd = ''] = match
  const wordEnd = at + whole.length - lineEnd.length
  if (word === '') throw new HclFault(wordEnd, `a word such as EOF was expected after <<${dash}`)
  const begin = at + whole.length
  if (lineEnd === '' && begin < text.length) {
    const found = shown(text, begin)
    throw new HclFault(begin, `the end of the line was expected after <<${dash}${word}, found ${found}`)
  }
  const { lines, indent, end } = heredocLines(text, begin, word) ?? fail(withoutEnd(at, word))
  if (dash !== '-') return { value: lines.join('') + indent, end }
  const isIndented = lines.every((line) => line.startsWith(indent))
  return { value: (isIndented ? lines.map((line) => line.slice(indent.length)) : lines).join(''), end }
}

function fail(fault: HclFault): never {
  throw fault
}

function withoutEnd(at: number, word: string): HclFault {
  return new HclFault(at, `this text has no end: no line after it holds only ${word}`)
}

interface Heredoc {
  readonly lines: readonly string[]
  /** What stands in front of the closing word. */
  readonly indent: string
  readonly end: number
}

/** The lines up to the closing word, with plain line breaks; undefined when it never comes. */
function heredocLines(text: string, begin: number, word: string): Heredoc | undefined {
  const lines: string[] = []
  for (let next = begin; next < text.length;) {
    const breakAt = text.indexOf('\n', next)
    const end = breakAt === -1 ? text.length : breakAt
    const line = text.slice(next, end > next && text[end - 1] === '\r' ? end - 1 : end)
    if (line.endsWith(word) && /^[ \t]*$/.test(line.slice(0, -word.length))) {
      return { lines, indent: line.slice(0, -word.length), end }
    }
    lines.push(`${line}\n`)
    next = end + 1
  }
  return undefined
}
