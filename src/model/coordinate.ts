// Network coordinates (Dabek et al., Vivaldi, SIGCOMM 2004; with the height and adjustment of Serf): a place in a space
// in which distances are round-trip times.

/** A place. Its units are seconds; a distance in them is a round-trip time. */
export interface Coordinate {
  /** Always `coordinateDimensions` numbers. */
  readonly vec: readonly number[]
  /** How sure it is: 1.5 knows nothing, towards 0 is good. */
  readonly error: number
  /** Correction of what the space cannot show. */
  readonly adjustment: number
  /** Distance to the space itself: the last mile. */
  readonly height: number
}

/** Numbers in `vec`. */
export const coordinateDimensions = 8

/** Where the servers of a datacenter are in the WAN pool. */
export interface DatacenterCoordinates {
  readonly datacenter: string
  readonly servers: readonly NodeCoordinate[]
}

/** A node's place, by pool or segment ('' is the only one here). */
export interface NodeCoordinate {
  readonly node: string
  readonly coordinate: Coordinate
}
