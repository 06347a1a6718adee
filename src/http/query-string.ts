// Parameters of a request line, parsed by hand: the platform's URL object costs more than the rest of a KV read.

/** Parameters behind the `?`, decoded. Names may repeat; the first value counts unless all are asked for. */
export class QueryString {
  readonly #pairs: readonly (readonly [string, string])[]

  private constructor(pairs: readonly (readonly [string, string])[]) {
    this.#pairs = pairs
  }

  /** No parameters. */
  static readonly empty: QueryString = new QueryString([])

  /** Parses what follows the `?`. A pair with a broken escape is left out, as the reference does. */
  static parse(text: string): QueryString {
    if (text === '') return QueryString.empty
    const pairs: (readonly [string, string])[] = []
    for (const part of text.split('&')) {
      if (part === '') continue
      const equals = part.indexOf('=')
      const name = unescapeText(equals < 0 ? part : part.slice(0, equals))
      const value = equals < 0 ? '' : unescapeText(part.slice(equals + 1))
      if (name !== undefined && value !== undefined) pairs.push([name, value])
    }
    return new QueryString(pairs)
  }

  /** True if there are no parameters at all. */
  get isEmpty(): boolean {
    return this.#pairs.length === 0
  }

  /** True if the parameter is there, with or without a value. */
  has(name: string): boolean {
    for (const pair of this.#pairs) if (pair[0] === name) return true
    return false
  }

  /** First value, '' if absent. */
  get(name: string): string {
    for (const pair of this.#pairs) if (pair[0] === name) return pair[1]
    return ''
  }

  /** All values, in order. */
  all(name: string): readonly string[] {
    const values: string[] = []
    for (const pair of this.#pairs) if (pair[0] === name) values.push(pair[1])
    return values
  }

  /** Encoded again, sorted by name. */
  toString(): string {
    const sorted = this.#pairs.toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
    return sorted.map(([name, value]) => `${escapeText(name)}=${escapeText(value)}`).join('&')
  }
}

function unescapeText(text: string): string | undefined {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return undefined
  }
}

function escapeText(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+')
}
