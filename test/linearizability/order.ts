// What can be seen without any search: a key's index went back between one answer and a question after it.
import type { Operation } from './history.ts'
import type { KvInput, KvOutput, ReadEntry } from './kv-operations.ts'

type KvOperation = Operation<KvInput, KvOutput>

interface Sighting {
  readonly key: string
  readonly index: number
  readonly operation: KvOperation
}

/** Two operations of which the later one saw an older state of a key, or null. Bounds: O(n log n). */
export function findGoingBack(
  operations: readonly KvOperation[],
): readonly [KvOperation, KvOperation] | null {
  // A restored archive takes keys back.
  if (operations.some(({ input }) => input.kind === 'restore')) return null
  const byKey = Map.groupBy(operations.flatMap(sightings), (sighting) => sighting.key)
  for (const seen of byKey.values()) {
    const pair = goingBack(seen)
    if (pair !== null) return pair
  }
  return null
}

function goingBack(seen: readonly Sighting[]): readonly [KvOperation, KvOperation] | null {
  const byCall = seen.toSorted((a, b) => a.operation.calledAt - b.operation.calledAt)
  const byReturn = seen.toSorted((a, b) => a.operation.returnedAt - b.operation.returnedAt)
  let newest: Sighting | undefined
  let at = 0
  for (const later of byCall) {
    for (; isBefore(byReturn[at], later); at++) {
      const earlier = byReturn[at]
      if (earlier !== undefined && earlier.index > (newest?.index ?? 0)) newest = earlier
    }
    if (newest !== undefined && newest.index > later.index) return [newest.operation, later.operation]
  }
  return null
}

function isBefore(earlier: Sighting | undefined, later: Sighting): boolean {
  return earlier !== undefined && earlier.operation.returnedAt < later.operation.calledAt
}

/** The index that each key had at a moment of the operation's interval, where its answer tells it. */
function sightings(operation: KvOperation): readonly Sighting[] {
  const { input, output } = operation
  const one = (key: string, entry: ReadEntry | null): readonly Sighting[] =>
    entry === null ? [] : [{ key, index: entry.index, operation }]
  switch (output?.kind) {
    case 'entry':
      return 'key' in input ? one(input.key, output.entry) : []
    case 'entries':
      return Object.entries(output.entries).flatMap(([key, entry]) => one(key, entry))
    case 'decided':
      if (input.kind !== 'cas' || !output.applied || input.index === 0) return []
      return [{ key: input.key, index: input.index, operation }]
    case 'txn':
      return (output.results ?? []).flatMap((result, at) => {
        const step = input.kind === 'txn' ? input.steps[at] : undefined
        if (step === undefined || result === null) return []
        return result.kind === 'read'
          ? one(step.key, result.entry)
          : [{ key: step.key, index: result.index, operation }]
      })
    default:
      return []
  }
}
