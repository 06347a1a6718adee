// What somebody meant who has mistyped the name of a command or a flag.

/** The name that is most like `word`; null if none is. Case and the way that words are joined do not count. */
export function closest(word: string, names: readonly string[]): string | null {
  const meant = plain(word)
  const allowed = Math.min(3, Math.ceil(meant.length / 4))
  let best: { readonly name: string; readonly edits: number } | null = null
  for (const name of names.toSorted()) {
    const edits = distance(meant, plain(name))
    if (edits <= allowed && edits < (best?.edits ?? Infinity)) best = { name, edits }
  }
  return best?.name ?? onlyBeginning(meant, names)
}

/** The only name that begins like this. */
function onlyBeginning(meant: string, names: readonly string[]): string | null {
  if (meant.length < 3) return null
  const [first, second] = names.filter((name) => plain(name).startsWith(meant))
  return second === undefined ? (first ?? null) : null
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}

/** Characters that are too many, missing, others, or in the wrong order; two that changed places count once. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3) return Infinity
  let [older, old]: readonly (readonly number[])[] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const ways = [at(old, j) + 1, at(row, j - 1) + 1, at(old, j - 1) + (isSame ? 0 : 1)]
      row.push(Math.min(...ways, isSwapped ? at(older, j - 2) + 1 : Infinity))
    }
    ;[older, old] = [old, row]
  }
  return at(old, b.length)
}

function at(row: readonly number[] | undefined, index: number): number {
  return row?.[index] ?? Infinity
}
