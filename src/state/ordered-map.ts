// An ordered map from text to values that can be copied in O(1): a copy-on-write B+tree.
// The one place that imports sorted-btree, whose CommonJS form reaches us differently on each runtime.
import * as loaded from 'sorted-btree'
import type SortedBTree from 'sorted-btree'

/** Text to values, in order of code units. `clone` is O(1): both sides copy what they change later. */
export type OrderedMap<V> = SortedBTree.default<string, V>

type Constructor = new <V>(
  entries?: [string, V][],
  compare?: (a: string, b: string) => number,
  maxNodeSize?: number,
) => OrderedMap<V>

/** Entries of a node: with 64 instead of the library's 32 a descent takes a quarter less, and a copied path is not felt. */
const nodeSize = 64

const BTree = findConstructor(loaded)

/** An empty map. */
export function orderedMap<V>(): OrderedMap<V> {
  return new BTree<V>(undefined, compareText, nodeSize)
}

/** Compares by UTF-16 code unit: the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a === b ? 0 : 1
}

/** Entries whose key begins with `prefix`, in order. The map must not be changed meanwhile. */
export function* entriesUnder<V>(map: OrderedMap<V>, prefix: string): Generator<readonly [string, V]> {
  for (const entry of map.entries(prefix)) {
    if (!entry[0].startsWith(prefix)) return
    yield entry
  }
}

/** Values whose key begins with `prefix`, in order, as an array: the map may be changed while they are visited. */
export function valuesUnder<V>(map: OrderedMap<V>, prefix: string): readonly V[] {
  if (prefix === '') return map.valuesArray()
  const values: V[] = []
  visitUnder(map, prefix, (_, value) => {
    values.push(value)
  })
  return values
}

/** Visits the entries whose key begins with `prefix`, in order: `entriesUnder` without a generator's cost. */
export function visitUnder<V>(
  map: OrderedMap<V>,
  prefix: string,
  visit: (key: string, value: V) => void,
): void {
  if (map.size === 0) return
  const end = endOf(prefix)
  if (end === undefined) for (const [key, value] of entriesUnder(map, prefix)) visit(key, value)
  else map.forRange(prefix, end, false, visit)
}

/** Removes the entries whose key begins with `prefix`. */
export function deleteUnder<V>(map: OrderedMap<V>, prefix: string): void {
  const end = endOf(prefix)
  if (end !== undefined) map.deleteRange(prefix, end, false)
  else if (prefix === '') map.clear()
  else for (const key of Array.from(entriesUnder(map, prefix), ([each]) => each)) map.delete(key)
}

/** The least text greater than all that begin with the prefix; none if there is no greater one. */
function endOf(prefix: string): string | undefined {
  const last = prefix.charCodeAt(prefix.length - 1)
  if (prefix === '' || last === 0xffff) return undefined
  return prefix.slice(0, -1) + String.fromCharCode(last + 1)
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
