// JSON as Go prints it: HTML characters escaped, map keys sorted by code unit, four spaces when pretty.
// Renderers build text directly: object literals would put integer-like keys first and cost an allocation each.
import type { Json, TextMap } from '../model/catalog.ts'

/** Characters that JSON or Go escapes within a string. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const special = /[\u0000-\u001f"\\<>&\u2028\u2029\ud800-\udfff]/

/** Characters that Go escapes and JSON.stringify leaves alone. */
const html = /[<>&\u2028\u2029]/g

const escapes: Readonly<Record<string, string>> = {
  '<': String.raw`\u003c`,
  '>': String.raw`\u003e`,
  '&': String.raw`\u0026`,
  '\u2028': String.raw`\u2028`,
  '\u2029': String.raw`\u2029`,
}

/**
 * The text in one piece, for one that is kept: until somebody looks into it, engines hold all that it was put together
 * from, which takes four times as much for a record.
 */
export function inOnePiece(text: string): string {
  // The answer is used, so that no compiler leaves the look out.
  return text.startsWith('\0') ? text.slice(0) : text
}

/** A JSON string. */
export function quote(text: string): string {
  return special.test(text) ? escapeHtml(JSON.stringify(text)) : `"${text}"`
}

/** Any JSON value, compact; keys in the order they have. */
export function encodeJson(value: Json): string {
  return escapeHtml(JSON.stringify(value))
}

/** A map of text, sorted by key; null when empty, as Go prints a map that was never set. */
export function textMap(map: TextMap): string {
  return renderMap(map, quote) ?? 'null'
}

/** A map, sorted by key, or null when it is empty. */
export function renderMap<T>(
  map: Readonly<Record<string, T>>,
  renderValue: (value: T) => string,
): string | null {
  const keys = Object.keys(map)
  if (keys.length === 0) return null
  if (keys.length > 1) keys.sort()
  let text = '{'
  for (const key of keys) text += `${text.length > 1 ? ',' : ''}${quote(key)}:${renderValue(map[key] as T)}`
  return `${text}}`
}

/** An object of pairs, sorted by key; for keys that a plain object could not hold, such as `__proto__`. */
export function renderPairs<T>(
  pairs: readonly (readonly [key: string, value: T])[],
  renderValue: (value: T) => string,
): string {
  const sorted = pairs.toSorted(byKey)
  return `{${sorted.map(([key, value]) => `${quote(key)}:${renderValue(value)}`).join(',')}}`
}

/** A list of text. */
export function textList(list: readonly string[]): string {
  return renderList(list, quote)
}

/** A list of text; null when empty, as Go prints a list that was never set. */
export function textListOrNull(list: readonly string[]): string {
  return list.length === 0 ? 'null' : textList(list)
}

/** A list. */
export function renderList<T>(list: readonly T[], renderItem: (item: T) => string): string {
  let text = '['
  for (let i = 0; i < list.length; i++) text += (i === 0 ? '' : ',') + renderItem(list[i] as T)
  return `${text}]`
}

/** Compact JSON text with Go's indentation of four spaces, and a newline at the end. */
export function prettify(compact: string): string {
  let text = ''
  let depth = 0
  let from = 0
  for (let at = 0; at < compact.length; at++) {
    switch (compact[at]) {
      case '"':
        at = endOfString(compact, at)
        continue
      case ',':
        text += compact.slice(from, at + 1) + newline(depth)
        break
      case ':':
        text += `${compact.slice(from, at + 1)} `
        break
      case '{':
      case '[':
        // Empty ones stay closed.
        if (compact[at + 1] === '}' || compact[at + 1] === ']') at++
        else depth++
        text += compact.slice(from, at + 1) + (closes(compact, at) ? '' : newline(depth))
        break
      case '}':
      case ']':
        text += compact.slice(from, at) + newline(--depth) + compact.charAt(at)
        break
      default:
        continue
    }
    from = at + 1
  }
  return `${text}${compact.slice(from)}\n`
}

function closes(text: string, at: number): boolean {
  return text[at] === '}' || text[at] === ']'
}

/** Index of the quote that ends the string beginning at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}

function newline(depth: number): string {
  return `\n${'    '.repeat(depth)}`
}

function escapeHtml(json: string): string {
  return json.replace(html, (character) => escapes[character] ?? character)
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0
}
