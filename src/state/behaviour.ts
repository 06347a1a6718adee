// Rules of applying commands that came after the first release, by number. A log entry switches each on, when all
// servers of the cluster know it; a server that does not know one must not go on (DESIGN.md decision 6).
import { assert } from '../lib/assert.ts'

/** What each number brought. A number never gets a second meaning. */
export const behaviours = [
  'the catalog and keys',
  'sessions, locks, transactions, keys that expire, history of keys, settings of operators, restores',
  'prepared queries, coordinates, configuration entries, indexes that are raised',
] as const

/** The newest behaviour that this version knows. */
export const behaviourMax: number = behaviours.length - 1

/** Stops the server when the cluster has begun to follow rules that this version does not know. */
export function assertKnown(behaviour: number): void {
  assert(
    behaviour <= behaviourMax,
    () =>
      `The cluster applies commands by behaviour ${behaviour}; this version knows ${behaviourMax} and would ` +
      'come to another state. Start a newer version on this data directory.',
  )
}
