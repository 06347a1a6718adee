// The parameters of network coordinates: those that Serf documents, and our bounds on what others say.

/** How coordinates move. All times are seconds, as coordinates are. */
export interface CoordinateConfig {
  /** The error of whoever knows nothing, and the largest there is. */
  readonly errorMax: number
  /** How fast the error follows a sample (Vivaldi 3.4: c_e). */
  readonly errorGain: number
  /** How far a sample moves us at most, as a part of what is wrong (Vivaldi 3.4: c_c). */
  readonly moveGain: number
  /** Samples that the adjustment is the mean of. */
  readonly adjustmentWindow: number
  /** No height is less; so no two places are the same. */
  readonly heightMin: number
  /** Samples of one peer of which the median counts. */
  readonly latencySamples: number
  /** At this distance from the origin gravity pulls with one second per sample; it falls with the square. */
  readonly gravityRho: number
  /** Shorter round trips count as this long. */
  readonly rttMin: number
  /** Longer round trips say nothing of the network. */
  readonly rttMax: number
  /** Whoever says that it is farther from the origin, seconds, is not believed: no round trip leads there. */
  readonly placeMax: number
  /** Peers whose last samples are remembered; past it the one heard of longest ago goes. */
  readonly peersMax: number
}

/** Serf's parameters. */
export const coordinateDefaults: CoordinateConfig = {
  errorMax: 1.5,
  errorGain: 0.25,
  moveGain: 0.25,
  adjustmentWindow: 20,
  heightMin: 1e-5,
  latencySamples: 3,
  gravityRho: 150,
  rttMin: 1e-6,
  rttMax: 10,
  placeMax: 20,
  peersMax: 4096,
}
