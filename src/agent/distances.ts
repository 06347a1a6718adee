// How far nodes are from those whose neighbours are asked for, kept for a moment: places move slowly, and a sorted
// answer of a large service would look each of them up again and again.
import { distance } from '../coordinate/distance.ts'
import type { Coordinate } from '../model/coordinate.ts'
import type { Clock } from '../runtime/host.ts'

/** A distance is used for so long; places are written about as often. */
const keptMsMax = 5000
/** Sources that are kept; past it all are forgotten. */
const sourcesMax = 64

interface Kept {
  readonly untilMs: number
  readonly from: Coordinate | null
  readonly farByNode: Map<string, number | null>
}

/** What distances are made from. */
export interface DistancePorts {
  readonly clock: Pick<Clock, 'nowMs'>
  /** Where a node is; null if nobody knows. */
  readonly placeOf: (node: string) => Coordinate | null
}

/** Distances as a server knows them. */
export class Distances {
  readonly #ports: DistancePorts
  readonly #bySource = new Map<string, Kept>()

  constructor(ports: DistancePorts) {
    this.#ports = ports
  }

  /** The distances from one node; null where one of the two places is not known. */
  from(source: string): (node: string) => number | null {
    const { placeOf } = this.#ports
    const { from, farByNode } = this.#keptOf(source)
    if (from === null) return () => null
    return (node) => {
      const known = farByNode.get(node)
      if (known !== undefined) return known
      const to = placeOf(node)
      const far = to === null ? null : distance(from, to)
      farByNode.set(node, far)
      return far
    }
  }

  #keptOf(source: string): Kept {
    const nowMs = this.#ports.clock.nowMs()
    const known = this.#bySource.get(source)
    if (known !== undefined && nowMs < known.untilMs) return known
    if (this.#bySource.size >= sourcesMax) this.#bySource.clear()
    const from = this.#ports.placeOf(source)
    const kept = { untilMs: nowMs + keptMsMax, from, farByNode: new Map() }
    this.#bySource.set(source, kept)
    return kept
  }
}
