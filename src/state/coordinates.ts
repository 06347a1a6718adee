// Where nodes are, and what is near to one of them. Coordinates change all the time: nobody is woken by them but who
// asks for coordinates.
import { distance } from '../coordinate/distance.ts'
import type { CommandResult, CoordinatesCommand } from '../model/command.ts'
import type { Coordinate } from '../model/coordinate.ts'
import { isSameValue } from '../lib/same-value.ts'
import { foldedKey } from './keys.ts'
import type { Change, Tables } from './tables.ts'
import { coordinateTopic, tableTopic } from './topics.ts'

/** Takes note of where nodes are. */
export function applyCoordinates(
  tables: Tables,
  change: Change,
  { updates }: CoordinatesCommand,
): CommandResult {
  for (const { node, coordinate } of updates) {
    const owner = tables.nodes.get(foldedKey(node))
    if (owner === undefined) continue
    const key = foldedKey(node)
    const known = tables.coordinates.get(key)
    if (known !== undefined && isSameValue(known.coordinate, coordinate)) continue
    tables.coordinates.set(key, { node: owner.name, coordinate })
    touch(tables, change, node)
  }
  return { kind: 'done' }
}

/** Forgets where a node is that goes. */
export function deleteCoordinate(tables: Tables, change: Change, node: string): void {
  if (tables.coordinates.delete(foldedKey(node))) touch(tables, change, node)
}

/**
 * Sorts by the distance from a node, nearest first; who has no coordinate comes last, and else their order stays.
 * As they are if `near` is '' or nobody knows where it is.
 */
export function sortByDistance<T>(
  tables: Tables,
  near: string,
  items: readonly T[],
  nodeOf: (item: T) => string,
): readonly T[] {
  if (near === '' || items.length < 2) return items
  const from = coordinateOf(tables, near)
  if (from === undefined) return items
  const known = new Map<string, number>()
  const farness = (item: T): number => {
    const node = nodeOf(item)
    const far = known.get(node) ?? distanceTo(coordinateOf(tables, node), from)
    known.set(node, far)
    return far
  }
  const measured = items.map((item) => ({ item, far: farness(item) }))
  // Infinity from Infinity is no number.
  return measured.sort((a, b) => (a.far === b.far ? 0 : a.far - b.far)).map(({ item }) => item)
}

function distanceTo(to: Coordinate | undefined, from: Coordinate): number {
  return to === undefined ? Infinity : distance(from, to)
}

function coordinateOf(tables: Tables, node: string): Coordinate | undefined {
  return tables.coordinates.get(foldedKey(node))?.coordinate
}

function touch(tables: Tables, change: Change, node: string): void {
  tables.marks.coordinates = change.index
  change.topics.add(tableTopic('coordinates'))
  change.topics.add(coordinateTopic(node))
}
