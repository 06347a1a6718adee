// The place of one node in one pool, as round trips move it: filters samples, keeps the adjustment, begins anew when
// the numbers go wrong. Not who is measured when: that is gossip's probing.
import { assert } from '../lib/assert.ts'
import type { Random } from '../lib/random.ts'
import type { Coordinate } from '../model/coordinate.ts'
import { coordinateDefaults, type CoordinateConfig } from './config.ts'
import { distance } from './distance.ts'
import { adjustmentSample, gravitate, isValidCoordinate, originCoordinate, vivaldiStep } from './vivaldi.ts'

/** What became of a round trip: `reset` when we had to begin anew. */
export type Measurement = 'moved' | 'rejected' | 'reset'

/** A place that learns. */
export interface Position {
  readonly coordinate: Coordinate
  /** How often we had to begin anew. */
  readonly resets: number
  /**
   * Takes in one round trip.
   *
   * @param peer      name of who was measured
   * @param other     the place it says it is at; hostile, until it was looked at
   * @param rttMicros an integer; above 10 s or below 0 it is rejected, and so is a place that no round trip leads to
   */
  measured(peer: string, other: Coordinate, rttMicros: number): Measurement
  /** Forgets the samples of a peer that is gone. */
  forget(peer: string): void
  readonly peerCount: number
}

/** A node that knows nothing yet. */
export function createPosition(random: Random, config: CoordinateConfig = coordinateDefaults): Position {
  return new LearningPosition(random, config)
}

class LearningPosition implements Position {
  readonly #random: Random
  readonly #config: CoordinateConfig
  /** The last round trips to each peer, seconds, oldest first; peers by the time they were measured last. */
  readonly #samplesByPeer = new Map<string, readonly number[]>()
  #coordinate: Coordinate
  /** What the adjustment is the mean of; zeroes until samples took their place. */
  #adjustments: number[]
  #nextAdjustment = 0
  #resets = 0

  constructor(random: Random, config: CoordinateConfig) {
    assert(config.latencySamples >= 1 && config.adjustmentWindow >= 1, 'windows hold something')
    this.#random = random
    this.#config = config
    this.#coordinate = originCoordinate(config)
    this.#adjustments = Array.from({ length: config.adjustmentWindow }, () => 0)
  }

  get coordinate(): Coordinate {
    return this.#coordinate
  }

  get resets(): number {
    return this.#resets
  }

  get peerCount(): number {
    return this.#samplesByPeer.size
  }

  measured(peer: string, other: Coordinate, rttMicros: number): Measurement {
    const raw = rttMicros / 1_000_000
    const { rttMax, placeMax } = this.#config
    if (!isValidCoordinate(other) || !(raw >= 0 && raw <= rttMax)) return 'rejected'
    if (distance(other, originCoordinate(this.#config)) > placeMax) return 'rejected'
    const sample = { other, rtt: Math.max(this.#config.rttMin, this.#filter(peer, raw)) }
    const moved = vivaldiStep(this.#coordinate, sample, this.#config, this.#random)
    const adjusted = { ...moved, adjustment: this.#adjust(adjustmentSample(moved, sample)) }
    this.#coordinate = gravitate(adjusted, this.#config, this.#random)
    if (isValidCoordinate(this.#coordinate)) return 'moved'
    this.#reset()
    return 'reset'
  }

  /** The median of a peer's last round trips: one late answer must not move us (Ledlie et al., section 4). */
  #filter(peer: string, rtt: number): number {
    const { latencySamples, peersMax } = this.#config
    const samples = [...(this.#samplesByPeer.get(peer) ?? []), rtt].slice(-latencySamples)
    this.#samplesByPeer.delete(peer)
    this.#samplesByPeer.set(peer, samples)
    for (const oldest of this.#samplesByPeer.keys()) {
      if (this.#samplesByPeer.size <= peersMax) break
      this.#samplesByPeer.delete(oldest)
    }
    const sorted = samples.toSorted((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)] ?? rtt
  }

  /** Half the mean of what the plain distance was wrong by: the other half is the peer's (Lee et al., 2006). */
  #adjust(sample: number): number {
    this.#adjustments[this.#nextAdjustment] = sample
    this.#nextAdjustment = (this.#nextAdjustment + 1) % this.#adjustments.length
    const sum = this.#adjustments.reduce((total, value) => total + value, 0)
    return sum / (2 * this.#adjustments.length)
  }

  #reset(): void {
    this.#coordinate = originCoordinate(this.#config)
    this.#adjustments.fill(0)
    this.#samplesByPeer.clear()
    this.#resets++
  }

  forget(peer: string): void {
    this.#samplesByPeer.delete(peer)
  }
}
