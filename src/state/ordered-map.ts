// An ordered map from text to values that can be copied in O(1): a copy-on-write B+tree.
// The one place that imports sorted-btree, whose CommonJS form reaches us differently on each runtime.
import * as loaded from 'sorted-btree'
import type SortedBTree from 'sorted-btree'

/** Text to values, in order of code units. `clone` is O(1): both sides copy what they change later. */
export type OrderedMap<V> = SortedBTree.default<string, V>

type Constructor = new <V>(
  entries?: [string, V][],
  compare?: (a: string, b: string) => number,
) => OrderedMap<V>

const BTree = findConstructor(loaded)

/** An empty map. */
export function orderedMap<V>(): OrderedMap<V> {
  return new BTree<V>(undefined, compareText)
}

/** Compares by UTF-16 code unit: the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Entries whose key begins with `prefix`, in order. The map must not be changed meanwhile. */
export function* entriesUnder<V>(map: OrderedMap<V>, prefix: string): Generator<readonly [string, V]> {
  for (const entry of map.entries(prefix)) {
    if (!entry[0].startsWith(prefix)) return
    yield entry
  }
}

/** True if any key begins with `prefix`. */
export function hasUnder<V>(map: OrderedMap<V>, prefix: string): boolean {
  const first = map.getPairOrNextHigher(prefix)
  return first !== undefined && first[0].startsWith(prefix)
}

/** Unwraps `default`, once where the runtime knows the CommonJS convention and twice where it does not. */
function findConstructor(module: unknown): Constructor {
  let found: unknown = module
  while (typeof found === 'object' && found !== null && 'default' in found) found = found.default
  return found as Constructor
}
