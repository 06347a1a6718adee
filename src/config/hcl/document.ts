// A tree of HCL as a plain JSON value: equal keys put together, and the line of every key.
import type { JsonDocument, JsonValue } from '../json.ts'
import { HclFault } from './fault.ts'
import type { HclEntry, HclNode } from './parser.ts'

/** Paths longer than this have no line; only hostile files have such. */
const pathMax = 256

/**
 * The document of a file's entries.
 *
 * A key that is written several times: of plain values the last one counts, objects and lists become one list.
 */
export function documentOf(entries: readonly HclEntry[]): JsonDocument {
  const builder = new Builder()
  return { value: builder.object('', entries), lineByPath: builder.lineByPath }
}

class Builder {
  readonly lineByPath = new Map<string, number>()

  object(path: string, entries: readonly HclEntry[]): JsonValue {
    const groups = new Map<string, HclEntry[]>()
    for (const entry of entries) {
      const group = groups.get(entry.key)
      if (group === undefined) groups.set(entry.key, [entry])
      else group.push(entry)
    }
    const values: [string, JsonValue][] = []
    for (const [key, group] of groups) {
      const at = path === '' ? key : path.length > pathMax ? path : `${path}.${key}`
      values.push([key, this.#group(at, group)])
    }
    return Object.fromEntries(values)
  }

  /** The value of all entries with one key. */
  #group(path: string, group: readonly HclEntry[]): JsonValue {
    const last = group.at(-1)
    if (last === undefined) return null
    this.#setLine(path, last.line)
    checkKinds(group)
    if (group.length === 1 || last.node.kind === 'plain') return this.#value(path, last.node)
    const items: JsonValue[] = []
    for (const { node, line } of group) {
      for (const item of node.kind === 'list' ? node.items : [node]) {
        const at = `${path}[${items.length}]`
        this.#setLine(at, line)
        items.push(this.#value(at, item))
      }
    }
    return items
  }

  #setLine(path: string, line: number): void {
    if (path.length <= pathMax) this.lineByPath.set(path, line)
  }

  #value(path: string, node: HclNode): JsonValue {
    switch (node.kind) {
      case 'plain':
        return node.value
      case 'list':
        return node.items.map((item, i) => this.#value(`${path}[${i}]`, item))
      case 'object':
        return this.object(path, node.entries)
    }
  }
}

/** A key cannot be a plain value in one place, and a block, object or list in another. */
function checkKinds(group: readonly HclEntry[]): void {
  const isPlain = ({ node }: HclEntry): boolean => node.kind === 'plain'
  const [first] = group
  const other = group.find((entry) => first !== undefined && isPlain(entry) !== isPlain(first))
  if (first === undefined || other === undefined) return
  const words = { plain: 'a plain value', list: 'a list', object: 'a block' }
  throw new HclFault(
    other.at,
    `${first.key} is ${words[other.node.kind]} here, but ${words[first.node.kind]} on line ${first.line}`,
  )
}
