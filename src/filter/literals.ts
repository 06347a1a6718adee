// Texts and numbers as Go writes and reads them: escapes, bases, and the sentences of its parsers.
import { type Result, err, ok } from '../lib/result.ts'

const named: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  '"': 34,
}

/** The escapes that stand for one character, by their letter: how many digits follow. */
const digitsOf: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** What stands between double quotes, its escapes resolved; undefined if one of them is none. */
export function unquote(text: string): string | undefined {
  if (text.includes('\n')) return undefined
  if (!text.includes('\\')) return text
  let encoded = ''
  for (let at = 0; at < text.length;) {
    if (text[at] !== '\\') {
      const next = text.indexOf('\\', at)
      const run = next < 0 ? text.slice(at) : text.slice(at, next)
      encoded += encodeURIComponent(run)
      at += run.length
      continue
    }
    const escape = escapeAt(text, at + 1)
    if (escape === undefined) return undefined
    encoded += escape.encoded
    at = escape.end
  }
  return decoded(encoded)
}

interface Escape {
  /** In the form of a URL, so that bytes that make one character only together can stand side by side. */
  readonly encoded: string
  readonly end: number
}

function escapeAt(text: string, at: number): Escape | undefined {
  const letter = text.charAt(at)
  if (Object.hasOwn(named, letter)) return { encoded: byte(named[letter] ?? 0), end: at + 1 }
  const octal = /^[0-3][0-7]{2}/.exec(text.slice(at, at + 3))?.[0]
  if (octal !== undefined) return { encoded: byte(Number.parseInt(octal, 8)), end: at + 3 }
  const count = Object.hasOwn(digitsOf, letter) ? (digitsOf[letter] ?? 0) : 0
  const end = at + 1 + count
  const digits = text.slice(at + 1, end)
  if (count === 0 || digits.length < count || !/^[0-9a-fA-F]+$/.test(digits)) return undefined
  const code = Number.parseInt(digits, 16)
  const encoded = letter === 'x' ? byte(code) : codePoint(code)
  return encoded === undefined ? undefined : { encoded, end }
}

function codePoint(code: number): string | undefined {
  const isCharacter = code <= 0x10_ffff && (code < 0xd800 || code >= 0xe000)
  return isCharacter ? encodeURIComponent(String.fromCodePoint(code)) : undefined
}

function byte(value: number): string {
  return `%${value.toString(16).padStart(2, '0')}`
}

/** Bytes that are no UTF-8 become replacement characters. */
function decoded(encoded: string): string {
  return characters(encoded) ?? encoded.replaceAll(/(?:%[0-9a-f]{2})+/gi, decodedRun)
}

/** The same of bytes alone, some of which are wrong. */
function decodedRun(run: string): string {
  let text = ''
  for (let at = 0; at < run.length;) {
    const size = [1, 2, 3, 4].find((bytes) => characters(run.slice(at, at + 3 * bytes)) !== undefined) ?? 0
    text += size === 0 ? '\ufffd' : (characters(run.slice(at, at + 3 * size)) ?? '')
    at += 3 * Math.max(1, size)
  }
  return text
}

function characters(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

const shortEscapes: Readonly<Record<string, string>> = {
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
  '\\': String.raw`\\`,
  '"': String.raw`\"`,
}

/** A text in double quotes, with what cannot be printed escaped. */
export function quoted(text: string): string {
  const inner = text.replaceAll(/[\\"]|[^\P{C}]|[^\P{Z} ]/gu, (character) => {
    const short = shortEscapes[character]
    if (short !== undefined) return short
    const code = character.codePointAt(0) ?? 0
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`
  })
  return `"${inner}"`
}

const wholePattern =
  /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/
const wholeMin = -(2n ** 63n)
const wholeMax = 2n ** 63n - 1n
/** Characters of a number of 64 bits in base 2, with `_` between all digits, and some more. */
const wholeLengthMax = 160

/** A whole number of 64 bits in the base that its prefix names. The error is a sentence. */
export function parseWhole(text: string): Result<number, string> {
  const failed = (why: string): Result<number, string> =>
    err(`strconv.ParseInt: parsing ${quoted(text)}: ${why}`)
  if (!wholePattern.test(text)) return failed('invalid syntax')
  if (text.length > wholeLengthMax) return failed('value out of range')
  const isNegative = text.startsWith('-')
  const digits = text.replace(/^[+-]/, '').replaceAll('_', '')
  const magnitude = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits)
  const value = isNegative ? -magnitude : magnitude
  return value < wholeMin || value > wholeMax ? failed('value out of range') : ok(Number(value))
}

/** A truth value. The error is a sentence. */
export function parseTruth(text: string): Result<boolean, string> {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return ok(true)
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return ok(false)
  return err(`strconv.ParseBool: parsing ${quoted(text)}: invalid syntax`)
}
